"""What the desk knows of each venue, and how it shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
from domain.holdings import reserved_of
from domain.maintenance import Schedule
from domain.orders import Order
from domain.outage import health
from domain.quotes import Quote
from domain.rates import Rate, ToldRate, rate_of
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
        self.epoch = 0
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
        self.epoch = message.epoch
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
        self._held = {}
        for report in message.held:
            self.take_position(report)
        self._set("", "", now)

    def take_not_reconciled(self, message: NotReconciled, now: datetime) -> None:
        """The comparison could not be made, or is worth nothing now."""
        if message.epoch > self.epoch:
            self._early = message
        elif message.epoch == self.epoch:
            before = self.reason()
            self.reconciled = False
            self._turned(before, now)
            self._set(message.sentence, message.cause, now)

    def take_circuit(self, message: CircuitChanged, now: datetime) -> None:
        """The circuit gates entries."""
        before = self.reason()
        self.circuit = message.state
        self._turned(before, now)

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

    def take_position(self, report: PositionReport) -> None:
        """The venue's word on a holding."""
        if report.symbol is not None:
            self._held[report.symbol] = report.quantity

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

    def holdings(self) -> Mapping[Symbol, Decimal]:
        """All that the account holds."""
        return self._held

    def mismatch(self, symbol: Symbol) -> str:
        """Why this symbol is on hold; empty when it is not."""
        if self._last is None:
            return ""
        return next((why for each, why in self._last.mismatches if each == symbol), "")

    def currencies(self) -> tuple[str, ...]:
        """All in which the account keeps cash."""
        return self._rows.currencies()

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


def told_by(venues: Iterable[VenueState]) -> dict[str, ToldRate]:
    """The rates that accounts have named, by currency; the newest word counts."""
    told: dict[str, ToldRate] = {}
    for state in venues:
        for currency, rate in state.told_rates.items():
            if currency not in told or rate.received > told[currency].received:
                told[currency] = rate
    return told


def rates_in(
    base: str,
    currencies: Iterable[str],
    told: Mapping[str, ToldRate],
    quotes: Mapping[Symbol, Quote],
    now: float,
    quote_stale_seconds: float,
) -> dict[str, Rate]:
    """The rates of these currencies, as far as anybody has told them."""
    found = {}
    for currency in currencies:
        best = rate_of(
            currency,
            base,
            quotes=quotes,
            told=told,
            now=now,
            quote_stale_seconds=quote_stale_seconds,
        )
        if best is not None:
            found[currency] = best
    return found


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
    quotes: Mapping[Symbol, Quote],
    orders: Sequence[Order],
    max_order_value: Decimal,
    base_currency: str,
) -> DeskView:
    """Everything that the desk decides by, as plain values."""
    symbols = {*positions, *(symbol for state in venues for symbol in state.holdings())}
    symbols |= {order.request.symbol for order in orders}
    currencies = {base_currency, *(symbol.currency for symbol in symbols)}
    currencies.update(currency for state in venues for currency in state.currencies())
    told = told_by(venues)
    rates = rates_in(base_currency, currencies, told, quotes, monotonic, quote_stale_seconds)
    market = Market(quotes, rates, monotonic, quote_stale_seconds)
    held = position_views(venues, positions, market)
    accounts = tuple(state.account_view(base_currency, rates) for state in venues)
    return DeskView(
        at=now,
        paused=paused,
        paused_reason=paused_reason,
        venues=tuple(
            state.view(monotonic, now, instruments.get(state.venue, ())) for state in venues
        ),
        positions=held,
        accounts=accounts,
        equity=equity_view(accounts, held, base_currency),
        working_orders=len(orders),
        reserved=reserved_of(orders, rates),
        max_order_value=max_order_value,
        base_currency=base_currency,
    )
