"""How a symbol's position is protected at the venue, as colours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.symbols import Symbol


class Colour(StrEnum):
    """GREEN and AMBER let entries through; RED does not, and never cancels a stop by itself."""

    GREEN = "GREEN"
    """Nothing is held, or the venue's own list shows a stop over all of it."""
    AMBER = "AMBER"
    """A change is in flight, for at most ten seconds."""
    RED = "RED"
    """Something of ours stands without a stop, for the cause that is named."""


@dataclass(frozen=True, slots=True)
class Guard:
    """The protection of one symbol; `since` is UTC."""

    symbol: Symbol
    colour: Colour
    since: datetime
    cause: str = ""
    """Why it is not GREEN; empty when it is."""
    protected: Decimal = Decimal(0)
    """How much of the managed position stops at the venue stand over."""
    held_back: bool = False
    """A corporate action is suspected: its levels may be of other units, so nothing triggers."""
