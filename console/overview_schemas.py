"""What `GET /overview` answers: all that the first look at Kelpie needs, for every page and screen.

Null means *not known*, never zero. A part whose seat did not answer in time is null, and
`unanswered` says so in a sentence. Sentences are for the owner: Sydney time with the day, A$.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from console.schemas import Answer, Plain
from domain.orders import OrderState, OrderType, Side

VerdictLevel = Literal["WELL", "NEEDS_YOU", "NOT_TRADING_EXPECTED"]
ProtectionWords = Literal[
    "PROTECTED", "CHANGING", "UNPROTECTED", "NOT_OURS", "SWITCHED_OFF", "NOT_KNOWN"
]


class VerdictOut(Answer):
    """How it is, worst first: one sentence, what stands, what happens untouched, what to do."""

    level: VerdictLevel
    code: str = Field(description="Stable, of the cause that speaks; `WELL` when nothing does.")
    symbol: str | None = Field(description="What it concerns, where that is one symbol.")
    sentence: str
    stands: str = Field(description="What is held and which stops and orders work at the broker.")
    if_nothing: str = Field(description="What happens if nobody does anything.")
    to_do: list[str] = Field(description="A sentence each, commands in backticks; empty: nothing.")
    others: list[str] = Field(description="The other causes, a sentence each, worst first.")


class CashLineOut(Answer):
    """The cash of one currency; negative is borrowed."""

    currency: str
    amount: Plain


class MoneyOut(Answer):
    """Money in `base`. What was earned is of Kelpie's own fills, marks and fees alone.

    In mode observe those are the shadow book's: what would have been.
    """

    base: str
    worth: Plain | None = Field(description="The whole account, as the broker says.")
    worth_stale: bool = Field(description="A price or a rate behind it is old.")
    today: Plain | None = Field(description="Since Sydney's midnight, fees deducted.")
    since_start: Plain | None = Field(description="Since this book began, fees deducted.")
    fees_today: Plain | None
    fees_since_start: Plain | None
    missing: str = Field(description="Of what the price or the rate is not known; empty: none.")
    cash: list[CashLineOut]


class HoldingLineOut(Answer):
    """A holding. Prices and `pnl` are in `currency`; short is negative."""

    symbol: str
    currency: str
    quantity: Plain = Field(description="All that the account holds, as the broker says.")
    managed: Plain = Field(description="How much of it Kelpie bought, and manages.")
    price: float | None
    price_stale: bool
    value_base: Plain | None
    pnl: Plain | None = Field(description="Not realised yet, of the managed part.")
    stop: Plain | None = Field(description="The stop that works at the broker; null: none.")
    agrees: bool | None = Field(description="The broker's number is ours; null: not compared.")
    difference: str = Field(description="Where it does not agree: in which way.")
    protection: ProtectionWords
    why: str = Field(description="Why it is not protected; empty when it is.")


class OrderLineOut(Answer):
    """An order that is not final."""

    client_order_id: str
    symbol: str
    currency: str
    side: Side
    quantity: Plain
    remaining: Plain
    type: OrderType
    price: Plain | None = Field(description="Its stop where it is a stop, else its limit.")
    state: OrderState
    purpose: str = Field(description="`ENTRY`, `EXIT`, `PROTECTION`, `FLATTEN` or `CONVERT`.")
    pending_change: str | None


class TradeLineOut(Answer):
    """A fill."""

    client_order_id: str
    symbol: str
    currency: str
    side: Side
    quantity: Plain
    price: Plain
    at: datetime


class LinkLineOut(Answer):
    """A venue, in one sentence."""

    venue: str
    tradable: bool
    expected: bool = Field(description="It is not tradable, and that was announced.")
    sentence: str
    since: datetime | None
    next_try: datetime | None


class NextLineOut(Answer):
    """Something that comes."""

    at: datetime
    sentence: str


class BackupLineOut(Answer):
    """The last back-up of the book; `at` is null when there is none."""

    at: datetime | None
    good: bool
    sentence: str


class LiveLineOut(Answer):
    """How far the way to live trading has been gone."""

    armed_until: datetime | None = Field(description="Null: it is not armed.")
    shown: int
    needed: int


class AlertLineOut(Answer):
    """An alert that stands."""

    id: str
    level: str = Field(description="`WAKE`, `TODAY` or `FYI`.")
    code: str
    title: str
    since: datetime
    sentence: str
    stands: str
    if_nothing: str
    to_do: list[str]
    answered: bool


class UnansweredOut(Answer):
    """A part of this answer that is null because nobody told it in time."""

    part: str
    sentence: str


class OverviewOut(Answer):
    """The first look."""

    mode: str
    version: str
    started_at: datetime
    asked_at: datetime
    verdict: VerdictOut
    money: MoneyOut | None
    holdings: list[HoldingLineOut] | None
    orders: list[OrderLineOut] | None = Field(description="Those that are not final.")
    last_trade: TradeLineOut | None = Field(
        description="Null as well when there was none: `unanswered` tells the two apart."
    )
    quiet: str | None = Field(description="Why nothing is bought just now.")
    links: list[LinkLineOut] | None
    next: list[NextLineOut] = Field(
        description="The next five within seven days, as far as it is known."
    )
    backup: BackupLineOut | None
    live: LiveLineOut | None = Field(description="In mode live alone.")
    alerts: list[AlertLineOut] | None
    unanswered: list[UnansweredOut]
