"""How near a back-fill comes to the most that IB's rules allow, and what is never asked twice.

The queue of the seat `history` and the archive on disk run in virtual time against the
simulator's own count of the rules: a request is sent when the queue gives it, and answered after
`LATENCY` seconds. A breach ends the measurement.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from actors.bar_queue import Ask, BarQueue, Work
from actors.messages import Priority, WantBars
from adapters.bars import BarBook
from adapters.store import open_bars
from benchmarks.processes import Failed
from benchmarks.report import Line, Result
from domain.bars import Bar, SeriesKey, Span, What, last_piece, proven
from domain.pacing import Sent
from domain.symbols import Symbol
from simulators.tws.pacing import TOTAL_LIMIT, TOTAL_SECONDS, Pacing

LATENCY = 0.4
_SIZE = 30
_SYMBOLS = tuple(map(Symbol.parse, ("BHP/AUD", "CBA/AUD", "CSL/AUD", "VAS/AUD")))
_EPOCH = 1_790_000_000.0
"""The wall clock when the virtual one shows zero; on a whole bar of any size below a day."""
_EPOCH -= _EPOCH % 86_400


class Wanted(NamedTuple):
    """Who wants what."""

    who: str
    symbol: Symbol
    span: Span


class _Venue:
    """Counts as IB does, and has a bar for each moment."""

    def __init__(self) -> None:
        self._pacing = Pacing()
        self.sent: list[float] = []

    def take(self, ask: Ask, now: float) -> None:
        paced = ask.paced
        rule = self._pacing.take(now, paced.identity, paced.kind, paced.weight)
        if rule is not None:
            raise Failed(f"a rule of pacing was broken at {now:.1f} s: {rule}")
        self.sent.append(now)

    @staticmethod
    def bars(span: Span) -> tuple[Bar, ...]:
        count = int((span.end - span.start) // _SIZE)
        return tuple((span.start + n * _SIZE, 1.0, 1.0, 1.0, 1.0, 1.0) for n in range(count))


def _fetch(wanted: Iterable[Wanted], book: BarBook, venue: _Venue, now: float) -> float:
    """What one process does from its start until all is there; the time when it is."""
    queue = BarQueue(lambda _: ())
    queue.log = dict(book.noted(_EPOCH + now, now))
    for number, (who, symbol, span) in enumerate(wanted):
        key = SeriesKey(symbol, What.TRADES, _SIZE)
        start = datetime.fromtimestamp(span.start, UTC)
        message = WantBars(1e12, f"{number}", who, symbol, "30s", start, priority=Priority.BACKFILL)
        queue.add(Work(message, key, span, ()))
        queue.found(message.ticket, key, book.covered(key, span))
    queue.finished()
    answers: list[tuple[float, int, str]] = []
    number = 0
    while any(True for _ in queue.works()):
        due = queue.next(now)
        if isinstance(due, Ask):
            number += 1
            ticket = f"{now}-{number}"
            venue.take(due, now)
            queue.sent(ticket, due, now)
            book.note(ticket, Sent(now + LATENCY, due.paced), _EPOCH + now + LATENCY)
            heapq.heappush(answers, (now + LATENCY, number, ticket))
            continue
        moments = [answers[0][0]] if answers else []
        moments += [due] if due is not None else []
        now = min(moments)
        while answers and answers[0][0] <= now:
            _, _, ticket = heapq.heappop(answers)
            ask = queue.answered(ticket, now)
            assert ask is not None and ask.piece is not None
            whole, covered = proven(venue.bars(ask.piece.span), ask.piece.span, _SIZE)
            book.keep(ask.key, whole, covered)
            queue.proven(ask, covered)
            queue.finished()
    return now


def _back_fill(requests: int, folder: Path) -> tuple[Line, list[float]]:
    """So many requests with nothing in common, as fast as they may go; and when each went."""
    wanted = [
        Wanted("one", _SYMBOLS[n % 4], Span(_EPOCH - 3600 * (n + 10), _EPOCH - 3600 * (n + 9.9)))
        for n in range(requests)
    ]
    venue, book = _Venue(), open_bars(folder / "back-fill.db", "ib")
    try:
        _fetch(wanted, book, venue, 0.0)
    finally:
        book.close()
    if len(venue.sent) != requests:
        raise Failed(f"{len(venue.sent)} requests were sent, not {requests}")
    least = (requests - 1) // TOTAL_LIMIT * TOTAL_SECONDS
    burst = 2.0 * ((min(requests, TOTAL_LIMIT) - 1) // (5 * len(_SYMBOLS)))
    share = 100.0 * max(least, burst) / (venue.sent[-1] - venue.sent[0])
    evenly = 100.0 * least / ((requests - 1) * TOTAL_SECONDS / TOTAL_LIMIT)
    line = Line(
        "pacing of a back-fill, of the most that the rules allow",
        "%",
        evenly or None,
        share,
        ">= 99 %",
        share >= 99.0 or requests <= TOTAL_LIMIT,
        f"{requests} requests, no breach; baseline: one in ten seconds",
    )
    return line, venue.sent


def _sharing(days: int, folder: Path) -> Line:
    """Two who want the same bars, and a restart after which both want them again."""
    spans = [Span(_EPOCH - 86_400 * (day + 2), _EPOCH - 86_400 * (day + 1)) for day in range(days)]
    wanted = [Wanted(who, _SYMBOLS[0], span) for span in spans for who in ("one", "two")]
    venue, now = _Venue(), 0.0
    for _ in range(2):
        book = open_bars(folder / "sharing.db", "ib")
        try:
            now = _fetch(wanted, book, venue, now)
        finally:
            book.close()
    alone = 2 * sum(_pieces(want.span) for want in wanted)
    return Line(
        "requests for the same bars, two readers and a restart",
        "requests",
        alone,
        len(venue.sent),
        "<= 0.25x",
        len(venue.sent) <= alone / 4,
        "baseline: each for itself, and nothing kept",
    )


def _pieces(span: Span) -> int:
    count = 0
    while span.end > span.start:
        span = Span(span.start, last_piece(span, _SIZE).span.start)
        count += 1
    return count


def measure(requests: int, days: int, folder: Path) -> Result:
    """Both figures.

    Raises:
        Failed: a rule of IB's was broken, or not all was asked for.
    """
    line, sent = _back_fill(requests, folder)
    lines = (line, _sharing(days, folder))
    return Result("history", lines, {"latency_seconds": LATENCY, "sent_at_seconds": sent})
