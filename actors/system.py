"""The actor system: seats by name, delivery between them, and what is lost on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pykka
from loguru import logger

from actors.dead_letters import DeadLetter, DeadLetters
from actors.lanes import Inspect, Lane, Message, Quarantined, Released
from actors.mailbox import Envelope, Mailbox, Put, Reply
from actors.messages.quarantine import EndQuarantine
from actors.seat import Seat
from runtime.interface import Runtime

if TYPE_CHECKING:
    from actors.base import Actor


class NobodyThere(Exception):
    """No such seat, or it is closed for good."""


class TooBusy(Exception):
    """Too many queries wait at this seat: ask again later."""


class ActorSystem:
    """One process's seats. Every method may be called from any thread."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.dead_letters = DeadLetters()
        self._lock = threading.Lock()
        self._seats: dict[str, Seat] = {}
        self._ended = threading.Event()
        self._explained = threading.Event()
        self._exit_code: int | None = None
        self.parting_code = 0
        """With which code the process ends when the tree has been stopped in order."""
        self.stopping_in_order = False
        """The top of the tree was asked to stop, and had not given up before."""
        self.on_quarantine: tuple[str, ...] = ()
        """Seats that are told when a fact about money is quarantined, or put back."""
        self.quarantine_keeper = ""
        """The seat that writes down each quarantined fact; empty where none does."""
        self.of_money: frozenset[str] = frozenset()
        """Seats whose facts are about money: lost or late, they shut the venue. No others do."""
        self.on_pressure: tuple[str, ...] = ()
        """Seats that are told when facts pile up somewhere."""

    # -- seats ---------------------------------------------------------------------------

    def seat(self, name: str, parent: str = "") -> Seat:
        """The seat of that name, made at the first call."""
        with self._lock:
            seat = self._seats.get(name)
            if seat is None:
                seat = self._seats[name] = Seat(name=name, parent=parent, mailbox=Mailbox())
            return seat

    def seats(self) -> list[Seat]:
        """All seats, in the order of their making."""
        with self._lock:
            return list(self._seats.values())

    def find(self, name: str) -> Seat | None:
        """The seat of that name, if there is one."""
        with self._lock:
            return self._seats.get(name)

    # -- delivery ------------------------------------------------------------------------

    def tell(
        self, name: str, message: Message, *, sender: str = "outside", correlation: str = ""
    ) -> Put:
        """Put a message into a seat's mailbox. Never blocks, never raises."""
        return self._put(name, self._envelope(message, sender, correlation))

    def ask(
        self, name: str, message: Message, *, sender: str = "outside", correlation: str = ""
    ) -> pykka.Future[Any]:
        """Ask from outside: the answer comes in the future; always `get` it with a timeout.

        Actors never ask; they send a message and are sent one back.
        """
        future: pykka.ThreadingFuture[Any] = pykka.ThreadingFuture()
        self.ask_into(name, message, future, sender=sender, correlation=correlation)
        return future

    def ask_into(
        self,
        name: str,
        message: Message,
        reply: Reply,
        *,
        sender: str = "outside",
        correlation: str = "",
    ) -> None:
        """Ask, with the answer or the refusal going into `reply`."""
        envelope = self._envelope(message, sender, correlation, reply)
        put = self._put(name, envelope)
        if put is Put.REFUSED:
            fail(reply, TooBusy(f"Too many questions wait at {name}. Ask again later."))

    def inspect(self, name: str) -> pykka.Future[Any]:
        """Ask a seat how it is."""
        return self.ask(name, Inspect())

    def lose(self, seat: str, envelope: Envelope, cause: str, *, quarantined: bool = False) -> None:
        """To the dead letters, with the cause; an asker is told."""
        if quarantined:
            envelope.letter = envelope.letter or self.runtime.new_id()
            envelope.quarantines += 1
        letter = self.dead_letters.add(
            envelope.letter if quarantined else self.runtime.new_id(),
            self.runtime.clock.now(),
            seat,
            envelope,
            cause,
            quarantined=quarantined,
        )
        if envelope.reply_to is not None:
            fail(envelope.reply_to, NobodyThere(f"{seat} did not handle it: {cause}"))
        if quarantined:
            self._tell_quarantined(letter, envelope)

    def release(self, id: str, who: str, reason: str) -> DeadLetter | None:
        """Put a quarantined fact back to its seat, once more; None where there is none of that id.

        Should it crash its handler again, it is quarantined again, under the same id.
        """
        letter = self.dead_letters.find(id)
        envelope = self.dead_letters.release(id)
        if letter is None or envelope is None:
            return None
        # Before it is put back: that it is kept apart again may be told at once.
        if self.quarantine_keeper:
            ended = EndQuarantine(id, who, "released", reason)
            self.tell(self.quarantine_keeper, ended, sender=letter.seat)
        envelope.put_at = self.runtime.clock.monotonic()
        self._put(letter.seat, envelope)
        for name in self.on_quarantine if letter.seat in self.of_money else ():
            self.tell(name, Released(letter.seat, id), sender=letter.seat)
        return letter

    def _tell_quarantined(self, letter: DeadLetter, envelope: Envelope) -> None:
        seat, message = letter.seat, envelope.message
        money = seat in self.of_money
        logger.bind(seat=seat, correlation=letter.correlation).critical(
            "A fact crashed its handler twice and is quarantined as {}: {}. {}",
            letter.id,
            letter.summary,
            "Its venue is not traded until it is reconciled." if money else "Trading goes on.",
        )
        told = Quarantined(
            seat,
            letter.id,
            letter.summary,
            content=letter.content,
            cause=letter.cause,
            correlation=letter.correlation,
            times=letter.times,
            what=message,
        )
        for name in self.on_quarantine if money else ():
            self.tell(name, told, sender=seat)
        # What is said of one that is kept is no reason to say that it is kept.
        if self.quarantine_keeper and not isinstance(message, Quarantined):
            self.tell(self.quarantine_keeper, told, sender=seat)

    # -- the end -------------------------------------------------------------------------

    def retire(self, name: str) -> None:
        """Nobody will sit here again, nor on any seat below: close them, and tell who waits.

        Only what fills the seat opens it again.
        """
        below = [seat for seat in self.seats() if seat.parent == name and seat.name != name]
        for seat in below:
            self.retire(seat.name)
        retired = self.find(name)
        if retired is not None:
            for envelope in retired.mailbox.close():
                if envelope.is_missed:
                    self.lose(name, envelope, "the seat is closed for good")

    def end(self, exit_code: int, explain: Callable[[], None] | None = None) -> None:
        """The process should end with this code; the first one counts.

        `explain` writes down why. It is called after the end is on its way, on this thread: no
        log that hangs keeps the process from ending.
        """
        with self._lock:
            first = self._exit_code is None
            if first:
                self._exit_code = exit_code
        self._ended.set()
        try:
            if explain is not None:
                explain()
        finally:
            if first:
                self._explained.set()

    def wait_for_explanation(self, timeout: float) -> bool:
        """Block until whoever ended the process has written down why, at most this long."""
        return self._explained.wait(timeout)

    @property
    def ending(self) -> bool:
        """Somebody has called `end`: nothing is started any more."""
        return self._ended.is_set()

    def wait_for_end(self, timeout: float | None = None) -> int | None:
        """Block until somebody calls `end`; its code, or None when the time is over."""
        return self._exit_code if self._ended.wait(timeout) else None

    def fill(self, seat: Seat, build: Callable[[ActorSystem, Seat], Actor]) -> Actor:
        """Seat a new incarnation and let it run. The caller is the seat's supervisor."""
        seat.incarnation += 1
        seat.handling = None
        seat.mailbox.open()
        actor = build(self, seat)
        seat.occupant = actor
        seat.mailbox.seat_reader(actor)
        actor.launch()
        return actor

    def _envelope(
        self, message: Message, sender: str, correlation: str, reply: Reply | None = None
    ) -> Envelope:
        return Envelope(message, reply, sender, correlation, self.runtime.clock.monotonic())

    def _put(self, name: str, envelope: Envelope) -> Put:
        seat = self.find(name)
        put = seat.mailbox.put(envelope) if seat is not None else Put.CLOSED
        if seat is None and envelope.lane is not Lane.QUOTE:
            self.lose(name, envelope, "no such seat")
        elif put is Put.CLOSED and envelope.is_missed:
            # As in `retire`: whether it comes just before the end or just after is chance.
            self.lose(name, envelope, "closed")
        return put


def fail(reply: Reply, error: Exception) -> None:
    """Answer with an error."""
    reply.set_exception((type(error), error, None))
