"""A second opinion on IB's rules for history, which shares nothing with the code it judges.

It looks at every window that ends with a request, and counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Request(NamedTuple):
    """When it was sent (seconds), all that it was, its contract and data, and how it counts."""

    at: float
    identity: str
    kind: str
    weight: int


def violations(requests: Sequence[Request]) -> list[str]:
    """Every rule that is broken, in words."""
    found = []
    for this in requests:
        earlier = [other for other in requests if other is not this and other.at <= this.at]
        if any(o.identity == this.identity and this.at - o.at < 15.0 for o in earlier):
            found.append(f"identical within 15 s at {this.at}: {this.identity}")
        before = [o for o in requests if o.at <= this.at]
        burst = [o for o in before if o.kind == this.kind and this.at - o.at < 2.0]
        if sum(o.weight for o in burst) >= 6:
            found.append(f"six for {this.kind} within 2 s at {this.at}")
        if sum(o.weight for o in before if this.at - o.at < 600.0) > 60:
            found.append(f"more than 60 within 10 min at {this.at}")
    return found
