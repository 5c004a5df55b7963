"""Looking into a tree over HTTP: what needs no venue."""

from __future__ import annotations

import threading
from typing import Any

from actors import names
from actors.lanes import ChildWedged
from tests.actors.conftest import LIMIT, Crash, Fact, Hang, Question
from tests.console.conftest import Grow, Planted, hook_url
from tests.tree.home import free_port
from tests.tree.waiting import until


def _hang(rig: Planted, name: str) -> threading.Event:
    release, begun = threading.Event(), threading.Event()
    rig.system.tell(name, Hang(release, begun))
    assert begun.wait(LIMIT)
    return release


def _find(node: dict[str, Any], name: str) -> dict[str, Any]:
    if node["name"] == name:
        return node
    for child in node["children"]:
        try:
            return _find(child, name)
        except KeyError:
            continue
    raise KeyError(name)


def test_a_live_tree_is_live_and_says_why_it_is_not_ready(grow: Grow) -> None:
    rig = grow()
    with rig.hook.client() as anybody:
        live = anybody.get("/health/live")
        assert live.status_code == 200
        assert live.json() == {"live": True, "actors": 7, "wedged": []}
        ready = anybody.get("/health/ready")
    assert ready.status_code == 503
    body = ready.json()
    assert (body["ready"], body["mode"], body["version"]) == (False, "demo", "1.2.3")
    assert "trading.desk" in body["reason"]


def test_a_wedged_actor_is_not_live_and_shows_its_last_state_and_its_age(grow: Grow) -> None:
    rig = grow(budget=5.0, answer_seconds=0.05)
    release = _hang(rig, "a")
    rig.clock.leap(7.0)
    live = rig.hook.get("/health/live")
    assert live.status_code == 503
    [wedged] = live.json()["wedged"]
    assert (wedged["actor"], wedged["handling"]) == ("a", "Hang")
    assert wedged["seconds"] >= 7.0

    body = rig.hook.get("/actors/a").json()
    assert body["answered"] is False
    assert body["answers"] is False
    assert body["state"] == {"kind": "recorder"}
    assert body["state_age_seconds"] >= 7.0
    assert body["handling"]["message"] == "Hang"
    release.set()


def test_what_waits_is_counted_by_lane_with_the_age_of_the_oldest(grow: Grow) -> None:
    rig = grow(answer_seconds=0.05)
    release = _hang(rig, "a")
    for number in range(3):
        rig.system.tell("a", Fact(f"fact {number}"))
    rig.system.tell("a", Question("why?"))
    rig.clock.leap(4.0)
    body = rig.hook.get("/actors/a").json()
    assert body["mailbox"]["fact"] == 3
    assert body["mailbox"]["query"] == 1
    assert body["oldest_seconds"] >= 4.0
    assert body["facts_peak"] == 3
    release.set()
    rig.diary.wait_for("a", "fact 2")

    def answered() -> Any:
        body = rig.hook.get("/actors/a").json()
        return body if body["answered"] else None

    body = until(answered, "it answers within the hook's short limit")
    assert body["counts"]["Fact"] == 3
    assert body["mailbox"]["fact"] == 0


def test_the_tree_is_nested_and_a_crash_shows_in_it(grow: Grow) -> None:
    rig = grow()
    before = rig.hook.get("/tree").json()
    assert before["name"] == "root"
    assert before["strategy"] == "one_for_one"
    hook = _find(before, names.HOOK)
    assert (hook["phase"], hook["restart"], hook["incarnation"]) == ("running", "permanent", 1)
    assert [child["name"] for child in before["children"]] == [
        "a",
        "b",
        "ledger",
        "console",
        "last",
    ]

    rig.system.tell("b", Crash(ValueError("a test")))
    rig.diary.wait_for("b", "start", times=2)
    b = _find(rig.hook.get("/tree").json(), "b")
    assert (b["incarnation"], b["restarts"]) == (2, 1)
    assert b["last_exit"]["kind"] == "crashed"
    assert b["last_exit"]["cause"] == "ValueError"
    assert "a test" in rig.hook.get("/actors/b").json()["last_error"]


def test_all_actors_are_listed_though_one_hangs(grow: Grow) -> None:
    rig = grow()
    release = _hang(rig, "b")
    items = rig.hook.get("/actors").json()["items"]
    assert [item["name"] for item in items] == [
        "root",
        "a",
        "b",
        "ledger",
        "console",
        "last",
        "console.hook",
    ]
    assert items[2]["handling"]["message"] == "Hang"
    release.set()


