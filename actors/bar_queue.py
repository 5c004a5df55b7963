"""What of the venue's bars is wanted and not there, and which request for them goes next.

Wants of one series share what is known to be there and one open request: an answer often covers
what the next would have asked for. Times are monotonic seconds, spans UTC epoch seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from actors.messages import Priority, WantBars
from adapters.venue import BarsQuery
from domain.bars import Piece, SeriesKey, Span, What, gaps, joined, last_piece
from domain.pacing import PacedRequest, Sent, earliest, recent
from domain.symbols import Symbol

#: Requests that may be open at once. IB takes 50 and advises much fewer.
MOST_OPEN = 6
#: A refusal for pacing holds everything for so long, twice as long each time.
_BACKOFF_SECONDS, _LONGEST_BACKOFF_SECONDS = 30.0, 600.0
_HOUR = 3600


@dataclass(slots=True)
class Work:
    """One want: what is to be there, and how much of it was not."""

    message: WantBars
    key: SeriesKey
    wanted: Span
    notes: tuple[str, ...]
    known: bool = False
    """The archive has said what it has."""
    missing_at_first: float = 0.0
    asked: int = 0


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that may go. Without a piece it is for a series that is to be followed."""

    key: SeriesKey
    query: BarsQuery
    paced: PacedRequest
    piece: Piece | None = None


@dataclass(slots=True)
class _Row:
    """All the work on one series."""

    works: list[Work] = field(default_factory=list)
    covered: tuple[Span, ...] = ()
    open: bool = False
    tries: int = 0
    not_before: float = 0.0


@dataclass(slots=True)
class _Following:
    """A series whose subscription is to be made."""

    duration: str
    open: bool = False
    tries: int = 0
    not_before: float = 0.0


