"""The one door to ib_insync: its client, its decoder and its value objects.

Its facade (`IB`, `Wrapper`, `Trade`, `Ticker`) stays unused: it has opinions about orders that
the venue does not share. eventkit, which it brings, asks for the event loop of the thread that
imports it, and fails in a thread that has none; so one is lent to it while it is imported.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _a_loop_to_import_with() -> Iterator[None]:
    policy = asyncio.get_event_loop_policy()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            policy.get_event_loop()
    except RuntimeError:
        lent = policy.new_event_loop()
        policy.set_event_loop(lent)
        try:
            yield
        finally:
            policy.set_event_loop(None)
            lent.close()
    else:
        yield


with _a_loop_to_import_with():
    from ib_insync.client import Client
    from ib_insync.contract import Contract, ContractDescription, ContractDetails
    from ib_insync.decoder import Decoder
    from ib_insync.objects import CommissionReport, Execution, ExecutionFilter, PriceIncrement
    from ib_insync.order import Order, OrderState

__all__ = [
    "Client",
    "CommissionReport",
    "Contract",
    "ContractDescription",
    "ContractDetails",
    "Decoder",
    "Execution",
    "ExecutionFilter",
    "Order",
    "OrderState",
    "PriceIncrement",
]
