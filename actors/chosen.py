"""What the owner has chosen, as the seats are told it: from the settings to their options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from actors import names
from actors.alert_keeping import AlertsOptions
from actors.desk_knowledge import DeskOptions
from actors.desk_money import CostOptions
from actors.live_evidence import LiveGateOptions
from actors.plan_knowledge import MonitorOptions
from actors.protection_knowledge import ProtectionOptions
from actors.quotes import QuotesOptions
from actors.shadow_watch import ShadowOptions
from actors.strategist import StrategistOptions
from adapters.alerts import AlertsFile
from adapters.notify.courier import Courier, CourierOptions, mark_of
from adapters.proofs import ProofsFile
from config.alerting import urls_of
from config.commission_table import commission_table
from config.entries import as_text
from config.going_live import LIMITS
from config.modes import Mode
from config.redaction import Redaction
from config.settings import Settings
from domain.alert_letters import clean_by
from domain.arming import NOT_SAID
from domain.calendar import ExchangeCalendar
from domain.commissions import overridden
from domain.divergence import Bounds
from domain.limits import NAMES, Limits
from domain.maintenance import Schedule, WindowKind, announced, of_ib
from domain.phases import Phase
from domain.plan_rules import PlanRules
from domain.plan_terms import Overnight
from domain.sizing import Method, SizingRules
from domain.trailing import TrailRules

_HUNDRED = Decimal(100)
_UNHEARD = "it has not been said yet whether alerts arrive"


def traders(settings: Settings) -> tuple[str, ...]:
    """The seats that trade, or propose to."""
    strategist = (names.STRATEGIST,) if settings.strategy == "rules" else ()
    return (names.DESK, *protectors(settings), names.PLAN_MONITOR, *strategist)


def protectors(settings: Settings) -> tuple[str, ...]:
    """The seat that guards positions, where the settings have it."""
    return (names.PROTECTION,) if settings.protect_entries else ()


def watchers(settings: Settings) -> tuple[str, ...]:
    """The seats that want every quote: those that trade, and the market of the shadow book."""
    return (*traders(settings), *shadows(settings))


def shadows(settings: Settings) -> tuple[str, ...]:
    """The seat that keeps a shadow: of all there is, or beside it; mostly none."""
    if settings.mode is Mode.OBSERVE:
        return (names.SHADOW_ORDERS,)
    return (names.SHADOW,) if settings.shadow else ()


def divergence_bounds(settings: Settings) -> Bounds:
    """Within which shadow and real fills must lie."""
    return Bounds(
        settings.divergence_slippage_bps,
        settings.divergence_missed / _HUNDRED,
        settings.divergence_commission / _HUNDRED,
    )


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


def cost_options(settings: Settings) -> CostOptions:
    """What trading costs, and what may be borrowed."""
    return CostOptions(
        table=overridden(commission_table(), settings.commission_overrides),
        plan=settings.commission_plan,
        max_round_trip=settings.max_round_trip_cost / 100,
        fx_spread_bps=settings.fx_spread_bps,
        borrow=settings.borrow_currency,
    )


def limits_of(settings: Settings) -> Limits:
    """All that the owner limits: its settings have the names of the limits."""
    return Limits(**{name: getattr(settings, name) for name in NAMES})


def _phases(settings: Settings) -> tuple[Phase, ...] | None:
    named = settings.entry_phases
    return None if named is None else tuple(Phase(name.upper()) for name in named)


def desk_options(settings: Settings, calendars: Mapping[str, ExchangeCalendar]) -> DeskOptions:
    """The limits, what may be traded where, and when."""
    return DeskOptions(
        observing=settings.mode is Mode.OBSERVE,
        disarmed=NOT_SAID if settings.mode is Mode.LIVE else "",
        unheard=_UNHEARD if settings.mode is Mode.LIVE else "",
        base_currency=settings.ib_base_currency,
        max_order_value=settings.max_order_value,
        stale_after_seconds=settings.quote_stale_after_seconds,
        command_seconds=settings.command_deadline_seconds,
        venues=(names.IB,),
        venue_of=dict.fromkeys(settings.allowed_symbols, names.IB),
        order_prefix=settings.client_order_prefix,
        shadow_beside=settings.shadow and settings.mode is not Mode.OBSERVE,
        market_as_limit=settings.market_orders == "marketable_limit",
        max_slippage_bps=settings.max_slippage_bps,
        odd_lots_allowed=settings.odd_lots == "allow",
        idealpro_minimum_usd=settings.idealpro_minimum_usd,
        previews=settings.entry_previews,
        preview_above=settings.preview_above,
        protect_entries=settings.protect_entries,
        plan_rules=plan_rules(settings),
        max_plans_per_symbol=settings.max_plans_per_symbol,
        short_selling=settings.short_selling,
        calendars=calendars,
        schedules={names.IB: schedule(settings)},
        logins=() if settings.mode is Mode.DEMO else of_ib((WindowKind.LOGIN,)),
        costs=cost_options(settings),
        limits=limits_of(settings),
        entry_phases=_phases(settings),
    )


def live_gate_options(
    settings: Settings, calendars: Mapping[str, ExchangeCalendar]
) -> LiveGateOptions:
    """What must have been shown, and by which limits live trading is armed."""
    limits = {name: as_text(getattr(settings, name)) for name in NAMES}
    return LiveGateOptions(
        mode=settings.mode,
        account=settings.ib_account_id or "",
        real_money=not settings.ib_paper,
        proofs=ProofsFile(settings.state_dir / "proofs.jsonl"),
        limits="; ".join(f"{name.upper()}={value}" for name, value in limits.items()),
        limits_not_set=tuple(name.upper() for name in LIMITS if not settings.is_given(name)),
        paper_days=settings.paper_days_before_live,
        longest_hours=settings.arm_at_most_hours,
        calendars=calendars,
    )


def alerts_options(
    settings: Settings,
    calendars: Mapping[str, ExchangeCalendar],
    *,
    open_file: Callable[[], AlertsFile],
    receipt: Path,
    newest_backup: Callable[[], datetime | None] | None,
) -> AlertsOptions:
    """Where alerts go, and by which words."""
    urls, watcher = urls_of(settings.alert_urls), settings.watcher_url
    address = watcher.get_secret_value().strip() if watcher is not None else ""
    redact = Redaction(settings.secrets())
    courier = Courier(CourierOptions(urls, address, receipt)) if urls or address else None
    return AlertsOptions(
        mode=settings.mode,
        base_currency=settings.ib_base_currency,
        open_file=open_file,
        redact=redact,
        clean=clean_by(redact, hide_amounts=settings.alert_hide_amounts),
        courier=courier,
        ways=mark_of(urls),
        watched=bool(address),
        needs_way=settings.mode is Mode.LIVE,
        newest_backup=newest_backup or (lambda: None),
        calendars=calendars,
        schedule=schedule(settings),
    )


def shadow_options(settings: Settings, calendars: Mapping[str, ExchangeCalendar]) -> ShadowOptions:
    """By which quotes the shadow book is filled."""
    return ShadowOptions(
        venues=(names.IB,),
        stale_after_seconds=settings.quote_stale_after_seconds,
        calendars=calendars,
    )


def monitor_options(
    settings: Settings, calendars: Mapping[str, ExchangeCalendar]
) -> MonitorOptions:
    """How plans are watched."""
    return MonitorOptions(
        prefix=settings.client_order_prefix,
        venues=(names.IB,),
        stale_after_seconds=settings.quote_stale_after_seconds,
        rules=plan_rules(settings),
        trail=TrailRules(settings.plan_trail_steps, settings.plan_night_room / _HUNDRED),
        calendars=calendars,
        protected=settings.protect_entries,
    )


def protection_options(
    settings: Settings, calendars: Mapping[str, ExchangeCalendar]
) -> ProtectionOptions:
    """How positions are guarded."""
    return ProtectionOptions(
        venues=(names.IB,),
        stale_after_seconds=settings.quote_stale_after_seconds,
        command_seconds=settings.command_deadline_seconds,
        renew_after=timedelta(days=settings.stop_renew_days),
        close_max_gap=settings.close_max_gap,
        lower_ex_dividend=settings.ex_dividend_stops == "lower",
        prefix=settings.client_order_prefix,
        calendars=calendars,
    )


def strategist_options(settings: Settings) -> StrategistOptions:
    """How the rule is set."""
    return StrategistOptions(
        prefix=settings.client_order_prefix,
        venues=(names.IB,),
        stale_after_seconds=settings.quote_stale_after_seconds,
        base_currency=settings.ib_base_currency,
        plans=plan_rules(settings),
        sizing=SizingRules(
            method=Method(settings.sizing),
            risk=settings.risk_per_trade / _HUNDRED,
            value=settings.trade_value,
            volatility_factor=settings.volatility_factor,
            most_value=settings.max_order_value,
            purse=settings.purse,
            short_selling=settings.short_selling,
        ),
    )


def plan_rules(settings: Settings) -> PlanRules:
    """The terms of an entry that brings none."""
    return PlanRules(
        stop=settings.plan_stop / _HUNDRED,
        target=settings.plan_target / _HUNDRED,
        trail_after=settings.plan_trail_after,
        trail_distance=settings.plan_trail_distance / _HUNDRED,
        latest_age=timedelta(minutes=settings.plan_latest_age_minutes),
        overnight=Overnight(settings.plan_overnight),
    )
