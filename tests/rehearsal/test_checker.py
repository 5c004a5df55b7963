"""The judge of the kills is fed doctored records: each fault that it is there for is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from rehearsal.crash.checker import Fault, at_any_instant, at_rest, in_doubt, soon
from rehearsal.crash.records import BrokerOrder, BrokerRecord, Cost, LedgerOrder, LedgerRecord
from rehearsal.crash.records import Trade as Execution

TEN, TWENTY, PRICE = Decimal(10), Decimal(20), Decimal("45.10")
TRADE = Execution("KLP-1", TEN, PRICE)
COST = Cost(Decimal("6.60"), "AUD")
THERE = BrokerOrder("KLP-1", 77, "Submitted", TEN, TWENTY, PRICE, None)
HERE = LedgerOrder("BHP/AUD", "BUY", "WORKING", TEN, TWENTY, PRICE, None)
BROKER = BrokerRecord(
    orders=(THERE,),
    trades={"0001.01.01": TRADE},
    costs={"0001.01.01": COST},
    positions={77: TEN},
    placed={"KLP-1": 1},
)
LEDGER = LedgerRecord(
    orders={"KLP-1": HERE},
    trades={"0001.01.01": TRADE},
    costs={"0001.01.01": COST},
    positions={"BHP/AUD": TEN},
)


def there(**changes: Any) -> BrokerRecord:
    return replace(BROKER, orders=(replace(THERE, **changes),))


def here(**changes: Any) -> LedgerRecord:
    return replace(LEDGER, orders={"KLP-1": replace(HERE, **changes)})


def test_two_sides_that_agree_have_nothing_wrong() -> None:
    assert at_rest(BROKER, LEDGER) == []
    assert in_doubt(LEDGER) == []


ANY_INSTANT: Mapping[str, tuple[Fault, BrokerRecord, LedgerRecord]] = {
    "two orders of one intent at the broker": (
        Fault.DUPLICATE,
        replace(BROKER, orders=(THERE, THERE)),
        LEDGER,
    ),
    "one intent sent twice": (Fault.DUPLICATE, replace(BROKER, placed={"KLP-1": 2}), LEDGER),
    "an order at the broker without an intent": (
        Fault.NO_INTENT,
        replace(BROKER, orders=(THERE, replace(THERE, order_ref="KLP-2"))),
        LEDGER,
    ),
    "an order on the wire without an intent": (
        Fault.NO_INTENT,
        replace(BROKER, placed={"KLP-1": 1, "KLP-2": 1}),
        LEDGER,
    ),
    "a fill that the broker does not have": (
        Fault.INVENTED,
        replace(BROKER, trades={}),
        LEDGER,
    ),
    "a fill at another price": (
        Fault.INVENTED,
        replace(BROKER, trades={"0001.01.01": replace(TRADE, price=Decimal(45))}),
        LEDGER,
    ),
    "an order that counts a fill twice": (Fault.TWICE, BROKER, here(filled=TWENTY)),
    "a position that counts a fill twice": (
        Fault.TWICE,
        BROKER,
        replace(LEDGER, positions={"BHP/AUD": TWENTY}),
    ),
}


@pytest.mark.parametrize("story", ANY_INSTANT)
def test_what_no_kill_may_bring_about_is_found(story: str) -> None:
    fault, broker, ledger = ANY_INSTANT[story]
    assert {each.fault for each in at_any_instant(broker, ledger)} == {fault}


LOST: Mapping[str, tuple[BrokerRecord, LedgerRecord]] = {
    "a fill": (BROKER, replace(LEDGER, trades={})),
    "a commission": (BROKER, replace(LEDGER, costs={})),
    "a commission in another amount": (
        BROKER,
        replace(LEDGER, costs={"0001.01.01": replace(COST, amount=Decimal(6))}),
    ),
}


@pytest.mark.parametrize("story", LOST)
def test_what_is_lost_is_found(story: str) -> None:
    [found] = soon(*LOST[story])
    assert (found.fault, found.subject) == (Fault.LOST, "0001.01.01")


AT_REST: Mapping[str, tuple[Fault, BrokerRecord, LedgerRecord]] = {
    "cancelled there, working here": (Fault.STATE, there(status="Cancelled"), LEDGER),
    "working there, cancelled here": (Fault.STATE, BROKER, here(state="CANCELLED")),
    "changed there, not here": (Fault.STATE, there(limit_price=Decimal(44)), LEDGER),
    "a change here that never ends": (Fault.STATE, BROKER, here(pending_change="AMEND")),
    "unknown here, and the broker's lists tell": (Fault.UNKNOWN, BROKER, here(state="UNKNOWN")),
    "closed as not sent, and it works there": (Fault.STATE, BROKER, here(state="NOT_SENT")),
    "working here, and never sent to the market there": (
        Fault.STATE,
        there(transmitted=False),
        LEDGER,
    ),
    "another position there": (Fault.POSITION, replace(BROKER, positions={77: TWENTY}), LEDGER),
}


@pytest.mark.parametrize("story", AT_REST)
def test_what_does_not_agree_at_rest_is_found(story: str) -> None:
    fault, broker, ledger = AT_REST[story]
    assert {each.fault for each in at_rest(broker, ledger)} == {fault}


@pytest.mark.parametrize("state", ["INTENDED", "SENT", "UNKNOWN"])
def test_what_is_in_doubt_is_named(state: str) -> None:
    assert in_doubt(here(state=state)) == ["KLP-1"]


@pytest.mark.parametrize("check", [at_any_instant, soon, at_rest])
def test_an_order_that_never_left_is_no_fault(check: Callable[..., list[Any]]) -> None:
    nothing = BrokerRecord((), {}, {}, {}, {})
    never = replace(HERE, state="NOT_SENT", filled=Decimal(0))
    assert check(nothing, LedgerRecord({"KLP-1": never}, {}, {}, {})) == []
