"""The overview: from what the seats answered to what a person is shown first. Pure."""

from __future__ import annotations

from datetime import timedelta

from console.overview_schemas import (
    AlertLineOut,
    BackupLineOut,
    CashLineOut,
    HoldingLineOut,
    LinkLineOut,
    LiveLineOut,
    MoneyOut,
    NextLineOut,
    OrderLineOut,
    OverviewOut,
    ProtectionWords,
    TradeLineOut,
    UnansweredOut,
)
from console.owner.causes_house import open_alerts
from console.owner.causes_link import reason_of
from console.owner.facts import Facts
from console.owner.quiet import quiet
from console.owner.standing import stop_of
from console.owner.verdict import verdict
from console.owner.words import cents, length, lowered, owners, sentence, sydney, venue_name
from domain.guard import Colour
from domain.orders import Order
from domain.upcoming import upcoming
from domain.views import DeskView, PositionView, VenueView


def overview(facts: Facts) -> OverviewOut:
    """All parts, each null where nobody told it."""
    desk = facts.desk
    return OverviewOut(
        mode=facts.mode,
        version=facts.version,
        started_at=facts.started_at,
        asked_at=facts.now,
        verdict=verdict(facts),
        money=None if desk is None else _money(desk, facts),
        holdings=None if desk is None else [_holding(each, facts) for each in desk.positions],
        orders=None if facts.orders is None else [_order(each) for each in facts.orders],
        last_trade=_last_trade(facts),
        quiet=None if desk is None else _quiet(desk, facts),
        links=None if desk is None else [_link(each, facts) for each in desk.venues],
        next=_next(facts),
        backup=_backup(facts),
        live=_live(facts),
        alerts=_alerts(facts),
        unanswered=[UnansweredOut(part=s.part, sentence=s.sentence) for s in facts.silent],
    )


# -- money and what is held ----------------------------------------------------------------


def _money(desk: DeskView, facts: Facts) -> MoneyOut:
    risk = facts.risk
    return MoneyOut(
        base=desk.base_currency,
        worth=cents(desk.equity.equity),
        worth_stale=desk.equity.stale,
        today=None if risk is None else cents(risk.result_today),
        since_start=None if risk is None else cents(risk.result_since_start),
        fees_today=None if risk is None else cents(risk.fees_today),
        fees_since_start=None if risk is None else cents(risk.fees_since_start),
        missing="" if risk is None else risk.missing,
        cash=[
            CashLineOut(currency=row.currency, amount=row.amount)
            for account in desk.accounts
            for row in account.summary.cash
        ],
    )


def _holding(position: PositionView, facts: Facts) -> HoldingLineOut:
    assert facts.desk is not None
    guard = position.guard
    agrees, difference = _agreement(position, facts.desk)
    stop = None
    if facts.orders is not None:
        stop = stop_of(position.symbol, position.managed, facts.orders)
    return HoldingLineOut(
        symbol=str(position.symbol),
        currency=position.symbol.currency,
        quantity=position.held,
        managed=position.managed,
        price=None if position.market_price is None else round(position.market_price, 10),
        price_stale=position.price_stale,
        value_base=cents(position.market_value_base),
        pnl=cents(position.unrealised_pnl),
        stop=stop,
        agrees=agrees,
        difference=owners(difference),
        protection=_protection(position, protects=facts.protects),
        why="" if guard is None else owners(guard.cause),
    )


def _agreement(position: PositionView, desk: DeskView) -> tuple[bool | None, str]:
    venue = next((v for v in desk.venues if v.venue == position.venue), None)
    if venue is None or not venue.reconciled:
        return None, ""
    difference = next((why for symbol, why in venue.mismatches if symbol == position.symbol), "")
    return not difference, difference


def _protection(position: PositionView, *, protects: bool) -> ProtectionWords:
    if not position.managed:
        return "NOT_OURS"
    if not protects:
        return "SWITCHED_OFF"
    if position.guard is None:
        return "NOT_KNOWN"
    match position.guard.colour:
        case Colour.GREEN:
            return "PROTECTED"
        case Colour.AMBER:
            return "CHANGING"
        case Colour.RED:
            return "UNPROTECTED"


