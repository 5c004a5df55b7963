"""A look at the account and at the market through the gateway; nothing is placed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal

from adapters.trader import AnswerIncomplete, BaseTrader
from adapters.venue import LinkError, MarketDataError, UnknownInstrument
from config.settings import Settings
from console.doctor.examination import Examination, Wanted, masked, of_link
from console.doctor.findings import Finding, Severity, fault, not_checked, well
from console.doctor.program import CLIENT_ID_APART
from console.init.places import Place
from console.owner.words import money
from domain.quotes import Quote
from domain.spelling import in_pair_order
from domain.symbols import Symbol
from domain.venue import InstrumentDetails
from runtime.interface import Clock

#: The market was looked at before: what has not come by then does not come now.
_QUOTE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class AccountSeen:
    """What an account says of itself; money is in its base currency, None where it is silent."""

    number: str
    currency: str
    worth: Decimal | None
    free: Decimal | None
    buying_power: Decimal | None
    held: Decimal | None
    """What all its positions are worth, whoever bought them."""
    rates: dict[str, Decimal]
    """Base currency for one unit, by currency, as the account has them."""

    def sentence(self, money_kind: str) -> str:
        """`DU***001: paper money, worth A$1,000,000.00, a cash account`."""
        told = f"{masked(self.number)}: {money_kind} money, "
        if self.worth is None:
            return told + "and it does not say what it is worth"
        told += f"worth {money(self.worth, self.currency)}"
        if self.currency != "AUD":
            told += f", counted in {self.currency}"
        if self.free and self.buying_power is not None:
            lends = self.buying_power > self.free * Decimal("1.05")
            told += f", by its buying power a {'margin' if lends else 'cash'} account"
        return told


async def read_account(
    place: Place, account: str, client_id: int, clock: Clock, step_seconds: float
) -> AccountSeen | Finding:
    """Ask the gateway, from this client id; what went wrong if something did."""
    from adapters.ib.link import IBLinkOptions
    from adapters.ib.trader import IBTrader

    options = IBLinkOptions(
        place.host, place.port, client_id, account=account, step_seconds=step_seconds
    )
    trader = IBTrader(asyncio.get_running_loop(), clock, options, base_currency=None)
    try:
        await trader.connect()
        summary = await trader.account()
    except LinkError as error:
        return of_link("account", error)
    except AnswerIncomplete as error:
        return fault("account", "LISTS_UNENDED", str(error), lists=error.lists)
    finally:
        trader.close()
    rates = {row.currency: row.rate.value for row in summary.cash if row.rate is not None}
    return AccountSeen(
        account,
        summary.base_currency,
        summary.net_liquidation,
        summary.available_funds,
        summary.buying_power,
        summary.gross_position_value,
        rates,
    )


@dataclass(slots=True)
class Market:
    """What the gateway says of what is to be traded."""

    instruments: dict[Symbol, InstrumentDetails] = field(default_factory=dict)
    quotes: dict[Symbol, Quote] = field(default_factory=dict)
    prices: dict[Symbol, Decimal] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def faults(self) -> tuple[Finding, ...]:
        """What cannot be lived with."""
        return tuple(each for each in self.findings if each.severity is Severity.FAULT)


async def examine(settings: Settings, clock: Clock, tell: Callable[[Finding], None]) -> Market:
    """All that the doctor looks at, and the prices by which costs are reckoned."""
    from adapters.ib.link import IBLinkOptions
    from adapters.ib.trader import IBTrader

    market = Market()
    link = replace(IBLinkOptions.of(settings), client_id=settings.ib_client_id + CLIENT_ID_APART)
    trader = IBTrader(
        asyncio.get_running_loop(), clock, link, base_currency=settings.ib_base_currency
    )
    wanted = Wanted(settings.mode, settings.allowed_symbols, settings.client_order_prefix)

    async def prices() -> Finding:
        return await _prices(trader, market, examination, settings.ib_base_currency)

    examination = Examination(trader, wanted, clock, more=[("prices", prices)])
    async for finding in examination.run():
        market.findings.append(finding)
        tell(finding)
    market.instruments = dict(examination.instruments)
    return market


async def _prices(
    trader: BaseTrader, market: Market, examination: Examination, base: str
) -> Finding:
    """The newest price of each instrument, and of the pairs that turn it into base currency."""
    if any(each.check == "quotes" and each.severity is Severity.FAULT for each in market.findings):
        return not_checked("prices", "Not looked at: quotes do not come.")
    known = tuple(examination.instruments)
    foreign = {each.currency for each in known} - {base}
    foreign |= {each.base for each in known if each.is_currency_pair} - {base}
    foreign |= {"USD"} - {base}  # IDEALPRO counts its least size in it
    pairs = [in_pair_order(Symbol(currency, base)) for currency in sorted(foreign)]
    wanted = dict.fromkeys((*known, *pairs))
    for quote in await asyncio.gather(*(_quote(trader, symbol) for symbol in wanted)):
        if quote is not None:
            market.quotes[quote.symbol] = quote
            price = quote.price or quote.close
            if price is not None:
                market.prices[quote.symbol] = Decimal(repr(price))
    missing = [str(symbol) for symbol in known if symbol not in market.prices]
    if missing:
        return not_checked("prices", f"No price of {', '.join(missing)} came now.")
    return well("prices", "There is a price of each, to reckon costs by.")


async def _quote(trader: BaseTrader, symbol: Symbol) -> Quote | None:
    with suppress(MarketDataError, UnknownInstrument, TimeoutError):
        return await trader.quote(symbol, _QUOTE_SECONDS)
    return None
