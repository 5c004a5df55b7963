"""Previews of orders (what-if), margin, and the read-only gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ibapi.order import Order

from simulators.habits import Habits
from simulators.tws.protocol import Reply
from tests.simulators.clients import AUD_USD, BHP, insync, library, official
from tests.simulators.official_session import RecordingWrapper
from tests.simulators.raw_client import RawClient, house, place_order
from tests.simulators.test_gateway_linked import CON_ID, official_contract

MARGIN = Habits(account_type="margin")
UNSET = 1.7976931348623157e308


def run(scene: Coroutine[Any, Any, None]) -> None:
    asyncio.run(scene)


def stop(quantity: int = 1) -> Any:
    return library.Order(
        action="BUY", totalQuantity=quantity, orderType="STP", auxPrice=45, tif="DAY"
    )


@pytest.mark.parametrize("version", [157, 176])
def test_a_preview_has_margin_and_commission_and_leaves_nothing_behind(
    tmp_path: Path, version: int
) -> None:
    async def scene() -> None:
        async with house(tmp_path, habits=MARGIN) as place, insync(place, 5, version) as client:
            state = await client.ib.whatIfOrderAsync(BHP, stop())
            assert (state.status, state.commission, state.commissionCurrency) == (
                "PreSubmitted",
                6.6,
                "AUD",
            )
            assert (state.initMarginChange, state.maintMarginChange) == ("22.50", "20.45")
            assert (state.initMarginBefore, state.initMarginAfter) == ("0.00", "22.50")
            assert state.equityWithLoanChange == "-6.60"
            assert state.minCommission == state.maxCommission == UNSET
            pair = library.Order(
                action="BUY", totalQuantity=30000, orderType="LMT", lmtPrice=0.5, tif="DAY"
            )
            state = await client.ib.whatIfOrderAsync(AUD_USD, pair)
            assert (state.initMarginChange, state.commissionCurrency) == ("0.00", "AUD")
            assert place.broker.orders() == [] and place.broker.next_order_id(5) == 1
            history = place.history()
            assert history.to_client(Reply.ORDER_STATUS) == []
            assert not history.orders_per_ref()

    run(scene())


@pytest.mark.parametrize("version", [157, 176])
def test_ibs_own_client_reads_a_preview(tmp_path: Path, version: int) -> None:
    def script(client: Any, wrapper: RecordingWrapper) -> None:
        order = Order()
        order.action, order.orderType, order.tif = "BUY", "LMT", "DAY"
        order.totalQuantity, order.lmtPrice, order.whatIf = 100, 30, True
        order.eTradeOnly = order.firmQuoteOnly = False
        client.placeOrder(wrapper.all("nextValidId")[0][0], official_contract(), order)
        wrapper.until(lambda: wrapper.all("openOrder"))

    async def scene() -> None:
        habits = Habits(what_if_commission="range")
        async with house(tmp_path, habits=habits) as place:
            wrapper = await official(place, script, version)
            ((_, _, order, state),) = wrapper.all("openOrder")
            assert order.whatIf and order.permId == 0
            assert (state.initMarginChange, state.maintMarginChange) == ("3000.00", "3000.00")
            assert (state.commission, state.minCommission, state.maxCommission) == (UNSET, 6.6, 6.6)

    run(scene())


def test_a_preview_may_come_first_without_figures_or_never(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, habits=Habits(what_if="sentinel_first")) as place:
            client = await RawClient.ready(place.port)
            client.send(*place_order(1, quantity="1", changes={85: "1"}))
            first, second = await client.until("5"), await client.until("5")
            assert "1.7976931348623157E308" in first and "30.00" not in first
            assert second.count("30.00") == 4  # initial and maintenance, the change and after it
            place.broker.habits = Habits(what_if="mute")
            client.send(*place_order(1, quantity="1", changes={85: "1"}))
            client.send(16, 1)
            assert await client.receive() == ["53", "1"]
            await client.close()

    run(scene())


def test_what_the_account_cannot_carry_is_refused_in_a_preview_too(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, habits=MARGIN) as place:
            client = await RawClient.ready(place.port)
            client.send(*place_order(1, quantity="50000", changes={85: "1"}))
            # Half of it is enough in a margin account: A$750,000 of A$1,000,000.
            assert (await client.until("5"))[1] == "1"
            client.send(*place_order(2, quantity="70000", changes={85: "1"}))
            order_id, code, text = await client.error()
            assert (order_id, code) == (2, 201)
            assert "EQUITY WITH LOAN VALUE [1000000.00 AUD] MUST EXCEED THE INITIAL MARGIN" in text
            place.broker.habits = Habits()
            client.send(*place_order(3, quantity="50000", changes={85: "1"}))
            assert (await client.error())[:2] == (3, 201)
            client.send(16, 1)
            await client.until("53")
            assert place.broker.orders() == []
            await client.close()

    run(scene())


def test_a_read_only_gateway_takes_no_order_no_preview_and_no_cancel(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*place_order(1))
            await client.until("5")
            place.broker.habits = replace(place.broker.habits, read_only=True)
            for request in (
                place_order(2),
                place_order(3, changes={85: "1"}),
                ("4", "1", "1", ""),
            ):
                client.send(*request)
                order_id, code, text = await client.error()
                assert (order_id, code) == (int(request[2 if request[0] == "4" else 1]), 321)
                assert text.endswith("The API interface is currently in Read-Only mode.")
            assert [order.is_open for order in place.broker.orders()] == [True]
            await client.close()

    run(scene())


def test_margin_shows_in_the_account_and_sums_hold(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, habits=MARGIN) as place, insync(place) as client:
            trade = client.place("BUY", 1000, orderType="MKT")
            await client.until(trade.isDone)
            fresh = {
                (row.tag, row.currency): Decimal(row.value)
                for row in await client.ib.accountSummaryAsync()
                if row.value.replace(".", "").replace("-", "").isdigit()
            }
            gross = fresh["GrossPositionValue", "AUD"]
            assert gross == place.broker.positions()[0].market_price * 1000
            assert abs(fresh["InitMarginReq", "AUD"] - gross / 2) <= Decimal("0.01")
            worth = fresh["NetLiquidation", "AUD"]
            assert worth == fresh["TotalCashValue", "AUD"] + gross
            free = fresh["AvailableFunds", "AUD"]
            assert abs(free - worth + fresh["InitMarginReq", "AUD"]) <= Decimal("0.01")
            excess = worth - fresh["MaintMarginReq", "AUD"]
            assert abs(fresh["ExcessLiquidity", "AUD"] - excess) <= Decimal("0.01")
            assert abs(fresh["BuyingPower", "AUD"] - 2 * free) <= Decimal("0.01")

    run(scene())


def test_every_tag_of_a_recorded_account_is_there(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place, insync(place) as client:
            trade = client.place("SELL", 50000, AUD_USD, orderType="MKT")
            await client.until(trade.isDone)
            await client.ib.reqAccountUpdatesAsync(place.broker.account)
            values = {(row.tag, row.currency): row.value for row in client.ib.accountValues()}
            missing = [
                key
                for key in _RECORDED
                if not any((tag, currency) in values for tag, currency in [key])
            ]
            assert missing == []
            rate = Decimal(values["ExchangeRate", "USD"])
            assert rate == place.broker.rate("USD") and values["ExchangeRate", "BASE"] == "1.00"
            aud, usd = (Decimal(values["CashBalance", c]) for c in ("AUD", "USD"))
            base = Decimal(values["CashBalance", "BASE"])
            assert abs(aud + usd * rate - base) < Decimal("0.02")

    run(scene())


#: Rows of a recorded account in Australian dollars that held US dollars too.
_RECORDED = [
    *((tag, "") for tag in ("AccountCode", "AccountReady", "AccountType", "Cushion", "Leverage-S")),
    *((tag, "") for tag in ("LookAheadNextChange", "NLVAndMarginInReview")),
    *(
        (prefix + tag + segment, "AUD")
        for prefix in ("", "Full", "LookAhead")
        for tag in ("AvailableFunds", "ExcessLiquidity", "InitMarginReq", "MaintMarginReq")
        for segment in ("", "-S")
    ),
    *(
        (tag, "AUD")
        for tag in ("AccruedDividend", "Billable", "BuyingPower", "EquityWithLoanValue-S")
    ),
    *((tag, "AUD") for tag in ("Guarantee-S", "NetLiquidation", "NetLiquidationUncertainty")),
    *(
        (tag, currency)
        for currency in ("AUD", "USD", "BASE")
        for tag in (
            *("AccountOrGroup", "AccruedCash", "CashBalance", "ExchangeRate", "FundValue"),
            *("CorporateBondValue", "FutureOptionValue", "FuturesPNL", "FxCashBalance"),
            *("IssuerOptionValue", "MoneyMarketFundValue", "MutualFundValue", "NetDividend"),
            *("NetLiquidationByCurrency", "OptionMarketValue"),
        )
    ),
]


@pytest.mark.parametrize("virtual", [True, False])
def test_currency_may_show_as_a_position_beside_the_cash(tmp_path: Path, virtual: bool) -> None:
    async def scene() -> None:
        habits = Habits(virtual_currency_positions=virtual)
        async with house(tmp_path, habits=habits) as place, insync(place) as client:
            trade = client.place("SELL", 50000, AUD_USD, orderType="MKT")
            await client.until(trade.isDone)
            positions = await client.ib.reqPositionsAsync()
            assert [p.contract.secType for p in positions] == (["CASH"] if virtual else [])
            assert place.broker.cash()["USD"] > 0

    run(scene())


def test_the_habits_of_a_scenario_reach_the_broker(tmp_path: Path) -> None:
    async def scene() -> None:
        habits = Habits.from_table({"read_only": True})
        async with house(tmp_path, habits=habits) as place:
            assert place.broker.habits is habits
            assert place.broker.top(CON_ID).bid is not None

    run(scene())
