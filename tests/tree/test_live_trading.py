"""Real money through the whole tree: shut by every door while an item is missing, and disarmed.

The account is one with real money, as the simulated gateway plays it; its wire log is the judge
of what was sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from actors import names
from actors.lanes import RestartChild
from actors.messages import (
    ClockSeen,
    EvidenceSeen,
    GetChecklist,
    LimitsChanged,
    Propose,
    Reconciled,
    RecordSetting,
    Standing,
    Verdict,
)
from adapters.proofs import ProofsFile, account_key
from console.arming_code import CODE_FILE, write_code
from console.cli import main as kelpie
from domain.arming import SETTING, Checklist, armed
from domain.checklist import Item, missing
from domain.orders import OrderRequest, OrderType, Side
from domain.symbols import Symbol
from simulators.tws.protocol import Request
from tests.domain.proven import all_of
from tests.pains.acts import taken
from tests.pains.agreement import held
from tests.tree.in_process import BHP, PATIENTLY, QUICKLY, Tree, Venue, growing
from tests.tree.market import wait_for_open_market
from tests.tree.waiting import SOON, until

MINE = "U9000001"
LIMITS = {"MAX_ORDER_VALUE": "20000"}
ENTRY = {"type": "LIMIT", "limit_price": "30"}
_OF_THE_LINK_OR_SETTINGS = (Item.ACCOUNT, Item.CLOCK, Item.LIMITS)
#: What somebody knocks with who wants a position: each gives the refusal that it met.
DOORS = ("the book's own switch", "hook", "strategist", "arming over the hook", "arming at the box")


def prove(folder: Path, *without: Item) -> None:
    """Have the file say that everything was shown, but for these."""
    file = ProofsFile(folder / "state" / "proofs.jsonl")
    file.path.unlink(missing_ok=True)
    for proof in all_of(datetime.now(UTC), account_key(MINE)):
        if proof.item not in without:
            file.append(proof)


@contextmanager
def begun(folder: Path, venue: Venue, *, watched: bool = True, **given: str) -> Iterator[Tree]:
    """A start in live, whatever stands at the gateway's port."""
    more = {
        "MODE": "live",
        # Nobody is there: a day without a delivery holds entries, and no test takes a day.
        "ALERT_URLS": "json://127.0.0.1:1/",
        "IB_ACCOUNT_ID": MINE,
        "ENTRY_PREVIEWS": "false",
        "PLAN_LATEST_AGE_MINUTES": "3",
        "PROTECT_ENTRIES": "true",
    }
    more |= LIMITS | given
    with growing(folder, venue.port, QUICKLY, watched, None, {}, PATIENTLY, **more) as tree:
        gate = tree.system.seat(names.LIVE_GATE)
        until(lambda: gate.handled["BookLoaded"], "the gate has read the book")
        yield tree


@contextmanager
def live(folder: Path, venue: Venue, *, watched: bool = True, **given: str) -> Iterator[Tree]:
    """With the gateway of that account before it, and ready."""
    venue.start("--account", MINE, "--market", "still")
    with begun(folder, venue, watched=watched, **given) as tree:
        tree.wait_until_ready()
        yield tree


def checklist(tree: Tree) -> Checklist:
    found = tree.system.ask(names.LIVE_GATE, GetChecklist()).get(timeout=SOON)
    assert isinstance(found, Checklist)
    return found


def disarmed(tree: Tree) -> str:
    """What the desk says that keeps entries back; empty when live trading is armed."""
    holds = [hold for hold in tree.desk().holds if hold.code == "DISARMED"]
    return holds[0].sentence if holds else ""


def arm(folder: Path, tree: Tree) -> Any:
    body = {"hours": 8, "reason": "a test", "code": write_code(folder / "state")}
    return tree.call("POST", "/trading/arm", body)


def sent(venue: Venue) -> list[str]:
    """The references of all orders that the gateway was sent."""
    return sorted(venue.wire().orders_per_ref())


