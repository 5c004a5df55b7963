"""Bars that are kept up to date: subscribed, told when they close, asked for again when silent.

A subscription may stand and bring nothing, after a restart above all; the venue says no word of
it. One that is silent while its market is open is asked for again, ever more slowly.
"""

from __future__ import annotations

from datetime import UTC, datetime

from actors import names
from actors.bar_queue import BarQueue, Work
from actors.base import Actor, on
from actors.following import Following
from actors.messages import (
    BarClosed,
    BarsEnded,
    BarUpdated,
    FindCoverage,
    FollowBars,
    KeepBars,
    Resubscribe,
    WantBars,
)
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.venue import BarSeries
from domain.bars import DAY, SeriesKey, Span
from domain.silence import Life, Step
from domain.symbols import Symbol
from domain.venue import InstrumentDetails

_LOOK_EVERY = 5.0
#: In seconds, and in bars: a thin share trades seldom, and each request counts for the pacing.
_SILENT_AFTER, _SILENT_BARS = 300.0, 2


class BarSubscriptions(Actor):
    """The series that are followed over one link. What may be asked when, the queue knows."""

    def __init__(self, system: ActorSystem, seat: Seat, *, venue: str) -> None:
        super().__init__(system, seat)
        self.venue = venue
        self._details: dict[Symbol, InstrumentDetails] = {}
        self._shut: dict[Symbol, tuple[Span, ...]] = {}
        self._queue = BarQueue(lambda symbol: self._shut.get(symbol, ()))
        self._following: dict[SeriesKey, Following] = {}
        self._lives: dict[SeriesKey, Life] = {}
        self._failures: dict[str, str] = {}

    def _go(self) -> None:
        """Ask for what may be asked now."""
        raise NotImplementedError

    def _give_up(self, key: SeriesKey, code: str, sentence: str, *, followed: bool) -> None:
        """There is no use in asking for a series."""
        raise NotImplementedError

    # -- whether it lives ----------------------------------------------------------------

    def _look_later(self) -> None:
        self.after(_LOOK_EVERY, "look")

    def _announced(self, details: InstrumentDetails) -> None:
        """When the market of an instrument is open: in its silence no bar is missed."""
        for key, life in self._lives.items():
            if key.symbol == details.symbol:
                life.sessions = details.sessions

    def _look(self) -> None:
        """Is one of them silent while its market is open?"""
        self._look_later()
        for key, life in self._lives.items():
            if life.look(self.clock.monotonic(), self.clock.now()) is not Step.NONE:
                self._again(key, "OTHER", "it is silent though its market is open")

    def _lives_from_now(self, key: SeriesKey) -> None:
        life = self._lives.get(key)
        if life is None:
            patience = max(_SILENT_AFTER, _SILENT_BARS * key.bar_seconds)
            sessions = self._details[key.symbol].sessions
            life = self._lives[key] = Life(key.symbol, patience, sessions)
        life.asked(self.clock.monotonic())

    # -- following -----------------------------------------------------------------------

    def _begin_following(self, key: SeriesKey, message: FollowBars) -> None:
        following = self._following.get(key)
        if following is None:
            following = self._following[key] = Following(key, message.timeframe, message.after)
            self._queue.follow(key, following.duration(self.clock.now().timestamp()))
        following.who.add(message.who)
        self._go()

    def _follows(self, key: SeriesKey, series: BarSeries) -> None:
        """The subscription stands: keep what came with it, and fill the gap before it."""
        following = self._following[key]
        self._lives_from_now(key)
        kept = following.began(series.bars)
        if kept is not None:
            self.tell(names.bars(self.venue), KeepBars(key, *kept))
        gap = following.gap
        if gap is None:
            self._tell_closed(following)
            return
        ticket = following.gap_ticket = self.runtime.new_id()
        deadline = self.clock.monotonic() + DAY
        start = datetime.fromtimestamp(gap.start, UTC)
        message = WantBars(deadline, ticket, self.seat.name, key.symbol, following.timeframe, start)
        self._queue.add(Work(message, key, gap, ()))
        self.tell(names.bars(self.venue), FindCoverage(ticket, key, gap))

    @on(BarUpdated)
    def _updated(self, message: BarUpdated) -> None:
        following = self._following.get(message.key)
        if following is None:
            return
        life = self._lives.get(message.key)
        if life is not None and life.heard(self.clock.monotonic()):
            self.log.info("{} brings bars again.", message.key)
        kept = following.update(message.bar)
        if kept is not None:
            self.tell(names.bars(self.venue), KeepBars(message.key, *kept))
        self._tell_closed(following)

    def _tell_closed(self, following: Following) -> None:
        for bar in following.take():
            for name in following.who:
                self.tell(name, BarClosed(following.key, bar))

    @on(BarsEnded)
    def _ended(self, message: BarsEnded) -> None:
        self._again(message.key, message.code, message.sentence)

    @on(Resubscribe)
    def _resubscribe(self, message: Resubscribe) -> None:
        for key in self._following:
            self._again(key, "OTHER", message.sentence)

    def _again(self, key: SeriesKey, code: str, sentence: str) -> None:
        """Subscribe anew, as soon as the rules allow it, or give it up where it is no use."""
        following = self._following.get(key)
        if following is None:
            return
        self.log.info("{} is followed anew: {}", key, sentence)
        if code == "NO_PERMISSION":
            self._give_up(key, code, sentence, followed=True)
            return
        if code == "PACING":
            self._queue.hold(self.clock.monotonic())
        self._queue.follow(key, following.duration(self.clock.now().timestamp()))
        self._go()
