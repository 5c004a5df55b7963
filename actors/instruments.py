"""What a venue's instruments are: told at once from memory, and asked for behind that.

At the first link of a process all are described, and what of the owner's list cannot be traded is
told in one message.
If nothing of it has ever been known and nothing is held or works anywhere, the settings are wrong
and the process ends; at any other time these instruments are shut and the rest goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from actors import names
from actors.lanes import Stop
from actors.messages import (
    BookLoaded,
    DataFlows,
    DataTrouble,
    InstrumentFailed,
    InstrumentKnown,
    LoadBook,
)
from adapters.venue import LinkError, Remembered, UnknownInstrument, VenueLink
from config.errors import CodedError
from domain.symbols import Symbol
from domain.venue import InstrumentDetails, InstrumentRefused

if TYPE_CHECKING:
    from actors.connection import Connection

EXIT_SETTINGS = 78

#: Sessions are announced for some days only; price steps and lots may change.
DAILY = timedelta(hours=24)
#: What was heard longer ago is not traded by before it has been heard again.
TRUSTED = timedelta(days=7)
#: What is overdue is asked for a little after the start: quotes come first.
_BEHIND_SECONDS = 5.0
_AGAIN_SECONDS = 30.0
#: A refusal counts when it is the same a second time: the venue's own lists may be out of reach.
_CONFIRM_SECONDS = 3.0
#: What is refused is asked for again after so long: a plan's exit may wait for it.
_REFUSED_SECONDS = 600.0
#: However often the venue refuses something, an instrument is asked for this often at most.
_DOUBT_SECONDS = 60.0
_CURE = "Nothing is traded in it meanwhile; `GET /venues` shows it. Correct ALLOWED_SYMBOLS."


class FirstLook:
    """Whether the owner's list has been held against the venue in this process."""

    def __init__(self) -> None:
        self.over = False


