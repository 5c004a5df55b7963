"""What the seat `history` does for the series that are followed.

One that is silent while its market is open is asked for again. Where nothing was traded the answer
has nothing new; where it has, the subscription is mute, and the venue's supervisor hears of it.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    DataFlows,
    DataTrouble,
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
from domain.silence import REFUSED_FOR_GOOD, REFUSED_LONGEST, Life, Step
from domain.symbols import Symbol
from domain.venue import TradingSession

_LOOK_EVERY = 15.0
#: A followed series is silent after so many of its bars, and so many seconds at least.
_SILENT_BARS, _SILENT_SECONDS = 3, 300.0
_CURE = (
    "Look at TWS or IB Gateway: does its chart of this instrument move? If it does, restart the "
    "gateway. Nothing is decided on the bars that are missing."
)


def pause_after(code: str) -> float:
    """Seconds until what the venue refuses to keep up to date is asked for again."""
    return REFUSED_FOR_GOOD if code == "NO_PERMISSION" else REFUSED_LONGEST


class LiveBars(Actor):
    """The half of `History` that follows; it shares the queue with the half that fetches."""

    def __init__(self, system: ActorSystem, seat: Seat, *, venue: str) -> None:
        super().__init__(system, seat)
        self.venue = venue
        self._shut: dict[Symbol, tuple[Span, ...]] = {}
        self._queue = BarQueue(lambda symbol: self._shut.get(symbol, ()))
        self._epoch: int | None = None
        self._following: dict[SeriesKey, Following] = {}
        self._lives: dict[SeriesKey, Life] = {}
        self._sessions: dict[Symbol, Sequence[TradingSession]] = {}
        self._failures: dict[str, str] = {}

    def go(self) -> None:
        """Ask for whatever may be asked for now."""
        raise NotImplementedError

    def note_failure(self, key: SeriesKey, sentence: str) -> None:
        """It is given up, with the venue's words."""
        self.log.warning("No bars of {}: {}", key, sentence)
        self._failures[str(key)] = sentence

    def trades_in(self, symbol: Symbol, sessions: Sequence[TradingSession]) -> None:
        """When its market is open."""
        self._sessions[symbol] = sessions
        for life in self._lives.values():
            if life.symbol == symbol:
                life.sessions = sessions

    def look_at_lives(self) -> None:
        """Ask again for each that is silent while its market is open."""
        self.after(_LOOK_EVERY, "lives")
        for key, life in self._lives.items():
            if self._epoch is None or self._queue.is_to_follow(key):
                continue
            step = life.look(self.clock.monotonic(), self.clock.now())
            if step is Step.NONE:
                continue
            sentence = f"The bars of {key} are not kept up to date, though its market is open."
            self._again(key, "OTHER", sentence)
            if step is Step.ASK_AND_REPORT:
                trouble = ("BARS_SILENT", key.symbol, sentence, _CURE)
                self.tell(self.venue, DataTrouble(self.venue, self._epoch, *trouble))

    def follow_orders(self) -> list[FollowBars]:
        """What has all of it followed on over the next link."""
        return [order for following in self._following.values() for order in following.orders()]

    def begin_following(self, key: SeriesKey, message: FollowBars) -> None:
        """One more wants to hear of it."""
        following = self._following.get(key)
        if following is None:
            following = self._following[key] = Following(key, message.timeframe, message.after)
            self._queue.follow(key, following.duration(self.clock.now().timestamp()))
            patience = max(_SILENT_SECONDS, _SILENT_BARS * key.bar_seconds)
            self._lives[key] = Life(key.symbol, patience, self._sessions.get(key.symbol, ()))
            self.after(_LOOK_EVERY, "lives")
        following.who.add(message.who)
        self.go()

    def follows(self, key: SeriesKey, series: BarSeries) -> None:
        """The subscription stands: keep what came with it, and fill the gap before it."""
        following, life = self._following[key], self._lives[key]
        before, now = following.newest, self.clock.monotonic()
        kept = following.began(series.bars)
        life.asked(now)
        if life.rung and (before is None or following.newest in (None, before)):
            life.heard(now)  # nothing was traded: it had nothing to say
        if kept is not None:
            self.tell(names.bars(self.venue), KeepBars(key, *kept))
        self._pass_on(following)

    def _pass_on(self, following: Following) -> None:
        """Tell what has closed; where something was missed, have it fetched before."""
        for bar in following.take():
            for name in sorted(following.who):
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
        life = self._lives[message.key]
        reported = life.rung > 1
        if life.heard(self.clock.monotonic()) and reported:
            self.tell(self.venue, DataFlows(self.venue, message.key.symbol))
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
        """Subscribe anew, as soon as the rules allow it, or later where it is no use now."""
        following = self._following.get(key)
        if following is None:
            return
        self.log.info("{} is followed anew: {}", key, sentence)
        now, not_before = self.clock.monotonic(), 0.0
        if code == "NO_PERMISSION":
            self.note_failure(key, sentence)
            not_before = now + pause_after(code)
        if code == "PACING":
            self._queue.hold(now)
        duration = following.duration(self.clock.now().timestamp())
        self._queue.follow(key, duration, not_before)
        self.go()
