"""All that a tax report is made from, on one consistent view of the book."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from domain.cash_types import CashMovement
from domain.dividends import Dividend
from domain.forex_rules import PairTrade
from domain.orders import Purpose, Side
from domain.outside_facts import FactKind, OutsideFact, dividend_of, movement_of
from domain.symbols import CASH_CURRENCIES, Symbol
from domain.tax_events import (
    CostAdjustment,
    Demerger,
    DisposalKind,
    Handover,
    Owner,
    OwnParcel,
    Rename,
    Split,
    TaxEvent,
    Trade,
    Valuation,
)
from domain.tax_rates import BASE, DayRates
from domain.tax_year import contract_date, end_of, start_of


@dataclass(frozen=True, slots=True)
class BookedTrade:
    """An execution as the book has it, whoever ordered it."""

    at: datetime
    key: str
    order: str | None
    """The client order id; None for a trade that this book did not order."""
    purpose: Purpose | None
    symbol: Symbol
    side: Side
    quantity: Decimal
    price: Decimal
    commission: Decimal | None
    commission_currency: str | None
    coin: bool = False
    """Traded at a venue of coins."""
    rate: Decimal | None = None
    """What a unit of the symbol's currency was worth in A$ then, as it stands beside the fill."""
    fee_rate: Decimal | None = None
    """The same of the commission's currency."""

    @property
    def asset(self) -> Symbol:
        """What parcels are of: the symbol, or of a coin the coin itself."""
        return _coin(self.symbol.base) if self.coin else self.symbol

    @property
    def owner(self) -> Owner:
        """Whose parcels it moves."""
        return Owner.EXTERNAL if self.order is None else Owner.MANAGED


@dataclass(frozen=True, slots=True)
class BookedHandover:
    """An adoption as the book has it; `price` of a unit in the symbol's currency."""

    at: datetime
    id: str
    symbol: Symbol
    quantity: Decimal
    price: Decimal | None


@dataclass(frozen=True, slots=True)
class TaxRecord:
    """What the book and what was told from outside make together."""

    events: tuple[TaxEvent, ...]
    pairs: tuple[PairTrade, ...]
    conversions: int
    """Trades of pairs that Kelpie did not order: neither foreign trades nor gains here."""
    dividends: tuple[Dividend, ...]
    cash: tuple[CashMovement, ...]
    """What statements told of cash beside trades."""
    statements: tuple[tuple[date, date], ...]
    """First and last day of each statement that was imported."""


def record_of(
    trades: tuple[BookedTrade, ...],
    handovers: tuple[BookedHandover, ...],
    facts: tuple[OutsideFact, ...],
) -> TaxRecord:
    """Put together what the book has, in A$ by the rates that were told. `facts` stand."""
    of_kind: dict[FactKind, list[OutsideFact]] = {kind: [] for kind in FactKind}
    for fact in facts:
        of_kind[fact.kind].append(fact)
    rates = DayRates(
        (fact.detail["currency"], fact.day, fact.decimal("rate")) for fact in of_kind[FactKind.RATE]
    )
    trades = with_told(trades, facts)
    shares = [trade for trade in trades if not trade.symbol.is_currency_pair]
    pairs = [trade for trade in trades if trade.symbol.is_currency_pair]
    events: list[TaxEvent] = [event for trade in shares for event in _events(trade, rates)]
    events += [_handover(each, rates) for each in handovers]
    events += [event for fact in facts if (event := _told(fact, rates)) is not None]
    return TaxRecord(
        events=tuple(events),
        pairs=tuple(_pair(trade, rates) for trade in pairs if trade.order is not None),
        conversions=sum(1 for trade in pairs if trade.order is None),
        dividends=tuple(dividend_of(fact) for fact in of_kind[FactKind.DIVIDEND]),
        cash=tuple(movement_of(fact) for fact in of_kind[FactKind.CASH]),
        statements=tuple(
            (fact.day, date.fromisoformat(fact.detail["until"]))
            for fact in of_kind[FactKind.STATEMENT]
        ),
    )


def with_told(
    trades: tuple[BookedTrade, ...], facts: Iterable[OutsideFact]
) -> tuple[BookedTrade, ...]:
    """The book's trades, and those that only statements told; fees that only these told as well."""
    facts = tuple(facts)
    known = {trade.key for trade in trades}
    told = (_told_trade(fact) for fact in facts if fact.kind is FactKind.TRADE)
    more = tuple(trade for trade in told if trade.key not in known)
    return _charged((*trades, *more), [fact for fact in facts if fact.kind is FactKind.FEE])


def _told_trade(fact: OutsideFact) -> BookedTrade:
    assert fact.symbol is not None, f"the trade {fact.id} is of no symbol"
    commission = fact.detail.get("commission")
    return BookedTrade(
        # Statements tell no zone: at noon in Sydney it is the day that they name.
        at=start_of(fact.day) + timedelta(hours=12),
        key=fact.detail["execution"],
        order=None,
        purpose=None,
        symbol=fact.symbol,
        side=Side(fact.detail["side"]),
        quantity=fact.decimal("quantity"),
        price=fact.decimal("price"),
        commission=None if commission is None else Decimal(commission),
        commission_currency=fact.detail.get("commission_currency"),
    )


