"""What the desk knows of each venue, and how it shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from actors.messages import (
    Alert,
    CircuitChanged,
    FarmChanged,
    LinkDown,
    LinkUp,
    NotReconciled,
    Reconciled,
)
from adapters.book import ManagedPosition
from domain.account import SUM, AccountRows
from domain.farms import Farm, FarmKind
from domain.foreign import ForeignOrder, foreign_reserved
from domain.guard import Guard
from domain.holdings import reserved_of
from domain.maintenance import Schedule
from domain.orders import Order
from domain.outage import health
from domain.permits import Hold
from domain.quotes import Quote
from domain.rates import Rate, ToldRate, newest_told, rates_in
from domain.shadow import SHADOW
from domain.symbols import Symbol
from domain.valuation import Holding, Market, equity_view, position_view
from domain.venue import AccountValue, PositionReport
from domain.views import (
    AccountView,
    AlertView,
    DeskView,
    InstrumentView,
    PositionView,
    VenueView,
)

_WINDOWS_AHEAD = timedelta(days=2)


class VenueState:
    """One venue as the desk sees it. Changed by the desk's own thread alone."""

    def __init__(self, venue: str, now: datetime, schedule: Schedule | None = None) -> None:
        self.venue = venue
        self.schedule = schedule or Schedule()
        self.connected = False
        self.reconciled = False
        self.circuit = "closed"
        self._circuit_told = False
        self.epoch = 0
        self.linked_at: datetime | None = None
        """When the last link of which we know was made."""
        self._over = 0
        """The last link of which we know that it has ended."""
        self._early: Reconciled | NotReconciled | None = None
        """Of a link of which we have not heard yet."""
        self.account = ""
        self.server_version: int | None = None
        self.since = now
        """Since when it has been tradable, or has not."""
        self._trouble = "it is not connected yet"
        self._cause = "NOT_CONNECTED"
        self._farms: dict[tuple[FarmKind, str], Farm] = {}
        self._farms_epoch = 0
        self._alerts: dict[str, Alert] = {}
        self._next_try_at: float | None = None
        self._held: dict[Symbol, Decimal] = {}
        self._held_on = 0
        """The link on which the venue last told all that the account holds."""
        self._left_since: dict[Symbol, Decimal] = {}
        """What has left, by our fills, since the venue last told what it holds of the symbol."""
        self._has_in_it: dict[Symbol, frozenset[str]] = {}
        """The executions that were heard before the venue's last word on the symbol."""
        self._costs: dict[Symbol, Decimal] = {}
        self._last: Reconciled | None = None
        self._rows = AccountRows()
        self.told_rates: dict[str, ToldRate] = {}

    def reason(self) -> str:
        """Why it may not be traded; empty when it may."""
        if self._trouble:
            return self._trouble
        if not self.reconciled:
            return "its lists are being compared with the ledger"
        return "" if self.circuit == "closed" else f"its circuit is {self.circuit}"

    def cause(self) -> str:
        """The stable code of that reason; empty when it may be traded."""
        if self._trouble:
            return self._cause
        if not self.reconciled:
            return "NOT_RECONCILED"
        return "" if self.circuit == "closed" else "CIRCUIT_OPEN"

    # -- what happens to it --------------------------------------------------------------

    def link_up(self, message: LinkUp, now: datetime) -> None:
        """Connected; not synchronised, not reconciled.

        Who tells what comes over different ways, and some is told twice: epochs bring it in order.
        """
        if message.epoch <= self._over or (self.connected and message.epoch <= self.epoch):
            return
        before = self.reason()
        self.connected, self.reconciled = True, False
        self._turned(before, now)
        self.epoch, self.linked_at = message.epoch, message.at
        self.account = message.opened.account
        self.server_version = message.opened.server_version
        self._next_try_at = None
        self._set("its lists are being compared with the ledger", "NOT_RECONCILED", now)
        early, self._early = self._early, None
        if isinstance(early, Reconciled):
            self.take_reconciled(early, now)
        elif early is not None:
            self.take_not_reconciled(early, now)

    def link_down(self, message: LinkDown, now: datetime, due: float | None) -> None:
        """Nothing may be sent; `due` is when it is tried again, monotonic."""
        if message.epoch < self.epoch:
            return
        self._over = message.epoch
        before = self.reason()
        self.connected = self.reconciled = False
        self._turned(before, now)
        self._next_try_at = due
        self._set(message.sentence, message.cause, now)

    def take_reconciled(self, message: Reconciled, now: datetime) -> None:
        """The lists and the ledger have been compared, on this link."""
        if message.epoch > self.epoch:
            self._early = message
        if not self.connected or message.epoch != self.epoch:
            return
        before = self.reason()
        self.reconciled = True
        self._turned(before, now)
        self._last = message
        self._take_holdings(message.held)
        self._set("", "", now)

    def take_not_reconciled(self, message: NotReconciled, now: datetime) -> None:
        """The comparison could not be made, or is worth nothing now."""
        if message.epoch > self.epoch:
            self._early = message
        elif message.epoch == self.epoch:
            before = self.reason()
            self.reconciled = False
            self._turned(before, now)
            if message.held is not None:
                self._take_holdings(message.held)
            self._set(message.sentence, message.cause, now)

    def _take_holdings(self, held: Iterable[PositionReport]) -> None:
        self._held, self._held_on, self._left_since = {}, self.epoch, {}
        for report in held:
            known = self._has_in_it.get(report.symbol, ()) if report.symbol is not None else ()
            self.take_position(report, known)

    def take_circuit(self, message: CircuitChanged, now: datetime) -> None:
        """The circuit gates entries."""
        self._circuit_told = True
        before = self.reason()
        self.circuit = message.state
        self._turned(before, now)

    def book_says_circuit(self, forced: str, now: datetime) -> None:
        """A person held it open when this was written; its supervisor's own word is newer."""
        if forced and not self._circuit_told:
            sentence = f"held open by a person: {forced}"
            self.take_circuit(CircuitChanged(self.venue, "forced-open", sentence), now)

    def take_farm(self, message: FarmChanged) -> None:
        """How one of its data farms is; those of an older link are forgotten."""
        if message.epoch < self._farms_epoch:
            return
        if message.epoch > self._farms_epoch:
            self._farms, self._farms_epoch = {}, message.epoch
        self._farms[(message.farm.kind, message.farm.name)] = message.farm

    def take_alert(self, message: Alert) -> None:
        """An alert that stands, or the end of one."""
        self._alerts.pop(message.code, None)
        if message.stands:
            self._alerts[message.code] = message

    def forget_alerts(self) -> None:
        """The venue's supervisor begins anew and says again what still stands of its own."""
        self._alerts = {code: alert for code, alert in self._alerts.items() if alert.by}

    def take_position(self, report: PositionReport, after: Iterable[str] = ()) -> None:
        """The venue's word on a holding, told `after` these executions."""
        if report.symbol is not None:
            self._has_in_it[report.symbol] = frozenset(after)
            self._held[report.symbol] = report.quantity
            self._left_since.pop(report.symbol, None)
            self._costs[report.symbol] = report.average_cost

    def take_value(self, value: AccountValue, now: datetime, monotonic: float) -> None:
        """A row of the account."""
        self._rows.take(value.tag, value.currency, value.value, now)
        if value.tag == "ExchangeRate" and value.currency != SUM:
            rate = self._rows.amount(value.tag, value.currency)
            if rate is not None:
                self.told_rates[value.currency] = ToldRate(rate, monotonic)

    def _set(self, trouble: str, cause: str, now: datetime) -> None:
        before = self.reason()
        self._trouble, self._cause = trouble, cause
        self._turned(before, now)

    def _turned(self, before: str, now: datetime) -> None:
        # Another reason is the same outage: its length is what counts.
        if bool(before) is not bool(self.reason()):
            self.since = now

    # -- what is asked of it -------------------------------------------------------------

    def held(self, symbol: Symbol) -> Decimal:
        """What the account holds of it."""
        return self._held.get(symbol, Decimal(0))

    def provably_held(self, symbol: Symbol) -> Decimal:
        """The same, and nothing where the venue has not told its holdings on this link.

        Where it holds less than we manage, what has left since then is taken off: its next word
        may come late, and until then the same shares would seem to be there to be sold again.
        """
        if self._held_on != self.epoch:
            return Decimal(0)
        held, left = self.held(symbol), self._left_since.get(symbol, Decimal(0))
        return max(held - left, Decimal(0)) if held > 0 else min(held + left, Decimal(0))

    def take_fill(self, symbol: Symbol, before: Decimal, after: Decimal, execution: str) -> None:
        """Our position has become another by a fill; the venue's own word on it follows.

        Or it was here first, for a fill is told when it is on the disk: then nothing is taken off.
        """
        if execution in self._has_in_it.get(symbol, ()):
            return
        left, held = abs(before) - abs(after), self.held(symbol)
        short_of_it = held < before if before > 0 else held > before
        if left > 0 and short_of_it and before * after >= 0:
            self._left_since[symbol] = self._left_since.get(symbol, Decimal(0)) + left

    def average_cost(self, symbol: Symbol) -> Decimal | None:
        """What a unit of it has cost, as the venue says; None where it told nothing."""
        return self._costs.get(symbol)

    def holdings(self) -> Mapping[Symbol, Decimal]:
        """All that the account holds."""
        return self._held

    @property
    def foreign(self) -> tuple[ForeignOrder, ...]:
        """Open orders of others in the account, as of the last comparison."""
        return self._last.foreign if self._last is not None else ()

    def mismatch(self, symbol: Symbol | None = None) -> str:
        """Why this symbol, or any, is on hold; empty when it is not."""
        found = self._last.mismatches if self._last is not None else ()
        if symbol is None:
            return next((f"{each}: {why}" for each, why in found), "")
        return next((why for each, why in found if each == symbol), "")

    def currencies(self) -> tuple[str, ...]:
        """All in which the account keeps cash."""
        return self._rows.currencies()

    def cash(self, currency: str) -> Decimal | None:
        """The cash of a currency; a venue that tells others and not this one has none of it."""
        amount = self._rows.cash(currency)
        return Decimal(0) if amount is None and self._rows.currencies() else amount

    def cash_in_base(self, rates: Mapping[str, Decimal | None]) -> Decimal | None:
        """All its cash; None where it told none, or has some in a currency without a rate."""
        found = None
        for currency in self.currencies():
            amount, rate = self._rows.cash(currency), rates.get(currency)
            if amount is None or (rate is None and amount):
                return None
            found = (found or Decimal(0)) + amount * (rate or Decimal(0))
        return found

    def account_view(self, base: str, rates: Mapping[str, Rate]) -> AccountView:
        """The account, cash converted by these rates."""
        return AccountView(self.venue, self.account, self._rows.summary(base, rates))

    def view(
        self, monotonic: float, now: datetime, instruments: tuple[InstrumentView, ...]
    ) -> VenueView:
        """For the console."""
        last = self._last if self.reconciled else None
        next_try = None
        if self._next_try_at is not None:
            next_try = max(0.0, self._next_try_at - monotonic)
        reason, cause = self.reason(), self.cause()
        excuse = self.schedule.in_window(now)
        return VenueView(
            venue=self.venue,
            connected=self.connected,
            synchronised=self.reconciled,
            reconciled=self.reconciled,
            circuit=self.circuit,
            tradable=not reason,
            reason=reason,
            since=self.since,
            next_try_seconds=next_try,
            epoch=self.epoch,
            server_version=self.server_version,
            in_doubt=last.in_doubt if last else (),
            mismatches=last.mismatches if last else (),
            foreign_orders=last.foreign_orders if last else 0,
            instruments=instruments,
            cause=cause,
            health=health(not reason, cause, self.since, now, excuse),
            expected_until=excuse.ends if excuse is not None else None,
            on_hold=self.schedule.hold_sentence(now),
            windows=self.schedule.ahead(now, _WINDOWS_AHEAD),
            farms=tuple(sorted(self._farms.values(), key=lambda f: (f.kind, f.name))),
            alerts=tuple(
                AlertView(each.level, each.code, each.sentence, each.cure, each.since, each.told)
                for each in self._alerts.values()
            ),
        )


