"""From the values of the house to what the hook answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from actors.dead_letters import DeadLetter
from actors.lanes import Exit
from adapters.book import Fill, ForeignFill
from console import fill_schemas, schemas
from console.dead_letter_schemas import DeadLetterOut
from domain.account import CashRow
from domain.guard import Guard
from domain.orders import Order
from domain.permits import Condition
from domain.quotes import Quote
from domain.rates import Rate
from domain.views import AccountView, DeskView, InstrumentView, PositionView, VenueView

_DEEPEST = 6
_LONGEST = 200


def order_out(order: Order) -> schemas.OrderOut:
    """An order as the ledger knows it."""
    request = order.request
    return schemas.OrderOut(
        client_order_id=request.client_order_id,
        symbol=str(request.symbol),
        side=request.side,
        quantity=request.quantity,
        filled=order.filled,
        remaining=order.remaining,
        type=request.type,
        limit_price=request.limit_price,
        stop_price=request.stop_price,
        tif=request.tif,
        state=order.state,
        pending_change=order.pending_change,
        average_price=order.average_price,
        venue_order_id=order.venue_order_id,
        reason=order.reason,
        created_at=order.created_at,
    )


def fill_out(fill: Fill) -> fill_schemas.FillOut:
    """A fill as booked."""
    return fill_schemas.FillOut(
        execution_id=fill.execution_id,
        client_order_id=fill.client_order_id,
        symbol=str(fill.symbol),
        side=fill.side,
        quantity=fill.quantity,
        price=fill.price,
        commission=fill.commission,
        commission_currency=fill.commission_currency,
        commission_final=fill.commission_final,
        time=fill.time,
    )


def foreign_fill_out(fill: ForeignFill) -> fill_schemas.ForeignFillOut:
    """A fill of somebody else's order."""
    return fill_schemas.ForeignFillOut(
        venue=fill.venue,
        execution_id=fill.execution_id,
        client_order_id=fill.client_order_id,
        venue_order_id=fill.venue_order_id,
        symbol=None if fill.symbol is None else str(fill.symbol),
        side=fill.side,
        quantity=fill.quantity,
        price=fill.price,
        commission=fill.commission,
        commission_currency=fill.commission_currency,
        time=fill.time,
    )


def quote_out(quote: Quote, stale: bool, now: float) -> schemas.QuoteOut:
    """A quote; `now` on the monotonic clock."""
    return schemas.QuoteOut(
        symbol=str(quote.symbol),
        bid=quote.bid,
        ask=quote.ask,
        last=quote.last,
        bid_size=quote.bid_size,
        ask_size=quote.ask_size,
        data_type=quote.data_type,
        age_seconds=round(quote.age(now), 3),
        stale=stale,
        missing=list(quote.missing),
        crossed=quote.crossed,
        halted=quote.halted,
    )


def _rate_out(rate: Rate | None) -> schemas.RateOut | None:
    if rate is None:
        return None
    age = round(rate.age_seconds, 3)
    return schemas.RateOut(rate=rate.value, age_seconds=age, stale=rate.stale, source=rate.source)


def position_out(position: PositionView) -> schemas.PositionOut:
    """A holding."""
    age = position.price_age_seconds
    return schemas.PositionOut(
        symbol=str(position.symbol),
        held=position.held,
        managed=position.managed,
        external=position.external,
        average_price=position.average_price,
        currency=position.symbol.currency,
        market_price=_price(position.market_price),
        price_age_seconds=None if age is None else round(age, 3),
        price_stale=position.price_stale,
        market_value=position.market_value,
        unrealised_pnl=position.unrealised_pnl,
        rate=_rate_out(position.rate),
        market_value_base=position.market_value_base,
        unrealised_pnl_base=position.unrealised_pnl_base,
        protection=_guard_out(position.guard),
    )


def _guard_out(guard: Guard | None) -> schemas.GuardOut | None:
    if guard is None:
        return None
    return schemas.GuardOut(
        colour=guard.colour, since=guard.since, cause=guard.cause, protected=guard.protected
    )


def _cash_out(row: CashRow) -> schemas.CashOut:
    return schemas.CashOut(
        currency=row.currency, amount=row.amount, rate=_rate_out(row.rate), in_base=row.in_base
    )


def _account_out(account: AccountView) -> schemas.AccountOut:
    summary = account.summary
    figures = {
        each.name: getattr(summary, each.name) for each in fields(summary) if each.name != "cash"
    }
    return schemas.AccountOut(
        venue=account.venue,
        account=masked(account.account),
        cash=[_cash_out(row) for row in summary.cash],
        **figures,
    )


