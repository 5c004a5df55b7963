"""Everything out, by a person, on the real tree: judged by the gateway's books and wire log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from actors import names
from actors.lanes import RestartChild
from adapters.store import open_book
from console.cli import main
from domain.permits import Condition
from runtime.clocks import SystemClock
from simulators.broker import ACCOUNT
from simulators.tws.protocol import Request
from tests.pains.acts import LIMIT, refused, wait_for_quote, written
from tests.pains.agreement import assert_agreed, at_broker, held
from tests.pains.conftest import Stage
from tests.tree.in_process import Tree, Venue
from tests.tree.states_of_things import BOUGHT, HELD, RESTING, STOPPED, in_state, on_a_good_day
from tests.tree.waiting import until

_SLOW_CANCELS = """
[[rule]]
name = "slow"
on = "cancelOrder"
times = "always"
do = "hold"
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    folder = tmp_path / "venue"
    folder.mkdir()
    place = Stage(tmp_path, Venue(folder))
    yield place
    place.close()


def flatten(tree: Tree, **body: Any) -> tuple[int, dict[str, Any]]:
    answer = tree.call("POST", "/trading/flatten", body)
    said: dict[str, Any] = answer.json()
    return answer.status_code, said


def shown(tree: Tree) -> dict[str, Any]:
    said: dict[str, Any] = tree.get("/trading/flatten")
    return said


def done(tree: Tree) -> dict[str, Any]:
    until(lambda: shown(tree)["state"] == "DONE", "it is done")
    return shown(tree)


def sent(stage: Stage) -> list[str]:
    """The client order ids of orders, and `cancel` for each cancel, as they came over the wire."""
    wire = stage.wire()
    placed = [p for ref in wire.orders_per_ref() for p in wire.placements(ref)]
    names_of = {id(p.message): p.order_ref for p in placed}
    cancel = int(Request.CANCEL_ORDER)
    words = [
        "cancel" if message.message_id == cancel else names_of.get(id(message), "")
        for message in wire.messages
        if message.incoming
    ]
    return [word for word in words if word]


def compared(tree: Tree) -> bool:
    """The venue's lists have been asked for just now, and are judged."""
    answer = tree.call("POST", "/reconcile", {"wait_seconds": 5}).json()
    return bool(answer.get("done"))


def audited(stage: Stage) -> list[str]:
    """What the book says that was done, newest first."""
    book = open_book(stage.folder / "state", "paper", ACCOUNT, SystemClock())
    try:
        return [row.what for row in book.audit(limit=1000)]
    finally:
        book.close()


def test_what_works_is_taken_back_before_what_is_held_is_sold(stage: Stage) -> None:
    """Two sales of one holding never work at once: the stop has ended before the exit leaves."""
    stage.play()
    with stage.tree() as tree:
        on_a_good_day(tree)
        status, preview = flatten(tree, dry_run=True)
        assert (status, preview["state"], preview["confirm"]) == (200, "PREVIEW", None)
        [item] = preview["items"]
        assert (item["symbol"], item["side"], item["quantity"]) == ("BHP/AUD", "SELL", HELD)
        assert set(item["cancels"]) == {STOPPED, RESTING}
        assert stage.wire().from_client(Request.CANCEL_ORDER) == [], "a preview does nothing"
        assert shown(tree)["state"] == "NONE"

        status, said = flatten(tree)
        assert (status, said["state"]) == (202, "RUNNING")
        [item] = done(tree)["items"]
        assert (item["state"], item["managed"], item["note"]) == ("FLAT", "0", "")
        assert tree.state(STOPPED) == tree.state(RESTING) == "CANCELLED"
        assert_agreed(stage, tree)
        status, again = flatten(tree)
        assert (status, again["items"]) == (200, []), "asked again it is harmless"
        assert tree.propose("KLP-AFTER", **LIMIT).status_code == 202, "entries are free again"
    assert held(stage.books()) == 0
    *before, exit = [word for word in sent(stage) if word != "KLP-AFTER"]
    assert before == [BOUGHT, STOPPED, RESTING, "cancel", "cancel"]
    assert exit.startswith("KLP-F-") and at_broker(stage, exit).request.quantity == Decimal(HELD)
    assert "flatten" in audited(stage)


def test_until_the_venue_has_confirmed_the_cancels_nothing_is_sold(stage: Stage) -> None:
    """And nobody else trades the symbol meanwhile; a fill in between is not sold twice.

    The venue is asked once more what it holds: its word on the fill comes another way than the fill
    does, and where it is first, two shares less are sold at once, and those two behind them.
    """
    stage.play(written(stage.folder, "a slow cancel", _SLOW_CANCELS))
    with stage.tree() as tree:
        on_a_good_day(tree)
        assert flatten(tree, symbols=["BHP/AUD"])[0] == 202
        until(lambda: sent(stage).count("cancel") == 2, "both are being taken back")
        for terms in (LIMIT, {"side": "SELL", "quantity": "1"}):
            code, detail = refused(tree, "KLP-MEANWHILE", **terms)
            assert code == "FLATTENING" and "being taken out" in detail
        [item] = shown(tree)["items"]
        assert item["state"] == "RUNNING" and "not confirmed" in item["note"]
        stage.control.do("fill", order_ref=STOPPED, quantity=2, price=43)
        until(lambda: held(stage.books()) == 18, "the stop trades at last")
        until(lambda: shown(tree)["items"][0]["managed"] == "18", "it is booked")
        until(lambda: compared(tree), "the venue has said what it holds")
        until(tree.settled, "the desk has heard it")
        assert sent(stage)[-1] == "cancel", "no exit before the last word on the stop"
        stage.control.end("slow")
        assert done(tree)["items"][0]["state"] == "FLAT"
        assert_agreed(stage, tree)
    assert held(stage.books()) == 0
    assert at_broker(stage, sent(stage)[-1]).request.quantity == 18


