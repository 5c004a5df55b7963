"""On 30 June 2027 the closing price of what is held is stored in the book, come what may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from actors import names
from actors.ledger import Ledger
from actors.messages import Alert, BarsReady, GetOutside, RecordOutside, WantBars
from actors.year_end import YearEnd
from adapters.store import open_book, open_emergency
from domain.outside_facts import OutsideFact, checked
from domain.year_end import close_of, span_of
from runtime.clocks import WarpClock
from simulators.model import Bar
from tests.actors.bars_world import gateway, world
from tests.actors.company import Company, gathered
from tests.actors.conftest import LIMIT
from tests.domain.parcels_story import BHP, PAIR, VAS, day, sydney
from tests.store.material import ACCOUNT, NOON
from tests.tree.waiting import until

LOOK = timedelta(hours=1, seconds=1)


@contextmanager
def kept(folder: Path) -> Iterator[Company]:
    """The seat and the real ledger; a listener in the place of the history."""
    actors = {
        names.LEDGER: lambda s, seat: Ledger(
            s,
            seat,
            open_book=lambda: open_book(folder, "paper", ACCOUNT, s.runtime.clock),
            open_emergency=lambda: open_emergency(folder / "emergency.intents"),
            readers=(),
        ),
        names.YEAR_END: lambda s, seat: YearEnd(s, seat, venue=names.IB, symbols=(BHP, VAS, PAIR)),
    }
    with gathered(actors, names.history(names.IB), names.NARRATOR, names.DESK) as company:
        company.state(names.YEAR_END)
        yield company


def stored(company: Company) -> list[OutsideFact]:
    answer = company.system.ask(names.LEDGER, GetOutside(), sender="test").get(timeout=LIMIT)
    return list(answer)


def wanted(company: Company, times: int) -> dict[str, str]:
    """The tickets by symbol, once so many were asked for."""
    company.heard.wait_for(WantBars, times=times)
    return {str(want.symbol): want.ticket for want in company.heard.of(WantBars)}


def to(company: Company, when: str) -> None:
    """Let the time in Sydney come, and its look be made."""
    company.leap((sydney(when) - company.clock.now()).total_seconds())
    company.state(names.YEAR_END)


def bars(ticket: str, close: float, *, code: str = "") -> BarsReady:
    start: datetime = sydney("2027-06-30").replace(hour=0)
    bar = (start.timestamp(), 1.0, 1.0, 1.0, close, 9.0)
    return BarsReady(ticket, None, (bar,), code=code, sentence="")


def test_the_close_of_30_june_2027_is_stored_and_asked_for_until_it_is(tmp_path: Path) -> None:
    with kept(tmp_path) as company:
        assert company.clock.now().date() == NOON.date()
        to(company, "2027-06-30 18:00")
        assert company.heard.of(WantBars) == [], "not before every exchange has closed"
        to(company, "2027-07-02 03:00")
        tickets = wanted(company, 2)
        assert set(tickets) == {"BHP/AUD", "VAS/AUD"}, "a pair has no closing price"
        company.put(names.YEAR_END, bars(tickets["BHP/AUD"], 60.25))
        company.put(names.YEAR_END, bars(tickets["VAS/AUD"], 1.0, code="TIMEOUT"))
        until(lambda: len(stored(company)) == 1, "the first is stored", LIMIT)

        company.leap(LOOK.total_seconds())
        again = wanted(company, 3)
        assert [w.symbol for w in company.heard.of(WantBars)][2:] == [VAS], "only what lacks"
        alert = company.heard.wait_for(Alert)
        assert (alert.code, alert.stands) == ("YEAR_END_CLOSE_MISSING", True)
        assert "VAS/AUD of 2027-06-30" in alert.sentence
        company.put(names.YEAR_END, bars(again["VAS/AUD"], 101.0))
        until(lambda: len(stored(company)) == 2, "the second is stored", LIMIT)
        company.leap(LOOK.total_seconds())
        assert company.heard.wait_for(Alert, lambda a: not a.stands).code == alert.code

        first, second = stored(company)
        assert (first.symbol, first.day, first.detail) == (
            BHP,
            day("2027-06-30"),
            {"price": "60.25"},
        )
        assert second.detail == {"price": "101.0"}


def test_whoever_was_down_that_day_makes_up_for_it_years_later(tmp_path: Path) -> None:
    with kept(tmp_path) as company:
        to(company, "2028-12-01 12:00")
        wanted(company, 2)
        want = company.heard.of(WantBars)[0]
        assert (want.timeframe, want.end) == ("1 day", sydney("2027-07-01").replace(hour=0))


def test_the_price_is_that_of_the_venues_own_day_bar(tmp_path: Path) -> None:
    """The real history and archive over a real socket, on the morning of 2 July 2027."""
    clock, closed = WarpClock(sydney("2027-07-02 02:00")), day("2027-06-30")
    told: list[Bar] = []
    span = span_of(closed)
    start, end = (datetime.fromtimestamp(at, UTC) for at in (span.start, span.end))
    with gateway(tmp_path / "ib", clock) as ib, world(tmp_path, ib, clock, BHP) as here:
        [answer] = here.run_until_ready(here.want(BHP, "1 day", start, end))
        assert answer.code == ""
        ib.do(
            lambda server: told.extend(
                server.broker.bars(4036812, "TRADES", end, 86_400, 86_400, regular_hours=False)
            )
        )
    fact = close_of(BHP, closed, answer.bars, "a test")
    assert fact is not None
    assert told[-1].day == closed
    assert Decimal(fact.detail["price"]) == told[-1].close


def test_what_a_person_has_given_is_not_asked_for(tmp_path: Path) -> None:
    with kept(tmp_path) as company:
        facts = tuple(
            checked("CLOSE", "2027-06-30", str(s), {"price": "1"}, id=f"C-{s.base}", source="me")
            for s in (BHP, VAS)
        )
        company.put(names.LEDGER, RecordOutside(facts, "me"))
        to(company, "2027-07-02 03:00")
        company.leap(LOOK.total_seconds())
        assert len(stored(company)) == 2
        company.state(names.YEAR_END)
        assert company.heard.of(WantBars) == []
