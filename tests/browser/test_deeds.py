"""What can be done from a page: pausing with its undo, closing everything in two steps.

What went to the venue is asserted from the gateway's own wire log and books.
"""

from __future__ import annotations

import re
from decimal import Decimal

from actors import names
from actors.messages import Alert, SetPaused
from adapters.store import open_book
from runtime.clocks import SystemClock
from simulators.broker import ACCOUNT
from simulators.tws.protocol import Request
from tests.browser.conftest import DESK, PHONE, Looker, Looks, press
from tests.pains.agreement import assert_agreed, at_broker, held
from tests.pains.conftest import Stage
from tests.tree.in_process import Tree
from tests.tree.states_of_things import BOUGHT, HELD, RESTING, STOPPED, on_a_good_day
from tests.tree.waiting import until

DEVICE = "hook (full token)"
PAUSE, UNDO, ALLOW = "Pause new trades", "Undo", "Yes, allow new trades again"
CLOSE, KNOWN = "Yes, close everything", "I know of it"


def owner(looks: Looks, tree: Tree) -> Looker:
    """Somebody whose device may do all."""
    return looks(tree, token=tree.hook.token)


def both(looker: Looker) -> None:
    """It fits a desk and a phone."""
    for size in (DESK, PHONE):
        looker.page.set_viewport_size(size)
        looker.holds()


def tap(looker: Looker, name: str) -> str:
    """Press a button; gives what the next page says."""
    press(looker.page.get_by_role("button", name=name))
    return looker.text()


def buttons(looker: Looker) -> list[str]:
    return looker.page.get_by_role("button").all_inner_texts()


def buttons_of(looker: Looker, path: str) -> list[str]:
    looker.open(path)
    return buttons(looker)


def sent(stage: Stage) -> tuple[int, int]:
    """How many orders, and how many cancels, came over the wire."""
    wire = stage.wire()
    return len(wire.from_client(Request.PLACE_ORDER)), len(wire.from_client(Request.CANCEL_ORDER))


def audited(stage: Stage) -> list[tuple[str, str, str]]:
    """Who, what and its detail, newest first, from the book of a tree that has ended."""
    book = open_book(stage.folder / "state", "paper", ACCOUNT, SystemClock())
    try:
        return [(row.who, row.what, row.detail) for row in book.audit(limit=1000)]
    finally:
        book.close()


def test_a_pause_is_one_tap_and_so_is_its_undo_and_nothing_is_sent(
    stage: Stage, looks: Looks
) -> None:
    stage.play()
    with stage.tree() as tree:
        on_a_good_day(tree)
        before = sent(stage)
        looker = owner(looks, tree)
        looker.open("/see/pause")
        both(looker)
        assert "New trades are allowed." in looker.text()
        said = tap(looker, PAUSE)
        assert looker.page.url.endswith("/see/pause")
        assert "Paused. No new trades; exits and stops go on." in said
        both(looker)
        assert tree.desk().paused
        looker.page.reload()
        assert buttons(looker) == [UNDO], (
            "what asks for itself anew, or is called back, says it too"
        )
        assert "New trades are allowed." in tap(looker, UNDO)
        assert not tree.desk().paused
        assert sent(stage) == before, "neither sends anything to the venue"
        looker.page.go_back()
        assert not tree.desk().paused, "and going back does nothing"
    told = [(who, detail) for who, what, detail in audited(stage) if what == "setting"]
    assert told[:2] == [
        (DEVICE, "paused = : by a tap on a page"),
        (DEVICE, "paused = by a tap on a page: by a tap on a page"),
    ]


def pause_elsewhere(tree: Tree, reason: str) -> None:
    tree.system.ask(names.DESK, SetPaused(True, "kelpie pause", reason)).get(timeout=20)
    until(tree.settled, "it is in the book")