class BarQueue:
    """Held by one actor. `closed` gives the stretches in which an instrument is not traded."""

    def __init__(self, closed: Callable[[Symbol], tuple[Span, ...]]) -> None:
        self._closed = closed
        self._rows: dict[SeriesKey, _Row] = {}
        self._following: dict[SeriesKey, _Following] = {}
        self._open: dict[str, Ask] = {}
        self._asked_at: dict[str, float] = {}
        self._backoff = _BACKOFF_SECONDS
        self.held_until = 0.0
        self.log: dict[str, Sent] = {}
        self._on_the_way: set[str] = set()
        """Of a link that has ended, and not answered: as good as open until the next one stands."""
        self.asked = 0
        self.refused_for_pacing = 0

    # -- what is wanted ------------------------------------------------------------------

    def works(self) -> Iterator[Work]:
        """All that is not done yet."""
        for row in self._rows.values():
            yield from row.works

    def add(self, work: Work) -> None:
        """Something is wanted; it waits for `found`."""
        self._rows.setdefault(work.key, _Row()).works.append(work)

    def found(self, ticket: str, key: SeriesKey, covered: tuple[Span, ...]) -> None:
        """The archive has these stretches."""
        row = self._rows.get(key)
        if row is None:
            return
        row.covered = joined([*row.covered, *covered])
        for work in row.works:
            if work.message.ticket == ticket:
                work.known = True
                work.missing_at_first = self.missing(work)

    def follow(self, key: SeriesKey, duration: str, not_before: float = 0.0) -> None:
        """A series is to be followed."""
        self._following[key] = _Following(duration, not_before=not_before)

    def is_to_follow(self, key: SeriesKey) -> bool:
        """Its subscription is still to be made, or being made."""
        return key in self._following

    def missing(self, work: Work) -> float:
        """How many seconds of a want are not there yet."""
        return sum(gap.end - gap.start for gap in self._gaps(work))

    def finished(self) -> list[Work]:
        """Take out all whose bars are all there."""
        return self._take_out(lambda work: work.known and not self._gaps(work))

    def expired(self, now: float) -> list[Work]:
        """Take out all whose deadline is over."""
        return self._take_out(lambda work: now > work.message.deadline)

    def give_up(self, key: SeriesKey) -> list[Work]:
        """Take out all that is wanted of a series."""
        return self._take_out(lambda work: work.key == key)

    def _take_out(self, right: Callable[[Work], bool]) -> list[Work]:
        taken = []
        for key, row in list(self._rows.items()):
            out = [work for work in row.works if right(work)]
            taken += out
            row.works = [work for work in row.works if work not in out]
            if not row.works and not row.open:
                del self._rows[key]
        return taken

    def _gaps(self, work: Work) -> tuple[Span, ...]:
        covered = self._rows[work.key].covered
        if work.key.bar_seconds <= _HOUR:  # a longer bar belongs to more than one stretch
            covered = (*covered, *self._closed(work.key.symbol))
        return gaps(work.wanted, covered)

    # -- what goes next ------------------------------------------------------------------

    @property
    def open(self) -> int:
        """Requests that wait for their answers."""
        return len(self._open)

    def next(self, now: float) -> Ask | float | None:
        """The request that goes now; else when to look again; None: when something comes."""
        candidates = sorted(self._candidates(), key=lambda each: each[0])
        if not candidates or len(self._open) >= MOST_OPEN:
            return None
        if now < self.held_until:
            return self.held_until
        log = self.counted(now).values()
        waits = []
        for _, not_before, ask in candidates:
            if not_before > now:
                waits.append(not_before)
                continue
            at = earliest(log, ask.paced, now)
            if at <= now:
                return ask
            waits.append(at)
            if earliest(log, PacedRequest("", "", ask.paced.weight), now) > now:
                break  # the whole window is full: nobody of less importance slips past
        return min(waits, default=None)

    def counted(self, now: float) -> dict[str, Sent]:
        """What the rules look at, by ticket.

        When the venue counted a request is known by its answer alone: before that it may do so
        now, and after it counts as of the answer. So no delay on the way can break a rule.
        """
        may_count_now = self._open.keys() | self._on_the_way
        self.log = {
            ticket: Sent(now, sent.request) if ticket in may_count_now else sent
            for ticket, sent in self.log.items()
            if ticket in may_count_now or recent([sent], now)
        }
        return self.log

    @property
    def unanswered(self) -> tuple[str, ...]:
        """The tickets of those that the venue may count yet."""
        return (*self._open, *self._on_the_way)

    def left_behind(self, tickets: Iterable[str]) -> None:
        """Their link ended without an answer: what was on its way there may still arrive."""
        self._on_the_way.update(tickets)

    def link_stands(self, now: float) -> None:
        """A gateway that lets us in anew has read what the last link left it."""
        self.counted(now)
        self._on_the_way.clear()

    def _candidates(self) -> Iterator[tuple[tuple[int, int], float, Ask]]:
        """By priority and age, with the moment before which it is not to be tried."""
        for order, (key, following) in enumerate(self._following.items()):
            if not following.open:
                query = BarsQuery(key, following.duration)
                identity = f"{key} {following.duration} kept up to date"
                ask = Ask(key, query, _paced(key, identity))
                yield (Priority.LIVE, order), following.not_before, ask
        for order, (key, row) in enumerate(self._rows.items(), len(self._following)):
            works = sorted((w for w in row.works if w.known), key=lambda w: w.message.priority)
            if row.open or not works:
                continue
            missing = self._gaps(works[0])
            if missing:
                piece = last_piece(missing[-1], key.bar_seconds)
                end = datetime.fromtimestamp(piece.span.end, UTC)
                ask = Ask(
                    key,
                    BarsQuery(key, piece.duration, end),
                    _paced(key, f"{key} {piece.duration} to {piece.span.end}"),
                    piece,
                )
                yield (works[0].message.priority, order), row.not_before, ask

    # -- what is under way ---------------------------------------------------------------

    def sent(self, ticket: str, ask: Ask, now: float) -> None:
        """It is on its way."""
        self._open[ticket], self._asked_at[ticket] = ask, now
        self.log[ticket] = Sent(now, ask.paced)
        self.asked += 1
        self._state_of(ask).open = True
        if ask.piece is not None:
            for work in self._rows[ask.key].works:
                work.asked += 1

    def answered(self, ticket: str, now: float) -> Ask | None:
        """What this was the answer to; None when it is nobody's any more."""
        ask = self._open.pop(ticket, None)
        if ask is None:
            if ticket in self.log:  # of an older life of this seat: it was counted by now
                self.log[ticket] = Sent(now, self.log[ticket].request)
            return None
        del self._asked_at[ticket]
        self.log[ticket] = Sent(now, ask.paced)
        self._state_of(ask).open = False
        return ask

    def forget_older(self, than: float, now: float) -> None:
        """Requests whose answers must have come by now are asked again as they are."""
        for ticket in [each for each, at in self._asked_at.items() if at < than]:
            self.answered(ticket, now)

    def proven(self, ask: Ask, covered: Span | None) -> None:
        """It was answered well: these are all the bars of `covered`."""
        self._backoff = _BACKOFF_SECONDS
        if ask.piece is None:
            self._following.pop(ask.key, None)
        row = self._rows.get(ask.key)
        if row is not None:
            row.tries = 0
            row.covered = joined([*row.covered, *([covered] if covered else [])])

    def failed(self, ask: Ask) -> int:
        """It has not come; how often it has failed in a row."""
        state = self._state_of(ask)
        state.tries += 1
        return state.tries

    def pause(self, ask: Ask, until: float) -> None:
        """It is not to be tried again before."""
        self._state_of(ask).not_before = until

    def hold(self, now: float) -> float:
        """The venue says it is too much: nothing goes for so many seconds."""
        self.refused_for_pacing += 1
        if now < self.held_until:
            return self.held_until - now  # asked before the first of these refusals came
        seconds, self._backoff = self._backoff, min(self._backoff * 2, _LONGEST_BACKOFF_SECONDS)
        self.held_until = now + seconds
        return seconds

    def _state_of(self, ask: Ask) -> _Row | _Following:
        if ask.piece is None:
            return self._following.get(ask.key) or _Following(ask.query.duration)
        return self._rows.setdefault(ask.key, _Row())


def _paced(key: SeriesKey, identity: str) -> PacedRequest:
    return PacedRequest(identity, f"{key.symbol} {key.what}", 2 if key.what is What.BID_ASK else 1)
