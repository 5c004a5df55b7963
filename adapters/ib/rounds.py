"""One round of all lists, each counted complete by its own end and by nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from adapters.ib.client import Calls
from adapters.ib.identity import OrderIdentities
from adapters.ib.library import ExecutionFilter
from adapters.ib.receiver import ACCOUNT, COMPLETED_ORDERS, OPEN_ORDERS, POSITIONS, Receiver
from adapters.ib.requests import RequestRefused, Requests, RequestUnended
from domain.venue import OrderReport, Round
from runtime.interface import Clock

EXECUTIONS = "executions"


class Rounds:
    """Asks for positions, open and completed orders of all clients, executions, the account."""

    def __init__(
        self,
        calls: Calls,
        requests: Requests,
        identities: OrderIdentities,
        receiver: Receiver,
        clock: Clock,
    ) -> None:
        self._calls = calls
        self._requests = requests
        self._identities = identities
        self._receiver = receiver
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._account_follows = False

    async def run(self, number: int, list_seconds: float) -> Round:
        """Ask for everything at once; a list that fails does not keep the others.

        Raises:
            LinkError: the link went meanwhile.
        """
        async with self._one_at_a_time:
            asked_at = self._clock.now()
            executions = self._identities.fresh_request_id()
            keys: dict[str, str | int] = {
                name: name for name in (POSITIONS, OPEN_ORDERS, COMPLETED_ORDERS, ACCOUNT)
            }
            keys[EXECUTIONS] = executions
            answers = {name: self._requests.begin(key, list_seconds) for name, key in keys.items()}
            self._receiver.executions_request = executions
            self._ask(executions)
            try:
                rows, unended = await _gather(answers)
                return Round(
                    number=number,
                    asked_at=asked_at,
                    ended_at=self._clock.now(),
                    unended=unended,
                    open_orders=with_what_is_filled(rows[OPEN_ORDERS]),
                    completed_orders=tuple(rows[COMPLETED_ORDERS]),
                    executions=tuple(rows[EXECUTIONS]),
                    positions=tuple(rows[POSITIONS]),
                    account_values=tuple(rows[ACCOUNT]),
                )
            finally:
                self._receiver.executions_request = None
                for key in keys.values():
                    self._requests.give_up(key)

    def _ask(self, executions: int) -> None:
        calls, account = self._calls, self._receiver.account
        calls.reqPositions()
        calls.reqAllOpenOrders()
        calls.reqCompletedOrders(False)
        calls.reqExecutions(executions, ExecutionFilter())
        if self._account_follows:
            # Asked a second time without this, the gateway sends only what changed, and no end.
            calls.reqAccountUpdates(False, account)
        calls.reqAccountUpdates(True, account)
        self._account_follows = True


def with_what_is_filled(rows: Sequence[OrderReport]) -> tuple[OrderReport, ...]:
    """The open orders of a list, each once, with what the statuses beside them say.

    That is how much is filled, and what an order waits for (an open order names neither).

    A status without an open order is of one that was just over: it makes no row. What is filled
    only ever grows, so the largest word is the newest.
    """
    statuses: dict[str, list[OrderReport]] = {}
    for row in rows:
        if row.terms is None and row.venue_order_id is not None and row.filled is not None:
            statuses.setdefault(row.venue_order_id, []).append(row)
    listed: dict[object, OrderReport] = {}
    for place, row in enumerate(rows):
        if row.terms is None:
            continue
        said = statuses.get(row.venue_order_id or "", ())
        newest = max(said, key=lambda each: each.filled or Decimal(0), default=row)
        listed[row.venue_order_id or place] = replace(
            row,
            filled=newest.filled,
            remaining=newest.remaining,
            average_price=newest.average_price,
            why_held=said[-1].why_held if said else row.why_held,
        )
    return tuple(listed.values())


async def _gather(
    answers: dict[str, asyncio.Future[list[Any]]],
) -> tuple[dict[str, list[Any]], tuple[str, ...]]:
    rows: dict[str, list[Any]] = {}
    unended = []
    for name, answer in answers.items():
        try:
            rows[name] = await answer
        except RequestUnended as part:
            rows[name] = part.rows
            unended.append(name)
        except RequestRefused:
            rows[name] = []
            unended.append(name)
    return rows, tuple(unended)
