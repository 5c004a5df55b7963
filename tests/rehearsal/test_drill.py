"""`kelpie drill` as its own process, judged by its gateway's wire log and its broker's books."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from rehearsal.drill.breakages import NIGHT_ID
from rehearsal.drill.course import BOUGHT_ID, Outcome, Seen
from rehearsal.drill.demo import UNANSWERED, UNANSWERED_ID
from rehearsal.drill.judgement import differences, stops_of
from rehearsal.drill.program import table
from runtime.arguments import WRONGLY_CALLED
from simulators.books import Books, read_books
from simulators.tws.wire_history import WireHistory, read_wire_log

ROOT = Path(__file__).parents[2]
NAMES = ["gateway", "quotes", "order", "process", "disk"]


def _kelpie(folder: Path, *words: str, **settings: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(ROOT / "supervisor.py"), "drill", *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(folder), **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _of(folder: Path) -> list[psutil.Process]:
    """The processes of a drill in this folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("STATE_DIR", "").startswith(str(folder)):
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.mark.timeout(240)
def test_all_five_are_seen_broken_and_healed_and_the_broker_says_so(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    (tmp_path / ".env").write_text("STRATEGY=rules\nALLOWED_SYMBOLS=VAS/AUD\n")
    drill = _kelpie(tmp_path, "--json", "--keep", str(kept))
    printed, told = drill.communicate(timeout=200)
    assert drill.returncode == 0, told
    said = json.loads(printed)
    assert said["good"] and said["judged"] and said["wrong"] == [] and said["seconds"] < 180
    assert [each["name"] for each in said["breakages"]] == NAMES
    assert [each["refused_code"] for each in said["breakages"]] == [
        "VENUE_NOT_TRADABLE",
        "NO_FRESH_QUOTE",
        "DUPLICATE_INTENT",
        "NOT_RUNNING",
        "BOOK_NOT_WRITABLE",
    ]
    for each in said["breakages"]:
        assert each["broken"] and each["healed"] and each["said"] and len(each["stands"]) == 1
    assert _of(tmp_path) == [], "nothing runs on"
    _by_the_broker(
        read_books(kept / "state/ib-sim"), read_wire_log(kept / "state/ib-sim/wire.jsonl")
    )


def _by_the_broker(books: Books, wire: WireHistory) -> None:
    """What must have happened, whatever the report says."""
    assert set(wire.orders_per_ref().values()) == {1}, "nothing was sent twice"
    orders = {each.request.order_ref: each for each in books.orders}
    assert orders[BOUGHT_ID].status == orders[NIGHT_ID].status == "Filled"
    assert orders[UNANSWERED_ID].status in ("Cancelled", "ApiCancelled")
    entries = [name for name in orders if name.count("-") == 2 and not name.startswith("KLP-DRILL")]
    assert entries == [], "no new position was taken while something was broken"
    assert len(stops_of(books, BOUGHT_ID)) == 1
    assert wire.scenario(do="mute") and wire.scenario(UNANSWERED)
    runs = {each.run for each in wire.sockets()}
    assert len(runs) == 2, "the gateway was killed once"
    assert wire.connects() == 3, "one link was lost with the gateway, one with Kelpie"
    _finds_what_is_wrong(books, wire)


def _finds_what_is_wrong(books: Books, wire: WireHistory) -> None:
    """The same books beside words of Kelpie's that are not so."""
    bhp = next(o.request.con_id for o in books.orders if o.request.order_ref == BOUGHT_ID)
    orders = [
        {
            "client_order_id": each.request.order_ref,
            "symbol": "BHP/AUD" if each.request.con_id == bhp else "CBA/AUD",
        }
        for each in books.orders
    ]
    fills = [
        {
            "execution_id": each.execution_id,
            "quantity": str(each.quantity),
            "price": str(each.price),
        }
        for each in books.executions
    ]
    held = [{"symbol": "BHP/AUD", "managed": "100"}, {"symbol": "CBA/AUD", "managed": "20"}]
    assert differences(books, wire, orders, fills, held) == []
    [lost] = differences(books, wire, orders, fills[1:], held)
    assert lost == f"the execution {fills[0]['execution_id']} is lost"
    [twice] = differences(books, wire, orders, [*fills, fills[0]], held)
    assert twice.endswith("is booked twice")
    [more] = differences(books, wire, orders, fills, [held[0], {**held[1], "managed": "40"}])
    assert "Kelpie 100 BHP/AUD, 40 CBA/AUD" in more
    wrong = [{**fills[0], "price": "1.00"}, *fills[1:]]
    [other] = differences(books, wire, orders, wrong, held)
    assert f"not as ({books.executions[0].quantity!r}" in other
    unknown = [each for each in orders if each["client_order_id"] != UNANSWERED_ID]
    [foreign] = differences(books, wire, unknown, fills, held)
    assert UNANSWERED_ID in foreign
    sent = wire.placements(NIGHT_ID)[0].message
    once_more = replace(sent, fields=(sent.fields[0], "9999", *sent.fields[2:]))
    again = WireHistory([*wire.messages, once_more], wire.notes, Counter(), 0)
    assert differences(books, again, orders, fills, held) == [
        f"{NIGHT_ID} went over the wire 2 times"
    ]
    gone = replace(books, orders=tuple(o for o in books.orders if o.request.stop_price is None))
    assert stops_of(gone, BOUGHT_ID) == []


def test_it_is_refused_outside_demo_with_its_code(tmp_path: Path) -> None:
    drill = _kelpie(tmp_path, MODE="paper", IB_ACCOUNT_ID="DU1234567")
    _, told = drill.communicate(timeout=30)
    assert drill.returncode == 78
    assert "MODE is paper" in told and "[DRILL_NOT_HERE]" in told
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("of value")
    drill = _kelpie(tmp_path, "--keep", str(tmp_path))
    _, told = drill.communicate(timeout=30)
    assert drill.returncode == WRONGLY_CALLED and "not an empty folder" in told


@pytest.mark.timeout(120)
def test_interrupted_it_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    drill = _kelpie(tmp_path)
    assert drill.stdout is not None and drill.stderr is not None
    for line in drill.stdout:
        if line.startswith("1 of 5"):
            break
    assert _of(tmp_path), "its demo runs"
    drill.send_signal(signal.SIGINT)
    printed, _ = drill.communicate(timeout=40)
    assert drill.returncode == 130 and "Interrupted" in printed
    assert _of(tmp_path) == [] and list(tmp_path.iterdir()) == []


def _outcome(**changes: object) -> Outcome:
    seen = [Seen(name, name, broken=True, healed=True) for name in NAMES]
    outcome = Outcome(seen=seen, judged=True)
    for name, value in changes.items():
        setattr(outcome, name, value)
    return outcome


def test_only_five_seen_broken_and_healed_and_books_that_agree_are_good() -> None:
    assert _outcome().good
    assert table(_outcome())[-1].endswith("nothing is lost, and nothing is twice.")
    four = _outcome().seen[:4]
    for not_good in (
        _outcome(seen=four, judged=False),
        _outcome(seen=four),
        _outcome(seen=[*four, Seen("disk", "disk", broken=True)]),
        _outcome(seen=[*four, Seen("disk", "disk", healed=True)]),
        _outcome(wrong=["an execution is lost"]),
        _outcome(judged=False),
        _outcome(trouble="it did not start"),
    ):
        assert not not_good.good, not_good
    assert "  WRONG an execution is lost" in table(_outcome(wrong=["an execution is lost"]))
    assert table(_outcome(seen=four))[0].startswith("4/5 ")
