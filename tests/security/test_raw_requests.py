"""Requests that no client library would send: paths, hosts, lengths and headers with a trick."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from actors import names
from console.hook.visitors import csrf_of
from console.scopes import Grade
from tests.actors.conftest import LIMIT, Question
from tests.console.conftest import TOKEN
from tests.security.conftest import Device, Door, Opened, raw, statuses
from tests.tree.waiting import until

AUTH = f"Authorization: Bearer {TOKEN}"
RESTART = "/actors/a/restart"
JSON = "Content-Type: application/json"
FORM = "Content-Type: application/x-www-form-urlencoded"


@pytest.fixture
def door(opened: Opened) -> Door:
    return opened()


def _request(door: Door, line: str, *headers: str, body: bytes = b"", host: str = "") -> bytes:
    place = host or urlsplit(door.hook.url).netloc
    lines = "\r\n".join([f"{line} HTTP/1.1", f"Host: {place}", *headers])
    return lines.encode("latin-1") + b"\r\n\r\n" + body


def _paired(door: Door) -> Device:
    """A device that may do all; that it was paired has been audited and is forgotten again."""
    device = door.pair("Ann", Grade.TRADE)
    until(lambda: door.audited("phone Ann"), "the pairing is audited")
    door.rig.diary.entries.clear()
    return device


def _nothing_happened(door: Door) -> None:
    """No seat was started again, nothing was audited, and the hook answers."""
    # Questions are answered behind what was to be written down.
    door.rig.system.ask(names.LEDGER, Question("?")).get(timeout=LIMIT)
    assert door.rig.system.seat("a").incarnation == 1
    assert not [who for who, _ in door.rig.diary.entries if who.startswith(("hook", "phone "))]
    assert door.hook.get("/actors").status_code == 200


PATHS = [
    "//actors",
    "/./actors",
    "/actors/",
    "/actors/.",
    "/actors.",
    "/actors;x",
    "/actors%2f",
    "/actors%00",
    "/%61ctors",
    "/ACTORS",
    "/see/../actors",
    "/see/%2e%2e/actors",
    "/see/..%2factors",
    "/see/%2e%2e%2factors",
    "/see/..;/actors",
    "/see/..\\actors",
    "/%73ee/nowhere",
    "/see//nowhere",
    "/see/.nowhere",
    "/see/now%68ere",
    "/see/nowhere%20",
    "/see/\xe9",
    "/s\uff45\uff45".encode().decode("latin-1"),
    "/do/../trading/pause",
    "/pair/../actors",
    "/health/live/../../actors",
    "/health/live%2f..%2f..%2factors",
    "/health/live/",
    "/health/live/..",
    "//evil.example/actors",
    "\\actors",
    "*",
    "actors",
    "?/see/nowhere",
    "http://127.0.0.1/actors",
    "http://evil.example/see/nowhere",
    "/see/style.css/../../actors",
    "/see/style.css%2f..%2f..%2factors",
]


def test_no_spelling_of_a_path_opens_it_to_a_cookie_or_to_nobody(door: Door) -> None:
    device = _paired(door)
    for path in PATHS:
        for headers in (["Connection: close"], [f"Cookie: {device.cookie}", "Connection: close"]):
            answer = raw(door.hook, _request(door, f"GET {path}", *headers))
            (status,) = statuses(answer)
            assert status in (400, 401, 404), answer
            assert b'"items"' not in answer
    _nothing_happened(door)


@pytest.mark.parametrize(
    "path", ["/do/%70ause", "//do/pause", "/do/./pause", "/do/pause/", "/do/pause%00", "/do/pause;"]
)
def test_a_form_has_one_path_alone(door: Door, path: str) -> None:
    device = _paired(door)
    body = f"csrf={csrf_of(device.key)}".encode()
    headers = [f"{name}: {value}" for name, value in device.headers.items()]
    length = f"Content-Length: {len(body)}"
    sent = _request(door, f"POST {path}", *headers, FORM, length, "Connection: close", body=body)
    assert statuses(raw(door.hook, sent))[0] in (400, 401, 404)
    _nothing_happened(door)


HOSTS = [
    "evil.example",
    "127.0.0.1.evil.example",
    "127.0.0.1:8765@evil.example",
    "evil.example#127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:x",
    "127.0.0.1:99999999",
    "localhost.",
    "127.1",
    "2130706433",
    "0.0.0.0",
    "[::]",
    "[::1",
    "[127.0.0.1]",
    "::1",
    "127.0.0.1, evil.example",
    "127.0.0.1/",
]


def test_a_host_that_only_looks_like_ours_is_misdirected(door: Door) -> None:
    device = door.pair()
    for host in HOSTS:
        for path in ("/actors", "/see/nowhere", "/pair", "/health/live", "/do/pause"):
            headers = (AUTH, f"Cookie: {device.cookie}", "Connection: close")
            answer = raw(door.hook, _request(door, f"GET {path}", *headers, host=host))
            assert statuses(answer) in ([421], [400]), (path, answer)


def test_two_hosts_or_none_are_refused(door: Door) -> None:
    place = urlsplit(door.hook.url).netloc
    for hosts in (["Host: evil.example", f"Host: {place}"], []):
        lines = ["GET /actors HTTP/1.1", *hosts, AUTH, "Connection: close", "", ""]
        sent = "\r\n".join(lines).encode()
        assert statuses(raw(door.hook, sent)) == [400]
    old = f"GET /actors HTTP/1.0\r\n{AUTH}\r\n\r\n".encode()
    assert statuses(raw(door.hook, old)) == [421]


def test_the_names_of_the_settings_are_answered_to_and_no_others(opened: Opened) -> None:
    door = opened(host_names=("kelpie.tail1234.ts.net", "10.8.0.1", "fd00::7"))
    for host, status in (
        ("kelpie.tail1234.ts.net", 200),
        ("KELPIE.tail1234.ts.net:443", 200),
        ("10.8.0.1:8765", 200),
        ("[fd00::7]:8765", 200),
        ("tail1234.ts.net", 421),
        ("evil.kelpie.tail1234.ts.net", 421),
        ("10.8.0.2:8765", 421),
    ):
        answer = raw(door.hook, _request(door, "GET /actors", AUTH, "Connection: close", host=host))
        assert statuses(answer) == [status], host
    origin = "Origin: https://kelpie.tail1234.ts.net"
    for host, status in (("kelpie.tail1234.ts.net", 200), ("10.8.0.1:8765", 403)):
        sent = _request(door, "GET /actors", AUTH, origin, "Connection: close", host=host)
        assert statuses(raw(door.hook, sent)) == [status]


ORIGINS = [
    "http://[",
    "null",
    "",
    "http://{place}@evil.example",
    "http://evil.example/{place}",
    "http://evil.example#{place}",
    "//{place}.evil.example",
    "{place}",
    "file://",
    "http://{place}, http://evil.example",
    "http://{place}\r\nOrigin: http://evil.example",
]


def test_an_origin_that_only_looks_like_ours_is_refused(door: Door) -> None:
    place = urlsplit(door.hook.url).netloc
    for origin in ORIGINS:
        headers = (AUTH, f"Origin: {origin.replace('{place}', place)}", "Connection: close")
        assert statuses(raw(door.hook, _request(door, "GET /actors", *headers))) == [403]


# -- one request inside another ------------------------------------------------------------


HIDING: list[tuple[str, tuple[str, ...], bytes]] = [
    ("both lengths", ("Content-Length: 4", "Transfer-Encoding: chunked"), b"0\r\n\r\n"),
    ("both, turned", ("Transfer-Encoding: chunked", "Content-Length: 4"), b"0\r\n\r\n"),
    ("two lengths", ("Content-Length: 2", "Content-Length: 400"), b"{}"),
    ("a list of lengths", ("Content-Length: 2, 400",), b"{}"),
    ("a signed length", ("Content-Length: +2",), b"{}"),
    ("a negative length", ("Content-Length: -1",), b"{}"),
    ("a length in hex", ("Content-Length: 0x2",), b"{}"),
    ("an unknown coding", ("Transfer-Encoding: xchunked",), b"0\r\n\r\n"),
    ("two codings", ("Transfer-Encoding: identity, chunked",), b"0\r\n\r\n"),
    ("a blank in the name", ("Transfer-Encoding : chunked",), b"0\r\n\r\n"),
    ("a folded header", ("X: y\r\n Transfer-Encoding: chunked",), b"0\r\n\r\n"),
    ("a bad chunk", ("Transfer-Encoding: chunked",), b"zz\r\n{}\r\n0\r\n\r\n"),
    ("a huge chunk", ("Transfer-Encoding: chunked",), b"ffffffffffffffffff\r\n"),
]


def test_no_request_hides_in_the_body_of_another(door: Door) -> None:
    hidden = _request(door, f"POST {RESTART}", AUTH, JSON, "Content-Length: 2", body=b"{}")
    for name, headers, before in HIDING:
        outer = _request(door, "POST /orders", AUTH, JSON, *headers, body=before + hidden)
        answer = raw(door.hook, outer, ends=True)
        # A folded header is one header: what follows is no request, and ends the connection.
        allowed = ([422, 400],) if name == "a folded header" else ([400], [413], [])
        assert statuses(answer) in allowed, (name, answer)
    _nothing_happened(door)


@pytest.mark.parametrize("path", ["/actors", "/health/live", "/see/nowhere", "/pair", "/nothing"])
def test_what_only_reads_takes_no_body_that_could_be_a_request(door: Door, path: str) -> None:
    hidden = _request(door, f"POST {RESTART}", AUTH, JSON, "Content-Length: 2", body=b"{}")
    for header in (f"Content-Length: {len(hidden)}", "Transfer-Encoding: chunked"):
        answer = raw(door.hook, _request(door, f"GET {path}", AUTH, header, body=hidden), ends=True)
        assert statuses(answer) == [400], answer
        assert b"BODY_NOT_TAKEN" in answer or header.startswith("T")
    _nothing_happened(door)


def test_after_a_refusal_nothing_more_of_the_connection_is_read(door: Door) -> None:
    wrong = _request(door, "GET /actors", "Authorization: Bearer wrong")
    right = _request(door, f"POST {RESTART}", AUTH, JSON, "Content-Length: 2", body=b"{}")
    assert statuses(raw(door.hook, wrong + right)) == [401]
    _nothing_happened(door)


# -- too much ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        ["X: " + "a" * 70_000],
        [f"X-{number}: y" for number in range(5_000)],
        ["Cookie: " + "; ".join(f"kelpie={number}" for number in range(8_000))],
    ],
    ids=["one long", "many", "cookies"],
)
def test_a_flood_of_headers_is_cut_off(door: Door, headers: list[str]) -> None:
    answer = raw(door.hook, _request(door, "GET /actors", AUTH, *headers))
    assert statuses(answer) in ([400], [431], [])
    _nothing_happened(door)


def test_a_long_line_is_cut_off(door: Door) -> None:
    answer = raw(door.hook, _request(door, "GET /" + "a" * 200_000, AUTH))
    assert statuses(answer) in ([400], [414], [])
    _nothing_happened(door)


def test_no_method_takes_a_body_without_end(door: Door) -> None:
    """Also those that seldom have one: a body that nobody measures fills the memory."""
    device = _paired(door)
    origin = f"Origin: {door.hook.url}"
    for path, key, kind in (
        ("/trading/flatten", AUTH, JSON),
        ("/do/pause", f"Cookie: {device.cookie}", FORM),
        ("/pair", "X: y", FORM),
    ):
        for method in ("POST", "PATCH", "DELETE", "PUT"):
            for length, body in (
                ("Content-Length: 99999999999", b"x"),
                ("Transfer-Encoding: chunked", (b"8000\r\n" + b" " * 0x8000 + b"\r\n") * 3),
            ):
                sent = _request(door, f"{method} {path}", key, origin, kind, length, body=body)
                status = statuses(raw(door.hook, sent))[0]
                assert status in (405, 413), (method, path, length)
    _nothing_happened(door)


@pytest.mark.parametrize("path", ["/trading/flatten", "/pair"])
def test_a_body_in_drops_is_not_waited_for(opened: Opened, path: str) -> None:
    door = opened(body_seconds=0.1)
    kind = JSON if path.startswith("/trading") else FORM
    origin = f"Origin: {door.hook.url}"
    sent = _request(door, f"POST {path}", AUTH, origin, kind, "Content-Length: 30", body=b"x")
    answer = raw(door.hook, sent)
    assert statuses(answer) == [408] and b"BODY_TOO_SLOW" in answer
    _nothing_happened(door)
