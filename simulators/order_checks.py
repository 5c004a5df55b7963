"""What TWS answers to an order that it does not take.

Codes and sentences are those seen from TWS; each check gives one of them or nothing. They know
the order, its instrument and the phase of its market; money is checked in `funds`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.orders import Tif
from simulators.habits import Habits
from simulators.model import BrokerOrder, Instrument, NewOrder, Phase
from simulators.price_steps import PriceSteps


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error of TWS; `kept` when TWS keeps the order in its books, as Inactive."""

    code: int
    text: str
    kept: bool = False


UNKNOWN_CONTRACT = Refusal(200, "No security definition has been found for the request")
DUPLICATE_ID = Refusal(103, "Duplicate order id")
ALREADY_FILLED = Refusal(104, "Cannot modify a filled order.")
DIFFERENT_ORDER = Refusal(105, "Order being modified does not match original order.")
PRICE_STEP = Refusal(
    110, "The price does not conform to the minimum price variation for this contract."
)
PARENT_GONE = Refusal(201, "Order rejected - reason:The parent order is no longer active.")
GROUP_SPENT = Refusal(
    201, "Order rejected - reason:The OCA group has been used; its name cannot be used again."
)
NOT_FOR_SHORT_SALE = Refusal(
    201,
    "Order rejected - reason:The contract is not available for short sale.",
    kept=True,
)
SHORT_SALE_BANNED = Refusal(
    201, "Order rejected - reason:Short sales of this security are banned.", kept=True
)
SMALL_PARCEL = Refusal(
    201,
    "Order rejected - reason:The order does not meet the minimum marketable parcel of AUD 500.",
    kept=True,
)
NO_FILL_OR_KILL = Refusal(
    201,
    "Order rejected - reason:The time-in-force FOK is invalid for this combination of exchange "
    "and security type.",
)
CURRENCY_LEVERAGE = Refusal(
    201, "Order rejected - reason:FX trade would expose account to currency leverage.", kept=True
)


def too_many_orders(most: int) -> Refusal:
    """So many orders of one side of one contract may be active."""
    return Refusal(
        201,
        f"Order rejected - reason:No more than {most} active orders on one side of a contract are "
        "allowed.",
        kept=True,
    )


def unknown_order(order_id: int) -> Refusal:
    """The 135 of an id that stands for nothing here."""
    return Refusal(135, f"Can't find order with ID ={order_id}")


def refuse_used_id(old: BrokerOrder | None, new: NewOrder) -> Refusal:
    """What is said to an order id that has served: for a change it comes too late."""
    if old is None or old.request.order_ref != new.order_ref:
        return DUPLICATE_ID
    if old.status == "Filled":
        return ALREADY_FILLED
    return DUPLICATE_ID if old.status == "Inactive" else unknown_order(new.order_id)


def too_little_equity(equity: Decimal, needed: Decimal, currency: str) -> Refusal:
    """The 201 of an account without the means."""
    return Refusal(
        201,
        "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED "
        f"POSITION YOUR EQUITY WITH LOAN VALUE [{equity:.2f} {currency}] MUST EXCEED THE INITIAL "
        f"MARGIN [{needed:.2f} {currency}]",
        kept=True,
    )


def refuse_fields(order: NewOrder, instrument: Instrument, account: str) -> Refusal | None:
    """What is wrong with the order whatever the market does."""
    if order.account not in ("", account):
        return _invalid("Invalid account code")
    if order.exchange not in instrument.valid_exchanges:
        return UNKNOWN_CONTRACT
    return _refuse_quantity(order.quantity, instrument) or _refuse_prices(order, instrument)


def refuse_phase(phase: Phase, habits: Habits) -> Refusal | None:
    """An auction that runs takes nothing new and changes nothing; nor may the time after it."""
    shut = phase is Phase.POST_CLOSE and habits.post_close == "cancel_only"
    if shut or phase in (Phase.OPENING_AUCTION, Phase.CLOSING_AUCTION):
        return Refusal(
            201,
            "Order rejected - reason:The exchange does not accept new or amended orders during "
            "the auction.",
            kept=True,
        )
    return None


def refuse_change(old: BrokerOrder, new: NewOrder) -> Refusal | None:
    """What a change may not change."""
    asked = old.request
    if (asked.con_id, asked.side) != (new.con_id, new.side):
        return DIFFERENT_ORDER
    if new.account not in ("", asked.account):
        return DIFFERENT_ORDER
    if new.quantity <= old.filled:
        return Refusal(
            201, "Order rejected - reason:The quantity is not above what has been filled already."
        )
    return None


def refuse_cancel(order: BrokerOrder | None, order_id: int) -> Refusal | None:
    """Why there is nothing to cancel."""
    if order is None:
        return Refusal(10147, f"OrderId {order_id} that needs to be cancelled is not found.")
    if order.status == "Inactive":
        return Refusal(
            161,
            "Cancel attempted when order is not in a cancellable state.  "
            f"Order permId = {order.perm_id}",
        )
    if not order.is_open:
        return Refusal(
            10148,
            f"OrderId {order_id} that needs to be cancelled cannot be cancelled, "
            f"state: {order.status}.",
        )
    return None


def trail_is_sound(order: NewOrder) -> bool:
    """It trails by an amount or by percent, not both, above zero; a limit keeps a distance."""
    trail = order.trail
    if trail is None:
        return True
    given = [figure for figure in (trail.amount, trail.percent) if figure]
    has_limit = trail.limit_offset is not None and trail.limit_offset >= 0
    return len(given) == 1 and given[0] > 0 and has_limit == order.type.needs_limit


def _refuse_quantity(quantity: Decimal, instrument: Instrument) -> Refusal | None:
    if not quantity.is_finite() or quantity < 0:
        return _invalid("Invalid order size was entered")
    if quantity == 0:
        return Refusal(434, "The order size cannot be zero.")
    if quantity < instrument.lot:
        return Refusal(
            388,
            f"Order size {quantity} is smaller than the minimum required size of {instrument.lot}.",
        )
    if quantity % instrument.lot:
        return _invalid("Order size does not conform to market rule")
    return None


def _refuse_prices(order: NewOrder, instrument: Instrument) -> Refusal | None:
    if order.tif is Tif.IOC and order.type.needs_stop:
        return Refusal(111, "The TIF (Tif type) and the order type are incompatible.")
    if not trail_is_sound(order):
        return _invalid("Invalid trailing amount was entered")
    steps = PriceSteps(instrument.price_steps)
    for price, needed, name in (
        (order.limit_price, order.type.needs_limit, "limit"),
        (order.stop_price, order.type.needs_stop, "stop"),
    ):
        if needed and price is None:
            return _invalid(f"Missing {name} price")
        if needed and price is not None and not (price.is_finite() and steps.conforms(price)):
            return PRICE_STEP
    return None


def _invalid(cause: str) -> Refusal:
    return Refusal(321, f"Error validating request.-'bF' : cause - {cause}.")
