"""The settings that limit what Kelpie may do: their kinds and sentences (see `domain.limits`).

Each may also be made tighter while Kelpie runs (`kelpie limits`); looser only here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from config.entries import Entry

MONEY = "base currency (A$)"
"""The unit of what is counted in money."""
_ABOVE = "above 0, or none"
_FROM = "0 or above, or none"
_PERCENT = "percent"


def _none(value: object) -> object:
    """`none` lifts a limit."""
    return None if isinstance(value, str) and value.strip().lower() == "none" else value


def _phases(value: object) -> object:
    """`any` is none in particular; else names with commas."""
    if not isinstance(value, str):
        return value
    words = tuple(word.strip().lower() for word in value.split(",") if word.strip())
    return None if words == ("any",) else words


_Above = Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]
_From = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
_Positive = Annotated[_Above | None, BeforeValidator(_none)]
_NotNegative = Annotated[_From | None, BeforeValidator(_none)]

Purse = Annotated[
    _Positive,
    Entry(
        "What Kelpie may use of the account: all that it holds and all that its entries may "
        "still buy stay within it.",
        _ABOVE,
        "20000",
        unit=MONEY,
    ),
]
MaxOrderValue = Annotated[
    Decimal,
    Field(gt=0, allow_inf_nan=False),
    Entry("The largest single order.", "above 0", "10000", unit=MONEY),
]
MinTradeSize = Annotated[
    _NotNegative, Entry("The smallest order that opens something.", _FROM, "500", unit=MONEY)
]
MaxPositionValue = Annotated[
    _Positive,
    Entry(
        "The most that may be held in one symbol, with what works in it and what others hold.",
        _ABOVE,
        "10000",
        unit=MONEY,
    ),
]
MaxTotalExposure = Annotated[
    _Positive,
    Entry(
        "The most that may be at stake in the whole account, long and short added up, with what "
        "others hold in it.",
        _ABOVE,
        "20000",
        unit=MONEY,
    ),
]
MaxPositions = Annotated[
    _Positive, Entry("In how many symbols Kelpie may be at once.", _ABOVE, "8", unit="symbols")
]
MinCash = Annotated[
    _NotNegative,
    Entry("What a purchase must leave in the account as cash.", _FROM, "0", unit=MONEY),
]
MaxDailyLoss = Annotated[
    _Positive,
    Entry(
        "Once so much was lost in a Sydney day, by fills, prices and fees, nothing new is opened "
        "before its end. Unless given: 300, but 20000 in demo.",
        _ABOVE,
        "300",
        unit=MONEY,
    ),
]
MaxDrawdown = Annotated[
    _Positive,
    Entry(
        "Nothing new is opened while the result stands so far below the best that it has been. "
        "Unless given: 1000, but 50000 in demo.",
        _ABOVE,
        "1000",
        unit=MONEY,
    ),
]
MaxFeesPerDay = Annotated[
    _Positive,
    Entry(
        "Once so much was paid in fees in a Sydney day, nothing new. Unless given: 100, but 20000 "
        "in demo.",
        _ABOVE,
        "100",
        unit=MONEY,
    ),
]
MaxFeesPerMonth = Annotated[
    _Positive,
    Entry(
        "The same for a month of Sydney's calendar. Unless given: 500, but 200000 in demo.",
        _ABOVE,
        "500",
        unit=MONEY,
    ),
]
MaxOrdersPerMinute = Annotated[
    _Positive,
    Entry("How many orders are made in 60 seconds before entries wait.", _ABOVE, "10", "orders"),
]
MaxOrdersPerDay = Annotated[
    _Positive,
    Entry(
        "The same for a Sydney day. Unless given: 200, but 10000 in demo.",
        _ABOVE,
        "200",
        unit="orders",
    ),
]
PriceCollarPercent = Annotated[
    _NotNegative,
    Entry(
        "How far through the best price of the other side an entry's limit may reach.",
        _FROM,
        "2",
        unit=_PERCENT,
    ),
]
PriceAwayPercent = Annotated[
    _NotNegative,
    Entry(
        "How far away from the market an entry's limit, or its trigger, may be.",
        _FROM,
        "20",
        unit=_PERCENT,
    ),
]
MaxSpreadPercent = Annotated[
    _Positive,
    Entry("The widest spread in which a share or fund is bought.", _ABOVE, "1", unit=_PERCENT),
]
MaxPairSpreadPercent = Annotated[
    _Positive,
    Entry("The same for a pair of currencies.", _ABOVE, "0.1", unit=_PERCENT),
]
MinTopShares = Annotated[
    _NotNegative,
    Entry("What must stand at the best price of a share or fund.", _FROM, "10", unit="shares"),
]
MinTopValue = Annotated[
    _NotNegative,
    Entry("The same as money.", _FROM, "500", unit=MONEY),
]
MinPairTopUnits = Annotated[
    _NotNegative,
    Entry(
        "What must stand at the best price of a pair of currencies.",
        _FROM,
        "25000",
        unit="units of the pair's first currency",
    ),
]
CoolDownSeconds = Annotated[
    _Positive,
    Entry(
        "For how long nothing new is opened in a symbol after the venue refused an order in it, "
        "or after repeated losses or refusals.",
        _ABOVE,
        "300",
        unit="seconds",
    ),
]
CoolDownAfterLosses = Annotated[
    _Positive,
    Entry(
        "After how many losing exits or stop-outs within COOL_DOWN_SECONDS a symbol cools down.",
        _ABOVE,
        "2",
    ),
]
CoolDownAfterRefusals = Annotated[
    _Positive,
    Entry(
        "After how many refusals of the strategy's entries within COOL_DOWN_SECONDS, by what the "
        "order was and not by how things stood.",
        _ABOVE,
        "5",
    ),
]
DuplicatePercent = Annotated[
    _NotNegative,
    Entry(
        "Two entries of one proposer are about the same, and the second is refused, while their "
        "quantities and prices are no farther apart.",
        _FROM,
        "1",
        unit=_PERCENT,
    ),
]
EntryPhases = Annotated[
    tuple[Literal["open", "pre_open", "pre_close"], ...] | None,
    NoDecode,
    BeforeValidator(_phases),
    Entry(
        "In which phases of the market new positions may be opened; outside open only by limit "
        "orders, which join the auction.",
        "open, pre_open, pre_close, with commas; or any",
        "open",
    ),
]
#: In demo the money is play money, and whoever looks in the evening still wants to see trades.
IN_DEMO = {
    "max_daily_loss": Decimal(20_000),
    "max_drawdown": Decimal(50_000),
    "max_fees_per_day": Decimal(20_000),
    "max_fees_per_month": Decimal(200_000),
    "max_orders_per_day": Decimal(10_000),
}
