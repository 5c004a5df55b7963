"""The settings of what trading costs, and of foreign currency: their kinds and sentences."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from config.commission_table import commission_table
from config.entries import Entry
from config.values import wrong
from domain.commissions import OVERRIDABLE, Override, overridden

_OVERRIDE = re.compile(r"([a-z_]+)\.([a-z_]+)\s*=\s*(\S+)")


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _overrides(value: object) -> object:
    """`us_fixed.minimum=0.35,asx_fixed.gst=0` as rules, figures and numbers."""
    if not isinstance(value, str):
        return value
    found: list[Override] = []
    for part in filter(None, (piece.strip() for piece in value.split(","))):
        match = _OVERRIDE.fullmatch(part)
        if match is None:
            raise wrong(f"{part!r} does not have the form RULE.FIGURE=NUMBER")
        rule, figure, text = match.groups()
        if any(each[:2] == (rule, figure) for each in found):
            raise wrong(f"{rule}.{figure} is there twice: name it once")
        found.append((rule, figure, _number(text, part)))
    try:
        overridden(commission_table(), found)
    except LookupError as error:
        raise wrong(str(error.args[0])) from None
    return tuple(found)


def _number(text: str, part: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise wrong(f"{text!r} in {part!r} is no number") from None
    if not number.is_finite() or number < 0:
        raise wrong(f"{text} in {part!r} is not 0 or above")
    return number


CommissionPlan = Annotated[
    Literal["fixed", "tiered"],
    BeforeValidator(_lower),
    Entry("Which of IB's price plans the account has.", "fixed or tiered", "fixed"),
]
CommissionOverrides = Annotated[
    tuple[Override, ...],
    NoDecode,
    BeforeValidator(_overrides),
    Entry(
        "Figures of your own in place of those in config/commissions.toml, without GST.",
        f"RULE.FIGURE=NUMBER with commas; figures are {', '.join(OVERRIDABLE)}",
        "us_fixed.minimum=0.35,asx_fixed.gst=0",
    ),
]
MaxRoundTripCost = Annotated[
    Decimal,
    Field(gt=0, le=1000, allow_inf_nan=False),
    Entry(
        "The most that getting into a position and out of it again may cost, in parts of its "
        "value; a dearer entry is refused.",
        "above 0, to 1000",
        "1",
        unit="percent of the value",
    ),
]
FxSpreadBps = Annotated[
    Decimal,
    Field(ge=0, le=1000, allow_inf_nan=False),
    Entry(
        "How far from the middle price a currency order is reckoned to fill, each way.",
        "0 to 1000",
        "2",
        unit="basis points",
    ),
]
BorrowCurrency = Annotated[
    Literal["refuse", "convert", "allow"],
    BeforeValidator(_lower),
    Entry(
        "What is done with a purchase that takes more of a foreign currency than the account has: "
        "refused; left to IB, which converts in a cash account by itself at about 0.03 %; or "
        "allowed to borrow, as a margin account does.",
        "refuse, convert or allow",
        "refuse",
    ),
]
