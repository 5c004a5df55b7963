"""A cookie opens pages and their forms alone, and a form counts from our own page alone."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from console.hook import Rate
from console.hook.doors import ACTIONS
from console.hook.visitors import csrf_of
from console.scopes import Grade, Scope
from tests.console.conftest import READ_TOKEN, TOKEN
from tests.security.conftest import NOWHERE, Device, Door, Opened, code_of

FORM = "application/x-www-form-urlencoded"
#: What the guard refuses a form for. Whatever else comes back is the route's own affair.
REFUSALS = {"NOT_PAIRED", "PAIRING_ENDED", "SCOPE_MISSING", "FORM_NOT_OURS", "ORIGIN_NOT_ALLOWED"}


@pytest.fixture
def door(opened: Opened) -> Door:
    return opened()


def test_a_cookie_is_no_key_to_what_is_for_programs(door: Door) -> None:
    device = door.pair(grade=Grade.TRADE)
    with door.hook.client(**device.headers) as client:
        for path in (
            "/actors",
            "/tree",
            "/openapi.json",
            "/metrics",
            "/orders",
            "/actors/a/restart",
        ):
            assert code_of(device.get(path)) == "TOKEN_MISSING", path
            for answer in (client.post(path, json={}), client.delete(path), client.patch(path)):
                assert code_of(answer) == "TOKEN_MISSING", path
    assert door.rig.system.seat("a").incarnation == 1


def test_each_grade_sends_the_forms_that_it_was_paired_for(door: Door) -> None:
    for grade in Grade:
        device = door.pair(grade.value, grade)
        for path, scope in ACTIONS.items():
            refused = device.send(path)
            if scope in grade.scopes:
                assert refused not in REFUSALS, (grade, path)
            else:
                assert refused == "SCOPE_MISSING", (grade, path)


def test_the_refusal_of_a_scope_says_what_to_do(door: Door) -> None:
    device = door.pair("Ann", Grade.LOOK)
    with door.hook.client(**device.headers) as client:
        answer = client.post("/do/close-everything", data={"csrf": csrf_of(device.key)})
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert "phone Ann" in answer.text and "--scope trade" in answer.text


def test_looking_is_part_of_every_grade() -> None:
    assert [sorted(grade.scopes) for grade in Grade] == [
        [Scope.LOOK],
        [Scope.LOOK, Scope.PAUSE],
        [Scope.LOOK, Scope.PAUSE, Scope.TRADE],
    ]


def test_a_form_without_its_own_mark_does_nothing(door: Door) -> None:
    device, other = door.pair("Ann", Grade.TRADE), door.pair("Bob", Grade.TRADE)
    right = csrf_of(device.key)
    with door.hook.client(**device.headers, **{"content-type": FORM}) as client:
        for query, body in (
            ("", ""),
            ("", "csrf="),
            ("", urlencode({"csrf": csrf_of(other.key)})),
            ("", urlencode({"csrf": csrf_of(TOKEN)})),
            ("", f"csrf={right[:-1]}{'0' if right[-1] != '0' else '1'}"),
            ("", f"csrf={right}&csrf={right}"),
            ("", f"csrf={device.key}"),
            (f"?csrf={right}", ""),
            ("", f"csrf={right}&x=%ff%fe"),
            ("", f"csrf={right}\xe9"),
            ("", f"csrf={right}" + "&x=1" * 60),
        ):
            answer = client.post(f"/do/pause{query}", content=body.encode("latin-1"))
            said = (answer.status_code, code_of(answer))
            assert said in [(403, "FORM_NOT_OURS"), (400, "NOT_A_FORM")], (query, body)


def test_a_form_may_come_from_a_token_too_but_not_without_its_mark(door: Door) -> None:
    with door.hook.client(TOKEN) as client:
        assert code_of(client.post("/do/pause", data={"x": "1"})) == "FORM_NOT_OURS"
        assert code_of(client.post("/do/pause", data={"csrf": csrf_of(TOKEN)})) not in REFUSALS
    with door.hook.client(READ_TOKEN) as client:
        mark = {"csrf": csrf_of(READ_TOKEN)}
        assert code_of(client.post("/do/pause", data=mark)) == "TOKEN_ONLY_READS"


FROM_ELSEWHERE = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "http://["},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {
        "sec-fetch-site": "cross-site",
        "sec-fetch-mode": "navigate",
        "sec-fetch-dest": "document",
    },
]


def test_no_other_site_sends_a_form(door: Door) -> None:
    device = door.pair(grade=Grade.TRADE)
    form = {"csrf": csrf_of(device.key), "link": door.invite("Bob")}
    for path in ("/do/pause", "/pair"):
        for headers in FROM_ELSEWHERE:
            assert device.send(path, form, **headers) == "ORIGIN_NOT_ALLOWED", (path, headers)
        with door.hook.client() as client:
            silent = client.post(path, data=form, headers={"cookie": device.cookie})
        # A form that does not say where it is from is not taken either.
        assert code_of(silent) == "ORIGIN_NOT_ALLOWED", path
    assert [each.name for each in door.phones.read().phones] == ["Ann"]


def test_a_link_in_an_alert_opens_the_page_and_nothing_else_does(door: Door) -> None:
    device = door.pair()
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert code_of(device.get(NOWHERE, **link, **{"sec-fetch-dest": "document"})) == "NO_SUCH_ROUTE"
    for kind in ("iframe", "image", "script", "empty", "embed"):
        answer = device.get(NOWHERE, **link, **{"sec-fetch-dest": kind})
        assert code_of(answer) == "ORIGIN_NOT_ALLOWED", kind
    fetched = device.get(NOWHERE, **{"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"})
    assert code_of(fetched) == "ORIGIN_NOT_ALLOWED"
    # What is for programs is never opened by a link.
    with door.hook.client(TOKEN, **link, **{"sec-fetch-dest": "document"}) as client:
        assert code_of(client.get("/actors")) == "ORIGIN_NOT_ALLOWED"


def test_a_form_of_another_type_is_not_read(door: Door) -> None:
    device = door.pair(grade=Grade.TRADE)
    form = f"csrf={csrf_of(device.key)}".encode()
    bearer = {"authorization": f"Bearer {TOKEN}"}
    with door.hook.client(**device.headers) as client:
        for kind in ("text/plain", "multipart/form-data; boundary=x", "", "text/html"):
            typed = {"content-type": kind} if kind else {}
            answer = client.post("/do/pause", content=form, headers=typed)
            assert (answer.status_code, code_of(answer)) == (415, "NOT_A_FORM"), kind
            answer = client.post("/trading/pause", content=b"{}", headers={**typed, **bearer})
            assert (answer.status_code, code_of(answer)) == (415, "NOT_JSON"), kind


COOKIES = [
    "kelpie=",
    "kelpie",
    "kelpie=none",
    "kelpie=" + "a" * 43,
    "kelpie=" + "a" * 8000,
    "__Host-kelpie=" + "a" * 43,
    'kelpie="{key}"',
    "kelpie={key}; kelpie={key}",
    "kelpie=" + "b" * 43 + "; kelpie={key}",
    "__Host-kelpie={key}",
    "__Host-kelpie=" + "c" * 43 + "; kelpie={key}",
    "Kelpie={key}",
]


def test_another_cookie_than_the_one_that_was_given_opens_nothing(opened: Opened) -> None:
    door = opened(failure_rate=Rate(burst=100, per_second=100))
    key = door.pair().key
    for cookie in COOKIES:
        answer = Device(door.hook, cookie.replace("{key}", key)).get(NOWHERE)
        assert answer.status_code == 401, cookie
        assert code_of(answer) in ("NOT_PAIRED", "PAIRING_ENDED"), cookie
        assert "kelpie phone" in answer.text


def test_a_wrong_key_beside_a_right_cookie_is_not_overlooked(door: Door) -> None:
    device = door.pair()
    assert code_of(device.get(NOWHERE, authorization="Bearer wrong")) == "TOKEN_WRONG"
    assert code_of(device.get(NOWHERE, authorization="Basic eDp4")) == "TOKEN_MISSING"


def test_each_device_has_a_rate_of_its_own(opened: Opened) -> None:
    door = opened(device_rate=Rate(burst=5, per_second=0.01))
    ann, bob = door.pair("Ann"), door.pair("Bob")
    codes = [code_of(ann.get(NOWHERE)) for _ in range(7)]
    assert codes == ["NO_SUCH_ROUTE"] * 5 + ["TOO_MANY_REQUESTS"] * 2
    assert code_of(bob.get(NOWHERE)) == "NO_SUCH_ROUTE"
    assert door.hook.get("/actors").status_code == 200


def test_a_stolen_device_asks_no_faster_than_a_person_taps(door: Door) -> None:
    """Each page asks dozens of questions of the seats that trade."""
    device = door.pair()
    let_in = 0
    clock = door.rig.clock
    began = clock.monotonic()
    with door.hook.client(cookie=device.cookie) as client:
        while (code := code_of(client.get(NOWHERE))) == "NO_SUCH_ROUTE":
            let_in += 1
            # Besides the burst there is what flows in again; the test has its time.
            assert let_in <= 60 + 5 * (clock.monotonic() - began) + 1
    assert code == "TOO_MANY_REQUESTS" and let_in >= 60
    with door.hook.client(READ_TOKEN) as client:
        assert all(client.get("/actors").status_code == 200 for _ in range(80))


def test_pages_are_framed_by_nobody_and_run_nothing(door: Door) -> None:
    device = door.pair()
    for answer in (device.get(NOWHERE), door.open(door.invite("Bob")), device.get("/do/pause")):
        rules = answer.headers["content-security-policy"]
        assert rules.startswith("default-src 'none'; style-src 'self'")
        assert "frame-ancestors 'none'" in rules and "script" not in rules
        assert "unsafe" not in rules
        # With `no-referrer` a browser would send our own forms with `Origin: null`.
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert "<script" not in answer.text and "style=" not in answer.text
    assert door.hook.get("/actors").headers["content-security-policy"] == (
        "default-src 'none'; frame-ancestors 'none'"
    )
