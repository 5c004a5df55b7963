"""Each gate of risk at its edge: what still passes, and one step over it, which does not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from domain.figures import DeskFigures
from domain.limits import Limits
from domain.orders import OrderRequest, OrderType, Side
from domain.phases import Phase
from domain.quotes import DataType, Quote
from domain.risk_figures import (
    Exposure,
    MarketFigures,
    PaceFigures,
    ResultFigures,
    RiskFigures,
)
from domain.symbols import Symbol
from domain.venue import InstrumentDetails, PriceStep

BHP, AUDUSD = Symbol("BHP", "AUD"), Symbol("AUD", "USD")
STEP = (PriceStep(Decimal(0), Decimal("0.01")),)
SHARE = InstrumentDetails(BHP, "BHP", "STK", "ASX", "Australia/Sydney", STEP, Decimal(1), ())
PAIR = InstrumentDetails(
    AUDUSD,
    "AUD.USD",
    "CASH",
    "IDEALPRO",
    "US/Eastern",
    (PriceStep(Decimal(0), Decimal("0.00005")),),
    Decimal(1),
    (),
)
NOON = datetime(2026, 3, 4, 1, tzinfo=UTC)
QUOTE = Quote(BHP, NOON, 0.0, 39.98, 40.0, 50, 50, 40.0, 1, 1, 40.0, DataType.LIVE)
CALM = DeskFigures(
    venue="ib",
    base_currency="AUD",
    observing=False,
    disarmed="",
    paused=False,
    paused_reason="",
    facts_waiting=0,
    venue_reason="",
    venue_reconciled=True,
    circuit_closed=True,
    instrument=SHARE,
    allowed=True,
    symbol_blocked="",
    price=Decimal("40.00"),
    rate=Decimal(1),
    managed=Decimal(0),
    held=Decimal(0),
    working_buys=Decimal(0),
    working_sells=Decimal(0),
    max_order_value=Decimal(10_000),
    risk=RiskFigures(market=MarketFigures(quote=QUOTE)),
)
BUY = OrderRequest("KLP-1", BHP, Side.BUY, Decimal(50), OrderType.LIMIT, Decimal("40.00"))
"""Worth A$2,000."""
SELL_PAIR = OrderRequest(
    "KLP-2", AUDUSD, Side.SELL, Decimal(40_000), OrderType.LIMIT, Decimal("0.65")
)
OF_PAIR = replace(
    CALM,
    instrument=PAIR,
    price=Decimal("0.65"),
    rate=Decimal("1.5"),
    max_order_value=Decimal(100_000),
)


@dataclass(frozen=True)
class Edge:
    """One gate: the limits under which it is asked, and the two sides of its edge."""

    code: str
    limits: Limits
    passes: tuple[OrderRequest, DeskFigures]
    refused: tuple[OrderRequest, DeskFigures]

    def at(self, of: tuple[OrderRequest, DeskFigures]) -> tuple[OrderRequest, DeskFigures]:
        request, figures = of
        return request, replace(figures, risk=replace(figures.risk, limits=self.limits))


def having(figures: DeskFigures = CALM, **parts: Any) -> DeskFigures:
    return replace(figures, risk=replace(figures.risk, **parts))


def quoted(figures: DeskFigures = CALM, **terms: Any) -> DeskFigures:
    quote = replace(QUOTE, **terms)
    return having(figures, market=MarketFigures(quote=quote))


def in_phase(phase: Phase, *allowed: Phase) -> DeskFigures:
    return having(market=MarketFigures(allowed or (Phase.OPEN,), phase, quote=QUOTE))


def buying(shares: int | str, price: str = "40.00") -> OrderRequest:
    return replace(BUY, quantity=Decimal(shares), limit_price=Decimal(price))


def limited(**limits: int | str) -> Limits:
    return Limits(**{name: Decimal(value) for name, value in limits.items()})


def lost(today: str, lowest: str | None = None) -> DeskFigures:
    low = Decimal(lowest if lowest is not None else today)
    return having(result=ResultFigures(Decimal(today), low, Decimal(0)))


def below(peak: str) -> DeskFigures:
    return having(result=ResultFigures(below_peak=Decimal(peak)))


def paid(today: str, month: str) -> DeskFigures:
    return having(result=ResultFigures(fees_today=Decimal(today), fees_this_month=Decimal(month)))


def staked(total: str = "0", ours: str = "0", long: str = "0", short: str = "0") -> DeskFigures:
    return having(exposure=Exposure(Decimal(total), Decimal(ours), Decimal(long), Decimal(short)))


WORKING = replace(BUY, client_order_id="KLP-0")
ACROSS = replace(SELL_PAIR, client_order_id="KLP-0", side=Side.BUY)
UNKNOWN = ResultFigures(None, None, None, None, None, "BHP/AUD")
NO_EXPOSURE = Exposure(None, None, None, None, None, None)

EDGES = (
    Edge(
        "MARKET_CLOSED",
        Limits(),
        (BUY, in_phase(Phase.OPEN)),
        (BUY, in_phase(Phase.POST_CLOSE)),
    ),
    Edge(
        "MARKET_IN_AUCTION",
        Limits(),
        (BUY, in_phase(Phase.PRE_CLOSE, Phase.OPEN, Phase.PRE_CLOSE)),
        (BUY, in_phase(Phase.PRE_CLOSE)),
    ),
    Edge(
        "MARKET_IN_AUCTION",
        Limits(),
        (BUY, in_phase(Phase.PRE_OPEN, Phase.PRE_OPEN)),
        (  # a stop has no bound in an auction
            replace(BUY, type=OrderType.STOP, limit_price=None, stop_price=Decimal(41)),
            in_phase(Phase.PRE_OPEN, Phase.PRE_OPEN),
        ),
    ),
    Edge(
        "MARKET_HOURS_NOT_KNOWN",
        Limits(),
        (BUY, CALM),
        (BUY, in_phase(Phase.UNKNOWN)),
    ),
    Edge(
        "COOLING_DOWN",
        limited(cool_down_seconds=300),
        (BUY, CALM),
        (BUY, having(pace=PaceFigures(cooling="until 12:00:00 (Sydney), because it lost"))),
    ),
    Edge(
        "ORDER_RATE",
        limited(max_orders_per_minute=10),
        (BUY, having(pace=PaceFigures(last_minute=9))),
        (BUY, having(pace=PaceFigures(last_minute=10))),
    ),
    Edge(
        "ORDER_RATE",
        limited(max_orders_per_day=200),
        (BUY, having(pace=PaceFigures(today=199))),
        (BUY, having(pace=PaceFigures(today=200))),
    ),
    Edge(
        "DUPLICATE_INTENT",
        limited(duplicate_percent=2),
        (buying(52), having(pace=PaceFigures(own=(WORKING,), working=(WORKING,)))),
        (buying(51), having(pace=PaceFigures(own=(WORKING,), working=(WORKING,)))),
    ),
    Edge(
        "DUPLICATE_INTENT",
        limited(duplicate_percent=0),
        (buying(50, "40.01"), having(pace=PaceFigures(own=(WORKING,), working=(WORKING,)))),
        (buying(50), having(pace=PaceFigures(own=(WORKING,), working=(WORKING,)))),
    ),
    Edge(
        "PRICE_COLLAR",
        limited(price_collar_percent=2),
        (buying(50, "40.80"), CALM),
        (buying(50, "40.81"), CALM),
    ),
    Edge(
        "PRICE_COLLAR",
        limited(price_away_percent=20),
        (buying(50, "32.00"), CALM),
        (buying(50, "31.99"), CALM),
    ),
    Edge(
        "PRICE_COLLAR",
        limited(price_collar_percent=1, price_away_percent=10),
        (
            replace(BUY, type=OrderType.STOP, limit_price=None, stop_price=Decimal("44.00")),
            CALM,
        ),
        (
            replace(BUY, type=OrderType.STOP, limit_price=None, stop_price=Decimal("44.01")),
            CALM,
        ),
    ),
    Edge(
        "SPREAD_TOO_WIDE",
        limited(max_spread_percent=1),
        (BUY, quoted(bid=39.8, ask=40.2)),
        (BUY, quoted(bid=39.79, ask=40.2)),
    ),
    Edge(
        "SPREAD_TOO_WIDE",
        limited(max_pair_spread_percent="0.1"),
        (SELL_PAIR, quoted(OF_PAIR, symbol=AUDUSD, bid=0.64968, ask=0.65032)),
        (SELL_PAIR, quoted(OF_PAIR, symbol=AUDUSD, bid=0.64960, ask=0.65040)),
    ),
    Edge(
        "DEPTH_TOO_THIN",
        limited(min_top_shares=50),
        (BUY, quoted(ask_size=50, bid_size=1)),
        (BUY, quoted(ask_size=49, bid_size=1000)),
    ),
    Edge(
        "DEPTH_TOO_THIN",
        limited(min_top_value=2000),
        (BUY, quoted(ask_size=50)),
        (BUY, quoted(ask_size=49)),
    ),
    Edge(
        "DEPTH_TOO_THIN",
        limited(min_pair_top_units=25_000),
        (SELL_PAIR, quoted(OF_PAIR, symbol=AUDUSD, bid=0.65, ask=0.651, bid_size=25_000)),
        (SELL_PAIR, quoted(OF_PAIR, symbol=AUDUSD, bid=0.65, ask=0.651, bid_size=24_999)),
    ),
    Edge(
        "TRADE_TOO_SMALL",
        limited(min_trade_size=600),
        (buying(15), CALM),
        (buying(14), CALM),
    ),
    Edge("ORDER_TOO_LARGE", Limits(), (buying(250), CALM), (buying(251), CALM)),
    Edge(
        "POSITION_TOO_LARGE",
        limited(max_position_value=10_000),
        (buying(50), staked(long="8000", short="-8000", total="8000")),
        (buying(51), staked(long="8000", short="-8000", total="8000")),
    ),
    Edge(
        "EXPOSURE_TOO_LARGE",
        limited(max_total_exposure=20_000),
        (buying(50), staked(total="18000", long="3000", short="-3000")),
        (buying(51), staked(total="18000", long="3000", short="-3000")),
    ),
    Edge(
        "PURSE_EXCEEDED",
        limited(purse=20_000),
        (buying(50), staked(ours="18000")),
        (buying(51), staked(ours="18000")),
    ),
    Edge(
        "EXPOSURE_NOT_KNOWN",
        limited(purse=20_000),
        (BUY, CALM),
        (BUY, having(exposure=NO_EXPOSURE)),
    ),
    Edge(
        "CASH_NOT_ENOUGH",
        limited(min_cash=500),
        (buying(50), having(cash=Decimal(2500))),
        (buying(51), having(cash=Decimal(2500))),
    ),
    Edge(
        "CASH_NOT_KNOWN",
        limited(min_cash=0),
        (BUY, having(cash=Decimal(2000))),
        (BUY, having(cash=None)),
    ),
    Edge(
        "TOO_MANY_POSITIONS",
        limited(max_positions=8),
        (BUY, having(exposure=Exposure(positions=8, in_symbol=True))),
        (BUY, having(exposure=Exposure(positions=8))),
    ),
    Edge("DAILY_LOSS", limited(max_daily_loss=300), (BUY, lost("-300")), (BUY, lost("-300.01"))),
    Edge(
        # A recovery does not open it again.
        "DAILY_LOSS",
        limited(max_daily_loss=300),
        (BUY, lost("50", lowest="-300")),
        (BUY, lost("50", lowest="-300.01")),
    ),
    Edge("DRAWDOWN", limited(max_drawdown=1000), (BUY, below("1000")), (BUY, below("1000.01"))),
    Edge(
        "RESULT_NOT_KNOWN", limited(max_drawdown=1000), (BUY, CALM), (BUY, having(result=UNKNOWN))
    ),
    Edge("RESULT_NOT_KNOWN", limited(max_daily_loss=1), (BUY, CALM), (BUY, having(result=UNKNOWN))),
    Edge(
        "FEE_BUDGET",
        limited(max_fees_per_day=100),
        (BUY, paid("100", "5000")),
        (BUY, paid("100.01", "100.01")),
    ),
    Edge(
        "FEE_BUDGET",
        limited(max_fees_per_month=500),
        (BUY, paid("0", "500")),
        (BUY, paid("0", "500.01")),
    ),
    Edge(
        "SIGN_FLIP",
        Limits(),
        (SELL_PAIR, having(OF_PAIR, pace=PaceFigures(working=(SELL_PAIR,)))),
        (SELL_PAIR, having(OF_PAIR, pace=PaceFigures(working=(ACROSS,)))),
    ),
)