def equity_out(view: DeskView) -> schemas.EquityOut:
    """What everything is worth."""
    equity = view.equity
    figures = {each.name: getattr(equity, each.name) for each in fields(equity)}
    return schemas.EquityOut(at=view.at, **figures)


def accounts_out(view: DeskView, mode: str) -> schemas.AccountsOut:
    """The accounts, and what the desk may do."""
    return schemas.AccountsOut(
        at=view.at,
        mode=mode,
        paused=view.paused,
        paused_reason=view.paused_reason,
        holds=holds_out(view),
        base_currency=view.base_currency,
        working_orders=view.working_orders,
        reserved=view.reserved,
        max_order_value=view.max_order_value,
        foreign_orders=len(view.foreign),
        foreign_reserved=view.foreign_reserved,
        items=[_account_out(account) for account in view.accounts],
    )


def holds_out(view: DeskView) -> list[schemas.HoldOut]:
    """What keeps entries back everywhere beside the pause."""
    return [
        schemas.HoldOut(code=hold.code, detail=f"{hold.sentence} {hold.cure}")
        for hold in view.holds
        if hold.condition is not Condition.PAUSED
    ]


def venue_ready(venue: VenueView, at: datetime) -> schemas.VenueReadyOut:
    """Whether a venue is tradable, as of `at`."""
    return schemas.VenueReadyOut(
        venue=venue.venue,
        tradable=venue.tradable,
        reason=venue.reason,
        since=venue.since,
        next_try=_in(at, venue.next_try_seconds),
        cause=venue.cause,
        health=venue.health,
        expected_until=venue.expected_until,
    )


def venue_out(venue: VenueView, at: datetime) -> schemas.VenueOut:
    """How a venue stands, as of `at`."""
    return schemas.VenueOut(
        **dict(venue_ready(venue, at)),
        connected=venue.connected,
        synchronised=venue.synchronised,
        reconciled=venue.reconciled,
        circuit=venue.circuit,
        epoch=venue.epoch,
        server_version=venue.server_version,
        in_doubt=list(venue.in_doubt),
        mismatches=[
            schemas.MismatchOut(symbol=str(symbol), reason=reason)
            for symbol, reason in venue.mismatches
        ],
        foreign_orders=venue.foreign_orders,
        instruments=[_instrument_out(each) for each in venue.instruments],
        on_hold=venue.on_hold,
        windows=[
            schemas.WindowOut(kind=w.kind, starts=w.starts, ends=w.ends, reason=w.reason)
            for w in venue.windows
        ],
        farms=[schemas.FarmOut(kind=f.kind, name=f.name, state=f.state) for f in venue.farms],
        alerts=[
            schemas.AlertOut(**{field.name: getattr(alert, field.name) for field in fields(alert)})
            for alert in venue.alerts
        ],
    )


def _instrument_out(view: InstrumentView) -> schemas.InstrumentOut:
    return schemas.InstrumentOut(
        symbol=str(view.symbol),
        name=view.name,
        type=view.type,
        exchange=view.exchange,
        phase=view.phase,
        next_open=view.next_open,
        next_close=view.next_close,
        hours_differ=list(view.hours_differ),
        refused_code=view.refused_code,
        refused=view.refused,
    )


def exit_out(exit: Exit | None) -> schemas.ExitOut | None:
    """How an incarnation ended."""
    if exit is None:
        return None
    return schemas.ExitOut(kind=exit.kind.value, cause=exit.cause, sentence=exit.sentence)


def dead_letter_out(letter: DeadLetter) -> DeadLetterOut:
    """A dead letter."""
    return DeadLetterOut(**{field.name: getattr(letter, field.name) for field in fields(letter)})


def masked(account: str) -> str:
    """`DU1234567` as `DU***567`."""
    return f"{account[:2]}***{account[-3:]}" if len(account) > 5 else "***"


def plain(value: Any, depth: int = 0) -> Any:
    """What JSON can carry of a value, cut short where it is deep or long."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Enum):
        return plain(value.value, depth)
    if isinstance(value, str):
        return value[:2000]
    if isinstance(value, datetime):
        return value.isoformat()
    if depth >= _DEEPEST:
        return "…"
    if is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        items = list(value.items())[:_LONGEST]
        return {str(name): plain(each, depth + 1) for name, each in items}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each, depth + 1) for each in list(value)[:_LONGEST]]
    return str(value)[:2000]


def _price(price: float | None) -> float | None:
    # Half-way between two prices is no tidy float; ten places are beyond any market's steps.
    return None if price is None else round(price, 10)


def _in(at: datetime, seconds: float | None) -> datetime | None:
    return None if seconds is None else at + timedelta(seconds=seconds)
