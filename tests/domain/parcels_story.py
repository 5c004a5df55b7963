"""Short words for trades and what persons tell, for the tests of parcels and gains."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from domain.orders import Purpose, Side
from domain.outside_facts import OutsideFact, checked
from domain.symbols import Symbol
from domain.tax_record import BookedHandover, BookedTrade, TaxRecord, record_of
from domain.tax_year import SYDNEY

BHP, VAS, PAIR = Symbol("BHP", "AUD"), Symbol("VAS", "AUD"), Symbol("AUD", "USD")


def sydney(text: str) -> datetime:
    """`2026-02-02`, or with an hour `2026-02-02 09:30`, in Sydney."""
    at = datetime.fromisoformat(text)
    return at.replace(hour=at.hour or 12, tzinfo=SYDNEY)


class Story:
    """What happened, told in whatever order."""

    def __init__(self) -> None:
        self.trades: list[BookedTrade] = []
        self.handovers: list[BookedHandover] = []
        self.facts: list[OutsideFact] = []

    def trade(
        self,
        when: str | datetime,
        side: Side,
        quantity: str | int,
        price: str | int,
        symbol: Symbol = BHP,
        *,
        fee: str | None = "0",
        fee_currency: str = "AUD",
        by_hand: bool = False,
        purpose: Purpose = Purpose.ENTRY,
        coin: bool = False,
    ) -> str:
        """An execution of ours, or `by_hand`; gives its key."""
        number = len(self.trades) + 1
        self.trades.append(
            BookedTrade(
                at=sydney(when) if isinstance(when, str) else when,
                key=f"{number:04}.01",
                order=None if by_hand else f"K-{number}",
                purpose=None if by_hand else purpose,
                symbol=symbol,
                side=side,
                quantity=Decimal(quantity),
                price=Decimal(price),
                commission=None if fee is None else Decimal(fee),
                commission_currency=None if fee is None else fee_currency,
                coin=coin,
            )
        )
        return self.trades[-1].key

    def adopt(self, when: str, quantity: str, price: str | None, symbol: Symbol = BHP) -> None:
        name = f"ADOPT-{len(self.handovers)}"
        cost = None if price is None else Decimal(price)
        self.handovers.append(BookedHandover(sydney(when), name, symbol, Decimal(quantity), cost))

    def tell(self, kind: str, day: str, symbol: Symbol | None = BHP, **detail: str) -> None:
        id = f"{kind}-{len(self.facts)}"
        of = None if symbol is None else str(symbol)
        self.facts.append(checked(kind, day, of, detail, id=id, source="a test"))

    def record(self) -> TaxRecord:
        return record_of(tuple(self.trades), tuple(self.handovers), tuple(self.facts))


def day(text: str) -> date:
    return date.fromisoformat(text)
