"""Every setting of Kelpie, typed, with its unit, its limits and a sentence.

Read once at the start, from the environment and from `.env`; the environment wins.
All wrong entries are reported together.
"""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import SecretStr, field_validator, model_validator
from pydantic import ValidationInfo as Info

from config import (
    alerting,
    corporate_actions,
    costs,
    going_live,
    hook,
    limits,
    modes,
    order_rules,
    plans,
    protection,
    starting,
    telemetry,
    upkeep,
    values,
)
from config.entries import Entry
from config.modes import Mode
from config.reading import ReadSettings
from config.values import wrong
from domain.symbols import CASH_CURRENCIES, Symbol

DEFAULT_SYMBOLS = ("BHP/AUD", "CBA/AUD", "VAS/AUD", "AUD/USD")
_SECONDS = "above 0, to 3600"


class Settings(ReadSettings):
    """What the owner has chosen. Made by `Settings.load`; it never changes afterwards."""

    mode: Annotated[
        values.Modes, Entry("What is done with orders.", "demo, observe, paper or live", "paper")
    ] = Mode.DEMO
    active_exchange: Annotated[
        values.Exchanges, Entry("The exchanges to trade at.", "IB", "IB")
    ] = ("IB",)
    ib_host: Annotated[
        values.Host, Entry("Where TWS or IB Gateway runs.", "a host name or address", "127.0.0.1")
    ] = "127.0.0.1"
    ib_port: Annotated[
        values.Port,
        Entry(
            "The gateway's API port. Unless given: 14002 in demo, 4002 in paper, 4001 in live; "
            "observe must be told.",
            "1 to 65535, of the mode's own kind (4001 and 7496 are live, 4002 and 7497 paper)",
            "4002",
            unit="TCP port",
        ),
    ]
    ib_client_id: Annotated[
        values.ClientId,
        Entry(
            "The API client number. Orders belong to it, so it stays the same for ever. "
            "Not 0, which would take over the orders placed by hand.",
            "1 to 2147483647",
            "17",
        ),
    ] = 17
    ib_account_id: Annotated[
        values.Account | None,
        Entry(
            "The account to trade in. Needed in paper and live.",
            "DU, DUQ or DF and digits for paper money; U, F or I and digits for real money",
            "DU1234567",
            account=True,
        ),
    ] = None
    ib_paper: Annotated[
        bool,
        Entry(
            "Whether the account holds paper money. Unless given: true, but false in live and "
            "at a live port.",
            "true or false, in agreement with the mode, the port and the account",
            "true",
        ),
    ]
    ib_base_currency: Annotated[
        values.Currency,
        Entry("The currency in which money is counted.", ", ".join(sorted(CASH_CURRENCIES)), "AUD"),
    ] = "AUD"
    ib_exchange: Annotated[
        values.Route,
        Entry(
            "How Australian shares are routed: by IB to the best market, or to the ASX directly.",
            "SMART/ASX or ASX",
            "SMART/ASX",
        ),
    ] = "SMART/ASX"
    ib_library: Annotated[
        values.Library,
        Entry(
            "The library that speaks to the gateway. ib_async needs the environment that "
            "`make ib_async` makes.",
            "ib_insync or ib_async",
            "ib_insync",
        ),
    ] = "ib_insync"
    ib_allowed_instrument_types: Annotated[
        values.InstrumentTypes,
        Entry(
            "The types of instrument that may be traded: shares, funds, currency pairs.",
            "of STK, ETF and CASH, with commas",
            "STK,ETF,CASH",
        ),
    ] = values.INSTRUMENT_TYPES
    allowed_symbols: Annotated[
        values.Symbols,
        Entry("All that may be traded.", "SYMBOL/CCY, with commas", ",".join(DEFAULT_SYMBOLS)),
    ] = tuple(map(Symbol.parse, DEFAULT_SYMBOLS))
    strategy: Annotated[
        values.Strategy, Entry("Who proposes trades.", "rules or none", "rules")
    ] = "rules"
    client_order_prefix: Annotated[
        values.Prefix,
        Entry(
            "How the ids of Kelpie's orders begin; by it they are told from others.",
            "2 to 6 capitals or digits",
            "KLP",
        ),
    ] = "KLP"
    purse: limits.Purse = Decimal(20_000)
    max_order_value: limits.MaxOrderValue = Decimal(10_000)
    min_trade_size: limits.MinTradeSize = Decimal(500)
    max_position_value: limits.MaxPositionValue = Decimal(10_000)
    max_total_exposure: limits.MaxTotalExposure = Decimal(20_000)
    max_positions: limits.MaxPositions = Decimal(8)
    min_cash: limits.MinCash = Decimal(0)
    max_daily_loss: limits.MaxDailyLoss = Decimal(300)
    max_drawdown: limits.MaxDrawdown = Decimal(1000)
    max_fees_per_day: limits.MaxFeesPerDay = Decimal(100)
    max_fees_per_month: limits.MaxFeesPerMonth = Decimal(500)
    max_orders_per_minute: limits.MaxOrdersPerMinute = Decimal(10)
    max_orders_per_day: limits.MaxOrdersPerDay = Decimal(200)
    price_collar_percent: limits.PriceCollarPercent = Decimal(2)
    price_away_percent: limits.PriceAwayPercent = Decimal(20)
    max_spread_percent: limits.MaxSpreadPercent = Decimal(1)
    max_pair_spread_percent: limits.MaxPairSpreadPercent = Decimal("0.1")
    min_top_shares: limits.MinTopShares = Decimal(10)
    min_top_value: limits.MinTopValue = Decimal(500)
    min_pair_top_units: limits.MinPairTopUnits = Decimal(25_000)
    cool_down_seconds: limits.CoolDownSeconds = Decimal(300)
    cool_down_after_losses: limits.CoolDownAfterLosses = Decimal(2)
    cool_down_after_refusals: limits.CoolDownAfterRefusals = Decimal(5)
    duplicate_percent: limits.DuplicatePercent = Decimal(1)
    entry_phases: limits.EntryPhases = ("open",)
    market_orders: order_rules.MarketOrders = "marketable_limit"
    max_slippage_bps: order_rules.MaxSlippageBps = Decimal(50)
    odd_lots: order_rules.OddLots = "refuse"
    idealpro_minimum_usd: order_rules.IdealproMinimumUsd = Decimal(25_000)
    entry_previews: order_rules.EntryPreviews = True
    preview_above: order_rules.PreviewAbove = Decimal("0.5")
    protect_entries: protection.ProtectEntries = True
    stop_renew_days: protection.StopRenewDays = 30
    close_max_gap: corporate_actions.CloseMaxGap = Decimal(3)
    ex_dividend_stops: corporate_actions.ExDividendStops = "keep"
    commission_plan: costs.CommissionPlan = "fixed"
    commission_overrides: costs.CommissionOverrides = ()
    max_round_trip_cost: costs.MaxRoundTripCost = Decimal(1)
    fx_spread_bps: costs.FxSpreadBps = Decimal(2)
    borrow_currency: costs.BorrowCurrency = "refuse"
    plan_stop: plans.PlanStop = Decimal(3)
    plan_target: plans.PlanTarget = Decimal(6)
    plan_latest_age_minutes: plans.PlanLatestAgeMinutes = 0.0
    plan_trail_after: plans.PlanTrailAfter = Decimal(1)
    plan_trail_distance: plans.PlanTrailDistance = Decimal(3)
    plan_trail_steps: plans.PlanTrailSteps = 2
    plan_overnight: plans.PlanOvernight = "HOLD"
    plan_night_room: plans.PlanNightRoom = Decimal(0)
    max_plans_per_symbol: plans.MaxPlansPerSymbol = 3
    sizing: plans.Sizing = "notional"
    trade_value: plans.TradeValue = Decimal(2500)
    risk_per_trade: plans.RiskPerTrade = Decimal("0.5")
    volatility_factor: plans.VolatilityFactor = Decimal(2)
    short_selling: plans.ShortSelling = False
    backup_every_hours: upkeep.BackupEveryHours = 1.0
    backup_second_place: upkeep.BackupSecondPlace = None
    alert_urls: alerting.AlertUrls = None
    alert_hide_amounts: alerting.AlertHideAmounts = False
    watcher_url: alerting.WatcherUrl = None
    shadow: going_live.Shadow = False
    divergence_slippage_bps: going_live.DivergenceSlippageBps = Decimal(15)
    divergence_missed: going_live.DivergenceMissed = Decimal(10)
    divergence_commission: going_live.DivergenceCommission = Decimal(10)
    paper_days_before_live: going_live.PaperDaysBeforeLive = 10
    arm_at_most_hours: going_live.ArmAtMostHours = 24.0
    telemetry_sample: telemetry.TelemetrySample = 1.0
    refusals_kept: telemetry.RefusalsKept = 20_000
    refusals_kept_days: telemetry.RefusalsKeptDays = 30.0
    state_dir: Annotated[
        Path, Entry("Where the book and the tokens are kept.", "a folder", "./state")
    ] = Path("state")
    log_dir: Annotated[Path, Entry("Where the logs are written.", "a folder", "./logs")] = Path(
        "logs"
    )
    log_level: Annotated[
        values.Level,
        Entry("How much the logs tell.", "DEBUG, INFO, WARNING or ERROR", "INFO"),
    ] = "INFO"
    hook_token: hook.HookToken = None
    hook_read_token: hook.HookReadToken = None
    hook_host: hook.HookHost = "127.0.0.1"
    hook_names: hook.HookNames = ()
    hook_port: hook.HookPort = 8765
    quote_stale_after_seconds: Annotated[
        values.Seconds, Entry("An older quote is stale.", _SECONDS, "15", unit="seconds")
    ] = 15.0
    heartbeat_seconds: Annotated[
        values.Seconds, Entry("How often the gateway is asked.", _SECONDS, "5", unit="seconds")
    ] = 5.0
    heartbeat_deadline_seconds: Annotated[
        values.Seconds,
        Entry("After so long without an answer the link is lost.", _SECONDS, "5", unit="seconds"),
    ] = 5.0
    connect_step_seconds: Annotated[
        values.Seconds,
        Entry("The longest for one step of connecting.", _SECONDS, "20", unit="seconds"),
    ] = 20.0
    command_deadline_seconds: Annotated[
        values.Seconds,
        Entry("An order that waited longer is not sent.", _SECONDS, "10", unit="seconds"),
    ] = 10.0
    safe_mode_after: starting.SafeModeAfter = 5
    market_data: Annotated[
        values.MarketData,
        Entry(
            "Which quotes are asked for. Delayed ones are for watching: no position is opened "
            "on them.",
            "live or delayed",
            "live",
        ),
    ] = "live"
    quote_silence_share_seconds: Annotated[
        values.Seconds,
        Entry(
            "A share or ETF that is silent for so long while its market is open is asked for "
            "again, then the link is made anew, then you are told.",
            _SECONDS,
            "300",
            unit="seconds",
        ),
    ] = 300.0
    quote_silence_pair_seconds: Annotated[
        values.Seconds,
        Entry("The same for a pair of currencies.", _SECONDS, "60", unit="seconds"),
    ] = 60.0
    ib_time_zone: Annotated[
        values.Zone,
        Entry(
            "The time zone of the machine on which TWS or IB Gateway runs.",
            "a name of the time zone database",
            "Australia/Sydney",
        ),
    ] = "Australia/Sydney"
    ib_restart_time: Annotated[
        values.TimeOfDay,
        Entry(
            "When TWS or IB Gateway restarts itself each night, as set there, in IB_TIME_ZONE.",
            "HH:MM",
            "23:45",
        ),
    ] = time(23, 45)
    ib_windows: Annotated[
        values.Windows,
        Entry(
            "The announced windows in which no new positions are opened. Not used in demo.",
            "restart, reset, weekend, login, with commas; or none",
            "restart,reset,weekend,login",
        ),
    ] = ("restart", "reset", "weekend", "login")
    hold_before_window_seconds: Annotated[
        values.Seconds,
        Entry(
            "So long before an announced window no new positions are opened.",
            _SECONDS,
            "300",
            unit="seconds",
        ),
    ] = 300.0

    @model_validator(mode="before")
    @classmethod
    def _fill_by_mode(cls, given: dict[str, Any]) -> dict[str, Any]:
        try:
            mode = Mode(str(given.get("mode", Mode.DEMO)).strip().lower())
        except ValueError:
            mode = Mode.DEMO  # the wrong mode is a fault of its own
        filled = dict(given)
        if mode in modes.DEFAULT_PORTS:
            filled.setdefault("ib_port", modes.DEFAULT_PORTS[mode])
        if mode is Mode.DEMO:
            filled = plans.IN_DEMO | limits.IN_DEMO | filled
        at_live_port = str(filled.get("ib_port")) in map(str, modes.LIVE_PORTS)
        observes_live = mode is Mode.OBSERVE and at_live_port
        filled.setdefault("ib_paper", not (mode is Mode.LIVE or observes_live))
        return filled

    # Each check sees those fields before it that are right: one wrong entry hides no other.

    @field_validator("ib_host")
    @classmethod
    def _host_fits_mode(cls, host: str, info: Info) -> str:
        if info.data.get("mode") is Mode.DEMO and not hook.is_loopback(host):
            raise wrong(
                f"MODE=demo trades with the embedded gateway on this machine, and {host} is "
                "another: say MODE=observe, paper or live for a gateway there",
                "127.0.0.1",
            )
        return host

    @field_validator("ib_port")
    @classmethod
    def _port_fits_mode(cls, port: int, info: Info) -> int:
        mode = info.data.get("mode")
        if mode is not None and (sentence := modes.port_contradiction(mode, port)):
            raise wrong(sentence, str(modes.DEFAULT_PORTS.get(mode, "")))
        return port

    @field_validator("ib_account_id")
    @classmethod
    def _account_fits(cls, account: str | None, info: Info) -> str | None:
        mode = info.data.get("mode")
        if account is None and mode in (Mode.PAPER, Mode.LIVE):
            raise wrong(f"MODE={mode} needs the account named", modes.example_account(mode))
        if account is not None and mode is not None:
            port = info.data.get("ib_port")
            if sentence := modes.account_contradiction(mode, port, account):
                raise wrong(sentence, modes.example_account(mode))
        return account

    @field_validator("ib_paper")
    @classmethod
    def _paper_fits(cls, paper: bool, info: Info) -> bool:
        mode, port = info.data.get("mode"), info.data.get("ib_port")
        account = info.data.get("ib_account_id")
        if mode and (sentence := modes.paper_contradiction(mode, port, account, paper)):
            raise wrong(sentence, str(not paper).lower())
        return paper

    @field_validator("protect_entries")
    @classmethod
    def _live_is_protected(cls, protect: bool, info: Info) -> bool:
        if not protect and info.data.get("mode") is Mode.LIVE:
            raise wrong("in live no position is held without its stop at the venue", "true")
        return protect

    @field_validator("allowed_symbols")
    @classmethod
    def _symbols_fit_types(cls, symbols: tuple[Symbol, ...], info: Info) -> tuple[Symbol, ...]:
        types = info.data.get("ib_allowed_instrument_types", values.INSTRUMENT_TYPES)
        wanted = {each: ("CASH",) if each.is_currency_pair else ("STK", "ETF") for each in symbols}
        missing = {each: " or ".join(of) for each, of in wanted.items() if not {*of} & {*types}}
        if missing:
            needs = "; ".join(f"{symbol} needs {kind}" for symbol, kind in missing.items())
            raise wrong(f"IB_ALLOWED_INSTRUMENT_TYPES is {','.join(types)}: {needs}")
        return symbols

    @field_validator("hook_read_token")
    @classmethod
    def _tokens_differ(cls, token: SecretStr | None, info: Info) -> SecretStr | None:
        if token is not None and token == info.data.get("hook_token"):
            raise wrong("it is the same as HOOK_TOKEN, so a reader could trade")
        return token

    @field_validator("hook_host")
    @classmethod
    def _open_hook_has_tokens(cls, host: str, info: Info) -> str:
        given = all(info.data.get(name) for name in ("hook_token", "hook_read_token"))
        return hook.check_place(host, has_tokens=given)
