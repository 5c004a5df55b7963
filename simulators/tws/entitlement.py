"""What an account gets to see of an instrument, by what it has subscribed to and asked for.

Source: IB's API documentation, *market data types*, and error texts as they were recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from simulators.model import Instrument
from simulators.tws.data_habits import DataHabits

COMPETING = (10197, "No market data during competing live session")


class DataType(IntEnum):
    """As in reqMarketDataType (a wish), and in message 58 (what one gets)."""

    LIVE = 1
    FROZEN = 2
    DELAYED = 3
    DELAYED_FROZEN = 4

    @property
    def is_frozen(self) -> bool:
        """While the market is closed, its last prices are wanted."""
        return self in (DataType.FROZEN, DataType.DELAYED_FROZEN)

    @property
    def is_delayed(self) -> bool:
        """Of some minutes ago."""
        return self in (DataType.DELAYED, DataType.DELAYED_FROZEN)


@dataclass(frozen=True, slots=True)
class Answer:
    """How a request for quotes is answered."""

    code: int | None = None
    text: str = ""
    streams: bool = True
    """Ticks follow, after the notice if there is one."""
    is_delayed: bool = False
    is_partial: bool = False
    """Only those ticks that need no subscription."""


_MORE = (
    "Requested market data requires additional subscription for API. See link in 'Market Data "
    "Connections' dialog for more details."
)
_PART = "Part of requested market data is not subscribed. "
_INDEPENDENT = "Subscription-independent ticks are still active."
_NOT_SUBSCRIBED = "Requested market data is not subscribed."
_AVAILABLE = "Delayed market data is available."

#: Instead of live data, without and with a wish for delayed ones.
_TERMINAL = {
    "354": f"{_NOT_SUBSCRIBED}Delayed market data is not available.",
    "10089": f"{_MORE}{_AVAILABLE}",
    "10168": f"{_NOT_SUBSCRIBED} Delayed market data is not enabled.",
    "10186": f"{_NOT_SUBSCRIBED} Delayed market data is not enabled",
}
#: Beside the data.
_NOTICES = {
    "10090": f"{_PART}{_INDEPENDENT}{_AVAILABLE}",
    "10091": f"Part of r{_MORE[1:]}{_AVAILABLE}",
    "2117": f"Requested top market data is not subscribed. {_INDEPENDENT}",
}
#: Where a wish for delayed data is granted.
_HAS_DELAYED = frozenset({"10089", "10168"})
_NAMES_THE_CONTRACT = frozenset({"354", "10089", "10090", "10091"})


def answer(habits: DataHabits, instrument: Instrument, wish: DataType) -> Answer:
    """What this account gets of an instrument when it wishes for data of this type.

    Live data win over any wish. Frozen ones are live ones of a closed market, and need the
    same subscription.
    """
    right = habits.entitlement(instrument.symbol)
    if right == "live":
        return Answer()
    if right in _HAS_DELAYED and wish.is_delayed:
        text = f"{_NOT_SUBSCRIBED} Displaying delayed market data."
        return Answer(10167, text, is_delayed=True)
    text = _TERMINAL.get(right) or _NOTICES[right]
    if right in _NAMES_THE_CONTRACT:
        text += f"{instrument.local_symbol} {instrument.exchange}/TOP/ALL"
    return Answer(int(right), text, streams=right in _NOTICES, is_partial=right == "2117")
