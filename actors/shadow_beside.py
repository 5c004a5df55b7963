"""The shadow beside paper or live: every admitted order lives in both worlds, compared each day.

It only listens. Whatever becomes of it, or of its file, no order waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

from actors import names
from actors.base import on
from actors.lanes import State
from actors.messages import (
    BookLoaded,
    EvidenceSeen,
    FillRecorded,
    LoadBook,
    OrderRecorded,
    PositionAdopted,
    PositionRestated,
    ShadowAdmitted,
)
from actors.seat import Seat
from actors.shadow_watch import ShadowOptions, ShadowWatch
from actors.system import ActorSystem
from adapters.book import BookError
from adapters.store.shadow import ShadowFile
from domain.admission import Admission
from domain.checklist import SYDNEY, Item
from domain.divergence import Bounds, Outcome, Pair, out_of_bounds
from domain.orders import Order, OrderState
from domain.shadow_market import ShadowEvent, ShadowFilled

_COMPARE, _COMPARE_EVERY = "compare", 600.0


class ShadowBeside(ShadowWatch):
    """Fills by quotes what is really sent as well, and tells how far the two lie apart."""

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        options: ShadowOptions,
        open_file: Callable[[], ShadowFile],
        bounds: Bounds,
    ) -> None:
        super().__init__(system, seat, options=options)
        self._open_file = open_file
        self._bounds = bounds
        self._file: ShadowFile | None = None
        self._pairs: dict[str, Pair] = {}
        """Of what is open in the shadow."""
        self._admissions: dict[str, Admission] = {}
        self._over: dict[str, None] = {}
        """Those whose real order has ended."""

    def on_start(self) -> None:
        """Take up what both worlds have open."""
        super().on_start()
        try:
            self._file = self._open_file()
        except BookError as error:
            self.log.error("The shadow is kept in memory until the next start: {}", error)
        self.tell(names.LEDGER, LoadBook(self.seat.name))
        self.after(_COMPARE_EVERY, _COMPARE)

    def on_stop(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    # -- both worlds ---------------------------------------------------------------------

    @on(BookLoaded)
    def _book(self, message: BookLoaded) -> None:
        for order in message.open_orders:
            pair = None if self._file is None else self._file.one(order.client_order_id)
            if pair is None or order.client_order_id in self._pairs:
                continue
            shadow = pair.shadow
            self._pairs[pair.client_order_id] = pair
            self.market.keep(replace(order, filled=shadow.filled, average_price=shadow.price))

    @on(ShadowAdmitted)
    def _admitted(self, message: ShadowAdmitted) -> None:
        now = self.clock.now()
        for each in message.admission.members:
            request = each.request
            name = request.client_order_id
            self._admissions[name] = each
            day = now.astimezone(SYDNEY).date()
            pair = Pair(name, day, request.symbol, request.side, request.quantity)
            self._keep(pair)
            self.market.keep(Order.intended(request, each.venue, now))
        self.look(message.admission.request.symbol)

    @on(OrderRecorded)
    def _recorded(self, message: OrderRecorded) -> None:
        """Other terms hold here as well; one that was taken back is, and one that filled goes on.

        It would have filled there too late, or not at all: that is what is to be found out.
        """
        order, name = message.order, message.order.client_order_id
        if name not in self._pairs:
            return
        if order.state.is_final:
            self._over[name] = None
            if order.state is not OrderState.FILLED:
                self.take(self.market.end(name, OrderState.CANCELLED, "the real one ended"))
        elif self.market.change(order):
            self.look(order.request.symbol)

    @on(FillRecorded)
    def _fill(self, message: FillRecorded) -> None:
        if self._file is not None:
            fill = message.fill
            self._safely(lambda file: file.keep_fill(fill))

    @on(PositionAdopted)
    def _adopted(self, message: PositionAdopted) -> None:
        """Told to all who read the ledger; the shadow compares orders alone."""

    @on(PositionRestated)
    def _restated(self, message: PositionRestated) -> None:
        """As of an adoption: the shadow compares orders alone."""

    def take(self, events: list[ShadowEvent]) -> None:
        """Write down what would have happened."""
        for event in events:
            name = event.order.client_order_id
            pair = self._pairs.get(name)
            if pair is None:
                continue
            if isinstance(event, ShadowFilled):
                self._keep(replace(pair, shadow=self._outcome(event)))
            else:
                self._forget(name)

    def _outcome(self, event: ShadowFilled) -> Outcome:
        admission = self._admissions.get(event.order.client_order_id)
        estimate = admission.estimate if admission is not None else None
        cost: Decimal | None = None
        if estimate is not None:
            cost = estimate.for_filled(event.filled, event.value)
        currency = estimate.currency if estimate is not None and cost is not None else ""
        return Outcome(event.filled, event.value, cost, currency)

    # -- each day ------------------------------------------------------------------------

    def on_timer(self, name: str) -> None:
        """Look at the market, or compare a day that is over."""
        if name != _COMPARE:
            super().on_timer(name)
            return
        self.after(_COMPARE_EVERY, _COMPARE)
        today = self.clock.now().astimezone(SYDNEY).date()
        self._safely(lambda file: self._compare(file, today))

    def _compare(self, file: ShadowFile, today: date) -> None:
        for day in file.days_to_compare(today):
            found = file.divergence(day)
            beyond = out_of_bounds(found, self._bounds)
            file.keep_day(day, self.clock.now(), beyond)
            if found.slippage_bps is not None or found.missed_part is not None:
                said = f"{day}: {beyond or 'within bounds'}, {len(found.pairs)} orders."
                self.log.info("The shadow and the real fills of {}", said)
                seen = EvidenceSeen(Item.DIVERGENCE, not beyond, said)
                self.tell(names.LIVE_GATE, seen)
        for name in [n for n in self._over if n in self._pairs and self._pairs[n].day < today]:
            self.market.drop(name)
            self._forget(name)

    def describe(self) -> State:
        """What is open, and whether it is on disk."""
        return {**super().describe(), "on_disk": self._file is not None}

    # -- on disk -------------------------------------------------------------------------

    def _keep(self, pair: Pair) -> None:
        self._pairs[pair.client_order_id] = pair
        self._safely(lambda file: file.keep(pair))

    def _forget(self, name: str) -> None:
        for kept in (self._pairs, self._admissions, self._over):
            kept.pop(name, None)

    def _safely(self, write: Callable[[ShadowFile], None]) -> None:
        """A fact that fails here must hold nobody's trading up."""
        if self._file is None:
            return
        try:
            write(self._file)
        except BookError as error:
            self.log.error("The shadow is not written from here on: {}", error)
            self._file.close()
            self._file = None
