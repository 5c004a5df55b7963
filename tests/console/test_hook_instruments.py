"""`GET /venues` shows each instrument with its market, or why it cannot be traded."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from actors import names
from actors.messages import InstrumentFailed, InstrumentKnown
from domain.venue import InstrumentDetails, InstrumentRefused, PriceStep, TradingSession
from tests.console.conftest import TOKEN, Plant
from tests.console.trading import BHP, trading_tree


def test_the_instruments_of_a_venue(plant: Plant, tmp_path: Path) -> None:
    market = trading_tree(plant, tmp_path)
    market.open()
    now = market.tree.clock.now()
    opens, closes = now - timedelta(hours=1), now + timedelta(hours=1)
    session = TradingSession(opens, closes, opens, closes)
    steps = (PriceStep(Decimal(0), Decimal("0.01")),)
    details = InstrumentDetails(
        BHP, "BHP GROUP", "STK", "NYSE", "US/Eastern", steps, Decimal(1), (session,)
    )
    with market.tree.hook.client(TOKEN) as client:
        market.tree.system.tell(names.DESK, InstrumentKnown(names.IB, details))
        market.settle()
        [venue] = client.get("/venues").json()["items"]
        [shown] = venue["instruments"]
        assert shown == {
            "symbol": "BHP/AUD",
            "name": "BHP GROUP",
            "type": "STK",
            "exchange": "NYSE",
            "phase": "OPEN",
            "next_open": None,
            "next_close": closes.isoformat().replace("+00:00", "Z"),
            "hours_differ": [],
            "refused_code": "",
            "refused": "",
        }
        refused = InstrumentRefused(BHP, "UNKNOWN_SYMBOL", "The venue knows no BHP/AUD.")
        market.tree.system.tell(names.DESK, InstrumentFailed(names.IB, refused))
        market.settle()
        [venue] = client.get("/venues").json()["items"]
        [shown] = venue["instruments"]
        assert (shown["phase"], shown["name"]) == ("UNKNOWN", "")
        assert (shown["refused_code"], shown["refused"]) == (
            "UNKNOWN_SYMBOL",
            "The venue knows no BHP/AUD.",
        )
