"""The settings of how positions are protected at the venue: their kinds and sentences."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from config.entries import Entry

ProtectEntries = Annotated[
    bool,
    Entry(
        "Whether each entry leaves with its stop in one piece, and the stop is kept at the venue "
        "for as long as the position is held. Live trading insists on it.",
        "true or false; true in live",
        "true",
    ),
]
StopRenewDays = Annotated[
    int,
    Field(ge=1, le=180),
    Entry(
        "A stop that has stood for so long is renewed before a market opens: IB ends GTC orders at "
        "the end of the quarter after the current one, and after 90 days without a login.",
        "1 to 180",
        "30",
        unit="days",
    ),
]
