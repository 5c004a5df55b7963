"""What a test order would be: the smallest that rests, by the desk's own gates."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from actors.messages import GetTrialOrder, InstrumentKnown, SetPaused
from domain.admission import Refusal
from domain.orders import OrderType, Side
from domain.phases import Phase
from domain.symbols import Symbol
from domain.trial_order import TrialOrder
from domain.venue import PriceStep, TradingSession
from tests.actors.company import Company
from tests.actors.test_desk_limits import DESK, SHARE, VAS, ask, code, desk, limited, quote, request
from tests.store.material import BHP


def trial(company: Company, symbol: Symbol | None = BHP) -> TrialOrder | Refusal:
    found = ask(company, GetTrialOrder(symbol))
    assert isinstance(found, TrialOrder | Refusal)
    return found


def terms(company: Company, symbol: Symbol | None = BHP) -> tuple[Symbol, Decimal, Decimal | None]:
    found = trial(company, symbol)
    assert isinstance(found, TrialOrder), found
    assert (found.request.side, found.request.type) == (Side.BUY, OrderType.LIMIT)
    return found.request.symbol, found.request.quantity, found.request.limit_price


@pytest.mark.parametrize(
    ("limits", "quantity", "limit"),
    [
        # The bid is 44.99: five percent below it are 42.74, of which 12 make the first A$500.
        ({}, "12", "42.74"),
        ({"min_trade_size": 1000}, "24", "42.74"),
        ({"price_away_percent": 4}, "12", "44.09"),
        ({"price_away_percent": 20}, "12", "42.74"),
    ],
)
def test_it_is_the_smallest_that_the_gates_take(
    limits: dict[str, Any], quantity: str, limit: str
) -> None:
    with desk(limited(**limits)) as company:
        assert terms(company) == (BHP, Decimal(quantity), Decimal(limit))
        found = trial(company)
        assert isinstance(found, TrialOrder) and all(word.open for word in found.words)


def test_lots_and_steps_are_those_of_its_market() -> None:
    coarse = (PriceStep(Decimal(0), Decimal("0.05")),)
    with desk() as company:
        odd = replace(SHARE, lot=Decimal(10), price_steps=coarse)
        company.tell(DESK, InstrumentKnown("ib", odd))
        assert terms(company) == (BHP, Decimal(20), Decimal("42.70"))


def test_what_is_shut_is_told_and_not_placed() -> None:
    with desk() as company:
        company.tell(DESK, SetPaused(True, "a person", "lunch"))
        found = trial(company)
        assert isinstance(found, TrialOrder)
        assert [word.gate for word in found.words if not word.open] == ["PAUSED"]
        company.tell(DESK, SetPaused(False, "a person", "back"))
        assert code(company, "K-1") == "", "asking took up nothing"


def test_without_a_symbol_it_is_the_first_whose_market_is_open() -> None:
    with desk() as company:
        now = company.clock.now()
        soon = TradingSession(now + timedelta(hours=2), now + timedelta(hours=4), None, None)
        today = TradingSession(now, now + timedelta(hours=4), None, None)
        for symbol, session in ((BHP, soon), (VAS, today)):
            known = replace(SHARE, symbol=symbol, exchange="NYSE", sessions=(session,))
            company.tell(DESK, InstrumentKnown("ib", known))
        assert terms(company, None)[0] == VAS


def test_a_closed_market_is_the_reason_before_its_old_quote() -> None:
    with desk(phases=(Phase.OPEN,)) as company:
        now = company.clock.now()
        later = TradingSession(now + timedelta(hours=2), now + timedelta(hours=4), None, None)
        usual = replace(SHARE, exchange="NYSE", sessions=(later,))
        company.tell(DESK, InstrumentKnown("ib", usual))
        company.leap(60)
        refused = trial(company)
        assert isinstance(refused, Refusal) and refused.code == "MARKET_CLOSED"
        open_now = replace(later, opens=now, closes=now + timedelta(hours=4))
        company.tell(DESK, InstrumentKnown("ib", replace(usual, sessions=(open_now,))))
        refused = trial(company)
        assert isinstance(refused, Refusal) and refused.code == "NO_FRESH_QUOTE"
        quote(company, 45.0)
        assert isinstance(trial(company), TrialOrder)


def test_what_nobody_allows_is_refused() -> None:
    with desk() as company:
        refused = trial(company, Symbol("XYZ", "AUD"))
        assert isinstance(refused, Refusal) and refused.code == "SYMBOL_NOT_ALLOWED"
        assert request("K-1").symbol == BHP
