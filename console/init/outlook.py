"""What happens next and when, in Sydney time, once the settings are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from actors.chosen import schedule
from config.modes import Mode
from config.settings import Settings
from domain.maintenance import Schedule, WindowKind
from domain.phases import Phase, next_open, phase_at
from domain.symbols import Symbol
from domain.venue import InstrumentDetails
from domain.xasx import XASX

_SYDNEY = ZoneInfo("Australia/Sydney")
_ASX, _TURNS = "ASX", 50
_LIVE = (
    "Live: first paper, for {days} days of trade without a mismatch, and observe on the live "
    "login over one weekly login. Then `checklist` says what is missing, and `arm` opens real "
    "money for some hours at a time."
)


@dataclass(frozen=True, slots=True)
class Next:
    """Something to come; `at` is aware, None for what has no hour."""

    at: datetime | None
    sentence: str

    def line(self) -> str:
        """`Tue 24 Nov 10:00  …`, in Sydney."""
        return self.sentence if self.at is None else f"{local(self.at)}  {self.sentence}"


def local(moment: datetime) -> str:
    """Day and time in Sydney."""
    return f"{moment.astimezone(_SYDNEY):%a %d %b %H:%M}"


def assumed(symbol: Symbol) -> InstrumentDetails:
    """An instrument of which no gateway has told: an Australian share, or a pair."""
    pair = symbol.is_currency_pair
    exchange = "IDEALPRO" if pair else ("ASX" if symbol.currency == "AUD" else "")
    return InstrumentDetails(
        symbol,
        "",
        "CASH" if pair else "STK",
        exchange,
        "Australia/Sydney",
        (),
        Decimal(1),
        (),
    )


def first_entry(
    settings: Settings, instruments: Iterable[InstrumentDetails], now: datetime
) -> datetime | None:
    """When something could be bought at the earliest; None where nobody knows."""
    windows = schedule(settings)
    return min(filter(None, (_entry(each, windows, now) for each in instruments)), default=None)


def _entry(instrument: InstrumentDetails, windows: Schedule, now: datetime) -> datetime | None:
    calendar = XASX if instrument.exchange == _ASX else None
    moment: datetime | None = now
    # Each turn ends in another session or another window, and both come every day.
    for _ in range(_TURNS):
        if moment is None:
            return None
        held = windows.hold(moment)
        if held is not None:
            moment = held.ends
        elif phase_at(instrument, calendar, moment) is Phase.OPEN:
            return moment
        else:
            moment = next_open(instrument, calendar, moment)
    return None


def ahead(
    settings: Settings, instruments: Mapping[Symbol, InstrumentDetails], now: datetime
) -> list[Next]:
    """What is to come, the soonest first; then what holds at any time."""
    if settings.mode is Mode.DEMO:
        return [
            Next(
                None,
                "The embedded market is open round the clock: the small rule buys and sells play "
                "money within a minute or two of `run`.",
            )
        ]
    known = [instruments.get(symbol) or assumed(symbol) for symbol in settings.allowed_symbols]
    events = [_entries(settings, known, now)]
    kinds = {
        WindowKind.RESTART: "The gateway restarts itself, if it is set so (Lock and Exit; "
        "AUTO_RESTART_TIME in the container): if it has another hour, write that as "
        "IB_RESTART_TIME into .env.",
        WindowKind.LOGIN: "IB ends the gateway's weekly login: log it in again after that, with "
        "your phone for the second factor.",
    }
    for kind, sentence in kinds.items():
        coming = [w for w in schedule(settings).ahead(now) if w.kind is kind and w.starts > now]
        events += [Next(coming[0].starts, sentence)] if coming else []
    return sorted(events, key=lambda each: each.at or datetime.max.replace(tzinfo=UTC))


def _entries(settings: Settings, known: list[InstrumentDetails], now: datetime) -> Next:
    if settings.strategy == "none":
        return Next(None, "Nothing is proposed by itself, for STRATEGY is none.")
    at = first_entry(settings, known, now)
    if at is None:
        return Next(None, "When something could be bought nobody knows: no market told its hours.")
    verb = "be bought in the shadow book" if settings.mode is Mode.OBSERVE else "be bought"
    if at <= now:
        return Next(at, f"A market is open: something could {verb} as soon as Kelpie runs.")
    return Next(at, f"The first market opens. Nothing will {verb} before {local(at)}.")


def how_to_live(settings: Settings) -> str:
    """Why live is not chosen here, and how it comes."""
    return _LIVE.format(days=settings.paper_days_before_live)
