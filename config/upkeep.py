"""The settings of what Kelpie does for its own book."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from config.entries import Entry

BackupEveryHours = Annotated[
    float,
    Field(ge=0, le=168, allow_inf_nan=False),
    Entry(
        "How often the book is backed up while Kelpie runs; 0 never does. The newest 24 back-ups "
        "are kept, one a day of the last 30 days, and one a month of the last 12 months.",
        "0 to 168",
        "1",
        unit="hours",
    ),
]

BackupSecondPlace = Annotated[
    Path | None,
    Entry(
        "A folder on another disk that each back-up is copied to. It is not made: a disk that is "
        "not mounted is told, not written beside.",
        "a folder that is there, or nothing",
        "/mnt/usb/kelpie",
    ),
]