def knock(
    folder: Path, tree: Tree, door: str, name: str, capsys: pytest.CaptureFixture[str]
) -> str:
    """Try to trade by this door; all that was said to it."""
    match door:
        case "the book's own switch" | "hook":
            return str(tree.propose(name, **ENTRY).json()["detail"])
        case "strategist":
            terms = (Decimal(20), OrderType.LIMIT, Decimal(30))
            request = OrderRequest(name, BHP, Side.BUY, *terms)
            deadline = tree.clock.monotonic() + SOON
            proposal = Propose(deadline, request, names.STRATEGIST, "a signal")
            verdict = tree.system.ask(names.DESK, proposal).get(timeout=SOON)
            assert isinstance(verdict, Verdict) and not verdict.admitted
            return verdict.sentence
        case "arming over the hook":
            answer = arm(folder, tree)
            assert answer.status_code == 409, answer.text
            return str(answer.json()["detail"])
        case _:
            token = folder / "hook.token"
            token.write_text(tree.hook.token)
            token.chmod(0o600)
            capsys.readouterr()
            words = ["arm", "--yes", "--url", tree.hook.url, "--token-file", str(token)]
            assert kelpie(words) == 1
            return capsys.readouterr().err


def every_door_is_shut(
    folder: Path, tree: Tree, item: Item, capsys: pytest.CaptureFixture[str]
) -> None:
    """Though the book says that a person armed it a moment ago."""
    now = tree.clock.now()
    limits = "; ".join(checklist(tree).limits)
    forged = armed(now, 8, "nobody", limits).as_text()
    tree.system.tell(names.LEDGER, RecordSetting(SETTING, forged, "nobody", "a test"))
    gate = tree.system.seat(names.LIVE_GATE)
    read = gate.handled["BookLoaded"]
    tree.system.tell(names.ROOT, RestartChild(names.LIVE_GATE, "a test"))
    until(lambda: gate.handled["BookLoaded"] > read, "the gate begins anew, with the book")
    until(lambda: f"({item.value})" in disarmed(tree), f"the desk names {item}", every=0.05)
    for number, door in enumerate(DOORS):
        said = knock(folder, tree, door, f"KLP-{item}-{number}", capsys)
        assert item.value in said, (door, said)
    assert checklist(tree).until is None


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where all lies; `kelpie` at the box is told of it by its environment."""
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "state"))
    prove(tmp_path)
    return tmp_path


@pytest.mark.timeout(120)
def test_with_one_item_missing_every_door_is_shut_and_names_it(
    folder: Path, venue: Venue, capsys: pytest.CaptureFixture[str]
) -> None:
    with live(folder, venue, watched=False) as tree:
        assert "is not armed" in disarmed(tree), "nobody has armed it"
        # The link shows the account and the clock by itself; limits are the settings' affair.
        for item in (i for i in Item if i not in _OF_THE_LINK_OR_SETTINGS):
            prove(folder, item)
            every_door_is_shut(folder, tree, item, capsys)
        tree.leap(20.0)  # and with it the clock is off
        # The gate writes that down behind what it knows of the file, so the file is changed after.
        until(lambda: "(clock)" in disarmed(tree), "the gate has seen the clock", every=0.05)
        prove(folder)
        every_door_is_shut(folder, tree, Item.CLOCK, capsys)
        assert sent(venue) == [], "not one order was sent"


@pytest.mark.timeout(60)
def test_with_limits_as_they_came_every_door_is_shut(
    folder: Path, venue: Venue, capsys: pytest.CaptureFixture[str]
) -> None:
    with live(folder, venue, MAX_ORDER_VALUE="") as tree:
        every_door_is_shut(folder, tree, Item.LIMITS, capsys)
        assert sent(venue) == []


@pytest.mark.timeout(60)
def test_with_the_account_never_seen_every_door_is_shut(
    folder: Path, venue: Venue, capsys: pytest.CaptureFixture[str]
) -> None:
    prove(folder, Item.ACCOUNT)
    with begun(folder, venue) as tree:  # nobody listens there: its chain may never be complete

        def taken() -> bool:
            counts = tree.incarnations().items()
            return all(count for name, count in counts if not name.startswith("ib."))

        until(taken, "every other seat is taken")
        every_door_is_shut(folder, tree, Item.ACCOUNT, capsys)


@pytest.mark.timeout(60)
def test_the_code_on_the_box_is_asked_for_and_used_once(folder: Path, venue: Venue) -> None:
    with live(folder, venue) as tree:
        code = write_code(folder / "state")
        for wrong in ("", code[:-1], code + "x", "x" * 32):
            write_code(folder / "state")
            answer = tree.call("POST", "/trading/arm", {"hours": 8, "code": wrong})
            assert (answer.status_code, answer.json()["code"]) == (403, "ARM_CODE_WRONG")
        code = write_code(folder / "state")
        (folder / "state" / CODE_FILE).chmod(0o644)
        answer = tree.call("POST", "/trading/arm", {"hours": 8, "code": code})
        assert "its owner's alone" in answer.json()["detail"]
        assert disarmed(tree)
        body = {"hours": 8, "code": write_code(folder / "state")}
        assert tree.call("POST", "/trading/arm", body).status_code == 200
        assert not disarmed(tree)
        assert tree.call("POST", "/trading/arm", body).status_code == 403, "once"


# -- armed, and disarmed -------------------------------------------------------------------


def test_a_person_sees_how_far_it_is_and_until_when_it_is_armed(
    folder: Path, venue: Venue, capsys: pytest.CaptureFixture[str]
) -> None:
    prove(folder, Item.ALERTS)
    token = folder / "hook.token"
    with live(folder, venue) as tree:
        token.write_text(tree.hook.token)
        token.chmod(0o600)
        reach = ["--url", tree.hook.url, "--token-file", str(token)]
        capsys.readouterr()
        assert kelpie(["checklist", *reach]) == 1
        said = " ".join(capsys.readouterr().out.split())
        assert "[ ] an alert received and answered" in said
        assert "[x] the account seen at the gateway" in said and "9 of 10 shown" in said
        kelpie(["status", *reach])
        assert "9 of 10 shown" in capsys.readouterr().out
        tree.system.tell(names.LIVE_GATE, EvidenceSeen(Item.ALERTS, True, "It was answered."))
        assert kelpie(["arm", "--hours", "4", *reach]) == 1, "nobody said yes"
        assert "Say --yes" in capsys.readouterr().err
        assert kelpie(["arm", "--yes", "--hours", "4", *reach]) == 0
        assert "ARMED until" in capsys.readouterr().out
        assert kelpie(["checklist", *reach]) == 0
        kelpie(["status", *reach])
        assert "Armed     until" in capsys.readouterr().out
        assert kelpie(["disarm", *reach]) == 0
        assert "NOT ARMED" in capsys.readouterr().out


def armed_with_20(folder: Path, tree: Tree) -> None:
    wait_for_open_market()
    answer = arm(folder, tree)
    assert answer.status_code == 200 and answer.json()["armed"], answer.text
    taken(tree, "KLP-HELD")
    tree.wait_for_state("KLP-HELD", "FILLED")
    told = lambda: [p["held"] for p in tree.get("/positions")["items"]] == ["20"]  # noqa: E731
    until(told, "the venue's word on it")


def only_entries_are_held_back(venue: Venue, tree: Tree, number: int) -> None:
    """The stop is moved at the venue; an entry never gets there. Of exits see the next test."""
    before, moved = sent(venue), len(venue.wire().from_client(Request.PLACE_ORDER))
    refused = tree.propose(f"KLP-NEW-{number}", **ENTRY)
    assert (refused.status_code, refused.json()["code"]) == (409, "DISARMED")
    price = f"{30 + number}.00"

    def taken_up() -> bool:
        answer = tree.call("PATCH", "/orders/KLP-HELD-S", {"stop_price": price})
        said = (answer.status_code, answer.json().get("code"))
        # Protection may be moving the stop itself, to where its plan has it.
        assert answer.status_code == 202 or said == (409, "AMENDMENT_PENDING"), answer.text
        return answer.status_code == 202

    until(taken_up, "the stop's new price is taken")

    def reached() -> bool:
        return len(venue.wire().from_client(Request.PLACE_ORDER)) > moved

    until(reached, "the stop's new price reaches the gateway")
    until(lambda: tree.get("/orders/KLP-HELD-S")["amendments"][-1]["state"] == "CONFIRMED", "done")
    assert sent(venue) == before


@pytest.mark.timeout(120)
def test_whatever_disarms_it_entries_alone_are_held_back(folder: Path, venue: Venue) -> None:
    with live(folder, venue) as tree:
        armed_with_20(folder, tree)
        now = tree.clock.now()
        differ = ((Symbol.parse("VAS/AUD"), "5 here, 0 there"),)
        causes = {
            "disagree": Reconciled(names.IB, 0, now, (), differ, (), 0),
            "changed a limit": LimitsChanged("MAX_ORDER_VALUE is 30000", "me"),
            "unclean starts": Standing(False, "2 unclean starts within an hour", "", now),
            "(hours)": EvidenceSeen(Item.HOURS, False, "Monday has no session."),
            "(clock)": ClockSeen(names.IB, 1, 30.0, 0.5),
            "token) disarmed it": None,
        }
        for number, (why, cause) in enumerate(causes.items(), start=1):
            if cause is None:
                answer = tree.call("POST", "/trading/disarm", {"reason": "enough"})
                assert answer.status_code == 200, answer.text
            elif isinstance(cause, Standing):
                again = Standing(False, cause.disarmed, "", tree.clock.now())
                tree.system.tell(names.LIVE_GATE, again)
            else:
                tree.system.tell(names.LIVE_GATE, cause)
            until(lambda why=why: why in disarmed(tree), f"disarmed: {why}")  # type: ignore[misc]
            only_entries_are_held_back(venue, tree, number)
            tree.system.tell(names.LIVE_GATE, Reconciled(names.IB, 0, now, (), (), (), 0))
            tree.system.tell(names.LIVE_GATE, EvidenceSeen(Item.HOURS, True, "They agree."))
            until(lambda: not missing(checklist(tree).items), "nothing is missing any more")
            assert why in disarmed(tree), "only a person arms it again"
            assert arm(folder, tree).status_code == 200
            until(lambda: not disarmed(tree), "armed again")


@pytest.mark.timeout(120)
def test_a_clock_that_goes_wrong_disarms_and_a_plan_goes_on(folder: Path, venue: Venue) -> None:
    with live(folder, venue, watched=False) as tree:
        armed_with_20(folder, tree)

        def left() -> bool:
            tree.leap(60.0)
            return held(venue.books()) == 0

        until(left, "the plan leaves by its age", every=0.2)
        assert "(clock)" in disarmed(tree)
        refused = tree.propose("KLP-NEW", **ENTRY)
        assert refused.json()["code"] == "DISARMED"
        assert "KLP-NEW" not in sent(venue)


@pytest.mark.timeout(120)
def test_armed_it_outlives_a_clean_start(folder: Path, venue: Venue) -> None:
    with live(folder, venue) as tree:
        armed_with_20(folder, tree)
    with begun(folder, venue) as tree:
        tree.wait_until_ready()
        assert not disarmed(tree)
        taken(tree, "KLP-MORE", **ENTRY)
        tree.wait_for_state("KLP-MORE", "WORKING")
    assert {"KLP-HELD", "KLP-MORE"} <= set(sent(venue))
    assert set(venue.wire().orders_per_ref().values()) == {1}, "each once"
