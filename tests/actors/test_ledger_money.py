"""The ledger watches the venue's cash: what nothing explains is booked, and a person is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from actors import names
from actors.messages import (
    Alert,
    BookCommission,
    BookFill,
    CashTold,
    FillRecorded,
    GetBalances,
    GetCashDifferences,
    RatesTold,
    TypeCash,
)
from adapters.store import open_book
from domain.cash_differences import CashDifference
from domain.cash_types import CashType
from domain.symbols import Symbol
from domain.used_rates import UsedRate
from tests.actors.company import Company
from tests.actors.conftest import LIMIT
from tests.actors.disk_world import LEDGER, READER, Disk, admitted, disk, fill, keeping
from tests.store.material import ACCOUNT, StandingClock, commission, execution, intent

__all__ = ["disk"]


@pytest.fixture
def company(disk: Disk) -> Iterator[Company]:
    """A ledger that has seen A$10,000 and US$500 at the venue."""
    with keeping(disk) as gathering:
        assert unexplained(gathering) == (), "it has begun"
        shows(gathering, "10000")
        yield gathering


def shows(company: Company, aud: str, usd: str = "500", *, after: float = 300) -> None:
    """So much later the venue's lists end, with this cash."""
    company.leap(after)
    cash = (("AUD", Decimal(aud)), ("USD", Decimal(usd)))
    company.tell(LEDGER, CashTold(names.IB, company.clock.now(), cash))


def unexplained(company: Company) -> tuple[CashDifference, ...]:
    question = GetCashDifferences(untyped=True)
    found: tuple[CashDifference, ...] = company.system.ask(LEDGER, question).get(timeout=LIMIT)
    return found


def ours(company: Company, currency: str = "AUD") -> Decimal:
    rows = company.system.ask(LEDGER, GetBalances()).get(timeout=LIMIT)
    return Decimal(next(row[3] for row in rows if row[1:3] == ("cash", currency)))


def of_aapl(key: str) -> BookFill:
    return BookFill(names.IB, replace(execution(key, order="K-2"), symbol=Symbol("AAPL", "USD")))


def test_what_was_there_at_first_is_no_difference(company: Company) -> None:
    assert (ours(company), ours(company, "USD")) == (Decimal(10_000), Decimal(500))
    assert unexplained(company) == ()


def test_a_deposit_is_booked_once_and_a_person_is_told(company: Company) -> None:
    for _ in range(4):
        shows(company, "10070")
    [found] = unexplained(company)
    assert (found.venue, found.currency, found.amount) == ("ib", "AUD", Decimal(70))
    assert (found.theirs, found.ours) == (Decimal(10_070), Decimal(10_000))
    assert ours(company) == Decimal(10_070)
    alert = company.heard.wait_for(Alert, lambda m: m.code == "CASH_UNEXPLAINED")
    assert "AUD +70 is not explained" in alert.sentence
    assert found.difference_id in alert.cure


def test_one_look_proves_nothing_nor_do_two_that_are_too_near(company: Company) -> None:
    shows(company, "10070")
    shows(company, "10070", after=100)
    assert unexplained(company) == ()
    shows(company, "10000")
    shows(company, "10070")
    assert unexplained(company) == (), "in between it was gone"
    shows(company, "10070")
    assert len(unexplained(company)) == 1


def test_a_fill_that_the_venue_shows_later_is_no_difference(company: Company) -> None:
    """Its rows come every three minutes: until then ours has moved, and theirs has not."""
    shows(company, "10000")
    company.tell(LEDGER, fill("a", "10"))
    company.heard.wait_for(FillRecorded)
    company.tell(LEDGER, BookCommission(names.IB, commission("a")))
    shows(company, "10000", after=100)
    shows(company, "9542.40", after=300)
    shows(company, "9542.40", after=300)
    assert unexplained(company) == ()
    assert ours(company) == Decimal("9542.40")


def test_the_same_trade_just_before_each_look_is_no_difference(company: Company) -> None:
    """Each time the venue does not show it yet, and the difference is the same one."""

    def is_booked(key: str) -> None:
        company.heard.wait_for(FillRecorded, lambda told: told.fill.execution_key == key)

    for key, theirs in (("a", "10000"), ("b", "9542.40"), ("c", "9084.80")):
        company.leap(290)
        company.tell(LEDGER, fill(key, "10"), BookCommission(names.IB, commission(key)))
        is_booked(key)
        shows(company, theirs, after=10)
    assert unexplained(company) == ()