def _order(order: Order) -> OrderLineOut:
    request = order.request
    return OrderLineOut(
        client_order_id=request.client_order_id,
        symbol=str(request.symbol),
        currency=request.symbol.currency,
        side=request.side,
        quantity=request.quantity,
        remaining=order.remaining,
        type=request.type,
        price=request.stop_price if request.type.needs_stop else request.limit_price,
        state=order.state,
        purpose=request.purpose.value,
        pending_change=order.pending_change,
    )


def _last_trade(facts: Facts) -> TradeLineOut | None:
    if not facts.fills:
        return None
    fill = facts.fills[0]
    return TradeLineOut(
        client_order_id=fill.client_order_id,
        symbol=str(fill.symbol),
        currency=fill.symbol.currency,
        side=fill.side,
        quantity=fill.quantity,
        price=fill.price,
        at=fill.time,
    )


# -- the world around it -------------------------------------------------------------------


def _quiet(desk: DeskView, facts: Facts) -> str | None:
    if facts.quiet is None:
        return None
    instruments = [each for venue in desk.venues for each in venue.instruments]
    return quiet(desk.holds, facts.quiet, instruments, facts.now)


def _link(venue: VenueView, facts: Facts) -> LinkLineOut:
    name, since = venue_name(venue.venue), sydney(venue.since, facts.now)
    next_try = None
    if venue.tradable:
        text = f"{name} is ready since {since}."
    else:
        text = f"{name} is on hold since {since}, because {reason_of(venue)}."
        if venue.next_try_seconds is not None:
            next_try = facts.now + timedelta(seconds=venue.next_try_seconds)
            text += f" Tried again in {max(venue.next_try_seconds, 1):.0f} s."
    return LinkLineOut(
        venue=venue.venue,
        tradable=venue.tradable,
        expected=venue.expected_until is not None,
        sentence=text,
        since=venue.since,
        next_try=next_try,
    )


def _next(facts: Facts) -> list[NextLineOut]:
    events = upcoming(facts.coming, facts.now)
    return [NextLineOut(at=event.at, sentence=event.sentence) for event in events]


def _live(facts: Facts) -> LiveLineOut | None:
    found = facts.checklist
    if found is None:
        return None
    shown = sum(item.proven for item in found.items)
    return LiveLineOut(armed_until=found.until, shown=shown, needed=len(found.items))


def _backup(facts: Facts) -> BackupLineOut | None:
    backups = facts.backups
    if backups is None:
        return None
    if not backups.wanted:
        return BackupLineOut(at=None, good=False, sentence="Switched off (BACKUP_EVERY_HOURS).")
    if backups.newest is None:
        first = f"; the first {sydney(backups.next, facts.now)}" if backups.next else ""
        text = f"None yet{first}."
        return BackupLineOut(at=None, good=not backups.trouble, sentence=text)
    parts = [f"{sydney(backups.newest, facts.now)}, {length(facts.now - backups.newest)} ago"]
    if backups.drilled is not None:
        word = "sound" if backups.sound else "NOT SOUND"
        parts.append(f"restored on trial {sydney(backups.drilled, facts.now)}: {word}")
    if backups.second_place != "not set":
        copied = backups.second_place == "well"
        parts.append(f"{'copied' if copied else 'NOT COPIED'} to the second place")
    if backups.trouble:
        parts.append(f"since then it failed: {lowered(owners(backups.trouble))}")
    good = not backups.trouble and backups.sound is not False and backups.second_place != "failed"
    return BackupLineOut(at=backups.newest, good=good, sentence=f"{'; '.join(parts)}.")


def _alerts(facts: Facts) -> list[AlertLineOut] | None:
    if facts.alerts is None:
        return None
    return [
        AlertLineOut(
            id=alert.id,
            level=alert.level.value,
            code=alert.code,
            title=alert.rule.title,
            since=alert.since,
            sentence=sentence(alert.sentence),
            stands=alert.rule.stands,
            if_nothing=alert.rule.if_nothing,
            to_do=[sentence(alert.to_do)],
            answered=alert.answered_at is not None,
        )
        for alert in open_alerts(facts)
    ]
