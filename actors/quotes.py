"""The quotes of a venue: what is subscribed, whether it lives, the newest of each, who is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from actors import names
from actors.base import Actor, on
from actors.lanes import State
from actors.messages import (
    BookLoaded,
    DataAnswered,
    DataFlows,
    DataTrouble,
    GetQuotes,
    InstrumentFailed,
    InstrumentKnown,
    Introduce,
    LinkUp,
    LoadBook,
    QuoteUpdate,
    Resubscribe,
    Subscribe,
    Unsubscribe,
    VenueSaid,
)
from actors.seat import Seat
from actors.system import ActorSystem
from domain.quotes import DataType, Quote
from domain.silence import Life, Step
from domain.symbols import Symbol
from domain.venue import NoticeEffect

_SUBSCRIBE_WITHIN = 30.0
_LOOK_EVERY = 5.0
_REFUSALS = (NoticeEffect.NO_DATA, NoticeEffect.REJECT, NoticeEffect.PACING)
_NO_LINE = 101
"""The venue's code for a subscription beyond the lines that the account has."""
_CURE_SILENT = (
    "Look at TWS or IB Gateway: does it show this instrument's quotes? If its market is halted or "
    "merely thin, raise QUOTE_SILENCE_SHARE_SECONDS or QUOTE_SILENCE_PAIR_SECONDS."
)
_CURE_LATER = (
    "It is asked for again by itself. Log out other sessions of this login, and close what takes "
    "market data lines."
)
_CURE_FOR_GOOD = (
    "Subscribe to this market's data in IB's Client Portal; to watch only, MARKET_DATA=delayed."
)


@dataclass(frozen=True, slots=True)
class QuotesOptions:
    """When a quote is old, and how long one may be silent in an open market; seconds."""

    venue: str
    stale_after_seconds: float
    share_silence_seconds: float = 300.0
    pair_silence_seconds: float = 60.0


