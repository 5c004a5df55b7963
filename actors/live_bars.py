"""What the seat `history` does for the series that are followed."""

from __future__ import annotations

from datetime import UTC, datetime

from actors import names
from actors.bar_queue import BarQueue, Work
from actors.base import Actor, on
from actors.following import Following
from actors.messages import (
    BarClosed,
    BarsEnded,
    BarsReady,
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
from domain.symbols import Symbol


class LiveBars(Actor):
    """The half of `History` that follows; it shares the queue with the half that fetches."""

    def __init__(self, system: ActorSystem, seat: Seat, *, venue: str) -> None:
        super().__init__(system, seat)
        self.venue = venue
        self._shut: dict[Symbol, tuple[Span, ...]] = {}
        self._queue = BarQueue(lambda symbol: self._shut.get(symbol, ()))
        self._following: dict[SeriesKey, Following] = {}
        self._failures: dict[str, str] = {}

    def go(self) -> None:
        """Ask for whatever may be asked for now."""
        raise NotImplementedError

    def note_failure(self, key: SeriesKey, sentence: str) -> None:
        """It is given up, with the venue's words."""
        self.log.warning("No bars of {}: {}", key, sentence)
        self._failures[str(key)] = sentence

    def follow_orders(self) -> list[FollowBars]:
        """What has all of it followed on over the next link."""
        return [order for following in self._following.values() for order in following.orders()]

    def begin_following(self, key: SeriesKey, message: FollowBars) -> None:
        """One more wants to hear of it."""
        following = self._following.get(key)
        if following is None:
            following = self._following[key] = Following(key, message.timeframe, message.after)
            self._queue.follow(key, following.duration(self.clock.now().timestamp()))
        following.who.add(message.who)
        self.go()

    def follows(self, key: SeriesKey, series: BarSeries) -> None:
        """The subscription stands: keep what came with it, and fill the gap before it."""
        following = self._following[key]
        kept = following.began(series.bars)
        if kept is not None:
            self.tell(names.bars(self.venue), KeepBars(key, *kept))
        self._pass_on(following)

    def _pass_on(self, following: Following) -> None:
        """Tell what has closed; where something was missed, have it fetched before."""
        for bar in following.take():
            for name in following.who:
                self.tell(name, BarClosed(following.key, bar))
        key, gap = following.key, following.gap
        if gap is None or following.gap_ticket:
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
        kept = following.update(message.bar)
        if kept is not None:
            self.tell(names.bars(self.venue), KeepBars(message.key, *kept))
        self._pass_on(following)

    def gap_filled(self, message: BarsReady) -> None:
        """What was missed is there; an older subscription's is nobody's any more."""
        for following in self._following.values():
            if following.gap_ticket == message.ticket:
                if message.code:
                    self.log.warning("Bars of {} were missed: {}", following.key, message.sentence)
                following.fill(message.bars)
                self._pass_on(following)

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
            self.note_failure(key, sentence)
            self._queue.follow_no_more(key)
            return
        if code == "PACING":
            self._queue.hold(self.clock.monotonic())
        self._queue.follow(key, following.duration(self.clock.now().timestamp()))
        self.go()