def test_a_pause_of_somebody_else_is_shown_and_asked_about(stage: Stage, looks: Looks) -> None:
    stage.play()
    with stage.tree() as tree:
        tree.wait_until_ready()
        pause_elsewhere(tree, "I am in hospital")
        looker = owner(looks, tree)
        looker.open("/see/pause")
        both(looker)
        assert re.search(r"Paused by kelpie pause on .*: I am in hospital\.", looker.text())
        assert buttons(looker) == [ALLOW]
        said = tap(looker, ALLOW)
        assert "New trades are allowed." in said
        assert not tree.desk().paused


def test_a_tap_is_for_what_was_shown_and_for_nothing_that_came_since(
    stage: Stage, looks: Looks
) -> None:
    stage.play()
    with stage.tree(watched=False) as tree:
        tree.wait_until_ready()
        looker = owner(looks, tree)
        looker.open("/see/pause")
        pause_elsewhere(tree, "the bank called")
        said = tap(looker, PAUSE)
        assert "kelpie pause" in said and "the bank called" in said, "it stays whose it was"
        tap(looker, ALLOW)
        tap(looker, PAUSE)
        assert buttons(looker) == [UNDO]
        pause_elsewhere(tree, "the bank called again")
        said = tap(looker, UNDO)
        assert tree.desk().paused, "an undo ends the pause that was shown, and no other"
        assert "the bank called again" in said
        assert buttons(looker) == [ALLOW]
        tap(looker, ALLOW)
        tap(looker, PAUSE)
        tree.leap(601.0)
        looker.open("/see/pause")
        assert buttons(looker) == [ALLOW], "after ten minutes the own one is asked about too"
    switched = [who for who, what, _ in reversed(audited(stage)) if what == "setting"]
    assert switched == ["kelpie pause", DEVICE, DEVICE, "kelpie pause", DEVICE, DEVICE]


def test_close_everything_shows_what_it_will_do_and_does_that(stage: Stage, looks: Looks) -> None:
    stage.play()
    with stage.tree() as tree:
        on_a_good_day(tree)
        before = sent(stage)
        looker = owner(looks, tree)
        looker.open("/see/close-everything")
        both(looker)
        said = looker.text()
        assert "cancel 2 orders" in said and STOPPED in said and RESTING in said
        assert f"sell {HELD} BHP/AUD at the market" in said
        assert sent(stage) == before, "to look at it sends nothing"
        assert "nothing more was closed" not in tap(looker, CLOSE)
        until(lambda: tree.get("/trading/flatten")["state"] == "DONE", "it is done")
        looker.open("/see/close-everything")
        both(looker)
        said = looker.text()
        assert "BHP/AUD is out" in said
        assert "There is nothing to close" in said
        assert buttons(looker) == []
        assert tree.desk().paused, "as the box that was ticked said"
        assert tree.state(STOPPED) == tree.state(RESTING) == "CANCELLED"
        assert_agreed(stage, tree)
    assert held(stage.books()) == 0
    refs = list(stage.wire().orders_per_ref())
    assert refs[:3] == [BOUGHT, STOPPED, RESTING] and len(refs) == 4
    exit_order = at_broker(stage, refs[3])
    assert exit_order.request.quantity == Decimal(HELD)
    assert sent(stage) == (before[0] + 1, before[1] + 2), "two cancels and one sale, as it said"
    assert (DEVICE, "flatten", "all: everything closed on a page") in audited(stage)


def test_what_has_changed_since_it_was_shown_is_shown_again(stage: Stage, looks: Looks) -> None:
    stage.play()
    with stage.tree() as tree:
        on_a_good_day(tree)
        looker = owner(looks, tree)
        looker.open("/see/close-everything")
        assert tree.call("DELETE", f"/orders/{RESTING}").status_code == 202
        tree.wait_for_state(RESTING, "CANCELLED")
        before = sent(stage)
        said = tap(looker, CLOSE)
        assert "nothing more was closed" in said
        assert "cancel 1 order (" in said, "and what it would do now"
        assert tree.get("/trading/flatten")["state"] == "NONE"
        assert sent(stage) == before
        tap(looker, CLOSE)
        until(lambda: tree.get("/trading/flatten")["state"] == "DONE", "the second tap does it")
    assert held(stage.books()) == 0


