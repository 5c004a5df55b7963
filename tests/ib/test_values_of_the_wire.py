"""Numbers, hours and codes of the wire, and the state of a quote."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from actors.quotes import is_stale
from adapters.ib.contracts import contract_of, symbol_of
from adapters.ib.decoding import number, sessions_of, split_execution_id, venue_id
from adapters.ib.errors import ErrorTable, error_table
from adapters.ib.identity import FIRST_REQUEST_ID
from adapters.ib.library import Contract
from adapters.ib.quotes import Level1
from domain.quotes import DataType, Quote
from domain.symbols import Symbol
from domain.venue import NoticeEffect

BHP = Symbol("BHP", "AUD")


@pytest.mark.parametrize(
    ("value", "decimal"),
    [
        (0.1, "0.1"),
        (45.005, "45.005"),
        (100.0, "100"),
        (1e-05, "0.00001"),
        (-0.12, "-0.12"),
        (0.0, "0"),
        (1.7976931348623157e308, None),
        (1.797e308, None),
        (-1.7976931348623157e308, None),
        (170141183460469231731687303715884105727.0, None),
        (math.nan, None),
        (math.inf, None),
    ],
)
def test_a_number_is_exact_or_none(value: float, decimal: str | None) -> None:
    assert number(value) == (None if decimal is None else Decimal(decimal))


def test_ids() -> None:
    assert split_execution_id("0000e0d5.67fe667b.01.02") == ("0000e0d5.67fe667b.01", 2)
    assert split_execution_id("odd") == ("odd", 0)
    assert [venue_id(each) for each in (0, 2147483647, 2147483648, 5)] == [
        None,
        None,
        "2147483648",
        "5",
    ]
    assert FIRST_REQUEST_ID < 2147483647


def test_trading_hours_with_closed_days_and_days_that_cross_midnight() -> None:
    shares = sessions_of(
        "20261002:0959-20261002:1611;20261003:CLOSED;20261005:0959-20261005:1611",
        "20261002:0959-20261002:1600;20261003:CLOSED;20261005:0959-20261005:1600",
        "Australia/NSW",
    )
    # Daylight saving began on 4 October: the same hour of the day is another in UTC.
    assert [(s.opens.hour, s.closes.hour) for s in shares] == [(23, 6), (22, 5)]
    assert shares[0].liquid_closes == datetime(2026, 10, 2, 6, 0, tzinfo=UTC)
    [pair] = sessions_of("20221205:1715-20221206:1700", "", "US/Eastern")
    assert (pair.opens, pair.closes) == (
        datetime(2022, 12, 5, 22, 15, tzinfo=UTC),
        datetime(2022, 12, 6, 22, 0, tzinfo=UTC),
    )
    assert pair.liquid_opens is None
    two = sessions_of("20260909:0900-1200,20260909:1300-1500", "", "Asia/Tokyo")
    assert [each.opens.hour for each in two] == [0, 4]


@pytest.mark.parametrize(
    ("hours", "zone"),
    [("20260909:0959", "Australia/NSW"), ("20260909:0959-20260909:1611", "")],
)
def test_hours_that_cannot_be_read_are_no_empty_hours(hours: str, zone: str) -> None:
    with pytest.raises(ValueError, match=r"hours|zone"):
        sessions_of(hours, "", zone)


def test_symbols_and_contracts() -> None:
    share = contract_of(BHP, "SMART/ASX")
    assert (share.secType, share.exchange, share.primaryExchange) == ("STK", "SMART", "ASX")
    assert contract_of(Symbol("AAPL", "USD"), "SMART/ASX").primaryExchange == ""
    pair = contract_of(Symbol("AUD", "USD"), "SMART/ASX")
    assert (pair.secType, pair.exchange, pair.symbol) == ("CASH", "IDEALPRO", "AUD")
    for contract in (share, pair):
        assert str(symbol_of(contract)) == f"{contract.symbol}/{contract.currency}"
    brk = contract_of(Symbol("BRK.B", "USD"), "SMART/ASX")
    assert (brk.symbol, symbol_of(brk)) == ("BRK B", Symbol("BRK.B", "USD"))
    option = Contract(secType="OPT", symbol="BHP", currency="AUD")
    odd = Contract(secType="STK", symbol="BRK  B", currency="USD.")
    assert [symbol_of(option), symbol_of(odd)] == [None, None]


@pytest.mark.parametrize(
    ("symbol", "preference", "asked"),
    [
        ("BHP/AUD", "SMART/ASX", ("STK", "SMART", "ASX")),
        ("BHP/AUD", "ASX", ("STK", "ASX", "")),
        # The preference is for Australian shares: no other one is found there.
        ("AAPL/USD", "ASX", ("STK", "SMART", "")),
        ("AUD/USD", "ASX", ("CASH", "IDEALPRO", "")),
    ],
)
def test_where_a_contract_is_asked_for(
    symbol: str, preference: str, asked: tuple[str, str, str]
) -> None:
    contract = contract_of(Symbol.parse(symbol), preference)
    assert (contract.secType, contract.exchange, contract.primaryExchange) == asked
    chosen = contract_of(Symbol.parse(symbol), preference, exchange="ASX", security_type="STK")
    assert (chosen.secType, chosen.exchange) == ("STK", "ASX")


def _quote(level: Level1) -> Quote:
    return level.quote(datetime(2026, 9, 9, tzinfo=UTC), 1.0)


def test_what_is_no_price_never_becomes_one() -> None:
    level = Level1(BHP)
    for nothing in (-1.0, 0.0, math.nan, 1.7976931348623157e308, -5.0):
        assert level.price(1, 45.0, 10)
        assert level.price(1, nothing, 0)
        assert level.price(4, nothing, 0)
        assert level.price(9, nothing, 0)
        quote = _quote(level)
        assert (quote.bid, quote.bid_size, quote.last, quote.close) == (None, None, None, None)


def test_a_side_comes_back_with_its_size() -> None:
    level = Level1(BHP)
    level.price(1, 45.0, 10)
    level.size(0, 0)
    assert _quote(level).bid is None
    level.size(0, 7)
    assert (_quote(level).bid, _quote(level).bid_size) == (45.0, 7)


def test_the_extremes_are_those_of_the_packet() -> None:
    level = Level1(BHP)
    for bid in (45.0, 44.9, 45.1):
        level.price(1, bid, 10)
    for ask in (45.2, 45.4, 45.3):
        level.price(2, ask, 10)
    quote = _quote(level)
    assert (quote.bid, quote.low_bid, quote.ask, quote.high_ask) == (45.1, 44.9, 45.3, 45.4)
    quote = _quote(level)
    assert (quote.low_bid, quote.high_ask) == (None, None)


def test_delayed_ticks_make_a_delayed_quote_and_never_mix_with_live_ones() -> None:
    level = Level1(BHP)
    level.price(1, 45.0, 10)
    level.price(2, 45.1, 10)
    assert level.price(66, 44.0, 5)
    quote = _quote(level)
    assert (quote.data_type, quote.bid, quote.ask) == (DataType.DELAYED, 44.0, None)
    level.kind_of_data(2)
    level.price(1, 45.0, 10)
    assert _quote(level).data_type is DataType.FROZEN


# Facts 4.1: each live id, the delayed one that stands for it, and the field that it fills.
@pytest.mark.parametrize(
    ("live", "delayed", "field"),
    [(1, 66, "bid"), (2, 67, "ask"), (4, 68, "last"), (9, 75, "close")],
)
def test_each_price_has_a_live_and_a_delayed_id(live: int, delayed: int, field: str) -> None:
    for kind, data_type in ((live, DataType.LIVE), (delayed, DataType.DELAYED)):
        level = Level1(BHP)
        assert level.price(kind, 45.0, 10)
        quote = _quote(level)
        assert (getattr(quote, field), quote.data_type) == (45.0, data_type)
        for nothing in (-1.0, 0.0, math.nan):
            level.price(kind, nothing, 0)
            assert getattr(_quote(level), field) is None


@pytest.mark.parametrize(
    ("live", "delayed", "field"),
    [(0, 69, "bid_size"), (3, 70, "ask_size"), (5, 71, "last_size"), (8, 74, "volume")],
)
def test_each_size_has_a_live_and_a_delayed_id(live: int, delayed: int, field: str) -> None:
    for kind, data_type in ((live, DataType.LIVE), (delayed, DataType.DELAYED)):
        level = Level1(BHP)
        assert level.size(kind, 7.0)
        assert (getattr(_quote(level), field), _quote(level).data_type) == (7.0, data_type)


@pytest.mark.parametrize("kind", [72, 73, 76])
def test_a_delayed_id_that_no_quote_shows_makes_it_delayed_all_the_same(kind: int) -> None:
    level = Level1(BHP)
    level.price(1, 45.0, 10)
    assert not level.price(kind, 44.0, 0)
    assert _quote(level).data_type is DataType.DELAYED
    assert _quote(level).bid is None, "nothing live is left"


@pytest.mark.parametrize(
    ("kind", "data_type"),
    [(1, DataType.LIVE), (2, DataType.FROZEN), (3, DataType.DELAYED), (4, DataType.DELAYED)],
)
def test_the_kind_of_data_as_the_venue_names_it(kind: int, data_type: DataType) -> None:
    level = Level1(BHP)
    assert level.kind_of_data(kind)
    assert _quote(level).data_type is data_type
    assert not level.kind_of_data(9)


def test_a_quote_says_what_is_missing_and_a_crossed_one_is_no_price() -> None:
    level = Level1(BHP)
    assert _quote(level).missing == ("bid", "ask", "last")
    level.price(1, 45.2, 10)
    assert _quote(level).missing == ("ask", "last")
    level.price(2, 45.0, 10)
    level.price(4, 45.1, 10)
    crossed = _quote(level)
    assert crossed.missing == ()
    assert crossed.crossed and crossed.mid is None and not crossed.two_sided
    assert is_stale(crossed, 1.0, 15.0), "as before the opening auction"
    emptied = crossed.emptied()
    assert emptied.missing == ("bid", "ask", "last") and is_stale(emptied, 1.0, 15.0)


def test_a_halted_instrument_opens_nothing() -> None:
    level = Level1(BHP)
    level.price(1, 45.0, 10)
    level.price(2, 45.1, 10)
    assert not is_stale(_quote(level), 1.0, 15.0)
    level.generic(49, 1)
    assert is_stale(_quote(level), 1.0, 15.0)


def test_halted_and_what_no_quote_shows() -> None:
    level = Level1(BHP)
    level.generic(49, 2)
    assert _quote(level).halted
    level.generic(49, -1)
    assert _quote(level).halted
    level.generic(49, 0)
    assert not _quote(level).halted
    assert not level.price(14, 45.0, 0)
    assert not level.price(72, 45.0, 0)
    assert not level.size(21, 45.0)
    assert not level.generic(23, 0.5)


def test_every_code_of_the_facts_is_in_the_table() -> None:
    """The list is from our notes on IB, by section; it is meant to be repeated here."""
    codes = """
        100 101 103 104 105 109 110 111 113 116 135 136 161 162 165 166 200 201 202 203 300 309
        310 316 317 321 322 326 327 354 366 387 388 399 404 420 434 451 460 463 501 502 503 504
        505 506 507 508 509 520 1100 1101 1102 1300 2100 2102 2103 2104 2105 2106 2107 2108 2109
        2110 2117 2119 2137 2148 2157 2158 2161 2168 2174 10052 10089 10090 10091 10092 10141
        10147 10148 10149 10167 10168 10186 10187 10189 10190 10197 10225 10268 10269 10270
        10311 10314 10318 10349
    """
    table = error_table()
    missing = [code for code in map(int, codes.split()) if not table.rule(code).known]
    assert missing == []


def test_what_informs_ends_nothing_and_what_is_unknown_is_quarantined() -> None:
    table = error_table()
    for code in (399, 404, 2109, 10349, 2104, 10167, 10090, 165, 2174):
        assert table.rule(code).effect is NoticeEffect.NONE
        assert not table.rule(code).ends_request
    assert table.rule(103).effect is NoticeEffect.QUERY
    for code in (10147, 10148, 161):
        assert table.rule(code).effect is NoticeEffect.CANCEL_REFUSED
    unknown = table.rule(987654)
    assert (unknown.known, unknown.effect, unknown.alert) == (False, NoticeEffect.QUERY, True)


@pytest.mark.parametrize(
    "row",
    [
        '["1"]\nscope = "order"',
        '["1"]\nscope = "oder"\nseverity = "info"\neffect = "none"\nretry = "never"\n'
        'alert = false\nmeaning = "x"',
        '["1"]\nscope = "order"\nseverity = "info"\neffect = "boom"\nretry = "never"\n'
        'alert = false\nmeaning = "x"',
    ],
)
def test_a_row_that_is_wrong_is_refused(row: str) -> None:
    with pytest.raises(ValueError, match=re.compile("1|boom")):
        ErrorTable.parse(row)


def test_no_code_is_named_outside_the_table_as_a_cause_of_a_state() -> None:
    """Codes stand in the table; three are named in code, for what no effect says."""
    named = set()
    for source in Path(__file__).resolve().parents[2].joinpath("adapters/ib").glob("*.py"):
        named |= set(re.findall(r"= (\d{3,5})$", source.read_text(), re.MULTILINE))
    assert named == {"103", "200", "326"}
