"""The settings of corporate actions: their kinds and sentences."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from config.entries import Entry


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


CloseMaxGap = Annotated[
    Decimal,
    Field(gt=0, le=50, allow_inf_nan=False),
    Entry(
        "How far the venue's previous close may be from the last price that Kelpie saw, before a "
        "corporate action is suspected: then nothing of the symbol is sold or placed by itself "
        "until a person has said what happened (`kelpie resolve SYMBOL`).",
        "above 0, to 50",
        "3",
        unit="% of the price",
    ),
]
ExDividendStops = Annotated[
    Literal["keep", "lower"],
    BeforeValidator(_lower),
    Entry(
        "What becomes of a stop on an ex-dividend day that you have told (`kelpie dividend`): the "
        "exchange ends it the evening before, and it comes back in the pre-open as it was, or "
        "lowered by the dividend.",
        "keep or lower",
        "keep",
    ),
]
