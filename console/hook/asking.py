"""Asking seats from the hook's loop: never blocking it, and never without a limit."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from actors import names
from actors.base import Declared, NotNow
from actors.lanes import Inspect, Message
from actors.messages import (
    GetDesk,
    GetExplanation,
    GetFills,
    GetForeignFills,
    GetOrder,
    GetOrderDetail,
    GetOrders,
    GetQuotes,
    GetRefusal,
    RecordAudit,
)
from actors.system import ActorSystem, NobodyThere, TooBusy
from adapters.book import Explanation, Fill, ForeignFill, OrderDetail
from console.hook.options import HookOptions
from console.hook.problems import Refused
from console.pages import remembered
from console.phones import Note
from domain.orders import Order, OrderState
from domain.quotes import Quote
from domain.symbols import Symbol
from domain.views import DeskView

WHO_ASKS: ContextVar[str] = ContextVar("who_asks", default="hook (no token)")
"""The name of the visitor of the request in hand: a token's or a device's."""


@dataclass(frozen=True, slots=True)
class _Answer:
    value: Any = None
    error: BaseException | None = None


class LoopReply:
    """Where an answer goes: any thread may give it, the loop that made this gets it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[_Answer] = self._loop.create_future()

    def set(self, value: Any = None) -> None:
        """Give the answer."""
        self._give(_Answer(value))

    def set_exception(self, exc_info: Any = None) -> None:
        """Give the error, as `(type, error, traceback)`."""
        self._give(_Answer(error=exc_info[1]))

    async def get(self, seconds: float) -> Any:
        """Wait for the answer.

        Raises:
            TimeoutError: it did not come in time; if it comes later nobody hears it.
            BaseException: what the seat raised.
        """
        answer = await asyncio.wait_for(self._future, seconds)
        if answer.error is not None:
            raise _SeatRaised(answer.error)
        return answer.value

    def _give(self, answer: _Answer) -> None:
        try:
            self._loop.call_soon_threadsafe(self._resolve, answer)
        except RuntimeError:
            return  # the hook has ended meanwhile: nobody waits for it

    def _resolve(self, answer: _Answer) -> None:
        if not self._future.done():
            self._future.set_result(answer)


