"""Ids that sort by the time of their making."""

from __future__ import annotations

import random
from datetime import datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32, as in a ULID


def time_ordered_id(now: datetime, chance: random.Random) -> str:
    """26 characters: 48 bits of milliseconds and 80 of chance, as a ULID has them."""
    value = (int(now.timestamp() * 1000) << 80) | chance.getrandbits(80)
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))
