"""The settings of what is written down for programs, and of refused proposals."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from config.entries import Entry

TelemetrySample = Annotated[
    float,
    Field(ge=0, le=1, allow_inf_nan=False),
    Entry(
        "Of which share of orders, refusals and requests for data LOG_DIR/telemetry.log tells; "
        "all lines about one order are there, or none. docs/telemetry.md says what they hold.",
        "0 to 1",
        "1",
        unit="share",
    ),
]
RefusalsKept = Annotated[
    int,
    Field(ge=0, le=1_000_000),
    Entry(
        "How many refused proposals are kept, the newest ones, for `kelpie explain`.",
        "0 to 1000000",
        "20000",
        unit="proposals",
    ),
]
RefusalsKeptDays = Annotated[
    float,
    Field(gt=0, le=3650, allow_inf_nan=False),
    Entry("For how long a refused proposal is kept.", "above 0, to 3650", "30", unit="days"),
]
