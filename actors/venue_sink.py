"""Puts what an adapter hears where it belongs, without a detour through the connection."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from actors import names
from actors.messages import (
    AccountChanged,
    BarsEnded,
    BarUpdated,
    FarmChanged,
    PositionChanged,
    QuoteUpdate,
    VenueFact,
    VenueSaid,
)
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.venue import LinkError
from domain.bars import Bar, SeriesKey
from domain.farms import Farm, FarmKind
from domain.quotes import Quote
from domain.symbols import Symbol
from domain.venue import (
    AccountValue,
    ExecutionReport,
    NoticeEffect,
    OrderFact,
    PositionReport,
    VenueNotice,
)

_REMEMBERED = 50
"""Executions of an instrument: as many as may be on their way to the disk at once."""


class Sink:
    """A `VenueSink` for one link, on the thread of its loop.

    `lose` hears of the end, `doubt` of an instrument that may be another than was believed.
    """

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        venue: str,
        lose: Callable[[LinkError], None],
        doubt: Callable[[Symbol], None],
    ) -> None:
        self._tell = system.tell
        self._from = seat.name
        self._epoch = seat.incarnation
        self._venue = venue
        self._lose = lose
        self._doubt = doubt
        self._quotes = names.quotes(venue)
        self._history = names.history(venue)
        self._orders = names.orders(venue)
        self._resync = names.resync(venue)
        self._executed: dict[Symbol, deque[str]] = {}
        self.farms: dict[tuple[FarmKind, str], Farm] = {}
        """As the venue last said, on this link."""
        self.out_of_reach: VenueNotice | None = None
        """What the venue said when its link to its own servers broke; None while that stands."""

    def quote(self, quote: Quote) -> None:
        """To the seat that keeps the quotes."""
        self._tell(self._quotes, QuoteUpdate(self._venue, quote), sender=self._from)

    def order_fact(self, fact: OrderFact) -> None:
        """To the seat that keeps the orders."""
        if isinstance(fact, ExecutionReport) and fact.symbol is not None:
            executed = self._executed.setdefault(fact.symbol, deque(maxlen=_REMEMBERED))
            executed.append(fact.execution_id)
        correlation = fact.client_order_id if hasattr(fact, "client_order_id") else None
        self._tell(
            self._orders,
            VenueFact(self._venue, fact),
            sender=self._from,
            correlation=correlation or "",
        )

    def position(self, report: PositionReport) -> None:
        """To the seat that compares."""
        after = self._executed.get(report.symbol, ()) if report.symbol is not None else ()
        told = PositionChanged(self._venue, report, tuple(after))
        self._tell(self._resync, told, sender=self._from)

    def account_value(self, value: AccountValue) -> None:
        """To the desk."""
        self._tell(names.DESK, AccountChanged(self._venue, value), sender=self._from)

    def bar(self, key: SeriesKey, bar: Bar) -> None:
        """Of a series that is followed: to the seat that keeps the history."""
        self._tell(self._history, BarUpdated(self._venue, key, bar), sender=self._from)

    def bars_ended(self, key: SeriesKey, code: str, sentence: str) -> None:
        """A series is followed no more."""
        ended = BarsEnded(self._venue, key, code, sentence)
        self._tell(self._history, ended, sender=self._from)

    def notice(self, notice: VenueNotice) -> None:
        """To whom it concerns: each by the scope of the code, and nobody else."""
        for farm in notice.farms:
            self.farms[(farm.kind, farm.name)] = farm
            told = FarmChanged(self._venue, self._epoch, farm)
            self._tell(names.DESK, told, sender=self._from)
        said = VenueSaid(self._venue, self._epoch, notice)
        if notice.symbol is not None:
            self._tell(self._quotes, said, sender=self._from)
        elif notice.effect is NoticeEffect.DOWN:
            self.out_of_reach = notice
        elif notice.effect in (NoticeEffect.UP, NoticeEffect.RESUBSCRIBE):
            self.out_of_reach = None
        self._tell(self._resync, said, sender=self._from)

    def instrument_doubted(self, symbol: Symbol) -> None:
        """To the connection itself, which asks for it anew."""
        self._doubt(symbol)

    def lost(self, error: LinkError) -> None:
        """The link is gone."""
        self._lose(error)
