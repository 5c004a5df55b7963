"""The settings of how orders are priced, previewed and refused: their kinds and sentences."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from config.entries import Entry


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


MarketOrders = Annotated[
    Literal["marketable_limit", "market"],
    BeforeValidator(_lower),
    Entry(
        "How a market order is sent: as a limit a bounded way through the best price, or as it "
        "is. Without a fresh price an exit goes as a true market order either way.",
        "marketable_limit or market",
        "marketable_limit",
    ),
]
MaxSlippageBps = Annotated[
    Decimal,
    Field(ge=0, le=1000, allow_inf_nan=False),
    Entry(
        "How far through the best price a market order may reach.",
        "0 to 1000",
        "50",
        unit="basis points",
    ),
]
OddLots = Annotated[
    Literal["refuse", "allow"],
    BeforeValidator(_lower),
    Entry(
        "What is done with a new currency position below IDEALPRO's minimum, which fills at a "
        "worse price.",
        "refuse or allow",
        "refuse",
    ),
]
IdealproMinimumUsd = Annotated[
    Decimal,
    Field(ge=0, allow_inf_nan=False),
    Entry("IDEALPRO's minimum for a currency order.", "0 or above", "25000", unit="US$"),
]
EntryPreviews = Annotated[
    bool,
    Entry(
        "Whether IB is asked beforehand what an entry costs: the first of each symbol and size "
        "every day, and large ones.",
        "true or false",
        "true",
    ),
]
PreviewAbove = Annotated[
    Decimal,
    Field(ge=0, le=1, allow_inf_nan=False),
    Entry(
        "From which share of MAX_ORDER_VALUE on an entry is large.",
        "0 to 1",
        "0.5",
        unit="parts of the whole",
    ),
]
