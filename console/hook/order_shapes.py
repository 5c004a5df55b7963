"""From orders with all about them to what the hook answers."""

from __future__ import annotations

from adapters.book import OrderDetail
from console import order_schemas as schemas
from console.hook.shapes import order_out
from domain.costs import CostEstimate
from domain.orders import Order, OrderState, OrderType
from domain.resolution import Resolution
from domain.terms import Amendment, Terms
from domain.venue import OrderPreview

_NOT_AT_VENUE = (OrderState.INTENDED, OrderState.SENT, OrderState.NOT_SENT, OrderState.UNKNOWN)


def detail_out(detail: OrderDetail) -> schemas.OrderDetailOut:
    """An order with its changes, its relations and what was foretold of it."""
    order = detail.order
    request = order.request
    asked = OrderType.MARKET if request.market_tif is not None else request.type
    return schemas.OrderDetailOut(
        **dict(order_out(order)),
        purpose=request.purpose.value,
        asked_as=asked.value,
        terms_at_venue=_terms_at_venue(order),
        amendments=[amendment_out(amendment) for amendment in detail.amendments],
        parent=request.parent,
        oca_group=request.oca_group,
        related=[order_out(each) for each in detail.related],
        preview=preview_out(detail.preview),
        estimate=_estimate_out(detail.estimate),
    )


def amendment_out(amendment: Amendment) -> schemas.AmendmentOut:
    """A change of an order."""
    return schemas.AmendmentOut(
        amendment_id=amendment.amendment_id,
        was=_terms_out(amendment.was),
        terms=_terms_out(amendment.terms),
        state=amendment.state,
        reason=amendment.reason,
        created_at=amendment.created_at,
        sent_at=amendment.sent_at,
    )


def preview_out(preview: OrderPreview | None) -> schemas.PreviewOut | None:
    """What the venue foretold."""
    if preview is None:
        return None
    fields = schemas.PreviewOut.model_fields
    return schemas.PreviewOut(**{name: getattr(preview, name) for name in fields})


def _estimate_out(estimate: CostEstimate | None) -> schemas.EstimateOut | None:
    if estimate is None:
        return None
    fields = schemas.EstimateOut.model_fields
    return schemas.EstimateOut(**{name: getattr(estimate, name) for name in fields})


def resolution_out(resolution: Resolution, *, done: bool) -> schemas.ResolutionOut:
    """What a person's word makes of an order."""
    return schemas.ResolutionOut(
        client_order_id=resolution.client_order_id,
        was=resolution.was,
        state=resolution.state,
        booked=resolution.booked,
        price=resolution.price,
        reason=resolution.reason,
        done=done,
    )


def _terms_at_venue(order: Order) -> schemas.TermsOut | None:
    if order.venue_order_id is None or order.state in _NOT_AT_VENUE:
        return None
    return _terms_out(order.request.terms)


def _terms_out(terms: Terms) -> schemas.TermsOut:
    return schemas.TermsOut(
        quantity=terms.quantity, limit_price=terms.limit_price, stop_price=terms.stop_price
    )
