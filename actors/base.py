"""The base of every actor: Pykka's actor, with crashes caught whatever their kind.

What Pykka leaves open is closed here (each has a test that runs on bare Pykka too):
any `BaseException` ends this actor alone; a failed start is reported; an exception in an
answered message answers *and* crashes; the mailbox is the seat's, bounded and in lanes.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, TypeVar

import pykka
from loguru import logger

from actors.lanes import (
    ChildExited,
    ChildStarted,
    Command,
    Exit,
    ExitKind,
    Inspect,
    Lane,
    Message,
    State,
    Stop,
    TaskFailed,
    TimerDue,
    Wake,
)
from actors.mailbox import Envelope
from actors.seat import Published, Seat
from actors.system import ActorSystem, fail
from runtime.interface import Timer

M = TypeVar("M", bound=Message)
_PUBLISH_EVERY = 1.0


class Declared(Exception):
    """An error that a handler raises on purpose: it answers, and crashes nothing."""


class NotNow(Declared):
    """It cannot be answered at the moment, through no fault of the question."""


def on(kind: type[M]) -> Callable[[Callable[[Any, M], Any]], Callable[[Any, M], Any]]:
    """Mark a method as the handler of one type of message."""

    def mark(method: Callable[[Any, M], Any]) -> Callable[[Any, M], Any]:
        method.__dict__.setdefault("handles", []).append(kind)
        return method

    return mark


class Actor(pykka.Actor):
    """One incarnation on a seat. Subclasses mark their handlers with `on`.

    Handlers run one at a time, on this actor's thread alone, and wait for nobody.
    """

    on_loop: ClassVar[bool] = False
    """It runs on an event loop of its own, and may start coroutines there."""
    owns_handle: ClassVar[bool] = False
    """It owns something of the outside world: wedged, it is not replaced beside its ghost."""
    budget_seconds: float = 5.0
    """A handler that takes longer is wedged."""
    _handlers: ClassVar[dict[type[Message], Callable[[Any, Any], Any]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        handlers = dict(cls._handlers)
        for name, method in vars(cls).items():
            for kind in getattr(method, "handles", ()):
                handlers[kind] = getattr(cls, name)
        cls._handlers = handlers

    def __init__(self, system: ActorSystem, seat: Seat) -> None:
        super().__init__()
        self.system = system
        self.seat = seat
        self.incarnation = seat.incarnation
        self.name = f"{seat.name}#{seat.incarnation}"
        self.actor_urn = self.name
        self.actor_inbox = seat.mailbox  # type: ignore[assignment]  # Pykka's word for it
        self._actor_ref = pykka.ActorRef(self)
        self.runtime = system.runtime
        self.clock = system.runtime.clock
        self.log = logger.bind(seat=seat.name, incarnation=seat.incarnation)
        self.correlation = ""
        self.fenced = False
        """Replaced while it hung: what it still does is dropped, facts excepted."""
        self._exit: Exit | None = None
        self._timers: dict[str, tuple[int, Timer]] = {}
        self._armings = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._begun = False

    # -- for subclasses ------------------------------------------------------------------

    def describe(self) -> State:
        """What this actor says of itself: plain values, for `Inspect` and the hook."""
        return {}

    def on_timer(self, name: str) -> None:
        """A timer of that name is due."""

    def on_expired(self, command: Command) -> Any:
        """A command's deadline passed while it waited; it will not be handled."""
        self.log.info("{} came too late and is not carried out.", type(command).__name__)

    def on_settled(self) -> None:
        """After each message, when no fact waits any more."""

    def tell(self, name: str, message: Message) -> None:
        """Send a message to a seat, with the correlation of the one being handled."""
        if self.fenced and message.lane is not Lane.FACT:
            envelope = Envelope(message, None, self.seat.name, self.correlation)
            self.system.lose(name, envelope, f"sent by {self.name}, which has been replaced")
            return
        self.system.tell(name, message, sender=self.seat.name, correlation=self.correlation)

    def after(self, seconds: float, name: str) -> None:
        """Have `on_timer(name)` called once; arming it again replaces it."""
        self.cancel_timer(name)
        self._armings += 1
        due = TimerDue(name, self.incarnation, self._armings)
        timer = self.runtime.call_later(
            seconds, lambda: self.system.tell(self.seat.name, due, sender="timer")
        )
        self._timers[name] = (self._armings, timer)

    def cancel_timer(self, name: str) -> None:
        """Disarm it; harmless when it is not armed."""
        armed = self._timers.pop(name, None)
        if armed is not None:
            armed[1].cancel()

    def end(self, exit: Exit) -> None:
        """End after what is being handled; the first reason counts."""
        if self._exit is None:
            self._exit = exit
            self.system.tell(self.seat.name, Wake(), sender=self.seat.name)

    def run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start a coroutine on this actor's loop; an error in it crashes the actor."""
        task = asyncio.get_running_loop().create_task(self._contained(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # One that is cancelled before its first step never came to its work.
        task.add_done_callback(lambda _: work.close())
        return task

    # -- what the runtime drives ---------------------------------------------------------

    def launch(self) -> None:
        """Register with Pykka and run."""
        pykka.ActorRegistry.register(self.actor_ref)
        self._start_actor_loop()

    def begin(self) -> bool:
        """Run `on_start`; tell the supervisor when it worked."""
        self.seat.started_at = self.clock.monotonic()
        try:
            self.on_start()
        except BaseException as error:  # Pykka's trap: each kind must be seen
            self._crash(ExitKind.START_FAILED, error, "on_start")
            return False
        self._begun = True
        self._publish(self.clock.monotonic(), force=True)
        self.acknowledge_start()
        return self._exit is None

    def acknowledge_start(self) -> None:
        """Tell the supervisor: built, and receiving."""
        if self.seat.parent:
            started = ChildStarted(self.seat.name, self.incarnation)
            self.system.tell(self.seat.parent, started, sender=self.seat.name)

    @property
    def at_work(self) -> bool:
        """It has been started, and takes messages until further notice; any thread may ask."""
        return self._begun and self._exit is None and not self.fenced

    def step(self) -> bool:
        """Handle at most one message; False when this incarnation has ended."""
        if self._exit is not None or self.fenced:
            return False
        envelope = self.seat.mailbox.take(self)
        if envelope is not None:
            self._handle(envelope)
        return self._exit is None and not self.fenced

    def pending(self) -> bool:
        """Something waits, or the end has come."""
        return self._exit is not None or self.fenced or self.seat.mailbox.has_any()

    def wait(self) -> None:
        """Block until something waits."""
        self.seat.mailbox.wait(self)

    def on_ready(self, wake: Callable[[], None] | None) -> None:
        """Be woken by each put."""
        self.seat.mailbox.on_put(self, wake)

    def leave(self) -> None:
        """Run `on_stop`, if the start was done."""
        try:
            if self._begun:
                self.on_stop()
        except BaseException as error:  # a bad goodbye must not hide the end
            self.log.opt(exception=error).error("on_stop failed.")

    def fence(self) -> None:
        """Called by the supervisor when this incarnation hangs: another takes the seat.

        What it still sends is dropped, but for facts. A fact that it was handling is handled anew,
        once; whoever asked what it was handling is told.
        """
        self.fenced = True
        self.seat.exits[ExitKind.WEDGED.value] += 1
        # A stop that the ghost never read must not end its successor.
        self._drop_what_was_for_this_one("it was replaced while it hung")
        in_hand = self.seat.mailbox.seat_reader(None)
        if in_hand is None:
            return
        if in_hand.lane is Lane.FACT and not in_hand.redelivered:
            in_hand.redelivered = True
            self.seat.mailbox.put_back(in_hand)
        elif in_hand.is_missed:
            fact = in_hand.lane is Lane.FACT
            self.system.lose(self.seat.name, in_hand, "its handler hung", quarantined=fact)

    def finish(self) -> None:
        """The last thing on this thread: tell the supervisor why it ended."""
        exit = self._exit or Exit(ExitKind.WEDGED, "fenced", "It was replaced while it hung.")
        for name in list(self._timers):
            self.cancel_timer(name)
        pykka.ActorRegistry.unregister(self.actor_ref)
        if self.fenced:
            self.actor_stopped.set()
            return
        self.seat.handling = None
        self.seat.last_exit = exit
        self.seat.exits[exit.kind.value] += 1
        self._drop_what_was_for_this_one(f"the actor ended: {exit.sentence}")
        # Only now: whoever sees it may seat the next incarnation at once.
        self.actor_stopped.set()
        if self.seat.parent:
            gone = ChildExited(self.seat.name, self.incarnation, exit)
            self.system.tell(self.seat.parent, gone, sender=self.seat.name)
        else:
            self.system.retire(self.seat.name)

    def _drop_what_was_for_this_one(self, cause: str) -> None:
        for envelope in self.seat.mailbox.clear_for_restart(self):
            self.system.lose(self.seat.name, envelope, cause)

    # -- Pykka's hooks -------------------------------------------------------------------

    @staticmethod
    def _create_actor_inbox() -> Any:
        return None  # the seat's mailbox takes its place at once

    @staticmethod
    def _create_future() -> pykka.Future[Any]:
        return pykka.ThreadingFuture()

    def _start_actor_loop(self) -> None:
        if self.on_loop:
            self.runtime.drive_on_loop(self)
        else:
            self.runtime.drive(self)

    def on_receive(self, message: Any) -> Any:
        """Give the message to its handler (Pykka's word)."""
        handler = self._handlers.get(type(message))
        if handler is None:
            raise TypeError(f"{self.seat.name} has no handler for {type(message).__name__}")
        return handler(self, message)

    # -- one message ---------------------------------------------------------------------

    def _handle(self, envelope: Envelope) -> None:
        message = envelope.message
        self.correlation = envelope.correlation
        begun = self.clock.monotonic()
        kind = type(message).__name__
        self.seat.handling = (kind, begun)
        try:
            answer = self.on_expired(message) if envelope.expired(begun) else self._receive(message)
            if self.seat.mailbox.depth(Lane.FACT) == 0:
                self.on_settled()
        except Declared as error:
            if not self.seat.mailbox.done(self):
                self.log.warning("{} was refused by one that is fenced: {}", kind, error)
            elif envelope.reply_to is not None:
                fail(envelope.reply_to, error)
            else:
                self.log.warning("{} was refused: {}", kind, error)
        except BaseException as error:  # CancelledError, SystemExit and all
            self._poisoned(envelope, error)
        else:
            if self.seat.mailbox.done(self) and envelope.reply_to is not None:
                envelope.reply_to.set(answer)
        ended = self.clock.monotonic()
        if self.fenced:
            return
        self.seat.handling = None
        self.seat.handled[kind] += 1
        self.seat.handle_seconds.append(ended - begun)
        self.seat.handle_histogram.observe(ended - begun)
        self._publish(ended)

    def _receive(self, message: Any) -> Any:
        if isinstance(message, TimerDue):
            armed = self._timers.get(message.name)
            if message.incarnation == self.incarnation and armed and armed[0] == message.arming:
                del self._timers[message.name]
                self.on_timer(message.name)
            return None
        if isinstance(message, Inspect):
            return self.describe()
        if isinstance(message, Stop):
            return self.on_stop_asked()
        if isinstance(message, TaskFailed):
            if message.incarnation == self.incarnation:
                raise message.error
            return None
        if isinstance(message, Wake):
            return None
        return self._handle_receive(message)

    def _stop(self) -> None:
        # Pykka's own stop message (ActorRef.stop) is an orderly end like any other.
        self.on_stop_asked()

    def on_stop_asked(self) -> None:
        """End in order. Supervisors stop their children first."""
        self.end(Exit(ExitKind.SHUTDOWN))

    def _poisoned(self, envelope: Envelope, error: BaseException) -> None:
        kind = type(envelope.message).__name__
        self._crash(ExitKind.CRASHED, error, f"handling {kind}")
        if not self.seat.mailbox.done(self):
            return
        cause = f"crashed its handler: {error!r}"
        if envelope.reply_to is not None:
            reply, envelope.reply_to = envelope.reply_to, None
            reply.set_exception((type(error), error, error.__traceback__))
        if envelope.lane is Lane.FACT and not envelope.redelivered:
            envelope.redelivered = True
            self.seat.mailbox.put_back(envelope)
        elif not isinstance(envelope.message, TaskFailed):
            fact = envelope.lane is Lane.FACT
            self.system.lose(self.seat.name, envelope, cause, quarantined=fact)

    def _crash(self, kind: ExitKind, error: BaseException, where: str) -> None:
        self._exit = Exit(kind, type(error).__name__, f"{where}: {error!r}")
        self.seat.last_error = "".join(traceback.format_exception(error))[-4000:]
        self.log.bind(correlation=self.correlation).opt(exception=error).error(
            "{} crashed while {}.", self.seat.name, where
        )

    async def _contained(self, work: Coroutine[Any, Any, None]) -> None:
        """Have an error crash the actor, whatever its kind.

        asyncio takes a `CancelledError` for a wish, and lets `SystemExit` out of the loop.
        """
        try:
            await work
        except BaseException as error:
            if self._exit is not None:
                return  # it has ended, and its tasks are called off
            failed = TaskFailed(self.incarnation, error)
            self.system.tell(self.seat.name, failed, sender=self.seat.name)

    def _publish(self, now: float, *, force: bool = False) -> None:
        published = self.seat.published
        if force or published is None or now - published.at >= _PUBLISH_EVERY:
            try:
                self.seat.published = Published(self.describe(), now)
            except BaseException as error:  # a broken account of itself is a bug too
                self._crash(ExitKind.CRASHED, error, "describing itself")