def _charged(trades: tuple[BookedTrade, ...], fees: list[OutsideFact]) -> tuple[BookedTrade, ...]:
    """A statement's fee stands for what the wire never told, on the order's first such trade."""
    told = {fact.detail["order"]: fact for fact in fees}
    charged: set[str] = set()
    result = []
    for trade in trades:
        fact = told.get(trade.order or "")
        if trade.commission is not None or fact is None:
            result.append(trade)
            continue
        amount = Decimal(0) if trade.order in charged else fact.decimal("amount")
        charged.add(fact.detail["order"])
        currency = fact.detail["currency"]
        result.append(replace(trade, commission=amount, commission_currency=currency))
    return tuple(result)


def _events(trade: BookedTrade, rates: DayRates) -> list[TaxEvent]:
    """A trade; a coin that is paid with, or that is the fee, is disposed of beside it."""
    day, symbol = contract_date(trade.at), trade.asset
    paid = trade.quantity * trade.price
    value = _in_aud(paid, trade.symbol.currency, trade.rate, rates, day)
    events: list[TaxEvent] = []
    fee = _fee(trade, rates)
    if trade.commission and trade.commission_currency == trade.symbol.base:
        in_kind = trade.commission * trade.price
        fee = _in_aud(in_kind, trade.symbol.currency, trade.rate, rates, day)
        given = replace(trade, side=Side.SELL, key=f"{trade.key}/fee")
        kind = DisposalKind.FEE_IN_KIND
        events.append(_trade(given, symbol, trade.commission, fee, Decimal(0), kind))
    if trade.coin and trade.symbol.currency not in CASH_CURRENCIES:
        other = Side.SELL if trade.side is Side.BUY else Side.BUY
        swap = replace(trade, side=other, key=f"{trade.key}/paid")
        events.append(_trade(swap, _coin(trade.symbol.currency), paid, value, Decimal(0)))
    return [_trade(trade, symbol, trade.quantity, value, fee), *events]


def _fee(trade: BookedTrade, rates: DayRates) -> Decimal | None:
    if trade.commission is None or trade.commission_currency is None:
        return None
    day = contract_date(trade.at)
    return _in_aud(trade.commission, trade.commission_currency, trade.fee_rate, rates, day)


def _in_aud(
    amount: Decimal, currency: str, beside: Decimal | None, rates: DayRates, day: date
) -> Decimal | None:
    """By the rate that stands beside it, else by the day's that a statement told."""
    if beside is not None and currency != BASE:
        return amount * beside
    return rates.in_base(amount, currency, day)


def _trade(
    trade: BookedTrade,
    symbol: Symbol,
    quantity: Decimal,
    value: Decimal | None,
    fee: Decimal | None,
    kind: DisposalKind = DisposalKind.SALE,
) -> Trade:
    return Trade(trade.at, trade.key, symbol, trade.owner, trade.side, quantity, value, fee, kind)


def _coin(name: str) -> Symbol:
    """A coin is one asset, whatever it was bought with."""
    return Symbol(name, BASE)


def _handover(each: BookedHandover, rates: DayRates) -> Handover:
    cost = None if each.price is None else abs(each.quantity) * each.price
    cost = rates.in_base(cost, each.symbol.currency, contract_date(each.at))
    return Handover(each.at, each.id, each.symbol, each.quantity, cost)


def _pair(trade: BookedTrade, rates: DayRates) -> PairTrade:
    day = contract_date(trade.at)
    assert trade.purpose is not None, "an order of ours has a purpose"
    return PairTrade(
        trade.at,
        trade.key,
        trade.symbol,
        trade.side,
        trade.purpose,
        trade.quantity,
        trade.price,
        _fee(trade, rates),
        rates.in_base(trade.quantity, trade.symbol.base, day),
    )


def _told(fact: OutsideFact, rates: DayRates) -> TaxEvent | None:
    """A fact as an event of parcels; None where it is none."""
    symbol, morning = fact.symbol, start_of(fact.day)
    if symbol is None:
        return None
    match fact.kind:
        case FactKind.PARCEL:
            return OwnParcel(
                morning, fact.id, symbol, fact.decimal("quantity"), fact.decimal("cost")
            )
        case FactKind.SPLIT:
            return Split(morning, fact.id, symbol, fact.decimal("new"), fact.decimal("old"))
        case FactKind.RENAME:
            return Rename(morning, fact.id, symbol, Symbol.parse(fact.detail["to"]))
        case FactKind.DEMERGER:
            to, share = Symbol.parse(fact.detail["to"]), fact.decimal("cost_share")
            new, old = fact.decimal("new"), fact.decimal("old")
            return Demerger(morning, fact.id, symbol, to, new, old, share)
        case FactKind.AMMA:
            return CostAdjustment(end_of(fact.day), fact.id, symbol, fact.decimal("amount"))
        case FactKind.CLOSE:
            price = rates.in_base(fact.decimal("price"), symbol.currency, fact.day)
            return Valuation(end_of(fact.day), fact.id, symbol, price)
        case _:
            return None
