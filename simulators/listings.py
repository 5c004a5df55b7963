"""What is listed at the simulated exchange, and how its market behaves on an ordinary day.

Contract ids with a public source are real; those marked *invented* are ours and begin with 990.
ISINs are the real ones where they are common knowledge, else invented with the check digit 0.
Market rule ids 9001 to 9003 are invented: the ids that IB gives to ASX are not public. 26 (US
shares) and 239 (EUR.USD) are IB's.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.symbols import Symbol
from simulators.model import Instrument

#: ASX Operating Rules Procedures, price steps of equities: below A$0.10 a tenth of a cent,
#: below A$2.00 half a cent, then a cent.
ASX_STEPS = (
    (Decimal("0"), Decimal("0.001")),
    (Decimal("0.10"), Decimal("0.005")),
    (Decimal("2.00"), Decimal("0.01")),
)
FX_STEPS = ((Decimal("0"), Decimal("0.00005")),)
FX_JPY_STEPS = ((Decimal("0"), Decimal("0.005")),)

#: SEC Rule 612: a cent. (Below a dollar it is a hundredth of one; nothing here is as cheap.)
US_STEPS = ((Decimal("0"), Decimal("0.01")),)

ASX_RULE, FX_RULE, FX_JPY_RULE = 9001, 9002, 9003
US_RULE, EUR_USD_RULE = 26, 239


@dataclass(frozen=True, slots=True)
class Listing:
    """An instrument and the habits of its market."""

    instrument: Instrument
    reference_price: Decimal
    """Around which the synthetic price wanders."""
    volatility: float
    """A year's standard deviation of the logarithm of the price."""
    spread_steps: float
    """Half of it on either side of the fair price, then outward to the grid, in price steps."""
    level_size: int
    """The usual quantity at the best price; more stands behind it."""
    trades_per_minute: float
    """In the middle of the day; opening and close are busier."""
    day_volume: int
    """Of an ordinary day; 0 for currencies, where nobody knows."""

    @property
    def is_currency(self) -> bool:
        """It trades at IDEALPRO: no auctions, no last price, no volume."""
        return self.instrument.sec_type == "CASH"


def _share(
    code: str,
    con_id: int,
    name: str,
    isin: str,
    price: str,
    level_size: int,
    *,
    stock_type: str = "COMMON",
    volatility: float = 0.25,
    spread_steps: float = 0.3,
    trades_per_minute: float = 25.0,
) -> Listing:
    instrument = Instrument(
        symbol=Symbol(code, "AUD"),
        con_id=con_id,
        sec_type="STK",
        exchange="ASX",
        valid_exchanges=("SMART", "ASX", "ASXCEN"),
        local_symbol=code,
        trading_class=code,
        long_name=name,
        isin=isin,
        stock_type=stock_type,
        time_zone_id="Australia/NSW",
        market_rule_id=ASX_RULE,
        price_steps=ASX_STEPS,
        lot=Decimal(1),
    )
    return Listing(
        instrument=instrument,
        reference_price=Decimal(price),
        volatility=volatility,
        spread_steps=spread_steps,
        level_size=level_size,
        trades_per_minute=trades_per_minute,
        day_volume=int(level_size * trades_per_minute * 360 * 0.15),
    )


def _american(
    code: str, con_id: int, name: str, isin: str, price: str, exchange: str, level_size: int
) -> Listing:
    """A share in US dollars."""
    instrument = Instrument(
        symbol=Symbol(code, "USD"),
        con_id=con_id,
        sec_type="STK",
        exchange=exchange,
        valid_exchanges=("SMART", "NYSE", "NASDAQ", "ARCA"),
        local_symbol=code,
        trading_class={"NASDAQ": "NMS"}.get(exchange, code),
        long_name=name,
        isin=isin,
        stock_type="ADR" if "ADR" in name else "COMMON",
        time_zone_id="US/Eastern",
        market_rule_id=US_RULE,
        price_steps=US_STEPS,
        lot=Decimal(1),
    )
    return Listing(
        instrument=instrument,
        reference_price=Decimal(price),
        volatility=0.28,
        spread_steps=0.6,
        level_size=level_size,
        trades_per_minute=10.0,
        day_volume=level_size * 20_000,
    )


def _pair(
    base: str,
    currency: str,
    con_id: int,
    price: str,
    volatility: float,
    *,
    trades_per_minute: float = 8.0,
) -> Listing:
    yen = currency == "JPY"
    rule = EUR_USD_RULE if (base, currency) == ("EUR", "USD") else FX_RULE
    instrument = Instrument(
        symbol=Symbol(base, currency),
        con_id=con_id,
        sec_type="CASH",
        exchange="IDEALPRO",
        valid_exchanges=("IDEALPRO",),
        local_symbol=f"{base}.{currency}",
        trading_class=f"{base}.{currency}",
        long_name=f"{_CURRENCY_NAMES[base]} / {_CURRENCY_NAMES[currency]}",
        isin="",
        stock_type="",
        time_zone_id="US/Eastern",
        market_rule_id=FX_JPY_RULE if yen else rule,
        price_steps=FX_JPY_STEPS if yen else FX_STEPS,
        lot=Decimal(1),
    )
    return Listing(
        instrument=instrument,
        reference_price=Decimal(price),
        volatility=volatility,
        spread_steps=0.3,
        level_size=1_500_000,
        trades_per_minute=trades_per_minute,
        day_volume=0,
    )


