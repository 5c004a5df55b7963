"""Bars of a venue: fetched once, under all of its pacing rules at once, and followed.

What the archive has is not asked for again; what several want is asked for once. Requests go by
priority and age, each as soon as the rules allow it. What was wanted outlives the link.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from actors import names
from actors.bar_queue import Ask, Work
from actors.bar_wants import followed_key, shut, work_of
from actors.base import on
from actors.lanes import Command, State
from actors.live_bars import LiveBars, pause_after
from actors.messages import (
    AnswerBars,
    AskBars,
    BarsAnswered,
    BarsCame,
    BarsCounted,
    BarsReady,
    CoverageFound,
    DataAnswered,
    FindCoverage,
    FollowBars,
    InstrumentFailed,
    InstrumentKnown,
    Introduce,
    KeepBars,
    LinkUp,
    LoadPacing,
    PacingLoaded,
    WantBars,
)
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.venue import BarSeries
from domain.bars import DAY, Span, TimeframeError, proven
from domain.symbols import Symbol
from domain.venue import InstrumentDetails

#: What the readers get of each instrument. It is one request, and as its length counts in trading
#: time, it brings more than a day of a share's.
_STANDING, _STANDING_REACH, _STANDING_LIMIT = "5 mins", timedelta(hours=8), 96
#: How many series are followed for the readers: each is one of the venue's open requests.
_MOST_FOLLOWED = 20
_FOR_READERS = "readers "
_ASK_WITHIN = 90.0
#: After its deadline and the venue's time to answer: a request that the archive lost.
_LOST_AFTER = _ASK_WITHIN + 120.0
_MOST_TRIES = 3
_PAUSE_SECONDS = 15.0
_LOOK_EVERY = 15.0


class History(LiveBars):
    """Answers `WantBars` and `FollowBars`, and passes the newest bars on to the readers."""

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        venue: str,
        symbols: Sequence[Symbol],
        readers: Sequence[str],
        telemetry: str = "",
    ) -> None:
        super().__init__(system, seat, venue=venue)
        self._telemetry = telemetry
        """The seat that is told what became of each request; empty where nobody is."""
        self._symbols = frozenset(symbols)
        self._readers = tuple(readers)
        self._paced = False
        self._watching = False
        self._details: dict[Symbol, InstrumentDetails] = {}
        self._parked: dict[Symbol, list[WantBars | FollowBars]] = {}
        self._series: dict[Symbol, int] = {}

    def on_start(self) -> None:
        """The link may stand already: ask for it, and for what was asked of the venue before."""
        self.tell(names.connection(self.venue), Introduce(self.seat.name))
        self.tell(names.bars(self.venue), LoadPacing(self.seat.name))

    def on_stop(self) -> None:
        """What others want goes back into the mailbox, for the next link."""
        me = self.seat.name
        counted = self._queue.counted(self.clock.monotonic())
        self.tell(me, PacingLoaded(tuple(counted.items()), self._queue.unanswered))
        for message in self.follow_orders():
            self.tell(me, message)
        parked = [message for messages in self._parked.values() for message in messages]
        for wanted in [*parked, *(work.message for work in self._queue.works())]:
            if wanted.who != me:
                self.tell(me, wanted)

    def describe(self) -> State:
        """What is there, what is wanted and how far it is, and how the pacing stands."""
        now = self.clock.monotonic()
        due = self._queue.next(now) if self._ready else None
        return {
            "series": {str(symbol): count for symbol, count in self._series.items()},
            "wanted": [self._progress(work) for work in self._queue.works()],
            "parked": {str(symbol): len(each) for symbol, each in self._parked.items()},
            "followed": [str(key) for key in self._following],
            "failures": dict(self._failures),
            "requests": {
                "asked": self._queue.asked,
                "open": self._queue.open,
                "counted_in_10_minutes": sum(
                    sent.request.weight for sent in self._queue.counted(now).values()
                ),
                "refused_for_pacing": self._queue.refused_for_pacing,
                "next_in_seconds": round(due - now, 3) if isinstance(due, float) else None,
            },
        }

    def _progress(self, work: Work) -> State:
        missing = self._queue.missing(work)
        share = 1 - missing / work.missing_at_first if work.missing_at_first else 0.0
        return {
            "ticket": work.message.ticket,
            "who": work.message.who,
            "series": str(work.key),
            "priority": work.message.priority.name,
            "done_percent": round(100 * share, 1),
            "requests": work.asked,
        }

    # -- the link and its instruments ----------------------------------------------------

    @property
    def _ready(self) -> bool:
        return self._epoch is not None and self._paced

    @on(LinkUp)
    def _link_up(self, message: LinkUp) -> None:
        self._epoch = message.epoch
        self._queue.link_stands(self.clock.monotonic())
        self.go()

    @on(PacingLoaded)
    def _pacing(self, message: PacingLoaded) -> None:
        self._queue.log = dict(message.sent) | self._queue.log
        self._queue.left_behind(message.unanswered)
        if self._epoch is not None:
            self._queue.link_stands(self.clock.monotonic())
        self._paced = True
        self.go()

    @on(InstrumentKnown)
    def _known(self, message: InstrumentKnown) -> None:
        symbol = message.details.symbol
        first = symbol not in self._details
        self._details[symbol] = message.details
        self._shut[symbol] = shut(message.details.sessions)
        self.trades_in(symbol, message.details.sessions)
        for waiting in self._parked.pop(symbol, ()):
            self._take(waiting)
        if first:
            self._serve_readers(symbol)

    def _serve_readers(self, symbol: Symbol) -> None:
        now = self.clock.now()
        ticket = f"{_FOR_READERS}{symbol}"
        deadline = self.clock.monotonic() + DAY
        start = now - _STANDING_REACH
        self._take(
            WantBars(
                deadline,
                ticket,
                self.seat.name,
                symbol,
                _STANDING,
                start,
                limit=_STANDING_LIMIT,
                or_older=True,
            )
        )
        if len(self._following) < _MOST_FOLLOWED:
            for name in self._readers:
                self._take(FollowBars(name, symbol, _STANDING))

    @on(InstrumentFailed)
    def _failed(self, message: InstrumentFailed) -> None:
        symbol = message.refused.symbol
        self._failures[str(symbol)] = message.refused.sentence
        for waiting in self._parked.pop(symbol, ()):
            if isinstance(waiting, WantBars):
                self._refuse(waiting, message.refused.code, message.refused.sentence)

    # -- what is wanted ------------------------------------------------------------------

    @on(WantBars)
    def _want(self, message: WantBars) -> None:
        if message.symbol in self._symbols:
            self._take(message)
        else:
            sentence = f"{message.symbol} is not among ALLOWED_SYMBOLS."
            self._refuse(message, "SYMBOL_NOT_ALLOWED", sentence)

    @on(FollowBars)
    def _follow(self, message: FollowBars) -> None:
        self._take(message)

    def on_expired(self, command: Command) -> None:
        """Say so to whoever wanted it."""
        if isinstance(command, WantBars):
            self._refuse(command, "EXPIRED", "Its deadline was over before it was looked at.")

    def _take(self, message: WantBars | FollowBars) -> None:
        if message.symbol not in self._details:
            self._parked.setdefault(message.symbol, []).append(message)
            return
        details, now = self._details[message.symbol], self.clock.now()
        try:
            if isinstance(message, FollowBars):
                self.begin_following(followed_key(message), message)
                return
            work = work_of(message, details, now)
        except TimeframeError as error:
            self.log.warning("{}", error)
            if isinstance(message, WantBars):
                self._refuse(message, "TIMEFRAME_NOT_KNOWN", str(error))
            return
        self._queue.add(work)
        self.tell(names.bars(self.venue), FindCoverage(message.ticket, work.key, work.wanted))

    @on(CoverageFound)
    def _found(self, message: CoverageFound) -> None:
        self._queue.found(message.ticket, message.key, message.covered)
        self.go()

    def _refuse(self, message: WantBars, code: str, sentence: str) -> None:
        self.tell(message.who, BarsReady(message.ticket, None, (), (), code, sentence))

    def _answer(self, work: Work, code: str = "", sentence: str = "") -> None:
        message = work.message
        start = 0.0 if message.or_older else work.wanted.start
        self.tell(
            names.bars(self.venue),
            AnswerBars(
                message.ticket,
                message.who,
                work.key,
                Span(start, work.wanted.end),
                message.limit,
                work.notes,
                code,
                sentence,
            ),
        )

    @on(BarsReady)
    def _ready_for_readers(self, message: BarsReady) -> None:
        """What this seat wanted itself: for the readers, or to fill the gap of a series."""
        if not message.ticket.startswith(_FOR_READERS):
            self.gap_filled(message)
            return
        if message.key is None or (message.code and not message.bars):
            symbol = message.ticket.removeprefix(_FOR_READERS)
            self._failures[symbol] = message.sentence
            return
        self._failures.pop(str(message.key.symbol), None)
        self._series[message.key.symbol] = len(message.bars)
        for name in self._readers:
            self.tell(name, BarsCame(message.key.symbol, BarSeries(message.key, message.bars)))

    # -- asking --------------------------------------------------------------------------

    def on_timer(self, name: str) -> None:
        """Something may go now, or is too late."""
        if name == "deadlines":
            self._watching = False
        if name == "lives":
            self.look_at_lives()
        self.go()

    def go(self) -> None:
        """Answer what is complete, ask for what may be asked, and look again when more may."""
        for work in self._queue.finished():
            self._answer(work)
        self._watch_deadlines()
        now = self.clock.monotonic()
        for work in self._queue.expired(now):
            self._answer(work, "EXPIRED", "Its deadline was over before all bars were there.")
        if self._epoch is None or not self._paced:
            return
        self._queue.forget_older(now - _LOST_AFTER, now)
        while isinstance(ask := self._queue.next(now), Ask):
            ticket = self.runtime.new_id()
            self._queue.sent(ticket, ask, now)
            self.tell(
                names.bars(self.venue),
                AskBars(
                    now + _ASK_WITHIN, ticket, ask.query, ask.paced, self._epoch, ask.piece is None
                ),
            )
        if ask is not None:
            self.after(ask - now, "go")

    def _watch_deadlines(self) -> None:
        """Whatever happens or does not, a want is answered by its deadline."""
        if not self._watching and any(True for _ in self._queue.works()):
            self._watching = True
            self.after(_LOOK_EVERY, "deadlines")

    @on(BarsAnswered)
    def _answered(self, message: BarsAnswered) -> None:
        now = self.clock.monotonic()
        sent = self._queue.log.get(message.ticket)
        ask = self._queue.answered(message.ticket, now)
        if ask is None:
            return  # of an older link
        self.tell(names.bars(self.venue), BarsCounted(message.ticket, ask.paced, now))
        if sent is not None:
            self._tell_answered(ask, message, now - sent.at)
        self._failures.pop(str(ask.key), None)
        if message.series is None and not (message.code == "NO_DATA" and ask.piece):
            self._went_wrong(ask, message.code, message.sentence)
        elif ask.piece is None:
            assert message.series is not None
            self._queue.proven(ask, None)
            self.follows(ask.key, message.series)
        else:
            bars = message.series.bars if message.series is not None else ()
            whole, covered = proven(bars, ask.piece.span, ask.key.bar_seconds)
            # Of long ago nothing is known for good; of today the venue may not have it yet.
            if whole or covered.end < self.clock.now().timestamp() - DAY:
                self.tell(names.bars(self.venue), KeepBars(ask.key, whole, covered))
            self._queue.proven(ask, covered)
        self.go()

    def _tell_answered(self, ask: Ask, message: BarsAnswered, seconds: float) -> None:
        """For the record."""
        if self._telemetry:
            items = len(message.series.bars) if message.series is not None else 0
            what, symbol, at = str(ask.key), ask.key.symbol, self.clock.now()
            code = message.code
            told = DataAnswered(self.venue, "bars", symbol, what, at, seconds, items, code)
            self.tell(self._telemetry, told)

    def _went_wrong(self, ask: Ask, code: str, sentence: str) -> None:
        """By its cause: later, soon, or not at all."""
        now = self.clock.monotonic()
        if code == "PACING":
            seconds = self._queue.hold(now)
            self.log.warning("{} says it is too much; nothing for {:.0f} s.", self.venue, seconds)
        elif code in ("EXPIRED", "LINK_CHANGED"):
            pass  # not the venue's word: asked again as it is
        else:
            given_up = self._queue.failed(ask) >= _MOST_TRIES or code == "NO_PERMISSION"
            pause = pause_after(code) if given_up and ask.piece is None else _PAUSE_SECONDS
            self._queue.pause(ask, now + pause)
            if given_up:
                self.note_failure(ask.key, sentence)
            if given_up and ask.piece is not None:
                for work in self._queue.give_up(ask.key):
                    self._answer(work, code, sentence)
