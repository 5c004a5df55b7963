"""The settings of the way to live trading."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from config.entries import Entry

LIMITS = (
    "purse",
    "max_order_value",
    "max_total_exposure",
    "max_positions",
    "max_daily_loss",
    "max_drawdown",
)
"""The settings that bound what may be lost: each must have been given by the owner before live
trading is armed."""

Shadow = Annotated[
    bool,
    Entry(
        "Whether every order also lives in a shadow book that quotes fill, compared with the real "
        "fills each day. In observe there is one in any case.",
        "true or false",
        "true",
    ),
]
DivergenceSlippageBps = Annotated[
    Decimal,
    Field(ge=0, le=1000, allow_inf_nan=False),
    Entry(
        "By so much may the day's real fills differ from the shadow's before live trading.",
        "0 to 1000",
        "15",
        unit="basis points",
    ),
]
DivergenceMissed = Annotated[
    Decimal,
    Field(ge=0, le=100, allow_inf_nan=False),
    Entry(
        "So much of what the shadow filled may the market not have given before live trading.",
        "0 to 100",
        "10",
        unit="%",
    ),
]
DivergenceCommission = Annotated[
    Decimal,
    Field(ge=0, le=1000, allow_inf_nan=False),
    Entry(
        "By so much may the day's commissions differ from their estimates before live trading.",
        "0 to 1000",
        "10",
        unit="%",
    ),
]
PaperDaysBeforeLive = Annotated[
    int,
    Field(ge=1, le=250),
    Entry(
        "So many days of trade on paper, the last ones, must have passed without a mismatch "
        "before live trading can be armed.",
        "1 to 250",
        "10",
        unit="days",
    ),
]
ArmAtMostHours = Annotated[
    float,
    Field(gt=0, le=168, allow_inf_nan=False),
    Entry(
        "For how long live trading can be armed at once; `kelpie arm` takes this unless told.",
        "above 0, to 168",
        "24",
        unit="hours",
    ),
]