def test_a_commission_that_is_not_told_yet_is_no_difference(company: Company) -> None:
    company.tell(LEDGER, fill("a", "10"))
    company.heard.wait_for(FillRecorded)
    for _ in range(3):
        shows(company, "9542.40")
    assert unexplained(company) == (), "the venue may have charged it already"
    company.tell(LEDGER, BookCommission(names.IB, commission("a")))
    for _ in range(3):
        shows(company, "9542.40")
    assert unexplained(company) == ()


def test_a_commission_that_never_comes_is_a_difference_after_a_day(company: Company) -> None:
    company.tell(LEDGER, fill("a", "10"))
    company.heard.wait_for(FillRecorded)
    company.leap(timedelta(hours=25).total_seconds())
    for _ in range(2):
        shows(company, "9542.40")
    [found] = unexplained(company)
    assert found.amount == Decimal("-6.60")


def test_an_active_day_hides_no_deposit(company: Company) -> None:
    """Between two quiet looks much may be traded: the difference stays the same one."""
    shows(company, "10070")
    company.tell(LEDGER, fill("a", "10"), BookCommission(names.IB, commission("a")))
    company.heard.wait_for(FillRecorded)
    shows(company, "9612.40")
    [found] = unexplained(company)
    assert found.amount == Decimal(70)


def test_what_a_currency_shows_for_the_first_time_later_has_to_be_explained(
    company: Company,
) -> None:
    for _ in range(2):
        company.leap(300)
        cash = (("AUD", Decimal(10_000)), ("USD", Decimal(500)), ("EUR", Decimal(25)))
        company.tell(LEDGER, CashTold(names.IB, company.clock.now(), cash))
    [found] = unexplained(company)
    assert (found.currency, found.amount) == ("EUR", Decimal(25))


def test_a_currency_that_is_not_told_is_not_known_and_no_difference(company: Company) -> None:
    for _ in range(3):
        company.leap(300)
        cash = (("AUD", Decimal(10_000)),)
        company.tell(LEDGER, CashTold(names.IB, company.clock.now(), cash))
    assert unexplained(company) == ()


def test_a_person_says_what_it_was_and_it_is_audited(company: Company, disk: Disk) -> None:
    for _ in range(2):
        shows(company, "10070")
    [found] = unexplained(company)
    company.tell(LEDGER, TypeCash(found.difference_id, CashType.DEPOSIT, "a person", "rent"))
    company.tell(LEDGER, TypeCash("nothing", CashType.DEPOSIT, "a person", "rent"))
    assert unexplained(company) == ()
    [(who, what, detail)] = disk.rows("SELECT who, what, detail FROM audit")
    assert (who, what) == ("a person", "cash")
    assert "AUD +70 at ib is DEPOSIT: rent" in detail


def test_a_restart_looks_again_from_the_beginning(disk: Disk) -> None:
    with keeping(disk) as company:
        assert unexplained(company) == ()
        shows(company, "10000")
        shows(company, "10070")
    with keeping(disk) as company:
        assert unexplained(company) == ()
        shows(company, "10070", after=100)
        assert unexplained(company) == (), "what was booked just before is not remembered"
        shows(company, "10070")
        shows(company, "10070")
        [found] = unexplained(company)
        assert found.amount == Decimal(70)


def test_the_rate_that_was_told_last_stands_beside_a_fill(disk: Disk) -> None:
    aapl = Symbol("AAPL", "USD")
    with keeping(disk) as company:
        rate = UsedRate(Decimal("1.52"), "quote", company.clock.now())
        company.tell(LEDGER, admitted(intent("K-2", symbol=aapl)), of_aapl("a"))
        told = company.heard.wait_for(FillRecorded, seat=READER)
        assert told.fill.rate is None
        company.leap(60)
        company.tell(LEDGER, RatesTold((("USD", rate),)))
        company.tell(LEDGER, of_aapl("b"))
        told = company.heard.wait_for(FillRecorded, lambda m: m.fill.execution_key == "b")
        assert told.fill.rate == rate
    book = open_book(disk.folder, "demo", ACCOUNT, StandingClock())
    assert {fill.rate for fill in book.fills()} == {rate}, "and the earlier one has it now"
    book.close()
