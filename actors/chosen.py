"""What the owner has chosen, as the seats are told it: from the settings to their options."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from actors import names
from actors.desk_knowledge import DeskOptions
from actors.quotes import QuotesOptions
from config.modes import Mode
from config.settings import Settings
from domain.calendar import ExchangeCalendar
from domain.maintenance import Schedule, WindowKind, announced


def traders(settings: Settings) -> tuple[str, ...]:
    """The seats that trade, or propose to."""
    strategist = (names.STRATEGIST,) if settings.strategy == "rules" else ()
    return (names.DESK, names.PLAN_MONITOR, *strategist)


def account_of(settings: Settings) -> str:
    """What a book, and all that lies beside it, belongs to."""
    return settings.ib_account_id or settings.mode


def schedule(settings: Settings) -> Schedule:
    """What the gateway and IB announce; the embedded gateway of the demo announces nothing."""
    if settings.mode is Mode.DEMO:
        return Schedule()
    return announced(
        tuple(map(WindowKind, settings.ib_windows)),
        settings.ib_restart_time,
        ZoneInfo(settings.ib_time_zone),
        timedelta(seconds=settings.hold_before_window_seconds),
    )


def quotes_options(settings: Settings) -> QuotesOptions:
    """How old a quote may be, and how long one may be silent."""
    return QuotesOptions(
        venue=names.IB,
        stale_after_seconds=settings.quote_stale_after_seconds,
        share_silence_seconds=settings.quote_silence_share_seconds,
        pair_silence_seconds=settings.quote_silence_pair_seconds,
    )


def desk_options(settings: Settings, calendars: Mapping[str, ExchangeCalendar]) -> DeskOptions:
    """The limits, what may be traded where, and when."""
    return DeskOptions(
        observing=settings.mode is Mode.OBSERVE,
        disarmed="live trading is not armed" if settings.mode is Mode.LIVE else "",
        base_currency=settings.ib_base_currency,
        max_order_value=settings.max_order_value,
        stale_after_seconds=settings.quote_stale_after_seconds,
        command_seconds=settings.command_deadline_seconds,
        venues=(names.IB,),
        venue_of=dict.fromkeys(settings.allowed_symbols, names.IB),
        market_as_limit=settings.market_orders == "marketable_limit",
        max_slippage_bps=settings.max_slippage_bps,
        odd_lots_allowed=settings.odd_lots == "allow",
        idealpro_minimum_usd=settings.idealpro_minimum_usd,
        previews=settings.entry_previews,
        preview_above=settings.preview_above,
        calendars=calendars,
        schedules={names.IB: schedule(settings)},
    )