class Instruments:
    """The instruments of one link. Its connection owns it; all runs on that actor's thread."""

    def __init__(
        self,
        actor: Connection,
        link: Callable[[], VenueLink],
        *,
        symbols: tuple[Symbol, ...],
        readers: tuple[str, ...],
        seconds: float,
        first_look: FirstLook,
    ) -> None:
        self._actor = actor
        self._link = link
        self._symbols = symbols
        self._held: tuple[Symbol, ...] = ()
        """What is held, or has an open order, and is not on the owner's list any more."""
        self._begun = False
        self._readers = readers
        self._seconds = seconds
        self._first_look = first_look
        self._told: dict[Symbol, InstrumentKnown | InstrumentFailed] = {}
        self._new: set[Symbol] = set()
        """Of those that nothing was known of when the link was opened."""
        self._unconfirmed: dict[Symbol, str] = {}
        self._not_before: dict[Symbol, float] = {}

    def begin(self) -> None:
        """The link is open: tell what is remembered, ask for the rest, and for that later."""
        self._begun = True
        for symbol in (*self._symbols, *self._held):
            self._begin(symbol)

    def also(self, book: BookLoaded) -> None:
        """What can still be left must be known and quoted, whatever the list says now."""
        venue = self._actor.venue
        held = {each.symbol for each in book.positions if each.quantity and each.venue == venue}
        held |= {order.request.symbol for order in book.open_orders if order.venue == venue}
        new = sorted(held.difference(self._symbols, self._held))
        self._held += tuple(new)
        for symbol in new if self._begun else ():
            self._begin(symbol)

    def _begin(self, symbol: Symbol) -> None:
        remembered = self._link().remembered(symbol)
        if remembered is None:
            self._new.add(symbol)
            self._ask(symbol)
            return
        left = DAILY - self._age(remembered)
        if self._age(remembered) > TRUSTED:
            self._ask(symbol)
            return
        self._tell(InstrumentKnown(self._actor.venue, remembered.details))
        wait = max(_BEHIND_SECONDS, left.total_seconds())
        self._actor.after(wait, _timer_of(symbol))

    def introduce(self, seat: str) -> None:
        """Tell a seat that has missed it what is known."""
        for symbol, described in self._told.items():
            if seat not in self._spared(symbol):
                self._actor.tell(seat, described)

    def _spared(self, symbol: Symbol) -> tuple[str, ...]:
        """In what is only held nothing is proposed, and no bars of it are wanted."""
        if symbol not in self._held:
            return ()
        return (names.STRATEGIST, names.history(self._actor.venue))

    def due(self, symbol: Symbol) -> None:
        """The timer of an instrument: ask for it."""
        self._ask(symbol)

    def doubt(self, symbol: Symbol) -> None:
        """The venue refused something that was asked for by what is known of this instrument."""
        now = self._actor.clock.monotonic()
        if symbol in (*self._symbols, *self._held) and now >= self._not_before.get(symbol, now):
            self._not_before[symbol] = now + _DOUBT_SECONDS
            self._actor.log.warning(
                "{} refuses what was believed of {}: it is asked for anew.",
                self._actor.venue,
                symbol,
            )
            self._ask(symbol)

    def judge(self, book: BookLoaded) -> None:
        """The list is wrong; the book says whether there is anything to stay up for."""
        wrong = self._wrong()
        exposed = bool(book.open_orders) or any(each.quantity for each in book.positions)
        if exposed or not self._new.intersection(wrong):
            return
        error = CodedError("SYMBOLS_NOT_TRADABLE", faults=" ".join(wrong.values()))
        self._actor.log.critical("{}", error)
        # In order: nothing is left running for a restart to take up, for there is to be none.
        self._actor.system.parting_code = EXIT_SETTINGS
        self._actor.tell(names.ROOT, Stop())

    def _age(self, remembered: Remembered) -> timedelta:
        # A clock that was set back must not make what is known young for ever.
        return abs(self._actor.clock.now() - remembered.heard_at)

    def _ask(self, symbol: Symbol) -> None:
        self._actor.cancel_timer(_timer_of(symbol))
        self._actor.run(self._describe(symbol))

    async def _describe(self, symbol: Symbol) -> None:
        try:
            details = await asyncio.wait_for(self._link().instrument(symbol), self._seconds)
        except UnknownInstrument as error:
            self._refused(symbol, error)
        except TimeoutError as error:
            # The link is judged by its heartbeat; one instrument costs the others nothing.
            why = str(error) or f"{self._actor.venue} does not say what {symbol} is."
            self._actor.log.warning("{} Asking again in {:.0f} s.", why, _AGAIN_SECONDS)
            self._actor.after(_AGAIN_SECONDS, _timer_of(symbol))
        except LinkError as error:
            self._actor.lose(error)
        else:
            self._known(symbol, details)

    def _known(self, symbol: Symbol, details: InstrumentDetails) -> None:
        self._unconfirmed.pop(symbol, None)
        self._actor.after(DAILY.total_seconds(), _timer_of(symbol))
        if isinstance(self._told.get(symbol), InstrumentFailed):
            self._actor.log.info("{} is known again.", symbol)
            self._actor.tell(self._actor.venue, DataFlows(self._actor.venue, symbol))
        self._tell(InstrumentKnown(self._actor.venue, details))
        self._look()

    def _refused(self, symbol: Symbol, error: UnknownInstrument) -> None:
        if self._unconfirmed.get(symbol) != error.code:
            self._unconfirmed[symbol] = error.code
            self._actor.after(_CONFIRM_SECONDS, _timer_of(symbol))
            return
        self._actor.after(_REFUSED_SECONDS, _timer_of(symbol))
        refused = InstrumentRefused(symbol, error.code, str(error))
        if isinstance(self._told.get(symbol), InstrumentKnown):
            self._actor.log.error("{} is shut: {} [{}]", symbol, error, error.code)
        trouble = DataTrouble(
            self._actor.venue, self._actor.epoch, error.code, symbol, str(error), _CURE
        )
        self._actor.tell(self._actor.venue, trouble)
        self._tell(InstrumentFailed(self._actor.venue, refused))
        self._look()

    def _tell(self, message: InstrumentKnown | InstrumentFailed) -> None:
        about = message.details if isinstance(message, InstrumentKnown) else message.refused
        self._told[about.symbol] = message
        spared = self._spared(about.symbol)
        for name in self._readers:
            if name not in spared:
                self._actor.tell(name, message)

    def _wrong(self) -> dict[Symbol, str]:
        told = [self._told.get(symbol) for symbol in self._symbols]
        failed = [each.refused for each in told if isinstance(each, InstrumentFailed)]
        return {each.symbol: f"{each.sentence} [{each.code}]" for each in failed}

    def _look(self) -> None:
        """Once, when all have been told of: all that is wrong in one message."""
        if self._first_look.over or any(symbol not in self._told for symbol in self._symbols):
            return
        self._first_look.over = True
        wrong = self._wrong()
        if wrong:
            self._actor.log.error(
                "{} of the {} in ALLOWED_SYMBOLS cannot be traded: {}",
                len(wrong),
                len(self._symbols),
                " ".join(wrong.values()),
            )
            self._actor.tell(names.LEDGER, LoadBook(self._actor.seat.name))


def _timer_of(symbol: Symbol) -> str:
    return f"instrument {symbol}"