class _SeatRaised(Exception):
    """Carries any kind of error out of a future: some kinds would end the loop."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(repr(error))
        self.error = error


class Asking:
    """The questions of the hook, each with a time limit and a refusal for each way to fail."""

    def __init__(self, system: ActorSystem, options: HookOptions, seat_name: str) -> None:
        self.system = system
        self.options = options
        self.clock = system.runtime.clock
        self._me = seat_name
        self.remembered = remembered.Remembered(self.clock, options.page_seconds)
        """What the parts of the pages said last."""

    def tell(self, name: str, message: Message) -> None:
        """Send, and wait for nothing."""
        self.system.tell(name, message, sender=self._me)

    def who(self) -> str:
        """Who asks, as far as the hook can know: the token or the device that was let in."""
        return WHO_ASKS.get()

    def audit(self, what: str, detail: str) -> None:
        """Have it written down that a person did something over the hook."""
        self.tell(self.options.ledger, RecordAudit(who=self.who(), what=what, detail=detail))

    def audit_note(self, note: Note) -> None:
        """Have it written down what was done to the pairings, by whoever did it."""
        self.tell(self.options.ledger, RecordAudit(note.who, note.what, note.detail))

    async def ask(self, name: str, message: Message, seconds: float | None = None) -> Any:
        """Ask a seat.

        Raises:
            Refused: `SEAT_SLOW`, `SEAT_BUSY`, `SEAT_DOWN` or what the seat itself declares.
        """
        limit = self.options.answer_seconds if seconds is None else seconds
        reply = LoopReply()
        self.system.ask_into(name, message, reply, sender=self._me)
        try:
            return await reply.get(limit)
        except TimeoutError:
            raise Refused(
                503,
                "SEAT_SLOW",
                f"The seat {name} did not answer within {limit:g} s.",
                "Try again; if it stays so, look at `kelpie actors`.",
                headers={"Retry-After": "1"},
            ) from None
        except _SeatRaised as raised:
            raise _refusal_for(name, raised.error) from raised.error

    async def inspect(self, name: str) -> tuple[Any, float, bool]:
        """What a seat says of itself, its age in seconds, and whether it answered just now."""
        try:
            return await self.ask(name, Inspect()), 0.0, True
        except Refused:
            seat = self.system.find(name)
            published = seat.published if seat is not None else None
            if published is None:
                return None, 0.0, False
            return published.state, self.clock.monotonic() - published.at, False

    async def desk(self) -> DeskView:
        """All that the desk decides by."""
        view = await self.ask(self.options.desk, GetDesk())
        assert isinstance(view, DeskView)
        return view

    async def order(self, client_order_id: str) -> Order | None:
        """One order of the ledger."""
        order = await self.ask(self.options.ledger, GetOrder(client_order_id))
        assert order is None or isinstance(order, Order)
        return order

    async def detail(self, client_order_id: str) -> OrderDetail | None:
        """One order with all that the ledger has about it."""
        detail = await self.ask(self.options.ledger, GetOrderDetail(client_order_id))
        assert detail is None or isinstance(detail, OrderDetail)
        return detail

    async def explanation(self, client_order_id: str) -> Explanation | None:
        """All that the ledger has about how an order came about."""
        told = await self.ask(self.options.ledger, GetExplanation(client_order_id))
        assert told is None or isinstance(told, Explanation)
        return told

    async def refusal(self, client_order_id: str) -> Mapping[str, Any] | None:
        """A proposal that was refused, as JSON has it; None where it is not known any more."""
        if self.system.find(self.options.telemetry) is None:
            return None
        told = await self.ask(self.options.telemetry, GetRefusal(client_order_id))
        assert told is None or isinstance(told, Mapping)
        return told

    async def orders(
        self, limit: int, symbol: Symbol | None, state: OrderState | None
    ) -> tuple[Order, ...]:
        """Orders of the ledger, newest first."""
        return tuple(await self.ask(self.options.ledger, GetOrders(limit, symbol, state)))

    async def fills(
        self, limit: int, symbol: Symbol | None, client_order_id: str | None
    ) -> tuple[Fill, ...]:
        """Fills of the ledger, newest first."""
        question = GetFills(limit, symbol, client_order_id)
        return tuple(await self.ask(self.options.ledger, question))

    async def foreign_fills(self, limit: int, symbol: Symbol | None) -> tuple[ForeignFill, ...]:
        """What others traded in the account, newest first."""
        question = GetForeignFills(limit, symbol)
        return tuple(await self.ask(self.options.ledger, question))

    async def quotes(self, venue: str) -> tuple[tuple[Quote, bool], ...]:
        """The quotes of a venue, each with whether it is stale."""
        return tuple(await self.ask(names.quotes(venue), GetQuotes()))


def _refusal_for(name: str, error: BaseException) -> Refused:
    if isinstance(error, TooBusy):
        return Refused(503, "SEAT_BUSY", str(error), headers={"Retry-After": "1"})
    if isinstance(error, NobodyThere):
        return Refused(
            503,
            "SEAT_DOWN",
            f"The seat {name} is not there to answer.",
            "It comes back by itself; `kelpie actors` shows when.",
            headers={"Retry-After": "1"},
        )
    if isinstance(error, NotNow):
        return Refused(503, "SEAT_UNABLE", str(error), headers={"Retry-After": "1"})
    if isinstance(error, Declared):
        return Refused(409, "SEAT_REFUSED", str(error))
    return Refused(
        503,
        "SEAT_CRASHED",
        f"The seat {name} crashed over the question ({type(error).__name__}).",
        "It is started again; the log has the cause.",
        headers={"Retry-After": "1"},
    )
