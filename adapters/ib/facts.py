"""The venue's objects made into facts of ours. Pure: the same message, the same fact."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from adapters.ib.contracts import describe, symbol_of
from adapters.ib.decoding import (
    liquidity_of,
    number,
    number_of_text,
    price_or_none,
    quantity,
    side_of,
    split_execution_id,
    status_of,
    tif_of,
    type_of,
    venue_id,
)
from adapters.ib.identity import OrderIdentities
from adapters.ib.library import Contract, Execution, Order, OrderState
from domain.venue import (
    CommissionReport,
    ExecutionReport,
    OrderPreview,
    OrderReport,
    OrderTerms,
    PositionReport,
    VenueStatus,
)

_FILLED_SIZE = re.compile(r"Filled Size:\s*([0-9.]+)")


@dataclass(frozen=True, slots=True)
class StatusMessage:
    """An orderStatus of the wire."""

    order_id: int
    status: str
    filled: float
    remaining: float
    average_price: float
    permanent_id: int
    client_id: int
    why_held: str


def status_report(message: StatusMessage, identities: OrderIdentities) -> OrderReport:
    """From orderStatus, which names no `orderRef`: by what this link has learned.

    Raises:
        ValueError: a status that is not known, or an order that nothing names.
    """
    reference = identities.reference(message.client_id, message.order_id, message.permanent_id)
    if reference is not None:
        identities.learn(message.client_id, message.order_id, message.permanent_id, reference)
    permanent = venue_id(message.permanent_id)
    if reference is None and permanent is None:
        raise ValueError(f"a status of order {message.order_id}, which nothing names")
    return OrderReport(
        client_order_id=reference,
        venue_order_id=permanent,
        status=_status(message.status),
        filled=quantity(message.filled),
        remaining=number(message.remaining),
        average_price=price_or_none(message.average_price),
        why_held=message.why_held,
        foreign=identities.is_foreign(message.client_id, reference),
        client_id=message.client_id,
    )


def open_order_report(
    contract: Contract, order: Order, state: OrderState, identities: OrderIdentities
) -> OrderReport:
    """From openOrder: terms and status; how much is filled stands in orderStatus alone.

    Raises:
        ValueError: a status that is not known.
    """
    reference = order.orderRef or identities.reference(order.clientId, order.orderId, order.permId)
    identities.learn(order.clientId, order.orderId, order.permId, reference or "")
    return OrderReport(
        client_order_id=reference or None,
        venue_order_id=venue_id(order.permId),
        status=_status(state.status),
        filled=None,
        remaining=None,
        average_price=None,
        reason=state.warningText,
        foreign=identities.is_foreign(order.clientId, reference or ""),
        terms=_terms(contract, order),
        client_id=order.clientId,
    )


def completed_order_report(
    contract: Contract, order: Order, state: OrderState, identities: OrderIdentities
) -> OrderReport:
    """From completedOrder, which names neither client nor session id.

    The quantity filled is a field, or (gateways differ) only words: `Filled Size: 10`. A field
    of zero says nothing: gateways write it where they know no better.

    Raises:
        ValueError: a status that is not known.
    """
    filled = number(order.filledQuantity) or None
    words = _FILLED_SIZE.search(state.completedStatus)
    if filled is None and words is not None:
        filled = number_of_text(words[1])
    total = quantity(order.totalQuantity)
    return OrderReport(
        client_order_id=order.orderRef or identities.reference(-1, 0, order.permId),
        venue_order_id=venue_id(order.permId),
        status=_status(state.status),
        filled=filled,
        remaining=None if filled is None or total == 0 else max(total - filled, Decimal(0)),
        average_price=None,
        reason=state.completedStatus.strip(),
        completed=True,
        foreign=identities.is_foreign(None, order.orderRef),
        terms=_terms(contract, order),
    )


def execution_report(
    contract: Contract, execution: Execution, identities: OrderIdentities
) -> ExecutionReport:
    """From execDetails, live or from a list.

    Raises:
        ValueError: a side that is none, or a price that is no number.
    """
    reference = execution.orderRef or identities.reference(
        execution.clientId, execution.orderId, execution.permId
    )
    identities.learn(execution.clientId, execution.orderId, execution.permId, reference or "")
    key, revision = split_execution_id(execution.execId)
    price = number(execution.price)
    if price is None or not isinstance(execution.time, datetime):
        raise ValueError(f"execution {execution.execId} has no price or no time")
    return ExecutionReport(
        execution_id=execution.execId,
        execution_key=key,
        revision=revision,
        client_order_id=reference or None,
        venue_order_id=venue_id(execution.permId),
        symbol=symbol_of(contract),
        side=side_of(execution.side),
        quantity=quantity(execution.shares),
        price=price,
        time=execution.time,
        exchange=execution.exchange,
        liquidity=liquidity_of(execution.lastLiquidity),
        account=execution.acctNumber,
    )


def commission_report(
    execution_id: str, commission: str, currency: str, realised: str
) -> CommissionReport | None:
    """From commissionReport; None while the venue has no figure yet.

    *Not yet* is an empty text, the unset double or exactly -1. Rebates are negative and real.
    """
    amount = number_of_text(commission)
    if amount is None or amount == -1:
        return None
    key, revision = split_execution_id(execution_id)
    return CommissionReport(
        execution_id=execution_id,
        execution_key=key,
        revision=revision,
        commission=amount,
        currency=currency,
        realised_pnl=number_of_text(realised),
    )


def position_report(
    account: str, contract: Contract, held: float, average_cost: float
) -> PositionReport | None:
    """From position; None for a currency pair, which is cash shown a second time."""
    if contract.secType == "CASH":
        return None
    return PositionReport(
        account=account,
        symbol=symbol_of(contract),
        description=describe(contract),
        quantity=quantity(held),
        average_cost=quantity(average_cost),
    )


def order_preview(state: OrderState) -> OrderPreview:
    """From the openOrder that answers a what-if; what is unset or empty is not told."""
    return OrderPreview(
        commission=number(state.commission),
        minimum=number(state.minCommission),
        maximum=number(state.maxCommission),
        currency=state.commissionCurrency,
        initial_margin_change=number_of_text(state.initMarginChange),
        maintenance_margin_change=number_of_text(state.maintMarginChange),
        equity_with_loan_change=number_of_text(state.equityWithLoanChange),
        initial_margin_after=number_of_text(state.initMarginAfter),
        equity_with_loan_after=number_of_text(state.equityWithLoanAfter),
        warning=state.warningText,
    )


def is_reckoned(state: OrderState) -> bool:
    """The margins of a what-if are there; until then all of them are unset (ib.md 3.5)."""
    return number_of_text(state.initMarginChange) is not None


def _status(text: str) -> VenueStatus:
    status = status_of(text)
    if status is None:
        raise ValueError(f"the status {text!r} of an order is not known")
    return status


def _terms(contract: Contract, order: Order) -> OrderTerms:
    return OrderTerms(
        symbol=symbol_of(contract),
        side=side_of(order.action),
        quantity=quantity(order.totalQuantity),
        type=type_of(order.orderType),
        limit_price=price_or_none(order.lmtPrice),
        stop_price=price_or_none(order.auxPrice),
        tif=tif_of(order.tif),
    )
