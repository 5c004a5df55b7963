"""What a seed draws beside its chances: the broker's habits, where IB differs, and the plans."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from simulators.habits import Habits

#: What may be drawn beside the default. Left out is what leaves nothing to rehearse: a gateway
#: that takes no orders, or never answers a preview.
_MAY_BE: Mapping[str, tuple[Any, ...]] = {
    "change_of_filled": ("silence",),
    "change_of_child": ("135",),
    "children_wake": ("parent_fills",),
    "children_of_part_filled_parent": ("kept",),
    "group_cancelled_together": ("named_groups", "never"),
    "what_if": ("sentinel_first",),
    "what_if_commission": ("range",),
    "account_type": ("margin",),
    "virtual_currency_positions": (False,),
    "cancel_of_another_clients": ("allowed",),
    "manual_execution_id": (2147483647,),
    "commission": ("before_execution", "never"),
    "commission_delay": ("12", "90"),
    "commission_reported": ("-1", "-0.12", "1.7976931348623157E308"),
    "realised_pnl_unset": (True,),
    "minimum_parcel": ("refused", "cancelled"),
    "odd_lots": (False,),
    "short_sale": ("banned", "locate"),
    "post_close": ("at_auction_price", "cancel_only"),
    "fill_or_kill": ("refused",),
    "trailing_stop_told": (True,),
    "status_twice": (True,),
    "status_of_fill": ("missing",),
    "status_before_execution": (True,),
    "open_order_with_commission": (False,),
}
#: How likely each is to be another than the default.
_LIKELY = 0.15


def terms_for(seed: int) -> dict[str, str]:
    """The settings of this seed's plans: with a target, or left by the stop and by age alone."""
    chance = random.Random(f"plans {seed}")
    return {
        "PLAN_TARGET": chance.choice(("0.6", "0.6", "0")),
        "PLAN_TRAIL_AFTER": chance.choice(("1", "0")),
        "PLAN_LATEST_AGE_MINUTES": chance.choice(("10", "25", "60")),
    }


def drawn_for(seed: int) -> Habits:
    """The habits of this seed's broker."""
    chance = random.Random(f"habits {seed}")
    table = {
        name: chance.choice(others) for name, others in _MAY_BE.items() if chance.random() < _LIKELY
    }
    return Habits.from_table(table)
