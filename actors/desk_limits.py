"""The desk's limits under way: tightened by a person, watched, and shown with their use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from actors import names
from actors.base import on
from actors.desk_knowledge import DeskOptions
from actors.desk_worth import DeskWorth
from actors.messages import (
    Alert,
    BookLoaded,
    GetRisk,
    GetWhyNot,
    LimitsChanged,
    RecordSetting,
    TightenLimits,
    Verdict,
)
from actors.seat import Seat
from actors.system import ActorSystem
from domain import limits, results
from domain.admission import Refusal
from domain.gate_words import money
from domain.gates import survey
from domain.limits import NAMES, LimitError, as_text, tightened
from domain.orders import OrderRequest, OrderType, Side
from domain.price_steps import ceil_to_step, floor_to_step
from domain.results import Result
from domain.risk_figures import ResultFigures, RiskFigures
from domain.risk_views import GateView, LimitView, RiskView, WhyNotView, is_shut, uses_of
from domain.symbols import Symbol
from domain.trial_order import least_quantity, worthwhile_quantity

_USUAL = Decimal("0.25")
"""What part of MAX_ORDER_VALUE an entry is asked about, unless somebody says how large."""
_WATCHED = {
    "max_daily_loss": ("DAILY_LOSS", "Nothing new is opened before Sydney's midnight."),
    "max_drawdown": ("DRAWDOWN", "Find out why; nothing new is opened until it has recovered."),
    "max_fees_per_day": ("FEE_BUDGET_DAY", "Nothing new is opened before Sydney's midnight."),
    "max_fees_per_month": ("FEE_BUDGET_MONTH", "Nothing new is opened in this month."),
}
"""Limits that shut by themselves while nobody asks for an order."""


_NOT_READ = ResultFigures(None, None, None, None, None, "")
"""Of the day, while the book has not been read."""


class DeskLimits(DeskWorth):
    """Tightens, watches and shows."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: DeskOptions) -> None:
        super().__init__(system, seat, options=options)
        self._since: dict[tuple[str, str], tuple[bool, datetime]] = {}
        """By symbol (or none) and gate or limit: whether it is open, and since when."""
        self._next = 0
        """Which of the symbols was looked at last."""

    @on(TightenLimits)
    def _tighten(self, message: TightenLimits) -> RiskView | Verdict:
        if not self._loaded:
            return self._refuse(self._not_open("", "changed"))
        wanted = dict(message.wanted)
        try:
            stricter = tightened(self._limits, wanted)
        except LimitError as error:
            return self._refuse(Refusal("", error.code, str(error), error.cure))
        changed = {name: wanted[name] for name in wanted if stricter != self._limits}
        self._limits = stricter
        if changed:
            self._tightened |= changed
            self.log.warning(
                "Limits are tightened by {}: {} ({}).",
                message.who,
                as_text(changed),
                message.reason,
            )
            text = as_text(self._tightened)
            self.tell(names.LEDGER, RecordSetting(limits.KEY, text, message.who, message.reason))
            self.tell(names.LIVE_GATE, LimitsChanged(as_text(changed), message.who))
        self._watch_limits()
        return self._risk_view()

    # -- watching ------------------------------------------------------------------------

    def _take_up_risk(self, message: BookLoaded) -> None:
        super()._take_up_risk(message)
        self._watch_limits()

    def on_timer(self, name: str) -> None:
        """Look again at what is watched."""
        if name == "limits":
            self._watch_limits()
        else:
            super().on_timer(name)

    def _watch_limits(self) -> None:
        """Follow the result, keep what of it is to outlive a restart, tell of what shuts."""
        if all(getattr(self._limits, name) is None for name in _WATCHED):
            return
        self.after(self.options.watch_seconds, "limits")
        figures = RiskFigures(self._limits, result=self._results.figures(self._result()))
        kept = self._results.to_keep()
        if kept:
            record = RecordSetting(
                results.KEY, kept, self.seat.name, "the day's result", audited=False
            )
            self.tell(names.LEDGER, record)
        for limit in self._limit_views(figures, None):
            if limit.name in _WATCHED and limit.used is not None:
                self._tell_of(limit)
        self._look_at_next()

    def _look_at_next(self) -> None:
        """Ask the gates about one symbol each time, so that it is known since when they are so."""
        symbols = list(self.options.venue_of)
        if symbols:
            self._next = (self._next + 1) % len(symbols)
            self._why_not(GetWhyNot(symbols[self._next]))

    def _tell_of(self, limit: LimitView) -> None:
        """An alert once it shuts, and the end of it."""
        code, cure = _WATCHED[limit.name]
        key = ("told", limit.name)
        before, _ = self._since.get(key, (True, self.clock.now()))
        self._since[key] = (not limit.shut, self.clock.now())
        if before is not limit.shut:
            return
        base = self.options.base_currency
        sentence = (
            f"{limit.name.upper()} is {'reached' if limit.shut else 'kept again'}: "
            f"{money(limit.used, base)} of {money(limit.limit, base)}."
        )
        level = "error" if limit.shut else "info"
        now, by = self.clock.now(), self.seat.name
        for venue in self.options.venues[:1]:
            alert = Alert(venue, level, code, sentence, cure, now, told=1, stands=limit.shut, by=by)
            self.log.warning("{}", sentence)
            self._alert(alert)
            for name in names.ALERT_READERS:
                self.tell(name, alert)

    # -- showing -------------------------------------------------------------------------

    @on(GetRisk)
    def _risk(self, _: GetRisk) -> RiskView:
        return self._risk_view()

    def _risk_view(self) -> RiskView:
        symbols = list(self.options.venue_of)
        probe = self._probe(symbols[0], Side.BUY, None) if symbols else None
        figures = self._figures(probe).risk if probe is not None else RiskFigures(self._limits)
        exposure, result, since_start = figures.exposure, figures.result, self._result()
        if not self._loaded:
            # There are no fills to add up yet, which is not a result of nothing.
            result, since_start = _NOT_READ, Result(None, None)
        return RiskView(
            at=self.clock.now(),
            base_currency=self.options.base_currency,
            limits=tuple(self._limit_views(figures, self._largest_position())),
            exposure=exposure.total,
            ours=exposure.ours,
            positions=exposure.positions,
            free_cash=figures.cash,
            result_today=result.today,
            below_peak=result.below_peak,
            fees_today=result.fees_today,
            fees_this_month=result.fees_this_month,
            result_since_start=since_start.total,
            fees_since_start=since_start.fees,
            missing=result.missing,
            cooling=self._pace.cooling(),
        )

    @on(GetWhyNot)
    def _why_not(self, message: GetWhyNot) -> WhyNotView | None:
        symbol = message.symbol
        if not self._venue_of(symbol):
            return None
        request = self._probe(symbol, message.side, message.quantity)
        figures = self._figures(request)
        now = self.clock.now()
        words = survey(request, figures)
        gates = tuple(
            GateView(word, self._turned(str(symbol), word.gate, word.open, now)) for word in words
        )
        return WhyNotView(symbol, now, request.side, request.quantity, figures.price, gates)

    def _probe(self, symbol: Symbol, side: Side, quantity: Decimal | None) -> OrderRequest:
        """An entry as somebody would ask for it: at the market's price, of a usual size."""
        instrument, price = self._instruments.get(symbol), self._price(symbol, side)
        request = OrderRequest("", symbol, side, quantity or Decimal(1), OrderType.MARKET)
        if instrument is None or price is None:
            return request
        rounded = ceil_to_step if side is Side.BUY else floor_to_step
        limit = rounded(price, instrument.price_steps)
        request = replace(request, type=OrderType.LIMIT, limit_price=limit)
        if quantity is not None:
            return request
        figures = self._figures_of(symbol, side)
        usual = self._max_order_value * _USUAL / (limit * (figures.rate or Decimal(1)))
        # What nobody would propose, for its costs alone, must not be said to be why nothing is.
        wanted = max(
            usual,
            least_quantity(request, figures, self._limits.min_trade_size),
            worthwhile_quantity(limit, instrument.lot, figures),
        )
        whole = max((wanted / instrument.lot).to_integral_value(ROUND_CEILING), Decimal(1))
        return replace(request, quantity=whole * instrument.lot)

    def _largest_position(self) -> Decimal | None:
        largest = Decimal(0)
        for symbol in self.options.venue_of:
            exposure = self._figures(OrderRequest("", symbol, Side.BUY, Decimal(1), _ANY)).risk
            long, short = exposure.exposure.long, exposure.exposure.short
            if long is None or short is None:
                return None
            largest = max(largest, long, short)
        return largest

    def _limit_views(self, figures: RiskFigures, largest: Decimal | None) -> Iterable[LimitView]:
        now = self.clock.now()
        set_so = replace(self.options.limits, max_order_value=self.options.max_order_value)
        uses = uses_of(figures, largest)
        for name in NAMES:
            limit: Decimal | None = getattr(self._limits, name)
            used = uses.get(name)
            shut = name in uses and is_shut(name, used, limit)
            since = self._turned("", name, not shut, now)
            yield LimitView(name, limit, getattr(set_so, name), used, shut, since if shut else None)

    def _turned(self, symbol: str, gate: str, open: bool, now: datetime) -> datetime:
        """Since when it has been so, as far as anybody looked."""
        was, since = self._since.get((symbol, gate), (not open, now))
        if was is not open:
            since = now
            self._since[symbol, gate] = (open, now)
        return since


_ANY = OrderType.MARKET
