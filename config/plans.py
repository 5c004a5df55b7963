"""The settings of plans: what guards an entry that brings no terms of its own, and how many."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from config.entries import Entry


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


PlanStop = Annotated[
    Decimal,
    Field(gt=0, le=50, allow_inf_nan=False),
    Entry(
        "How far from the price of an entry its stop is, where the entry does not say. "
        "Unless given: 3, but 0.4 in demo.",
        "above 0, to 50",
        "3",
        unit="% of the price",
    ),
]
PlanTarget = Annotated[
    Decimal,
    Field(ge=0, le=1000, allow_inf_nan=False),
    Entry(
        "How far from the price of an entry its target is, where the entry does not say; 0 sets "
        "none. Unless given: 6, but 0.6 in demo.",
        "0 to 1000",
        "6",
        unit="% of the price",
    ),
]
PlanLatestAgeMinutes = Annotated[
    float,
    Field(ge=0, le=525_600, allow_inf_nan=False),
    Entry(
        "A position is left at this age, where its entry does not say; 0 keeps it for as long as "
        "its stop stands. Unless given: 0, but 3 in demo.",
        "0 to 525600",
        "0",
        unit="minutes",
    ),
]
PlanTrailAfter = Annotated[
    Decimal,
    Field(ge=0, le=100, allow_inf_nan=False),
    Entry(
        "A gain of so many times the first distance to the stop moves the stop to the price of "
        "the entry, and from then on it follows the best price; 0 leaves it where it is.",
        "0 to 100",
        "1",
        unit="times the first distance to the stop",
    ),
]
PlanTrailDistance = Annotated[
    Decimal,
    Field(gt=0, le=50, allow_inf_nan=False),
    Entry(
        "How far behind the best price the stop follows. Unless given: 3, but 0.4 in demo.",
        "above 0, to 50",
        "3",
        unit="% of the price",
    ),
]
PlanTrailSteps = Annotated[
    int,
    Field(ge=1, le=1000),
    Entry(
        "A stop is moved by at least so many price steps, and at most once in 30 seconds.",
        "1 to 1000",
        "2",
        unit="price steps",
    ),
]
PlanOvernight = Annotated[
    Literal["HOLD", "CLOSE"],
    BeforeValidator(_upper),
    Entry(
        "What becomes of a position at the end of its market's day, where its entry does not say: "
        "it is held under its stop, or left before the close.",
        "HOLD or CLOSE",
        "HOLD",
    ),
]
PlanNightRoom = Annotated[
    Decimal,
    Field(ge=0, le=100, allow_inf_nan=False),
    Entry(
        "How much of the way back to its first level a trailed stop is moved for the night; in "
        "the morning it comes back. It is never further away than when the position was opened.",
        "0 to 100",
        "0",
        unit="% of the way",
    ),
]
MaxPlansPerSymbol = Annotated[
    int,
    Field(ge=1, le=1000),
    Entry(
        "The most plans of one symbol that may be open at once; pending entries count.",
        "1 to 1000",
        "3",
        unit="plans",
    ),
]
Sizing = Annotated[
    Literal["notional", "risk", "volatility"],
    BeforeValidator(_lower),
    Entry(
        "What the size of the rule's entries follows from: a fixed value, what is lost at the "
        "stop, or what is lost in a move of so many average days.",
        "notional, risk or volatility",
        "risk",
    ),
]
TradeValue = Annotated[
    Decimal,
    Field(gt=0, allow_inf_nan=False),
    Entry(
        "What an entry of the rule is worth, with SIZING=notional.",
        "above 0",
        "2500",
        unit="base currency (A$)",
    ),
]
RiskPerTrade = Annotated[
    Decimal,
    Field(gt=0, le=10, allow_inf_nan=False),
    Entry(
        "What an entry of the rule may lose at its stop, with SIZING=risk or volatility.",
        "above 0, to 10",
        "0.5",
        unit="% of PURSE",
    ),
]
VolatilityFactor = Annotated[
    Decimal,
    Field(gt=0, le=20, allow_inf_nan=False),
    Entry(
        "How many average daily ranges away the stop is, and follows, with SIZING=volatility.",
        "above 0, to 20",
        "2",
        unit="average true ranges",
    ),
]
ShortSelling = Annotated[
    bool,
    Entry(
        "Whether shares may be sold that are not held. IB must locate them first, and IBKR "
        "Australia lends few; pairs need no leave.",
        "true or false",
        "false",
    ),
]
#: In demo the market is lively, and whoever looks wants to see what plans do.
IN_DEMO = {
    "plan_stop": Decimal("0.4"),
    "plan_target": Decimal("0.6"),
    "plan_latest_age_minutes": 3.0,
    "plan_trail_distance": Decimal("0.4"),
}
