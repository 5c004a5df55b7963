"""Pain 7: each code of the table, in each phase of an order, to the order state machine.

No code changes a state by itself; what the table says is what happens.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from actors.messages import GetOrder, OrderRecorded, QueryOrder
from adapters.ib.errors import NOT_WRITTEN, ErrorRule, error_table
from domain.claims import ClaimedBy
from domain.orders import Order, OrderState
from domain.venue import NoticeEffect, OrderReport, VenueStatus
from tests.actors.company import Company
from tests.actors.conftest import LIMIT
from tests.actors.test_orders import LEDGER, ORDERS, READER, RESYNC, fact, order, report, trading
from tests.store.material import execution

TABLE = error_table()
RULES = [rule for rule in TABLE if rule.code != NOT_WRITTEN] + [TABLE.rule(77777)]
PHASES = {
    "sent": OrderState.SENT,
    "working": OrderState.WORKING,
    "part": OrderState.WORKING,
    "cancelling": OrderState.WORKING,
    "ended": OrderState.CANCELLED,
}
OPEN = [name for name, state in PHASES.items() if not state.is_final]


@contextmanager
def lines_of(level: str) -> Iterator[list[str]]:
    """What is logged of what the venue says, at this level."""
    said: list[str] = []

    def hear(message: Any) -> None:
        text = message.record["message"]
        if message.record["level"].name == level and text.startswith("The venue says"):
            said.append(text)

    number = logger.add(hear, level="DEBUG")
    try:
        yield said
    finally:
        logger.remove(number)


def in_every_phase(company: Company) -> None:
    """Have one order in each phase."""

    def told(name: str, status: VenueStatus) -> None:
        said = report(status, name=name).fact
        assert isinstance(said, OrderReport)
        company.tell(ORDERS, fact(replace(said, venue_order_id=f"9-{name}")))

    for name in OPEN:
        if name != "sent":
            told(name, VenueStatus.WORKING)
    part = execution("part", order="part", quantity="40")
    company.tell(ORDERS, fact(replace(part, venue_order_id="9-part")))
    told("cancelling", VenueStatus.PENDING_CANCEL)
    company.heard.wait_for(OrderRecorded, lambda m: m.order.filled == 40, seat=READER)
    company.heard.wait_for(OrderRecorded, lambda m: m.order.pending_change == "CANCEL", seat=READER)
    company.drain(RESYNC)


def on_record(company: Company, name: str) -> Order:
    """As the ledger has it, after all that it was told before."""
    known = company.system.ask(LEDGER, GetOrder(name)).get(timeout=LIMIT)
    assert isinstance(known, Order)
    return known


def queries(company: Company) -> dict[str, OrderState | None]:
    company.drain(RESYNC)
    heard = company.heard.of(QueryOrder, RESYNC)
    return {each.client_order_id: each.state for each in heard if each.by is ClaimedBy.CODE}


def expected(rule: ErrorRule) -> OrderState | str | None:
    claimed = {
        NoticeEffect.REJECT: OrderState.REJECTED,
        NoticeEffect.CANCELLED: OrderState.CANCELLED,
    }
    if rule.effect in claimed:
        return claimed[rule.effect]
    asked = (
        NoticeEffect.QUERY,
        NoticeEffect.CANCEL_REFUSED,
        NoticeEffect.CHANGE_REFUSED,
        NoticeEffect.PACING,
    )
    return None if rule.effect in asked else "nothing"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.code))
def test_a_code_does_what_its_row_says_and_changes_no_state(
    tmp_path: Path, rule: ErrorRule
) -> None:
    orders = [order(state, name, venue_order_id=None) for name, state in PHASES.items()]
    with trading(tmp_path, *orders) as company, lines_of("WARNING") as warned:
        in_every_phase(company)
        for name in PHASES:
            company.tell(ORDERS, fact(TABLE.notice(rule.code, "words", client_order_id=name)))
        assert company.state(ORDERS)["open"] == {"SENT": 1, "WORKING": 3}

        want = expected(rule)
        asked = queries(company)
        assert asked == ({} if want == "nothing" else dict.fromkeys(OPEN, want))
        assert len(warned) == (len(OPEN) if rule.alert else 0)

        refused = rule.effect is NoticeEffect.CANCEL_REFUSED
        for name, state in PHASES.items():
            known = on_record(company, name)
            wish = "CANCEL" if name == "cancelling" and not refused else None
            assert (known.state, known.pending_change) == (state, wish), name


def test_taken_back_by_the_adapter_ends_only_what_the_venue_has_never_seen(tmp_path: Path) -> None:
    orders = [order(state, name, venue_order_id=None) for name, state in PHASES.items()]
    with trading(tmp_path, *orders) as company:
        in_every_phase(company)
        for name in PHASES:
            company.tell(ORDERS, fact(TABLE.notice(NOT_WRITTEN, "words", client_order_id=name)))
        assert company.state(ORDERS)["open"] == {"WORKING": 3}
        assert queries(company) == {}
