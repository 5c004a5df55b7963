"""Settings under which the gates of judgement stand open, for tests about other subjects.

IB's announced windows are among them: where a tree runs by the machine's clock, the hour would
decide. A test of such a gate, or of protection, starts its tree with the settings that it is
about.
"""

from __future__ import annotations

from domain.limits import NAMES

OPEN: dict[str, str] = {
    **{name.upper(): "none" for name in NAMES if name != "max_order_value"},
    "ENTRY_PHASES": "any",
    "IB_WINDOWS": "none",
    "MAX_ROUND_TRIP_COST": "1000",
    "BORROW_CURRENCY": "allow",
    "MAX_PLANS_PER_SYMBOL": "1000",
    "PLAN_TRAIL_AFTER": "0",
    "PLAN_STOP": "0.4",
    "PLAN_TARGET": "0.6",
    "PLAN_LATEST_AGE_MINUTES": "3",
    "PROTECT_ENTRIES": "false",
}
