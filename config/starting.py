"""The settings of how the process starts again after it died."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from config.entries import Entry

SafeModeAfter = Annotated[
    int,
    Field(ge=2, le=100_000),
    Entry(
        "So many starts in a row, within 30 minutes, that died before they had been reconciled for "
        "60 seconds, and the next is in safe mode: no entries until a person ends it.",
        "2 to 100000",
        "5",
        unit="starts",
    ),
]
