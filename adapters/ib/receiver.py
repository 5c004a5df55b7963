"""What the gateway says, call by call (by the names of the TWS API), put where it belongs.

Facts go to the sink at once, also when they come as rows of a list; the answer that they belong
to gathers them a second time. Whatever cannot be read is counted, reported, and spoils the list
in which it was a row: a list with a hole proves nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Protocol

from adapters.ib.contracts import describe
from adapters.ib.decoding import time_of
from adapters.ib.depth import DepthBook
from adapters.ib.errors import UNREADABLE, error_table
from adapters.ib.facts import (
    StatusMessage,
    commission_report,
    completed_order_report,
    execution_report,
    is_reckoned,
    open_order_report,
    position_report,
    status_report,
)
from adapters.ib.identity import OrderIdentities
from adapters.ib.library import (
    Contract,
    ContractDescription,
    ContractDetails,
    Execution,
    Order,
    OrderState,
    PriceIncrement,
)
from adapters.ib.quotes import Level1
from adapters.ib.requests import Requests
from adapters.venue import VenueSink
from domain.symbols import Symbol
from domain.venue import AccountValue, NoticeEffect, OrderReport, VenueNotice
from runtime.interface import Clock

#: Lists without an id, by the name that `Round.unended` has for them.
POSITIONS, OPEN_ORDERS, COMPLETED_ORDERS, ACCOUNT = (
    "positions",
    "open_orders",
    "completed_orders",
    "account",
)

#: Which list loses a row when a message of this kind cannot be read.
_LIST_OF_KIND = {"5": OPEN_ORDERS, "101": COMPLETED_ORDERS, "61": POSITIONS, "6": ACCOUNT}

#: Kinds whose second field is the id of the request.
_NUMBERED = frozenset({"10", "11", "17", "79"})

#: Kinds of message that say something about executions, whichever list they belong to.
_OF_EXECUTIONS = frozenset({"11", "59"})


_DUPLICATE_ORDER_ID = 103
#: A price between steps, and no such contract: what is known of the instrument may be old.
_DOUBTS = frozenset({110, 200})


class Opening(Protocol):
    """What the start of a link hears from the receiver."""

    def next_id_came(self) -> None: ...

    def accounts_came(self, accounts: tuple[str, ...]) -> None: ...

    def error_came(self, notice: VenueNotice) -> None: ...


class Followed(Protocol):
    """A series of bars that is kept up to date."""

    def update(self, row: tuple[str, ...]) -> None: ...

    def refused(self, code: int, text: str) -> None: ...


class Receiver:
    """Takes the decoder's calls. `opening` hears what belongs to the start of a link."""

    #: ib_async's decoder asks for the zone in which it gives times.
    defaultTimezone = UTC

    def __init__(
        self,
        sink: VenueSink,
        clock: Clock,
        requests: Requests,
        identities: OrderIdentities,
        zone: tzinfo,
        opening: Opening,
    ) -> None:
        self._sink = sink
        self._clock = clock
        self._requests = requests
        self._identities = identities
        self._zone = zone
        self._opening = opening
        self._errors = error_table()
        self._changed: list[Level1] = []
        self.account = ""
        self.levels: dict[int, Level1] = {}
        self.books: dict[int, DepthBook] = {}
        self.virtual_positions: dict[str, float] = {}
        """Of currency pairs, as the venue keeps them beside the cash: shown, never counted."""
        self.followed: dict[int, Followed] = {}
        self.called_off: set[int] = set()
        """Requests for bars that were cancelled: the venue confirms it as an error."""
        self.times: list[asyncio.Future[datetime]] = []
        self.executions_request: int | None = None
        self.unreadable = 0
        self.ordered: dict[str, Symbol] = {}
        """Instruments of the orders placed over this link, by client order id."""
        self.on_doubt: Callable[[Symbol | None], None] = lambda _: None
        """Hears of an instrument when the venue refuses what was asked for in its name."""

    # The link itself.

    def nextValidId(self, order_id: int) -> None:
        self._identities.at_least(order_id)
        self._opening.next_id_came()

    def managedAccounts(self, accounts: str) -> None:
        self._opening.accounts_came(tuple(name for name in accounts.split(",") if name))

    def currentTime(self, seconds: int) -> None:
        now = datetime.fromtimestamp(seconds, UTC)
        waiting, self.times = self.times, []
        for future in waiting:
            if not future.done():
                future.set_result(now)

    def error(self, request: int, code: int, text: str, advanced: str = "") -> None:
        """An error, a warning or an information: to whom it concerns."""
        words = f"{text} {advanced}".strip() if advanced else text
        if code == _DUPLICATE_ORDER_ID:
            self._identities.was_used(request)
        if self._requests.waits_for(request):
            if self._errors.rule(code).ends_request:
                self._requests.refuse(request, code, words)
            else:
                book = self.books.get(request)
                if book is not None:
                    book.clear()  # what the venue says of a book that goes on is: begin anew
                self._sink.notice(self._errors.notice(code, words))
            return
        if request in self.called_off:
            return
        followed = self.followed.get(request)
        rule = self._errors.rule(code)
        if followed and (rule.ends_request or rule.effect is NoticeEffect.RESUBSCRIBE):
            followed.refused(code, words)
            return
        reference = self._identities.of_error(request)
        if reference is not None and self._errors.rule(code).scope not in ("link", "farm"):
            self._sink.order_fact(self._errors.notice(code, words, client_order_id=reference))
            if code in _DOUBTS:
                self.on_doubt(self.ordered.get(reference))
            return
        level = self.levels.get(request)
        symbol = level.symbol if level is not None else None
        if code in _DOUBTS:
            self.on_doubt(symbol)
        notice = self._errors.notice(code, words, symbol=symbol)
        self._opening.error_came(notice)
        self._sink.notice(notice)

    def failed(self, fields: list[str], error: Exception) -> None:
        """A message could not be read."""
        self.unreadable += 1
        kind = fields[0] if fields else ""
        if kind in _LIST_OF_KIND:
            self._requests.spoil(_LIST_OF_KIND[kind])
        if kind in _OF_EXECUTIONS and self.executions_request is not None:
            self._requests.spoil(self.executions_request)
        if kind in _NUMBERED and len(fields) > 1 and fields[1].isdigit():
            self._requests.spoil(int(fields[1]))
            if kind == "17":
                self._requests.end(int(fields[1]))
        self._sink.notice(
            self._errors.notice(
                UNREADABLE, f"A message of kind {kind[:20]!r} could not be read: {error!r}"
            )
        )

    def execution_time(self, text: str) -> datetime:
        """When an execution was; if nobody can read that, now: the trade counts all the same."""
        try:
            return time_of(text, self._zone)
        except ValueError as error:
            self._sink.notice(self._errors.notice(UNREADABLE, f"The time of an execution: {error}"))
            return self._clock.now()

    # Orders.

    def orderStatus(
        self,
        order_id: int,
        status: str,
        filled: float,
        remaining: float,
        average_price: float,
        permanent_id: int,
        parent_id: int,
        last_price: float,
        client_id: int,
        why_held: str,
        price_cap: float = 0.0,
    ) -> None:
        message = StatusMessage(
            order_id, status, filled, remaining, average_price, permanent_id, client_id, why_held
        )
        report = status_report(message, self._identities)
        # What is filled stands here alone, also of the orders of a list.
        self._requests.row(OPEN_ORDERS, report)
        self._sink.order_fact(report)

    def openOrder(self, order_id: int, contract: Contract, order: Order, state: OrderState) -> None:
        if order.whatIf:
            # The first may come before the margins are reckoned; the real one follows it.
            if is_reckoned(state):
                self._requests.row(order.orderId, state)
                self._requests.end(order.orderId)
            return
        report = self._of_our_account(
            order, open_order_report(contract, order, state, self._identities)
        )
        if not self._is_of_another_account(order):
            self._requests.row(OPEN_ORDERS, report)
        self._sink.order_fact(report)

    def openOrderEnd(self) -> None:
        self._requests.end(OPEN_ORDERS)

    def completedOrder(self, contract: Contract, order: Order, state: OrderState) -> None:
        report = self._of_our_account(
            order, completed_order_report(contract, order, state, self._identities)
        )
        self._requests.row(COMPLETED_ORDERS, report)
        self._sink.order_fact(report)

    def completedOrdersEnd(self) -> None:
        self._requests.end(COMPLETED_ORDERS)

    def _of_our_account(self, order: Order, report: OrderReport) -> OrderReport:
        # Whatever reference it carries: an order of another account is none of ours.
        if self._is_of_another_account(order):
            return replace(report, client_order_id=None, foreign=True)
        return report

    def _is_of_another_account(self, order: Order) -> bool:
        return bool(self.account) and order.account not in ("", self.account)

    def execDetails(self, request: int, contract: Contract, execution: Execution) -> None:
        if self.account and execution.acctNumber not in ("", self.account):
            return  # an adviser's login tells of the trades of all its accounts
        report = execution_report(contract, execution, self._identities)
        self._requests.row(request, report)
        self._sink.order_fact(report)

    def execDetailsEnd(self, request: int) -> None:
        self._requests.end(request)

    def commissionReport(
        self, execution_id: str, commission: str, currency: str, realised: str
    ) -> None:
        report = commission_report(execution_id, commission, currency, realised)
        if report is not None:
            self._sink.order_fact(report)

    # The account.

    def position(self, account: str, contract: Contract, held: float, cost: float) -> None:
        if account != self.account:
            return
        report = position_report(account, contract, held, cost)
        if report is None:
            self.virtual_positions[describe(contract)] = held
            return
        self._requests.row(POSITIONS, report)
        self._sink.position(report)

    def positionEnd(self) -> None:
        self._requests.end(POSITIONS)

    def updateAccountValue(self, tag: str, text: str, currency: str, account: str) -> None:
        if account != self.account:
            return
        value = AccountValue(account, tag, text, currency)
        self._requests.row(ACCOUNT, value)
        self._sink.account_value(value)

    def accountDownloadEnd(self, account: str) -> None:
        self._requests.end(ACCOUNT)

    # Instruments and history.

    def contractDetails(self, request: int, details: ContractDetails) -> None:
        self._requests.row(request, details)

    def contractDetailsEnd(self, request: int) -> None:
        self._requests.end(request)

    def symbolSamples(self, request: int, samples: list[ContractDescription]) -> None:
        for sample in samples:
            self._requests.row(request, sample)
        self._requests.end(request)

    def marketRule(self, rule: int, steps: list[PriceIncrement]) -> None:
        for step in steps:
            self._requests.row(("market_rule", rule), step)
        self._requests.end(("market_rule", rule))

    def historicalData(self, request: int, bars: list[tuple[str, ...]]) -> None:
        for bar in bars:
            self._requests.row(request, bar)
        self._requests.end(request)

    # The book in depth.

    def updateMktDepth(
        self, request: int, position: int, operation: int, side: int, price: float, size: float
    ) -> None:
        book = self.books.get(request)
        if book is not None:
            book.change(position, operation, side, price, size)

    def updateMktDepthL2(
        self,
        request: int,
        position: int,
        maker: str,
        operation: int,
        side: int,
        price: float,
        size: float,
        smart: bool,
    ) -> None:
        self.updateMktDepth(request, position, operation, side, price, size)

    # Bars that are followed.

    def historicalDataUpdate(self, request: int, bar: tuple[str, ...]) -> None:
        followed = self.followed.get(request)
        if followed is not None:
            followed.update(bar)

    # Quotes: called for each tick, so nothing here makes an object.

    def price(self, request: int, kind: int, value: float, size: float) -> None:
        level = self.levels.get(request)
        if level is not None and level.price(kind, value, size) and not level.changed:
            level.changed = True
            self._changed.append(level)

    def size(self, request: int, kind: int, value: float) -> None:
        level = self.levels.get(request)
        if level is not None and level.size(kind, value) and not level.changed:
            level.changed = True
            self._changed.append(level)

    def tickGeneric(self, request: int, kind: int, value: float) -> None:
        self._change(request, lambda level: level.generic(kind, value))

    def marketDataType(self, request: int, kind: int) -> None:
        self._change(request, lambda level: level.kind_of_data(kind))

    def packet_done(self) -> None:
        """One quote for each instrument that changed in the packet."""
        if not self._changed:
            return
        changed, self._changed = self._changed, []
        now, monotonic = self._clock.now(), self._clock.monotonic()
        for level in changed:
            level.changed = False
            self._sink.quote(level.quote(now, monotonic))

    def _change(self, request: int, change: Callable[[Level1], bool]) -> None:
        level = self.levels.get(request)
        if level is not None and change(level) and not level.changed:
            level.changed = True
            self._changed.append(level)

    def fail_times(self, error: Exception) -> None:
        """The link is gone: nobody will tell the time."""
        waiting, self.times = self.times, []
        for future in waiting:
            if not future.done():
                future.set_exception(error)
