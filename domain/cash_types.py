"""What moves cash beside trades: each movement has a type, a currency and a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from domain.symbols import Symbol


class CashType(StrEnum):
    """Why cash came or went."""

    DIVIDEND = "DIVIDEND"
    INTEREST = "INTEREST"
    DEPOSIT = "DEPOSIT"
    WITHDRAWAL = "WITHDRAWAL"
    FEE = "FEE"
    CONVERSION = "CONVERSION"
    TAX = "TAX"
    """Withheld, or charged on a trade."""
    OTHER = "OTHER"
    """The statement's own word for it is none of the above."""


@dataclass(frozen=True, slots=True)
class CashMovement:
    """One movement as a statement or a person tells it.

    `amount` is signed: what left the account is negative. `day` is the day on which it was paid
    or charged, by the statement. `movement_id` is the statement's own number for it.
    """

    movement_id: str
    type: CashType
    currency: str
    amount: Decimal
    day: date
    symbol: Symbol | None
    """Whose dividend it is, say; None where it belongs to no instrument."""
    description: str
