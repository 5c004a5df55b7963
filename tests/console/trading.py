"""A tree with the real ledger, desk, quotes and resync, and a hook: a venue that is only told of.

What a venue would say is sent to the seats as the messages that its adapter would cause.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from actors import names
from actors.alert_keeping import AlertsOptions, rule_for
from actors.alerts import Alerts
from actors.child import Child
from actors.desk import Desk
from actors.desk_knowledge import DeskOptions
from actors.ledger import Ledger
from actors.messages import (
    AccountChanged,
    BookCommission,
    BookFill,
    InstrumentKnown,
    LinkUp,
    PositionChanged,
    QuoteUpdate,
    Reconciled,
    Standing,
)
from actors.quotes import Quotes, QuotesOptions
from actors.resync import Resync
from adapters.store import open_alerts, open_book, open_emergency
from adapters.venue import LinkOpened
from domain.orders import Side
from domain.quotes import DataType, Quote
from domain.symbols import Symbol
from domain.venue import (
    AccountValue,
    CommissionReport,
    ExecutionReport,
    InstrumentDetails,
    PositionReport,
    PriceStep,
)
from runtime.clocks import WarpClock
from tests.actors.conftest import LIMIT, Diary
from tests.console.conftest import Plant, Planted

BHP = Symbol.parse("BHP/AUD")
ACCOUNT = "DU1234567"
STALE = 45.0
"""Seconds after which a quote is; no test takes so long, nor does any leap by less."""


def trading_children(state_dir: Path) -> Any:
    """The seats of trading, all directly under the root."""

    def make(clock: WarpClock, diary: Diary) -> Sequence[Child]:
        desk = DeskOptions(
            observing=False,
            disarmed="",
            base_currency="AUD",
            max_order_value=Decimal(10_000),
            stale_after_seconds=STALE,
            command_seconds=10.0,
            venues=(names.IB,),
            venue_of={BHP: names.IB},
            previews=False,
        )
        alerts = AlertsOptions(
            mode="demo",
            base_currency="AUD",
            open_file=lambda: open_alerts(state_dir / "alerts.db", rule_for),
            redact=str,
            clean=str,
        )
        return [
            Child(
                names.LEDGER,
                lambda s, at: Ledger(
                    s,
                    at,
                    open_book=lambda: open_book(state_dir, "demo", ACCOUNT, clock),
                    open_emergency=lambda: open_emergency(state_dir / "emergency.intents"),
                    readers=(names.DESK,),
                ),
            ),
            Child(
                names.quotes(names.IB),
                lambda s, at: Quotes(
                    s, at, options=QuotesOptions(names.IB, STALE), readers=(names.DESK,)
                ),
            ),
            Child(
                names.resync(names.IB),
                lambda s, at: Resync(s, at, venue=names.IB, readers=(names.DESK,)),
            ),
            Child(names.DESK, lambda s, at: Desk(s, at, options=desk)),
            Child(names.ALERTS, lambda s, at: Alerts(s, at, options=alerts)),
        ]

    return make


@dataclass
class Market:
    """Tells a tree what a venue would."""

    tree: Planted

    def open(self) -> None:
        """Connected, reconciled, one share known and quoted."""
        opened = LinkOpened(176, ACCOUNT, (ACCOUNT,), None)
        self._desk(Standing(False, "", ""))
        self._desk(LinkUp(names.IB, 1, opened))
        details = InstrumentDetails(
            symbol=BHP,
            name="BHP GROUP",
            kind="STK",
            exchange="ASX",
            time_zone="Australia/Sydney",
            price_steps=(PriceStep(Decimal(0), Decimal("0.01")),),
            lot=Decimal(1),
            sessions=(),
        )
        self._desk(InstrumentKnown(names.IB, details))
        self._held = Decimal(100)
        held = (PositionReport(ACCOUNT, BHP, "BHP", self._held, Decimal(40)),)
        now = self.tree.clock.now()
        self._desk(Reconciled(names.IB, 1, now, held, (), (), 0))
        for tag, value, currency in (
            ("NetLiquidation", "100000.50", "AUD"),
            ("CashBalance", "90000", "AUD"),
            ("CashBalance", "120.25", "USD"),
        ):
            self._desk(AccountChanged(names.IB, AccountValue(ACCOUNT, tag, value, currency)))
        self.quote()
        self.settle()

    def quote(self) -> None:
        """A fresh quote of 45.00 to 45.02."""
        clock = self.tree.clock
        quote = Quote(
            BHP,
            clock.now(),
            clock.monotonic(),
            45.0,
            45.02,
            500.0,
            600.0,
            45.01,
            10.0,
            1e6,
            44.9,
            DataType.LIVE,
        )
        self.tree.system.tell(names.quotes(names.IB), QuoteUpdate(names.IB, quote))
        self.settle(names.quotes(names.IB))

    def fill(self, client_order_id: str, quantity: int, price: str) -> None:
        """An execution with its commission, booked."""
        now = self.tree.clock.now() - timedelta(seconds=1)
        number = Decimal(quantity)
        report = ExecutionReport(
            "0001.01",
            "0001",
            1,
            client_order_id,
            "9001",
            BHP,
            Side.BUY,
            number,
            Decimal(price),
            now,
            "ASX",
            "removed",
            ACCOUNT,
        )
        self.tree.system.tell(names.LEDGER, BookFill(names.IB, report))
        commission = CommissionReport("0001.01", "0001", 1, Decimal("6.60"), "AUD", None)
        self.tree.system.tell(names.LEDGER, BookCommission(names.IB, commission))
        self.settle(names.LEDGER)
        self._held += number
        word = PositionReport(ACCOUNT, BHP, "BHP", self._held, Decimal(40))
        self._desk(PositionChanged(names.IB, word))
        self.settle()

    def fill_of_another(self, quantity: int) -> None:
        """Somebody sells by hand in the same account."""
        now = self.tree.clock.now() - timedelta(seconds=1)
        number, price = Decimal(quantity), Decimal("45.01")
        report = ExecutionReport(
            "0002.01",
            "0002",
            1,
            None,
            "9002",
            BHP,
            Side.SELL,
            number,
            price,
            now,
            "ASX",
            "",
            ACCOUNT,
        )
        self.tree.system.tell(names.LEDGER, BookFill(names.IB, report))
        self.settle(names.LEDGER)

    def settle(self, seat: str = names.DESK) -> None:
        """Wait until the seat has handled all that was sent to it before, quotes included."""
        quiet = False
        for _ in range(1000):
            self.tree.system.inspect(seat).get(timeout=LIMIT)
            depths = self.tree.system.seat(seat).mailbox.depths()
            if quiet and not any(depths.values()):
                return
            quiet = not any(depths.values())  # the last one may still be in hand: ask once more
        raise AssertionError(f"{seat} never comes to rest")

    def _desk(self, message: Any) -> None:
        self.tree.system.tell(names.DESK, message)


def trading_tree(plant: Plant, state_dir: Path, **options: Any) -> Market:
    """Grow it."""
    return Market(plant(trading_children(state_dir), **options))
