"""The one way to name an instrument: `SYMBOL/CCY`.

`BHP/AUD` is a share, `AUD/USD` a currency pair (quantity in AUD, price in USD),
`BTC/USD` a coin. Contract ids and local symbols never leave an adapter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SYMBOL = re.compile(r"^([A-Z0-9][A-Z0-9.]{0,11})/([A-Z]{3})$")

#: ISO codes that Kelpie treats as cash on the left of a symbol.
CASH_CURRENCIES = frozenset(
    {"AUD", "USD", "EUR", "GBP", "JPY", "CHF", "CAD", "NZD", "HKD", "SGD", "SEK", "NOK", "DKK"}
)


class SymbolError(ValueError):
    """A text is not a symbol; the sentence says what one looks like."""


@dataclass(frozen=True, slots=True, order=True)
class Symbol:
    """An instrument and the currency in which its price is quoted."""

    base: str
    currency: str

    @classmethod
    def parse(cls, text: str) -> Symbol:
        """Read `BHP/AUD` or its spelling in a path, `BHP-AUD`.

        Raises:
            SymbolError: the text is neither.
        """
        match = _SYMBOL.match(text.strip().upper().replace("-", "/"))
        if match is None:
            raise SymbolError(
                f"{text!r} is not a symbol: write SYMBOL/CCY, as in BHP/AUD or AUD/USD"
            )
        return cls(match.group(1), match.group(2))

    @property
    def is_currency_pair(self) -> bool:
        """Both sides are cash, as in `AUD/USD`."""
        return self.base in CASH_CURRENCIES

    def __str__(self) -> str:
        return f"{self.base}/{self.currency}"
