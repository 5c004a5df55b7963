"""What the owner limits, as one value; each may be made tighter while Kelpie runs, never looser.

Money is in the base currency. None does not limit anything. What each is called in the settings,
its unit and its sentence stand in `config/limits.py`, under the same names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal, InvalidOperation


@dataclass(frozen=True, slots=True)
class Limits:
    """All that has a number. Made from the settings, and from what was tightened since."""

    purse: Decimal | None = None
    """What Kelpie may use of the account."""
    max_order_value: Decimal | None = None
    min_trade_size: Decimal | None = None
    max_position_value: Decimal | None = None
    max_total_exposure: Decimal | None = None
    max_positions: Decimal | None = None
    min_cash: Decimal | None = None
    """What stays in the account as cash."""
    max_daily_loss: Decimal | None = None
    max_drawdown: Decimal | None = None
    max_fees_per_day: Decimal | None = None
    max_fees_per_month: Decimal | None = None
    max_orders_per_minute: Decimal | None = None
    max_orders_per_day: Decimal | None = None
    price_collar_percent: Decimal | None = None
    """How far through the market a price may reach."""
    price_away_percent: Decimal | None = None
    """How far away from it."""
    max_spread_percent: Decimal | None = None
    """Of shares and funds, in percent of the middle."""
    max_pair_spread_percent: Decimal | None = None
    min_top_shares: Decimal | None = None
    """What must stand at the best price of the side that would fill."""
    min_top_value: Decimal | None = None
    min_pair_top_units: Decimal | None = None
    """In units of the pair's base currency."""
    cool_down_seconds: Decimal | None = None
    cool_down_after_losses: Decimal | None = None
    cool_down_after_refusals: Decimal | None = None
    duplicate_percent: Decimal | None = None
    """Within it two orders are about the same."""


NO_LIMITS = Limits()
KEY = "limits"
"""Under which the book has what was tightened."""
NAMES = tuple(field.name for field in fields(Limits))
LARGER_IS_TIGHTER = frozenset(
    {
        "min_trade_size",
        "min_cash",
        "min_top_shares",
        "min_top_value",
        "min_pair_top_units",
        "cool_down_seconds",
        "duplicate_percent",
    }
)
"""Of these the larger number allows less; of all others the smaller."""


class LimitError(ValueError):
    """A limit cannot be set so; `code` is stable, the text says why and what to do."""

    def __init__(self, code: str, sentence: str, cure: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.cure = cure


def is_tighter(name: str, value: Decimal, than: Decimal | None) -> bool:
    """It allows less than the other does; None allows everything."""
    if than is None:
        return True
    return value > than if name in LARGER_IS_TIGHTER else value < than


def strictest(limits: Limits, tightened: Mapping[str, Decimal]) -> Limits:
    """Each limit as the settings have it, or as it was tightened, whichever allows less."""
    stricter = {
        name: value
        for name, value in tightened.items()
        if name in NAMES and is_tighter(name, value, getattr(limits, name))
    }
    return replace(limits, **stricter)


def tightened(limits: Limits, wanted: Mapping[str, Decimal]) -> Limits:
    """The limits with these made tighter; what stays as it is, is harmless to ask for.

    Raises:
        LimitError: `LIMIT_NOT_KNOWN`, `LIMIT_NOT_A_NUMBER`, or `LIMIT_LOOSENED` where one of
            them would allow more than now.
    """
    for name, value in wanted.items():
        if name not in NAMES:
            raise LimitError(
                "LIMIT_NOT_KNOWN",
                f"There is no limit {name[:40]}.",
                "`kelpie limits` (GET /risk) names them all.",
            )
        if not value.is_finite() or value < 0:
            raise LimitError(
                "LIMIT_NOT_A_NUMBER",
                f"{name.upper()} cannot be {value}.",
                "Give a finite number, zero or above.",
            )
        now: Decimal | None = getattr(limits, name)
        if value != now and not is_tighter(name, value, now):
            raise LimitError(
                "LIMIT_LOOSENED",
                f"{name.upper()} is {now} and would allow more at {value}: a limit is loosened "
                "on the box only.",
                f"On the machine of Kelpie, stop it, set {name.upper()} in .env, run "
                "`kelpie limits --reset` if it had been tightened, and start it again.",
            )
    return replace(limits, **wanted)


def as_text(tightened: Mapping[str, Decimal]) -> str:
    """As it is kept in the book: `name=value` by name, with spaces between."""
    return " ".join(f"{name}={value}" for name, value in sorted(tightened.items()))


def from_text(text: str) -> dict[str, Decimal]:
    """What `as_text` wrote. A name of another version, or a damaged number, is left out."""
    found = {}
    for each in text.split():
        name, _, value = each.partition("=")
        try:
            number = Decimal(value)
        except InvalidOperation:
            continue
        if name in NAMES and number.is_finite():
            found[name] = number
    return found
