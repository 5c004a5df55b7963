"""Tells systemd how the process is: up, alive, at work on what, stopping.

It runs on the main thread, beside the tree and outside every actor, and asks without waiting. What
feeds systemd's watchdog is the truth of `/health/live` and nothing else: no hook, no gateway and
no market has a say in whether the process is ended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pykka
from loguru import logger

from actors import names
from actors.child import Phase
from actors.lanes import Inspect, Message
from actors.messages import GetDesk
from actors.system import ActorSystem
from actors.watch import Pulse, pulses
from domain.views import DeskView, VenueView
from runtime.notify import ServiceManager

LOOK_EVERY = 0.25
_STATUS_EVERY = 5.0
_EXTEND_EVERY = 5.0
_EXTEND_BY = 30.0
_ANSWER_WITHIN = 5.0


class Herald:
    """Looked at by the main thread, four times a second; never blocks, never raises."""

    def __init__(
        self,
        system: ActorSystem,
        manager: ServiceManager,
        *,
        mode: str,
        redact: Callable[[str], str] = str,
        desk: str = names.DESK,
    ) -> None:
        self._system = system
        self._clock = system.runtime.clock
        self._manager = manager
        self._mode = mode
        self._redact = redact
        self._desk = desk
        watchdog = manager.watchdog_seconds
        self._feed_every = watchdog / 3 if watchdog else None
        self._up = self._stopping = False
        self._status = ""
        self._question: _Question | None = None
        started = self._clock.monotonic()
        self._next_look = self._next_extension = self._next_status = self._next_feed = started

    def look(self) -> None:
        """Say what there is to say by now."""
        now = self._clock.monotonic()
        if self._stopping or now < self._next_look:
            return
        self._next_look = now + LOOK_EVERY
        hung = [each for each in pulses(self._system, now) if not each.answers]
        if not self._up:
            self._await_tree(now, hung)
            return
        self._feed(now, hung)
        try:
            self._tell_status(now, hung)
        except Exception as error:  # words for a person: no reason to end what trades
            logger.opt(exception=error).error("The status for systemd could not be told.")
            self._next_status = float("inf")

    def stopping(self) -> None:
        """The end was asked for, or has come by itself."""
        if not self._stopping:
            self._stopping = True
            self._manager.notifier.send("STOPPING=1", "STATUS=stopping")

    # -- until the tree is up ------------------------------------------------------------

    def _await_tree(self, now: float, hung: Sequence[Pulse]) -> None:
        answered, state = self._answer(now, names.ROOT, Inspect())
        if answered and _all_run(state):
            self._up = True
            self._manager.notifier.send("READY=1", f"STATUS={self._mode}: up")
            self._feed(now, hung)
        elif now >= self._next_extension and not hung:
            # A book that is brought up to date, or is checked after a crash, takes its time; each
            # seat has a limit of its own for its start, so this cannot go on for ever.
            self._next_extension = now + _EXTEND_EVERY
            extension = f"EXTEND_TIMEOUT_USEC={_EXTEND_BY * 1e6:.0f}"
            self._manager.notifier.send(extension, f"STATUS={self._mode}: starting")

    # -- from then on --------------------------------------------------------------------

    def _feed(self, now: float, hung: Sequence[Pulse]) -> None:
        """One that could not be sent, or not be answered for, is due still at the next look."""
        if self._feed_every is None or now < self._next_feed or hung:
            return
        if self._manager.notifier.send("WATCHDOG=1"):
            self._next_feed = now + self._feed_every

    def _tell_status(self, now: float, hung: Sequence[Pulse]) -> None:
        if hung:
            self._say(f"{self._mode}: {hung[0].seat} hangs in {hung[0].handling}")
        elif now >= self._next_status:
            answered, view = self._answer(now, self._desk, GetDesk())
            if answered:
                self._next_status = now + _STATUS_EVERY
            if isinstance(view, DeskView):
                self._say(f"{self._mode}: {sentence(view)}")

    def _say(self, status: str) -> None:
        if status != self._status and self._manager.notifier.send(f"STATUS={self._redact(status)}"):
            self._status = status

    def _answer(self, now: float, seat: str, message: Message) -> tuple[bool, Any]:
        """Whether what was asked at an earlier look is answered, and how; else it is asked."""
        question = self._question
        if question is None or question.seat != seat or now > question.limit:
            future = self._system.ask(seat, message, sender="herald")
            self._question = _Question(seat, future, now + _ANSWER_WITHIN)
            return False, None
        try:
            answer = question.future.get(timeout=0)
        except pykka.Timeout:
            return False, None
        except BaseException:  # whatever its handler died of, this thread does not
            answer = None
        self._question = None
        return True, answer


class _Question:
    """What was asked, and how long its answer is waited for (monotonic seconds)."""

    def __init__(self, seat: str, future: pykka.Future[Any], limit: float) -> None:
        self.seat, self.future, self.limit = seat, future, limit


def sentence(view: DeskView) -> str:
    """How it stands in a few words without money: `IB ready; 1 holding, 2 orders working`."""
    parts = [", ".join(_venue(each) for each in view.venues) or "no venue yet"]
    parts.append(
        f"{_count(sum(1 for each in view.positions if each.managed), 'holding')}, "
        f"{_count(view.working_orders, 'order')} working"
    )
    if view.paused:
        parts.append("no new entries: paused")
    return "; ".join(parts)


def _venue(venue: VenueView) -> str:
    name = venue.venue.upper()
    return f"{name} ready" if venue.tradable else f"{name} not ready ({venue.reason})"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _all_run(state: Any) -> bool:
    children = state["children"] if state is not None else ()
    return bool(children) and all(each["phase"] == Phase.RUNNING.value for each in children)
