"""The seat that keeps live trading shut: what it writes down, who opens it, what shuts it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from actors import names
from actors.live_evidence import LiveGateOptions
from actors.live_gate import LiveGate
from actors.messages import (
    Alert,
    Arm,
    ArmingChanged,
    BookLoaded,
    ClockSeen,
    Disarm,
    EvidenceSeen,
    GetChecklist,
    LimitsChanged,
    LinkDown,
    LinkUp,
    LoadBook,
    Reconciled,
    RecordAudit,
    RecordSetting,
    Standing,
)
from adapters.proofs import ProofsFile, account_key
from adapters.venue import LinkOpened
from domain.admission import Refusal
from domain.arming import SETTING, Checklist
from domain.checklist import Item, Proof
from domain.symbols import Symbol
from tests.actors.company import Company, gathered
from tests.actors.conftest import LIMIT
from tests.domain.proven import all_of
from tests.store.material import NOON
from tests.tree.waiting import until

MINE, PAPER = "U1234567", "DU1234567"
LIMITS = "MAX_ORDER_VALUE=10000"
HERE, RESYNC = names.LIVE_GATE, names.resync("ib")
BHP = Symbol.parse("BHP/AUD")


def file_of(folder: Path) -> ProofsFile:
    return ProofsFile(folder / "proofs.jsonl")


def shown(folder: Path, *without: Item) -> None:
    """Everything was shown, in earlier runs, but for these."""
    file = file_of(folder)
    for proof in all_of(NOON, account_key(MINE)):
        if proof.item not in without:
            file.append(proof)


@contextmanager
def gate(folder: Path, mode: str = "live", **more: Any) -> Iterator[Company]:
    """The seat at noon, among listeners."""
    options = LiveGateOptions(
        mode=mode,
        account=PAPER if mode == "paper" else MINE,
        real_money=mode != "paper",
        proofs=file_of(folder),
        limits=LIMITS,
    )
    options = replace(options, **more)
    build = {HERE: lambda s, seat: LiveGate(s, seat, options=options, venues=("ib",))}
    others = (names.DESK, names.LEDGER, names.NARRATOR, names.STARTS, RESYNC)
    with gathered(build, *others, names.connection("ib")) as company:
        company.heard.wait_for(ArmingChanged, seat=names.DESK)
        yield company


def book(company: Company, arming: str = "") -> None:
    company.tell(HERE, BookLoaded((), (), ((SETTING, arming),)))


def ask(company: Company, message: Any) -> Any:
    return company.system.ask(HERE, message).get(timeout=LIMIT)


def arm(company: Company, hours: float = 8.0) -> Any:
    return ask(company, Arm(company.clock.monotonic() + 5, hours, "me", "a test"))


def word(company: Company) -> ArmingChanged:
    """The last that the desk was told."""
    checklist(company)  # questions are answered behind the facts
    company.drain(names.DESK)
    return company.heard.of(ArmingChanged, names.DESK)[-1]


def checklist(company: Company) -> Checklist:
    found = ask(company, GetChecklist())
    assert isinstance(found, Checklist)
    return found


@contextmanager
def armed(folder: Path) -> Iterator[Company]:
    shown(folder)
    with gate(folder) as company:
        book(company)
        assert arm(company).disarmed == ""
        assert word(company).disarmed == ""
        yield company


def link_up(company: Company, account: str = MINE, epoch: int = 1) -> None:
    company.tell(HERE, LinkUp("ib", epoch, LinkOpened(176, account, (account,), None)))


def reconciled(company: Company, *mismatches: tuple[Symbol, str]) -> None:
    company.tell(HERE, Reconciled("ib", 1, NOON, (), mismatches, (), 0))


def pass_by(company: Company, hours: float) -> None:
    """So much time, after all that was told before."""
    checklist(company)
    company.leap(hours * 3600.0)
    checklist(company)


def written(folder: Path, item: Item) -> list[Proof]:
    return [proof for proof in file_of(folder).read() if proof.item is item]


# -- arming --------------------------------------------------------------------------------


def test_it_is_armed_by_a_person_for_a_time_durably(tmp_path: Path) -> None:
    shown(tmp_path)
    with gate(tmp_path) as company:
        assert company.heard.of(ArmingChanged, names.DESK)[0].disarmed, "nothing is known yet"
        assert company.heard.wait_for(LoadBook, seat=names.LEDGER).reply_to == HERE
        book(company)
        assert word(company).disarmed == "live trading is not armed"
        answer = arm(company, 8.0)
        assert answer.disarmed == "" and answer.until is not None
        assert answer.until - company.clock.now() > timedelta(hours=7, minutes=59)
        assert word(company) == answer
        kept = company.heard.wait_for(RecordSetting, seat=names.LEDGER)
        assert (kept.key, kept.who, kept.reason) == (SETTING, "me", "a test")
    with gate(tmp_path) as company:
        book(company, kept.value)
        assert word(company).disarmed == "", "it outlives the process"
        assert not company.heard.of(Alert)


def test_its_time_ends_it_and_only_a_person_begins_it_again(tmp_path: Path) -> None:
    with armed(tmp_path) as company:
        company.tell(HERE, EvidenceSeen(Item.CLOCK, True, "Seen."))
        company.leap(8 * 3600.0 + 1)
        over = company.heard.wait_for(ArmingChanged, lambda m: bool(m.disarmed), times=3)
        assert "the time for which me armed" in over.disarmed
        assert company.heard.wait_for(Alert, seat=names.NARRATOR).code == "LIVE_DISARMED"
        assert arm(company).disarmed == ""
        assert not company.heard.wait_for(Alert, lambda a: not a.stands).stands


@pytest.mark.parametrize("item", [i for i in Item if i is not Item.LIMITS])
def test_it_is_refused_while_an_item_is_missing_and_names_it(tmp_path: Path, item: Item) -> None:
    shown(tmp_path, item)
    with gate(tmp_path) as company:
        book(company)
        refusal = arm(company)
        assert isinstance(refusal, Refusal)
        assert refusal.code == "CHECKLIST_OPEN" and f"({item.value})" in refusal.sentence
        assert f"({item.value})" in word(company).disarmed
        assert not company.heard.of(RecordSetting)
        audit = company.heard.wait_for(RecordAudit, seat=names.LEDGER)
        assert audit.what == "arm" and item.value in audit.detail


def test_limits_that_stand_as_they_came_refuse_it(tmp_path: Path) -> None:
    shown(tmp_path)
    with gate(tmp_path, limits_not_set=("MAX_ORDER_VALUE",)) as company:
        book(company)
        refusal = arm(company)
        assert refusal.code == "CHECKLIST_OPEN" and "MAX_ORDER_VALUE" in refusal.sentence


@pytest.mark.parametrize("hours", [0.0, -1.0, 24.5, float("nan")])
def test_not_for_ever(tmp_path: Path, hours: float) -> None:
    shown(tmp_path)
    with gate(tmp_path) as company:
        book(company)
        assert arm(company, hours).code == "ARM_TOO_LONG"


def test_not_before_the_book_not_with_a_mismatch_and_not_in_another_mode(tmp_path: Path) -> None:
    shown(tmp_path)
    with gate(tmp_path) as company:
        assert arm(company).code == "BOOK_NOT_READ"
        book(company)
        reconciled(company, (BHP, "100 here, 0 there"))
        assert arm(company).code == "ARM_MISMATCH"
        reconciled(company)
        assert arm(company).disarmed == ""
    with gate(tmp_path, "paper") as company:
        assert word(company) == ArmingChanged("")
        assert arm(company).code == "NOTHING_TO_ARM"
        reconciled(company, (BHP, "100 here, 0 there"))
        assert word(company) == ArmingChanged("")
        assert not company.heard.of(RecordSetting)


# -- disarming -----------------------------------------------------------------------------

START = NOON + timedelta(hours=1)
CAUSES: dict[str, tuple[Any, str]] = {
    "a mismatch": (
        Reconciled("ib", 1, NOON, (), ((BHP, "100 here, 0 there"),), (), 0),
        "ledger and ib disagree: BHP/AUD: 100 here, 0 there",
    ),
    "a changed limit": (LimitsChanged("MAX_ORDER_VALUE is 20000", "me"), "changed a limit"),
    "a bad clock": (ClockSeen("ib", 1, 3.5, 0.6), "(clock)"),
    "a second unclean start": (
        Standing(False, "2 unclean starts within an hour", "", START),
        "2 unclean starts within an hour",
    ),
    "an item that is not so any more": (
        EvidenceSeen(Item.HOURS, False, "Monday has no session."),
        "(hours)",
    ),
    "a person": (Disarm(1e9, "me", "enough"), "me disarmed it: enough"),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_it_disarms_by_itself_durably_and_says_why(tmp_path: Path, cause: str) -> None:
    message, why = CAUSES[cause]
    with armed(tmp_path) as company:
        company.tell(HERE, message)
        told = company.heard.wait_for(ArmingChanged, lambda m: why in m.disarmed)
        assert told.until is None
        kept = company.heard.wait_for(RecordSetting, times=2)
        assert kept.key == SETTING and '"at": null' in kept.value and why in kept.reason
        alert = company.heard.wait_for(Alert, seat=names.DESK)
        assert (alert.code, alert.stands) == ("LIVE_DISARMED", True) and why in alert.sentence
        reconciled(company)
        company.tell(HERE, ClockSeen("ib", 1, 0.0, 0.6))
        company.tell(HERE, EvidenceSeen(Item.HOURS, True, "They agree."))
        assert word(company).disarmed, "what has passed does not arm it again"
    with gate(tmp_path) as company:
        book(company, kept.value)
        assert why in word(company).disarmed, "a start does not arm it either"
        assert company.heard.wait_for(Alert, seat=names.NARRATOR).code == "LIVE_DISARMED"


def test_a_single_unclean_start_and_a_clean_match_change_nothing(tmp_path: Path) -> None:
    with armed(tmp_path) as company:
        kept = company.heard.wait_for(RecordSetting)
    with gate(tmp_path) as company:
        company.tell(HERE, Standing(False, "", "", START))
        book(company, kept.value)
        reconciled(company)
        company.tell(HERE, ClockSeen("ib", 1, 0.3, 0.6))
        assert word(company).disarmed == ""
        assert not company.heard.of(RecordSetting)


def test_what_disarms_before_the_book_has_come_counts_once_it_has(tmp_path: Path) -> None:
    with armed(tmp_path) as company:
        kept = company.heard.wait_for(RecordSetting)
    with gate(tmp_path) as company:
        company.leap(60.0)
        reconciled(company, (BHP, "100 here, 0 there"))
        book(company, kept.value)
        assert "BHP/AUD" in word(company).disarmed


def test_whoever_arms_after_unclean_starts_knew_of_them(tmp_path: Path) -> None:
    shown(tmp_path)
    before = Standing(False, "2 unclean starts within an hour", "", NOON - timedelta(minutes=1))
    with gate(tmp_path) as company:
        book(company)
        company.tell(HERE, before)
        assert arm(company).disarmed == ""
        company.tell(HERE, before)  # told anew to whoever introduces itself
        assert word(company).disarmed == ""


def test_a_limit_that_changed_between_two_starts_disarms(tmp_path: Path) -> None:
    with armed(tmp_path) as company:
        kept = company.heard.wait_for(RecordSetting)
    with gate(tmp_path, limits="MAX_ORDER_VALUE=20000") as company:
        book(company, kept.value)
        why = "MAX_ORDER_VALUE=10000 became MAX_ORDER_VALUE=20000"
        assert why in word(company).disarmed


def test_what_a_login_to_another_account_shows_opens_nothing(tmp_path: Path) -> None:
    with gate(tmp_path) as company:
        book(company)
        link_up(company, "U7654321")
        account = next(each for each in checklist(company).items if each.item is Item.ACCOUNT)
        assert not account.proven, "it is not the one of the settings"


def test_a_damaged_file_of_proofs_shuts_it(tmp_path: Path) -> None:
    with armed(tmp_path) as company:
        kept = company.heard.wait_for(RecordSetting)
    path = tmp_path / "proofs.jsonl"
    path.write_text(path.read_text().replace("false", "true").replace("Seen.", "Seen!", 1))
    with gate(tmp_path) as company:
        book(company, kept.value)
        assert "missing is" in word(company).disarmed
        assert (tmp_path / "proofs.jsonl.damaged").exists()


# -- what is seen --------------------------------------------------------------------------


def test_a_day_on_paper_counts_after_three_hours_and_a_mismatch_ends_the_run(
    tmp_path: Path,
) -> None:
    with gate(tmp_path, "paper") as company:
        link_up(company, PAPER)
        reconciled(company)
        pass_by(company, 2.0)
        company.tell(HERE, LinkDown("ib", 1, "CLOSED", "gone", 1.0))
        reconciled(company)  # of the link that was lost
        pass_by(company, 2.0)
        assert written(tmp_path, Item.PAPER_RUN) == []
        company.tell(HERE, Reconciled("ib", 2, NOON, (), (), (), 0))
        pass_by(company, 3.1)
        until(lambda: written(tmp_path, Item.PAPER_RUN), "the day counts")
        [day] = written(tmp_path, Item.PAPER_RUN)
        assert (day.good, day.mode, day.account) == (True, "paper", account_key(PAPER))
        company.tell(HERE, Reconciled("ib", 2, NOON, (), ((BHP, "5 here, 0 there"),), (), 0))
        checklist(company)
        assert "BHP/AUD, 5 here" in written(tmp_path, Item.PAPER_RUN)[-1].detail
        assert PAPER not in (tmp_path / "proofs.jsonl").read_text()


def test_the_weekly_login_is_seen_by_the_link_that_comes_after_it(tmp_path: Path) -> None:
    before = NOON - timedelta(days=6)  # its end lies between: Sunday, 01:00 in New York
    day = Proof(Item.LIVE_WEEK, before, True, HERE, "observe", account_key(MINE), "A day.")
    file_of(tmp_path).append(day)
    with gate(tmp_path, "observe") as company:
        link_up(company)
        link_up(company, epoch=2)
        checklist(company)
        logins = [p for p in written(tmp_path, Item.LIVE_WEEK) if p.mark]
        assert len(logins) == 1, "once for each week"
        assert [p.mode for p in written(tmp_path, Item.ACCOUNT)] == ["observe"]


def test_without_a_day_before_it_a_link_shows_no_login(tmp_path: Path) -> None:
    with gate(tmp_path, "observe") as company:
        link_up(company)
        checklist(company)
        assert written(tmp_path, Item.LIVE_WEEK) == []


@pytest.mark.parametrize(
    ("offset", "doubt", "good"), [(1.9, 0.5, True), (-2.4, 0.5, True), (-2.6, 0.5, False)]
)
def test_a_clock_is_bad_beyond_what_the_answer_leaves_open(
    tmp_path: Path, offset: float, doubt: float, good: bool
) -> None:
    with gate(tmp_path) as company:
        link_up(company)
        company.tell(HERE, ClockSeen("ib", 1, offset, doubt))
        checklist(company)
        assert [p.good for p in written(tmp_path, Item.CLOCK)] == [good]


def test_the_same_is_written_once_a_day_and_the_disk_is_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.write_text("a file where the folder should be")
    with gate(folder) as company:
        link_up(company)
        company.tell(HERE, ClockSeen("ib", 1, 0.0, 0.5))
        company.tell(HERE, ClockSeen("ib", 1, 0.1, 0.5))
        assert company.state(HERE)["unwritten"] == 2
        clock = next(each for each in checklist(company).items if each.item is Item.CLOCK)
        assert clock.proven, "it counts all the same"
        folder.unlink()
        company.leap(60.1)
        until(lambda: company.state(HERE)["unwritten"] == 0, "it is written")
    assert [p.item for p in file_of(folder).read()] == [Item.ACCOUNT, Item.CLOCK]