class Quotes(Actor):
    """Keeps the newest quote of each instrument and passes it on."""

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        options: QuotesOptions,
        readers: Sequence[str],
        telemetry: str = "",
    ) -> None:
        super().__init__(system, seat)
        self.options = options
        self.venue = options.venue
        self._readers = tuple(readers)
        self._epoch: int | None = None
        self._lives: dict[Symbol, Life] = {}
        self._flowing: set[Symbol] = set()
        """Those of which the supervisor has been told that they bring data."""
        self._quotes: dict[Symbol, Quote] = {}
        self._taken = 0
        self._without_line: dict[Symbol, str] = {}
        """Those just refused for want of a line, until the ledger has said what is held."""
        self._telemetry = telemetry
        """The seat that is told what became of each request; empty where nobody is."""
        self._asked_at: dict[Symbol, float] = {}
        """When those were asked for that have brought nothing yet."""

    def on_start(self) -> None:
        """The link may stand already: ask for it, and for what it knows of instruments."""
        self.tell(names.connection(self.venue), Introduce(self.seat.name))
        self.after(_LOOK_EVERY, "look")

    def describe(self) -> State:
        """What is subscribed, and how fresh it is."""
        now = self.clock.monotonic()
        return {
            "subscribed": [str(symbol) for symbol in self._lives],
            "taken": self._taken,
            "conflated": self.seat.mailbox.conflated,
            "ages_seconds": {
                str(symbol): round(quote.age(now), 3) for symbol, quote in self._quotes.items()
            },
            "asked_again": {str(s): life.rung for s, life in self._lives.items() if life.rung},
            "refused": {str(s): life.refused for s, life in self._lives.items() if life.refused},
        }

    # -- what is subscribed --------------------------------------------------------------

    @on(LinkUp)
    def _link_up(self, message: LinkUp) -> None:
        if message.epoch == self._epoch:
            return  # told at the opening, and again as the answer to our question
        self._epoch = message.epoch
        self._without_line.clear()
        for life in self._lives.values():
            self._subscribe(life)

    @on(InstrumentKnown)
    def _known(self, message: InstrumentKnown) -> None:
        symbol, sessions = message.details.symbol, message.details.sessions
        if symbol in self._lives:
            self._lives[symbol].sessions = sessions
            return
        options = self.options
        pair = symbol.is_currency_pair
        patience = options.pair_silence_seconds if pair else options.share_silence_seconds
        self._lives[symbol] = Life(symbol, patience, sessions)
        self._subscribe(self._lives[symbol])

    @on(Resubscribe)
    def _resubscribe(self, message: Resubscribe) -> None:
        self.log.info("Subscribing again: {}", message.sentence)
        for life in self._lives.values():
            self._subscribe(life)

    @on(InstrumentFailed)
    def _failed(self, message: InstrumentFailed) -> None:
        self.log.info("No quotes of {}: {}", message.refused.symbol, message.refused.sentence)

    def _subscribe(self, life: Life) -> None:
        if self._epoch is not None:
            now = self.clock.monotonic()
            life.asked(now)
            if self._telemetry:
                self._asked_at[life.symbol] = now
            ask = Subscribe(now + _SUBSCRIBE_WITHIN, life.symbol, self._epoch)
            self.tell(names.connection(self.venue), ask)

    # -- whether it lives ----------------------------------------------------------------

    def on_timer(self, name: str) -> None:
        """Look at each subscription: is it silent while its market is open?"""
        self.after(_LOOK_EVERY, "look")
        if self._epoch is None:
            return
        for life in self._lives.values():
            step = life.look(self.clock.monotonic(), self.clock.now())
            if step is Step.NONE:
                continue
            self.log.info("Asking for {} again: {}.", life.symbol, life.refused or "it is silent")
            self._subscribe(life)
            if step is Step.ASK_AND_REPORT:
                sentence = (
                    f"{life.symbol} brings no quotes though its market is open; it was asked for "
                    f"again {life.rung} times."
                )
                self._report("DATA_SILENT", life, sentence, _CURE_SILENT)

    @on(VenueSaid)
    def _said(self, message: VenueSaid) -> None:
        notice = message.notice
        life = self._lives.get(notice.symbol) if notice.symbol is not None else None
        if life is None or notice.effect not in _REFUSALS:
            return
        # A request that was refused for another reason than the data may do better the next time.
        self._answered(life.symbol, f"IB{notice.code}")
        of_data = notice.effect is NoticeEffect.NO_DATA
        for_good = of_data and notice.retry != "later"
        news = self._cut_off(life, notice.text, for_good=for_good)
        sentence = f"IB sends no quotes of {life.symbol}: {notice.text} ({notice.code})."
        if news and notice.code == _NO_LINE:
            self._without_line[life.symbol] = sentence
            self.tell(names.LEDGER, LoadBook(self.seat.name, self.incarnation))
        elif news and (notice.alert or not of_data):
            cure = _CURE_FOR_GOOD if for_good else _CURE_LATER
            self._report(f"IB{notice.code}", life, sentence, cure)

    def _answered(self, symbol: Symbol, code: str = "") -> None:
        asked_at = self._asked_at.pop(symbol, None)
        if asked_at is not None:
            seconds, items = self.clock.monotonic() - asked_at, 0 if code else 1
            at = self.clock.now()
            told = DataAnswered(self.venue, "quotes", symbol, "", at, seconds, items, code)
            self.tell(self._telemetry, told)

    def _cut_off(self, life: Life, why: str, *, for_good: bool) -> bool:
        """It brings nothing any more, for this reason; True when that is news."""
        news = life.refuse(why, self.clock.monotonic(), for_good=for_good)
        quote = self._quotes.get(life.symbol)
        if quote is not None:
            # What it said last is no price any more.
            self._pass_on(QuoteUpdate(self.venue, quote.emptied()))
        return news

    @on(BookLoaded)
    def _book(self, message: BookLoaded) -> None:
        """There are too few lines: what is held takes that of something that is not."""
        if message.ticket != self.incarnation or self._epoch is None:
            return
        held = {each.symbol for each in message.positions if each.quantity}
        held |= {order.request.symbol for order in message.open_orders}
        spare = [life for s, life in self._lives.items() if s not in held and not life.refused]
        spare.sort(key=lambda life: life.symbol.is_currency_pair)  # rates are given up last
        for symbol in sorted(held & self._without_line.keys()):
            if not spare:
                break
            other = spare.pop(0)
            why = f"its line was needed for {symbol}, which is held or has an open order"
            self._cut_off(other, why, for_good=False)
            within = self.clock.monotonic() + _SUBSCRIBE_WITHIN
            ask = Unsubscribe(within, other.symbol, self._epoch)
            self.tell(names.connection(self.venue), ask)
            del self._without_line[symbol]
            self._without_line[other.symbol] = f"There are no quotes of {other.symbol}: {why}."
            self._subscribe(self._lives[symbol])
        without, self._without_line = self._without_line, {}
        for symbol, sentence in without.items():
            self._report(f"IB{_NO_LINE}", self._lives[symbol], sentence, _CURE_LATER)

    def _report(self, code: str, life: Life, sentence: str, cure: str) -> None:
        self._flowing.discard(life.symbol)
        if self._epoch is not None:
            trouble = DataTrouble(self.venue, self._epoch, code, life.symbol, sentence, cure)
            self.tell(self.venue, trouble)

    # -- what comes ----------------------------------------------------------------------

    @on(QuoteUpdate)
    def _quote(self, message: QuoteUpdate) -> None:
        self._taken += 1
        quote = message.quote
        life = self._lives.get(quote.symbol)
        if life is not None and life.is_before_refusal(quote.received):
            return  # facts go before quotes: it came before the venue's word, and waited
        if life is not None and (quote.priced or quote.halted):
            life.halted = quote.halted
            if self._asked_at:
                self._answered(quote.symbol)
            if life.heard(quote.received):
                self.log.info("{} brings quotes again.", quote.symbol)
            if quote.symbol not in self._flowing:
                self._flowing.add(quote.symbol)
                self.tell(self.venue, DataFlows(self.venue, quote.symbol))
        self._pass_on(message)

    def _pass_on(self, message: QuoteUpdate) -> None:
        self._quotes[message.quote.symbol] = message.quote
        for name in self._readers:
            self.tell(name, message)

    @on(Introduce)
    def _introduce(self, message: Introduce) -> None:
        for quote in self._quotes.values():
            self.tell(message.seat, QuoteUpdate(self.venue, quote))

    @on(GetQuotes)
    def _get(self, message: GetQuotes) -> tuple[tuple[Quote, bool], ...]:
        now = self.clock.monotonic()
        return tuple(
            (quote, is_stale(quote, now, self.options.stale_after_seconds))
            for _, quote in sorted(self._quotes.items())
        )


def is_stale(quote: Quote, now: float, stale_after_seconds: float) -> bool:
    """Too old, delayed, halted, or without two sides: nothing may be decided by it."""
    fresh = quote.age(now) <= stale_after_seconds
    live = quote.data_type is DataType.LIVE and not quote.halted
    return not (fresh and live and quote.two_sided)
