"""Protection against what no trade explains: levels in units that may have been split.

A symbol in doubt is RED: nothing of it is sold and no stop of it is placed by itself, and what
stands at the venue stands. A doubt ends when its witness takes it back (a bad tick, a position
that lagged), or by the word of a person.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from actors import names
from actors.base import on
from actors.messages import (
    BookLoaded,
    FillRecorded,
    LinkUp,
    RecordSetting,
    VenueListed,
)
from actors.protection_asking import ProtectionAsking
from actors.protection_knowledge import ProtectionOptions
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.book import ManagedPosition
from domain.corporate_actions import (
    LAG_SECONDS,
    Kept,
    counted,
    doubt_of_close,
    is_apart,
    kept_of,
    key_of,
    text_of,
    traded_since,
)
from domain.protection import AMBER_SECONDS
from domain.quotes import Quote
from domain.symbols import Symbol

_WRITE_AGAIN = Decimal("0.5")
"""In percent: the last price is written down when it has moved so far from what is written."""
_LEAP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A list shows another quantity."""

    since: float
    """Monotonic: when the first such list was asked for."""
    why: str
    stands: bool
    """One that was asked for later, when no position lags any more, shows it as well."""


class ProtectionActions(ProtectionAsking):
    """Keeps what was last seen of each symbol that is held, and says whether it still fits."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: ProtectionOptions) -> None:
        super().__init__(system, seat, options=options)
        self._kept: dict[Symbol, Kept] = {}
        self._written: dict[Symbol, Kept] = {}
        """As the book has it."""
        self._closes: dict[Symbol, float] = {}
        """The venue's previous close, as it was last judged on the link that stands."""
        self._lasts: dict[Symbol, float] = {}
        self._leaps: dict[Symbol, float] = {}
        """Since when (monotonic) its price is far from the one that is kept."""
        self._close_due = self.clock.monotonic() + AMBER_SECONDS
        """Before then a missing previous close may only be on its way."""
        self._close_doubts: dict[Symbol, str] = {}
        self._count_doubts: dict[Symbol, _Doubt] = {}
        self._counted: dict[Symbol, dict[str, None]] = {}
        """The keys of the executions that counted in the last list that agreed."""

    # -- what is in doubt ----------------------------------------------------------------

    def held_back(self, symbol: Symbol) -> str:
        """Why nothing is done in a symbol by itself; empty where nothing is in doubt."""
        count = self._count_doubts.get(symbol)
        doubts = [self._close_doubts.get(symbol, ""), count.why if count and count.stands else ""]
        said = "; ".join(doubt for doubt in doubts if doubt)
        return f"a corporate action is suspected: {said}" if said else ""

    def is_unjudged(self, symbol: Symbol) -> bool:
        """A witness has still to be heard: nothing is done for as long as it is AMBER."""
        kept = self._kept.get(symbol)
        awaited = kept is not None and kept.close is not None and symbol not in self._closes
        if awaited and self.clock.monotonic() < self._close_due:
            return True
        return symbol in self._count_doubts

    def ask_of_doubts(self) -> None:
        """A list that shows another quantity is asked for again, once a position cannot lag."""
        now = self.clock.monotonic()
        for symbol, doubt in self._count_doubts.items():
            if now - doubt.since >= LAG_SECONDS and symbol in self._positions:
                self._ask(self._positions[symbol].venue)

    # -- what is kept --------------------------------------------------------------------

    @on(BookLoaded)
    def _book(self, message: BookLoaded) -> None:
        super()._book(message)
        self._kept = kept_of(message.settings)
        self._written = dict(self._kept)
        for symbol in list(self._kept):
            if not self._is_watched(symbol):
                self._forget(symbol)
        # Quotes may have come before the book: where nothing trades none comes after it.
        for quote in self._quotes.values():
            self._read(quote)

    @on(LinkUp)
    def _link_up(self, message: LinkUp) -> None:
        if message.epoch > self._epochs.get(message.venue, 0):
            self._closes.clear()
            self._close_due = self.clock.monotonic() + AMBER_SECONDS
            # To one that began anew on it the link is told by another than its quotes are.
            for quote in self._quotes.values():
                if message.at is not None and quote.time >= message.at:
                    self._read(quote)
        super()._link_up(message)

    def _hold(self, position: ManagedPosition) -> None:
        super()._hold(position)
        if not position.quantity:
            self._forget(position.symbol)
        elif position.symbol in self._quotes:
            # The last quote may have come before there was anything to guard.
            self._read(self._quotes[position.symbol])

    def _is_watched(self, symbol: Symbol) -> bool:
        """Something of it is managed; a currency is never split."""
        position = self._positions.get(symbol)
        held = position is not None and position.quantity != 0
        return held and not symbol.is_currency_pair

    def _forget(self, symbol: Symbol) -> None:
        """What was seen before a position says nothing of the next one."""
        self._closes.pop(symbol, None)
        self._end_doubts(symbol)
        if self._kept.pop(symbol, None) is not None:
            self._look_at(symbol)
        if self._written.pop(symbol, None) is not None:
            self._write(symbol, "")

    def _end_doubts(self, symbol: Symbol) -> None:
        for prices in (self._lasts, self._leaps):
            prices.pop(symbol, None)
        self._close_doubts.pop(symbol, None)
        self._count_doubts.pop(symbol, None)
        self._counted.pop(symbol, None)

    def _keep(self, symbol: Symbol, kept: Kept) -> None:
        """Remember it, and write it down where the disk has something too far from it."""
        self._kept[symbol] = kept
        before = self._written.get(symbol)
        if before is not None and replace(before, last=kept.last) == kept:
            was, now = before.last, kept.last
            if now is None or (was is not None and not is_apart(now, was, _WRITE_AGAIN)):
                return
        self._written[symbol] = kept
        self._write(symbol, text_of(kept))

    def _write(self, symbol: Symbol, text: str) -> None:
        self.correlation = str(symbol)
        reason = "what was last seen of it"
        kept = RecordSetting(key_of(symbol), text, self.seat.name, reason, audited=False)
        self.tell(names.LEDGER, kept)

    # -- the venue's previous close ------------------------------------------------------

    def _read(self, quote: Quote) -> None:
        super()._read(quote)
        symbol = quote.symbol
        if quote.close is None or not self._loaded or not self._is_watched(symbol):
            return
        if self._closes.get(symbol) != quote.close:
            self._judge_close(symbol, quote.close)
        if symbol in self._close_doubts or quote.last is None or quote.halted:
            return
        if self._lasts.get(symbol) != quote.last or symbol in self._leaps:
            self._lasts[symbol] = quote.last
            self._keep_last(symbol, Decimal(repr(quote.last)))

    def _keep_last(self, symbol: Symbol, last: Decimal) -> None:
        """A price that leaps is kept once it has stood: its new close may come behind it."""
        kept, now = self._kept.get(symbol, Kept()), self.clock.monotonic()
        gap = self.options.close_max_gap
        leaps = kept.last is not None and is_apart(last, kept.last, gap)
        if leaps and now - self._leaps.setdefault(symbol, now) < _LEAP_SECONDS:
            return
        self._leaps.pop(symbol, None)
        self._keep(symbol, replace(kept, last=last))

    def expect_fall(self, symbol: Symbol, amount: Decimal) -> None:
        """Its price is to be so much lower, with nobody having sold: by a dividend."""
        kept = self._kept.get(symbol)
        if kept is not None and kept.last is not None and kept.last > amount:
            self._keep(symbol, replace(kept, last=kept.last - amount))

    def _judge_close(self, symbol: Symbol, price: float) -> None:
        self._closes[symbol] = price
        self._leaps.pop(symbol, None)
        close, kept = Decimal(repr(price)), self._kept.get(symbol, Kept())
        doubt = doubt_of_close(kept, close, self.options.close_max_gap)
        self._look_at(symbol)
        if doubt:
            self._close_doubts[symbol] = doubt
            return
        self._close_doubts.pop(symbol, None)
        self._keep(symbol, replace(kept, close=close))

    # -- what the venue holds ------------------------------------------------------------

    @on(VenueListed)
    def _listed(self, message: VenueListed) -> None:
        super()._listed(message)
        if message.epoch < self._epochs.get(message.venue, 0):
            return
        held = {report.symbol: report.quantity for report in message.positions}
        for symbol, position in self._positions.items():
            if position.venue == message.venue and self._is_watched(symbol):
                self._count_held(symbol, held.get(symbol, Decimal(0)), message)

    def _count_held(self, symbol: Symbol, held: Decimal, message: VenueListed) -> None:
        kept = self._kept.get(symbol, Kept())
        if kept.held is None and self._short.get(symbol, 0):
            return  # its fill is booked here, and not in the list's positions yet
        known = self._counted.get(symbol)
        traded = traded_since(message.executions, symbol, kept.traded_to, known)
        count = counted(kept, held, *traded)
        if count.doubt:
            before = self._count_doubts.get(symbol)
            since = message.asked if before is None else before.since
            stands = message.asked - since >= LAG_SECONDS
            self._count_doubts[symbol] = _Doubt(since, count.doubt, stands)
            return
        self._count_doubts.pop(symbol, None)
        keys = (e.execution_key for e in message.executions if e.symbol == symbol)
        self._counted[symbol] = dict.fromkeys(keys)
        self._keep(symbol, count.kept)

    @on(FillRecorded)
    def _fill(self, message: FillRecorded) -> None:
        """A fill that was corrected or busted is counted anew from the next list on."""
        super()._fill(message)
        symbol = message.position.symbol
        kept = self._kept.get(symbol)
        if kept is not None and not message.new and message.fill.revision > 1:
            self._count_doubts.pop(symbol, None)
            self._counted.pop(symbol, None)
            self._keep(symbol, replace(kept, held=None, traded_to=None))