def test_an_actor_is_restarted_by_hand(grow: Grow) -> None:
    rig = grow()
    answer = rig.hook.post("/actors/a/restart", json={"reason": "a test"})
    assert answer.status_code == 202
    assert answer.json() == {"name": "a", "supervisor": "root", "incarnation": 1}
    rig.diary.wait_for("a", "start", times=2)
    assert rig.hook.get("/actors/a").json()["incarnation"] == 2
    rig.diary.wait_for("hook (full token)", "restart a: a test")


def test_the_top_and_strangers_are_not_restarted(grow: Grow) -> None:
    rig = grow()
    top = rig.hook.post("/actors/root/restart")
    assert (top.status_code, top.json()["code"]) == (409, "NO_SUPERVISOR")
    stranger = rig.hook.post("/actors/nobody/restart")
    assert (stranger.status_code, stranger.json()["code"]) == (404, "SEAT_NOT_KNOWN")


def test_dead_letters_are_shown_with_their_cause(grow: Grow) -> None:
    rig = grow()
    rig.system.tell("nobody", Fact("lost"), sender="a")
    rig.system.tell("b", Fact("poison"))
    rig.diary.wait_for("b", "start", times=3)
    body = rig.hook.get("/dead-letters").json()
    first, *others = body["items"]
    assert first["quarantined"] is True
    assert first["seat"] == "b"
    assert "ValueError" in first["cause"]
    lost = next(item for item in others if item["seat"] == "nobody")
    assert (lost["sender"], lost["cause"], lost["quarantined"]) == ("a", "no such seat", False)
    assert body["counts"]["fact"] >= 2


def test_the_metrics_tell_of_every_actor(grow: Grow) -> None:
    rig = grow()
    rig.system.tell("nobody", Fact("lost"))
    rig.system.tell("b", Crash(ValueError("a test")))
    rig.diary.wait_for("b", "start", times=2)
    answer = rig.hook.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    lines = answer.text.splitlines()
    assert 'kelpie_build_info{mode="demo",version="1.2.3"} 1.0' in lines
    assert 'kelpie_actor_restarts_total{actor="b"} 1.0' in lines
    assert 'kelpie_actor_restarts_total{actor="a"} 0.0' in lines
    assert 'kelpie_mailbox_messages{actor="a",lane="fact"} 0.0' in lines
    assert any(line.startswith('kelpie_dead_letters_total{lane="fact"} ') for line in lines)
    # There is no desk and no book here: what nobody knows is left out, and is not 0.
    assert "kelpie_orders_unknown" not in answer.text
    assert "kelpie_venue_tradable" not in answer.text


def test_what_the_desk_is_asked_for_is_refused_with_a_code_while_it_is_down(grow: Grow) -> None:
    rig = grow()
    for path in ("/venues", "/positions", "/account", "/quotes"):
        answer = rig.hook.get(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "SEAT_DOWN"), path
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_seat_that_hangs_over_a_question_is_slow_and_the_hook_goes_on(grow: Grow) -> None:
    rig = grow(answer_seconds=0.05)
    release = _hang(rig, "ledger")
    answer = rig.hook.get("/orders")
    assert (answer.status_code, answer.json()["code"]) == (503, "SEAT_SLOW")
    assert answer.headers["retry-after"] == "1"
    assert rig.hook.get("/health/live").status_code == 200
    release.set()


def test_the_hook_comes_back_at_its_port_after_a_crash_and_a_restart(grow: Grow) -> None:
    rig = grow(port=free_port())
    with rig.hook.client(rig.hook.token) as kept_open:
        kept_open.get("/tree")
        # It does not know this message: that crashes it.
        rig.system.tell(names.HOOK, ChildWedged("x", 1, "", 0.0))
        assert hook_url(rig.system) == rig.hook.url
        assert rig.hook.get("/actors/console.hook").json()["incarnation"] == 2
        kept_open.get("/tree")
        second = rig.system.seat(names.HOOK).occupant
        assert second is not None
        assert rig.hook.post(f"/actors/{names.HOOK}/restart").status_code == 202
        assert second.actor_stopped.wait(LIMIT)
        assert hook_url(rig.system) == rig.hook.url
    assert rig.hook.get("/actors/console.hook").json()["incarnation"] == 3