def test_a_desk_that_begins_anew_carries_it_on(stage: Stage) -> None:
    stage.play()
    with stage.tree() as tree:
        on_a_good_day(tree)
        assert flatten(tree)[0] == 202
        tree.system.tell(names.TRADING, RestartChild(names.DESK, "a test"))
        until(lambda: tree.incarnations()[names.DESK] > 1, "it begins anew")
        until(lambda: held(stage.books()) == 0, "all is out")
        until(lambda: shown(tree)["state"] in ("DONE", "NONE"), "it has ended")
        assert_agreed(stage, tree)
    assert stage.wire().orders_per_ref()[BOUGHT] == 1


def test_the_next_process_carries_it_on(stage: Stage) -> None:
    """It ended between the cancels and the exit: with nobody to go on, the position were bare."""
    stage.play(written(stage.folder, "a slow cancel", _SLOW_CANCELS))
    with stage.tree() as tree:
        on_a_good_day(tree)
        assert flatten(tree, reason="a storm")[0] == 202
        until(lambda: sent(stage).count("cancel") == 2, "both are being taken back")
    with stage.tree() as tree:
        until(lambda: shown(tree)["state"] == "RUNNING", "it goes on")
        assert shown(tree)["reason"] == "a storm"
        stage.control.end("slow")
        assert done(tree)["items"][0]["state"] == "FLAT"
        assert_agreed(stage, tree)
    assert held(stage.books()) == 0
    assert len([word for word in sent(stage) if word.startswith("KLP-F-")]) == 1


def test_what_is_held_and_no_longer_allowed_can_still_be_left(stage: Stage) -> None:
    stage.play()
    with stage.tree() as tree:
        on_a_good_day(tree)
    with stage.tree(ALLOWED_SYMBOLS="CBA/AUD") as tree:
        until(tree.ready, "ready")
        wait_for_quote(tree, "BHP/AUD")
        assert refused(tree, "KLP-MORE", **LIMIT)[0] == "SYMBOL_NOT_ALLOWED"
        assert tree.propose("KLP-FIVE", side="SELL", quantity="5").status_code == 202
        tree.wait_for_state("KLP-FIVE", "FILLED")
        assert flatten(tree)[0] == 202
        assert done(tree)["items"][0]["state"] == "FLAT"
    assert held(stage.books()) == 0


def test_a_code_confirms_only_what_was_shown_and_not_for_long(stage: Stage) -> None:
    with in_state(stage, Condition.NOT_RECONCILED) as tree:
        status, asked = flatten(tree)
        assert (status, asked["state"]) == (200, "CONFIRM")
        assert "cannot be traded" in asked["confirm_because"]
        assert flatten(tree, confirm="another")[1]["state"] == "CONFIRM"
        stale = flatten(tree)[1]["confirm"]
        tree.leap(61.0)
        late = flatten(tree, confirm=stale)[1]
        assert late["state"] == "CONFIRM" and late["confirm"] != stale
        assert stage.wire().from_client(Request.CANCEL_ORDER) == []
        assert flatten(tree, confirm=late["confirm"])[0] == 202
        until(lambda: held(stage.books()) == 0, "all is out")
    assert not at_broker(stage, STOPPED).is_open


def commands(tree: Tree, folder: Path) -> Callable[..., int]:
    """`kelpie …` against this tree."""
    token = folder / "token"
    token.write_text("full-" + "f" * 40)
    token.chmod(0o600)
    return lambda *words: main([*words, "--url", tree.hook.url, "--token-file", str(token)])


def test_safe_mode_goes_on_until_a_person_ends_it(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`resume` alone says what else holds entries back; its end outlives the process."""
    with in_state(stage, Condition.SAFE_MODE_RECONCILED) as tree:
        kelpie = commands(tree, tmp_path)
        assert kelpie("status") == 1
        told = " ".join(capsys.readouterr().out.split())
        assert "NEEDS YOU: No new positions in safe mode" in told
        assert "`kelpie resume --end-safe-mode`" in told
        assert kelpie("resume") == 0
        said = " ".join(capsys.readouterr().out.split())
        assert "still held" in said and "safe mode" in said
        assert refused(tree, "KLP-1", **LIMIT)[0] == "SAFE_MODE"
        for _ in range(2):
            assert kelpie("resume", "--end-safe-mode", "--reason", "mended") == 0
            assert capsys.readouterr().out == "Resumed: new entries are allowed.\n"
        assert tree.propose("KLP-2", **LIMIT).status_code == 202
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        assert tree.propose("KLP-3", **LIMIT).status_code == 202
    assert "end safe mode" in audited(stage)
    assert set(stage.wire().orders_per_ref()) >= {"KLP-2", "KLP-3"}
    assert "KLP-1" not in stage.wire().orders_per_ref()


def test_the_command_shows_asks_and_does(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.play()
    with stage.tree() as tree:
        on_a_good_day(tree)
        kelpie = commands(tree, tmp_path)
        assert kelpie("flatten", "--dry-run") == 0
        said = capsys.readouterr().out
        assert f"SELL {HELD}" in said and STOPPED in said
        assert kelpie("flatten", "BHP/AUD") == 1, "nobody is there to say yes"
        assert "Say --yes" in capsys.readouterr().err
        assert stage.wire().from_client(Request.CANCEL_ORDER) == []
        assert kelpie("flatten", "--yes") == 0
        assert "Under way" in capsys.readouterr().out
        done(tree)
        assert kelpie("flatten", "--show") == 0
        assert "BHP/AUD: nothing of Kelpie's is held" in capsys.readouterr().out
    assert held(stage.books()) == 0