def test_the_same_form_sent_again_sells_nothing_twice(stage: Stage, looks: Looks) -> None:
    stage.play()
    with stage.tree() as tree:
        on_a_good_day(tree)
        looker = owner(looks, tree)
        page = looker.open("/see/close-everything")
        form = page.locator("form[action='/do/close-everything']")
        fields: dict[str, str | float | bool] = {
            name: form.locator(f"[name={name}]").get_attribute("value") or ""
            for name in ("csrf", "confirm")
        }
        for _ in range(3):
            answer = page.request.post(f"{looker.url}/do/close-everything", form=fields)
            assert answer.ok, answer.text()
        until(lambda: tree.get("/trading/flatten")["state"] == "DONE", "it is done")
        page.request.post(f"{looker.url}/do/close-everything", form=fields)
        assert tree.propose("KLP-AFTER").status_code == 202, "not paused: nothing was ticked"
        tree.wait_for_state("KLP-AFTER", "FILLED")
        late = page.request.post(f"{looker.url}/do/close-everything", form=fields)
        assert "nothing more was closed" in late.text()
        until(tree.settled, "all is handled")
    assert held(stage.books()) == 20, "what was bought since is held still"
    refs = [ref for ref in stage.wire().orders_per_ref() if ref.startswith("KLP-F-")]
    assert len(refs) == 1


def test_who_may_only_look_can_do_nothing(stage: Stage, looks: Looks) -> None:
    stage.play()
    with stage.tree() as tree:
        on_a_good_day(tree)
        before = sent(stage)
        looker = looks(tree)
        looker.open("/see/pause")
        assert buttons(looker) == []
        page = looker.open("/see/close-everything")
        both(looker)
        assert buttons(looker) == []
        assert "This device may not do that" in looker.text()
        full = owner(looks, tree).open("/see/close-everything")
        form = full.locator("form[action='/do/close-everything'] [name=confirm]")
        code = form.get_attribute("value") or ""
        for path in ("/do/pause", "/do/resume", "/do/close-everything"):
            fields: dict[str, str | float | bool] = {"csrf": "x", "confirm": code, "seen": "x"}
            assert page.request.post(looker.url + path, form=fields).status == 403, path
            assert full.request.post(looker.url + path, form=fields).status == 403, "no csrf"
            assert page.request.get(looker.url + path).status == 405, path
        assert not tree.desk().paused
        assert tree.get("/trading/flatten")["state"] == "NONE"
        assert sent(stage) == before


def test_an_alert_is_answered_by_a_tap_and_by_whom_is_in_the_book(
    stage: Stage, looks: Looks
) -> None:
    stage.play()
    with stage.tree() as tree:
        tree.wait_until_ready()
        words = (
            "ib",
            "error",
            "FLATTEN_LEFT",
            f"BHP/AUD is not all out of {ACCOUNT}.",
            "Look at it.",
        )
        now = tree.clock.now()
        tree.system.tell(names.ALERTS, Alert(*words, now, told=1, stands=True))
        looker = owner(looks, tree)
        until(lambda: KNOWN in buttons_of(looker, "/"), "the alert is shown")
        both(looker)
        assert "BHP/AUD is not all out of DU***001." in looker.text()
        [alert] = [a for a in tree.get("/alerts")["items"] if a["code"] == "FLATTEN_LEFT"]
        assert not alert["answered"]
        only_looks = looks(tree)
        assert KNOWN not in buttons_of(only_looks, "/")
        told = looker.page.get_by_role("article").filter(has_text="is not all out")
        press(told.get_by_role("button", name=KNOWN))
        assert looker.page.url == f"{looker.url}/"
        [alert] = [a for a in tree.get("/alerts")["items"] if a["code"] == "FLATTEN_LEFT"]
        assert (alert["answered"], alert["answered_by"]) == (True, DEVICE)
        until(tree.settled, "it is in the book")
    assert (DEVICE, "answer alerts", alert["id"]) in audited(stage)
