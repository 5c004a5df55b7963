"""How an order names the tick that it answers: the tick's size is its number."""

from __future__ import annotations

PREFIX = "KLP"

#: The number of the first tick: above the sizes of the market's own ticks, which open a
#: subscription.
FIRST = 10_000_001


def order_name(tick: int) -> str:
    """The client order id of the answer to a tick."""
    return f"{PREFIX}-{tick}"


def tick_of(size: float | None) -> int | None:
    """The tick's number; None when the size cannot be one."""
    if size is None or size < FIRST:
        return None
    return int(size)


def tick_of_name(name: str) -> int:
    """The other way round."""
    return int(name.partition("-")[2])
