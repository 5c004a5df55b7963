"""Every code that a person can be shown stands in the table of codes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.errors import error_codes
from domain.limits import NAMES

HOUSE = Path(__file__).parent.parent
CODE = re.compile(r'"([A-Z]{2,}(?:_[A-Z]+)+|PAUSED|DISARMED|OBSERVING|FLATTENING)"')
ROOMS = (
    "amendments",
    "conditions",
    "gates",
    "limits",
    "loss_gates",
    "market_gates",
    "market_rules",
    "order_groups",
    "orders",
    "pace_gates",
    "plan_gate",
    "plans",
    "previews",
    "resolution",
    "short_sales",
    "size_gates",
    "state_gates",
)
#: Words in capitals that are no codes of refusals: of orders, and why a venue is out of reach.
OTHERS = {"NOT_CONNECTED", "NOT_RECONCILED", "CIRCUIT_OPEN", "HELD_NOT_ALLOWED", "FLATTEN_LEFT"} | {
    "GET",
    "POST",
    "DELETE",
    "PATCH",
    "STOP_LIMIT",
    "ORDER_NOT_KNOWN",
    "FEE_BUDGET_DAY",
    "FEE_BUDGET_MONTH",
    *(name.upper() for name in NAMES),
}


@pytest.mark.parametrize(
    "source",
    [
        *(HOUSE / "console/hook").glob("*.py"),
        *(HOUSE / f"domain/{room}.py" for room in ROOMS),
        *(HOUSE / "actors").glob("desk*.py"),
        HOUSE / "actors/ledger.py",
        HOUSE / "actors/plan_monitor.py",
        HOUSE / "actors/plan_wishes.py",
    ],
    ids=lambda path: path.relative_to(HOUSE).as_posix(),
)
def test_every_code_stands_in_the_table(source: Path) -> None:
    text = source.read_text(encoding="utf-8")
    codes = set(CODE.findall(text)) - OTHERS - _order_words()
    assert codes <= set(error_codes()), codes - set(error_codes())


def _order_words() -> set[str]:
    from domain.orders import OrderState, OrderType, Purpose

    return {each.value for kind in (OrderState, OrderType, Purpose) for each in kind}
