"""What the gates of risk look at, gathered from all that the desk knows.

Money is in the base currency. A price that was told once counts until a newer one comes, however
old; a rate that is too old does not, for what is at stake.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from actors.base import on
from actors.desk_knowledge import DeskKnowledge, DeskOptions
from actors.desk_pace import DeskPace
from actors.desk_results import DeskResults
from actors.messages import BookLoaded, FillRecorded, PositionAdopted
from actors.seat import Seat
from actors.system import ActorSystem
from domain import limits, results
from domain.exposure import Opening, Stake, exposure_of, foreign_openings, openings
from domain.figures import RISK_REDUCING, DeskFigures
from domain.orders import Order, OrderRequest, Side
from domain.phases import Phase, next_open, phase_at
from domain.quotes import Quote
from domain.results import Account, Result, result_of
from domain.risk_figures import MarketFigures, RiskFigures
from domain.symbols import Symbol

#: In percent: between a bid and an ask farther apart than this lies no price.
_WILD_SPREAD = 5.0


class DeskRisk(DeskKnowledge):
    """Exposure, results, pace and market, for the gates that hold back what is new."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: DeskOptions) -> None:
        super().__init__(system, seat, options=options)
        self._tightened: dict[str, Decimal] = {}
        """What was made tighter than the settings while Kelpie ran, by name."""
        self._pace = DeskPace(self.clock)
        self._results = DeskResults(self.clock)

    def _figures(
        self, request: OrderRequest, amended: Order | None = None, proposer: str = ""
    ) -> DeskFigures:
        """All that a request is decided by. What leaves a position is no matter of risk."""
        symbol, side, group = request.symbol, request.side, request.oca_group
        if request.purpose in RISK_REDUCING:
            return self._figures_of(symbol, side, amended, group)
        orders = self._orders_without(amended)
        rates = self._rates_now(orders)
        ours, theirs = openings(orders, rates), self._openings_of_others(rates)
        risk = RiskFigures(
            limits=self._limits,
            market=self._market(symbol),
            pace=self._pace.figures(request, orders, proposer),
            exposure=exposure_of(symbol, self._stakes(rates), ours, theirs),
            result=self._results.figures(self._result()),
            cash=self._free_cash([*ours, *theirs], rates),
        )
        return self._figures_of(symbol, side, amended, group, risk)

    # -- the market ----------------------------------------------------------------------

    def _market(self, symbol: Symbol) -> MarketFigures:
        quote = self._quotes.get(symbol)
        fresh = None if self._price(symbol, Side.BUY) is None else quote
        fresh = fresh or (None if self._price(symbol, Side.SELL) is None else quote)
        phases, details = self.options.entry_phases, self._instruments.get(symbol)
        if phases is None or details is None:
            return MarketFigures(phases, quote=fresh)
        now, calendar = self.clock.now(), self._instruments.calendar(details)
        phase = phase_at(details, calendar, now, halted=quote is not None and quote.halted)
        opens = None if phase is Phase.OPEN else next_open(details, calendar, now)
        return MarketFigures(phases, phase, opens, fresh)

    def _mark(self, symbol: Symbol) -> Decimal | None:
        """The price that it is valued by: the middle, the last trade, or the last close."""
        quote = self._quotes.get(symbol)
        if quote is None:
            return None
        price = _sane_price(quote)
        return None if price is None else Decimal(repr(price))

    # -- what is at stake ----------------------------------------------------------------

    def _rates_now(self, orders: Iterable[Order]) -> dict[str, Decimal | None]:
        """Of every currency that something is held, offered or paid in."""
        base = self.options.base_currency
        currencies: dict[str, None] = {base: None}
        currencies |= {order.request.symbol.currency: None for order in orders}
        currencies |= {symbol.currency: None for symbol in self._positions}
        for state in self._venues.values():
            theirs = (each.symbol for each in state.foreign)
            currencies |= {symbol.currency: None for symbol in theirs if symbol is not None}
            currencies |= {symbol.currency: None for symbol in state.holdings()}
            currencies |= dict.fromkeys(state.currencies())
        return {currency: self._money.rate(currency) for currency in currencies}

    def _openings_of_others(self, rates: Mapping[str, Decimal | None]) -> list[Opening]:
        found: list[Opening] = []
        for state in self._venues.values():
            found += foreign_openings(state.foreign, rates, self._mark)
        return found

    def _stakes(self, rates: Mapping[str, Decimal | None]) -> list[Stake]:
        found = []
        for state in self._venues.values():
            ours = {s: p for s, p in self._positions.items() if p.venue == state.venue}
            for symbol in dict.fromkeys([*ours, *state.holdings()]):
                position = ours.get(symbol)
                managed = position.quantity if position is not None else Decimal(0)
                held = managed if symbol.is_currency_pair else state.held(symbol)
                # The venue's word on a position comes later than the fill that made it.
                held = max(held, managed, key=abs)
                if not held:
                    continue
                price = self._mark(symbol) or state.average_cost(symbol)
                if price is None and position is not None:
                    price = position.average_price
                rate = rates.get(symbol.currency)
                worth = None if price is None or rate is None else price * rate
                found.append(Stake(symbol, held, managed, worth))
        return found

    def _free_cash(
        self, working: Iterable[Opening], rates: Mapping[str, Decimal | None]
    ) -> Decimal | None:
        """All cash, less what purchases of shares that work may still take, or took just now."""
        spent = self._money.spent_lately(rates)
        if spent is None:
            return None
        free = -spent
        for state in self._venues.values():
            cash = state.cash_in_base(rates)
            if cash is None:
                return None
            free += cash
        for opening in working:
            if opening.side is Side.BUY and not opening.symbol.is_currency_pair:
                if opening.value is None:
                    return None
                free -= opening.value
        return free

    # -- what was made or lost -----------------------------------------------------------

    def _result(self, symbol: Symbol | None = None) -> Result:
        """Of all, or of one symbol alone."""
        accounts = (
            Account(p.symbol, p.quantity, p.average_price, p.realised_pnl, p.commissions)
            for p in self._positions.values()
            if symbol is None or p.symbol == symbol
        )
        return result_of(accounts, self._mark, self._money.any_rate)

    @on(FillRecorded)
    def _fill(self, message: FillRecorded) -> None:
        before = self._positions.get(message.position.symbol)
        super()._fill(message)
        fill, after = message.fill, message.position
        if before is not None and message.new and after.realised_pnl < before.realised_pnl:
            self._pace.lost(after.symbol, fill.client_order_id, self._limits)

    def _take_adopted(self, message: PositionAdopted) -> None:
        """What a person gives in, or takes out, is neither profit nor loss.

        Looked at alone: of another symbol the price may be missing just now.
        """
        symbol = message.position.symbol
        before = self._result(symbol).total
        self._positions[symbol] = message.position
        after = self._result(symbol).total
        if before is not None and after is not None:
            self._results.shift(after - before)

    # -- what the book says --------------------------------------------------------------

    def _take_up_risk(self, message: BookLoaded) -> None:
        settings = dict(message.settings)
        self._tightened = limits.from_text(settings.get(limits.KEY, ""))
        self._limits = limits.strictest(self._limits, self._tightened)
        self._results.take_up(settings.get(results.KEY, ""))
        self._pace.take_up((*message.ended, *message.open_orders), self._limits)


def _sane_price(quote: Quote) -> float | None:
    spread = quote.spread_percent
    if spread is not None and spread <= _WILD_SPREAD:
        return quote.mid
    return quote.last if quote.last is not None else quote.close