def position_views(
    venues: Sequence[VenueState], positions: Mapping[Symbol, ManagedPosition], market: Market
) -> tuple[PositionView, ...]:
    """All that is held, by us or by anybody."""
    views = []
    for state in venues:
        ours = {s: p for s, p in positions.items() if p.venue == state.venue}
        for symbol in sorted({*ours, *state.holdings()}):
            position = ours.get(symbol)
            managed = position.quantity if position is not None else Decimal(0)
            held = managed if symbol.is_currency_pair else state.held(symbol)
            if managed == 0 and held == 0:
                continue
            average = position.average_price if position is not None else None
            holding = Holding(symbol, state.venue, held, managed, average)
            views.append(position_view(holding, market))
    return tuple(views)


def shadow_views(
    positions: Mapping[Symbol, ManagedPosition], market: Market
) -> tuple[PositionView, ...]:
    """What the shadow book holds: apart from what anybody really does."""
    kept = [p for p in positions.values() if p.venue == SHADOW and p.quantity]
    return tuple(
        position_view(
            Holding(each.symbol, SHADOW, each.quantity, each.quantity, each.average_price), market
        )
        for each in kept
    )


def desk_view(
    *,
    now: datetime,
    monotonic: float,
    quote_stale_seconds: float,
    paused: bool,
    paused_reason: str,
    venues: Sequence[VenueState],
    instruments: Mapping[str, tuple[InstrumentView, ...]],
    positions: Mapping[Symbol, ManagedPosition],
    guards: Mapping[Symbol, Guard],
    quotes: Mapping[Symbol, Quote],
    orders: Sequence[Order],
    max_order_value: Decimal,
    base_currency: str,
    holds: tuple[Hold, ...],
) -> DeskView:
    """Everything that the desk decides by, as plain values."""
    symbols = {*positions, *(symbol for state in venues for symbol in state.holdings())}
    symbols |= {order.request.symbol for order in orders}
    symbols |= {o.symbol for state in venues for o in state.foreign if o.symbol is not None}
    currencies = {base_currency, *(symbol.currency for symbol in symbols)}
    currencies.update(currency for state in venues for currency in state.currencies())
    told = newest_told(state.told_rates for state in venues)
    rates = rates_in(base_currency, currencies, told, quotes, monotonic, quote_stale_seconds)
    market = Market(quotes, rates, monotonic, quote_stale_seconds)
    held = tuple(
        replace(view, guard=guards.get(view.symbol))
        for view in position_views(venues, positions, market)
    )
    accounts = tuple(state.account_view(base_currency, rates) for state in venues)
    return DeskView(
        at=now,
        paused=paused,
        paused_reason=paused_reason,
        venues=tuple(
            state.view(monotonic, now, instruments.get(state.venue, ())) for state in venues
        ),
        positions=held,
        shadow=shadow_views(positions, market),
        accounts=accounts,
        equity=equity_view(accounts, held, base_currency),
        working_orders=len(orders),
        foreign=tuple((state.venue, order) for state in venues for order in state.foreign),
        foreign_reserved=foreign_reserved(
            (order for state in venues for order in state.foreign), rates
        ),
        reserved=reserved_of(orders, rates),
        max_order_value=max_order_value,
        base_currency=base_currency,
        holds=holds,
    )
