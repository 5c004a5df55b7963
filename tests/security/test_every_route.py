"""Every route there is, with every kind of key: who is let in is said here, route by route.

A new route that changes something, or that people look at, fails here until it is said what it
needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
from fastapi.routing import APIRoute
from starlette.routing import Route

from console.hook.app import build_app
from console.hook.asking import Asking
from console.hook.doors import ACTIONS, PAIR, PROBES, STYLE, Door, door_of
from console.hook.keys import Keyring
from console.hook.options import HookOptions
from console.hook.visitors import csrf_of
from console.scopes import Grade, Scope
from tests.console.conftest import READ_TOKEN, TOKEN, Planted
from tests.security.conftest import Device, Opened, code_of

OPEN = {("GET", path) for path in (*PROBES, STYLE, PAIR)} | {("POST", PAIR)}
"""For everybody: they tell nothing, or take a link."""

FORMS = {
    ("POST", "/do/pause"): Scope.PAUSE,
    ("POST", "/do/resume"): Scope.PAUSE,
    ("POST", "/do/answer"): Scope.PAUSE,
    ("POST", "/do/close-everything"): Scope.TRADE,
}

EFFECTS = {
    ("POST", "/actors/{name}/restart"),
    ("POST", "/dead-letters/{id}/release"),
    ("POST", "/circuits/{venue}/open"),
    ("POST", "/circuits/{venue}/close"),
    ("POST", "/orders"),
    ("POST", "/orders/preview"),
    ("POST", "/orders/groups"),
    ("PATCH", "/orders/{client_order_id}"),
    ("DELETE", "/orders/{client_order_id}"),
    ("POST", "/orders/{client_order_id}/resolve"),
    ("POST", "/plans"),
    ("PATCH", "/plans/{plan_id}"),
    ("DELETE", "/plans/{plan_id}"),
    ("POST", "/positions/{symbol}/adopt"),
    ("POST", "/positions/{symbol}/dividend"),
    ("POST", "/positions/{symbol}/resolve"),
    ("POST", "/money/unexplained/{difference_id}"),
    ("POST", "/trading/pause"),
    ("POST", "/trading/resume"),
    ("POST", "/trading/flatten"),
    ("DELETE", "/trading/flatten"),
    ("POST", "/trading/arm"),
    ("POST", "/trading/disarm"),
    ("POST", "/reconcile"),
    ("POST", "/outside-facts"),
    ("POST", "/risk/limits"),
    ("POST", "/alerts/{id}/answer"),
    ("POST", "/alerts/echo"),
    ("POST", "/alerts/test"),
    ("POST", "/away"),
    ("DELETE", "/away"),
}
"""For the full token alone. No cookie opens them, and the read token does not."""

REFUSED = {
    "TOKEN_MISSING",
    "TOKEN_WRONG",
    "TOKEN_ONLY_READS",
    "NOT_PAIRED",
    "PAIRING_ENDED",
    "SCOPE_MISSING",
    "FORM_NOT_OURS",
}
"""Codes by which a key is turned away."""

Rule = tuple[str, str]


def _routes(rig: Planted) -> set[Rule]:
    """Ask the application itself, not its description: pages are not in that."""
    options = HookOptions(
        host="127.0.0.1",
        port=0,
        token=TOKEN,
        read_token=READ_TOKEN,
        mode="demo",
        version="1",
        started_at=rig.clock.now(),
        venues=("ib",),
    )
    keyring = Keyring(options, rig.clock, lambda note: None)
    found = set()
    for route in _flat(build_app(Asking(rig.system, options, "hook"), keyring).routes):
        found |= {(method, route.path) for method in route.methods or ()}
    return {each for each in found if each[0] != "HEAD"}


def _flat(routes: list[Any]) -> Iterator[Route | APIRoute]:
    for route in routes:
        if isinstance(route, (Route, APIRoute)):
            yield route
        else:
            inner = getattr(route, "original_router", None)
            assert inner, f"{route!r} is a kind of route that nobody has looked at"
            yield from _flat(inner.routes)


def _may(rule: Rule, key: str) -> bool:
    """What is right: whether this key is let in there."""
    method, path = rule
    if rule in OPEN:
        return True
    if rule in FORMS:
        return key == "full" or (key in tuple(Grade) and FORMS[rule] in Grade(key).scopes)
    if rule in EFFECTS:
        return key == "full"
    assert method == "GET", f"say here what {method} {path} needs"
    if door_of(path).for_people:
        return key != "nobody"
    return key in ("full", "read")


def _ask(device: Device | None, token: str, client: httpx.Client, rule: Rule) -> httpx.Response:
    method, path = rule
    for name in ("name", "id", "venue", "client_order_id", "plan_id", "symbol", "difference_id"):
        path = path.replace(f"{{{name}}}", "x")
    path = path.split("{")[0]
    headers = dict(device.headers) if device is not None else {}
    if token:
        headers["authorization"] = f"Bearer {token}"
    if method == "GET":
        headers.pop("origin", None)
        return client.request(method, path, headers=headers)
    headers["origin"] = str(client.base_url)
    if door_of(path).for_people:
        mark = csrf_of(device.key if device is not None else token)
        return client.request(method, path, headers=headers, data={"csrf": mark})
    headers["content-type"] = "application/json"
    # Nothing can be done with this body, by whomever it is read.
    return client.request(method, path, headers=headers, content=b"[0")


def test_every_route_lets_in_those_keys_that_it_is_for_and_no_other(opened: Opened) -> None:
    door = opened(answer_seconds=0.05)
    devices = {grade: door.pair(grade.value, grade) for grade in Grade}
    rules = sorted(_routes(door.rig))
    assert len(rules) > 60
    assert {rule for rule in rules if rule[0] != "GET"} <= EFFECTS | FORMS.keys() | OPEN
    keys: dict[str, tuple[Device | None, str]] = {
        "nobody": (None, ""),
        "read": (None, READ_TOKEN),
        "full": (None, TOKEN),
        **{grade.value: (device, "") for grade, device in devices.items()},
    }
    wrong = []
    with door.hook.client() as client:
        for rule in rules:
            for key, (device, token) in keys.items():
                refused = code_of(_ask(device, token, client, rule)) in REFUSED
                if refused is _may(rule, key):
                    wrong.append((*rule, key, "refused" if refused else "let in"))
    assert not wrong


def test_the_forms_are_those_of_the_guard() -> None:
    assert {path: scope for (_, path), scope in FORMS.items()} == dict(ACTIONS)


def test_what_changes_anything_is_done_by_its_own_method_alone(opened: Opened) -> None:
    door = opened(answer_seconds=0.05)
    device = door.pair(grade=Grade.TRADE)
    also = ("/orders", "/plans", "/trading/flatten", "/outside-facts", "/away", "/test-order")
    posted = [path for method, path in sorted(EFFECTS) if method == "POST" and "{" not in path]
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        with door.hook.client() as client:
            for path in ACTIONS:
                data = {"csrf": csrf_of(device.key)} if method not in ("GET", "HEAD") else None
                answer = client.request(method, path, headers=device.headers, data=data)
                assert answer.status_code == 405, (method, path)
                assert answer.headers["allow"] == "POST"
        with door.hook.client(TOKEN) as client:
            for path in posted:
                if path not in also:  # those have a GET or a DELETE of their own
                    assert client.request(method, path).status_code >= 400, (method, path)
    assert not [who for who, _ in door.rig.diary.entries if who.startswith("hook")]


def test_no_path_under_do_is_open_that_is_not_in_the_table(opened: Opened) -> None:
    door = opened()
    device = door.pair(grade=Grade.TRADE)
    for path in ("/do/", "/do/pause/", "/do/Pause", "/do/pause.", "/do/anything", "/do//pause"):
        assert device.send(path) == "NO_SUCH_ROUTE", path


def test_each_door_is_known_by_its_path() -> None:
    assert door_of("/") is Door.PAGE
    assert door_of("/see") is Door.JSON
    assert door_of("/do") is Door.JSON
    assert door_of("/pair/x") is Door.JSON
    assert door_of("/see/style.css") is Door.PROBE
    assert door_of("/see/orders") is Door.PAGE


def test_a_misspelt_parameter_is_told_and_never_overlooked(opened: Opened) -> None:
    door = opened()
    for path in ("/orders?stat=HELD", "/fills?limit=5&limits=6", "/actors?x=1"):
        answer = door.hook.get(path)
        assert (answer.status_code, code_of(answer)) == (422, "PARAMETER_UNKNOWN"), path