_CURRENCY_NAMES = {
    "AUD": "Australian dollar",
    "USD": "US dollar",
    "EUR": "Euro",
    "NZD": "New Zealand dollar",
    "JPY": "Japanese yen",
    "GBP": "British pound",
    "CHF": "Swiss franc",
    "CAD": "Canadian dollar",
}

LISTINGS: tuple[Listing, ...] = (
    _share("BHP", 4036812, "BHP GROUP LTD", "AU000000BHP4", "43.20", 2600),
    _share("CBA", 4036818, "COMMONWEALTH BANK OF AUSTRALIA", "AU000000CBA7", "158.50", 400),
    # Invented contract ids from here …
    _share("CSL", 990000001, "CSL LTD", "AU000000CSL8", "182.40", 300, spread_steps=1.2),
    _share("NAB", 990000002, "NATIONAL AUSTRALIA BANK LTD", "AU000000NAB4", "41.75", 1800),
    _share("WES", 990000003, "WESFARMERS LTD", "AU000000WES1", "84.60", 700),
    _share("WOW", 990000004, "WOOLWORTHS GROUP LTD", "AU000000WOW2", "29.85", 1500),
    _share("TLS", 990000005, "TELSTRA GROUP LTD", "AU000000TLS2", "4.92", 60000, volatility=0.16),
    _share(
        "VAS",
        990000006,
        "VANGUARD AUSTRALIAN SHARES INDEX ETF",
        "AU000000VAS1",
        "107.30",
        900,
        stock_type="ETF",
        volatility=0.14,
        spread_steps=1.4,
        trades_per_minute=10.0,
    ),
    _share(
        "VGS",
        990000007,
        "VANGUARD MSCI INDEX INTERNATIONAL SHARES ETF",
        "AU000000VGS6",
        "148.90",
        500,
        stock_type="ETF",
        volatility=0.14,
        spread_steps=1.8,
        trades_per_minute=8.0,
    ),
    # … with two invented companies, one on either side of ten cents, below two dollars …
    _share(
        "KPE",
        990000008,
        "KELPIE EXPLORATION LTD (SIMULATED)",
        "AU0000KPEXX0",
        "0.046",
        250000,
        volatility=0.70,
        trades_per_minute=4.0,
    ),
    _share(
        "MUS",
        990000009,
        "MUSTER RESOURCES LTD (SIMULATED)",
        "AU0000MUSXX0",
        "0.985",
        40000,
        volatility=0.45,
        trades_per_minute=8.0,
    ),
    # … to here.
    _share(
        "STW",
        14065804,
        "STATE ST SPDR S&P/ASX 200",
        "AU000000STW9",
        "78.20",
        800,
        stock_type="ETF",
        volatility=0.14,
        spread_steps=1.4,
        trades_per_minute=8.0,
    ),
    _share("A2M", 189114468, "A2 MILK CO LTD", "NZATME0002S8", "8.35", 5000, volatility=0.35),
    # The trap for who says BHP without a currency.
    _american("BHP", 4986, "BHP GROUP LTD-SPON ADR", "US0886061086", "56.40", "NYSE", 500),
    _american("AAPL", 265598, "APPLE INC", "US0378331005", "268.50", "NASDAQ", 400),
    _american("TSLA", 76792991, "TESLA INC", "US88160R1014", "402.00", "NASDAQ", 300),
    # An invented contract id.
    _american("MSFT", 990000012, "MICROSOFT CORP", "US5949181045", "476.00", "NASDAQ", 300),
    # Pairs in IB's order; the reverse of one is no contract. Those of the base currency stand
    # first: rates are read from the first pair that leads there. Invented ids begin with 990.
    _pair("AUD", "USD", 14433401, "0.65400", 0.10, trades_per_minute=40.0),
    _pair("AUD", "NZD", 990000010, "1.14200", 0.06, trades_per_minute=40.0),
    _pair("EUR", "AUD", 990000016, "1.77050", 0.07),
    _pair("AUD", "JPY", 990000017, "99.650", 0.11),
    _pair("EUR", "USD", 12087792, "1.15800", 0.08, trades_per_minute=40.0),
    _pair("USD", "JPY", 990000011, "152.400", 0.10, trades_per_minute=40.0),
    _pair("EUR", "JPY", 14321016, "176.500", 0.09),
    _pair("USD", "CHF", 12087820, "0.80600", 0.08),
    _pair("GBP", "USD", 990000013, "1.31000", 0.08),
    _pair("USD", "CAD", 990000014, "1.40500", 0.06),
    _pair("NZD", "USD", 990000015, "0.57250", 0.10),
)
