"""From what resync found to what the hook answers."""

from __future__ import annotations

from console import truth_schemas as schemas
from domain.adoption import AdoptionPlan
from domain.findings import Finding, Reconciliation
from domain.foreign import ForeignOrder
from domain.views import ReconciliationView


def reconciliation_out(view: ReconciliationView) -> schemas.ReconciliationOut:
    """How the ledger and a venue were last held against each other."""
    outcome = view.outcome or Reconciliation()
    return schemas.ReconciliationOut(
        venue=view.venue,
        reconciled=view.outcome is not None and not view.trouble,
        asking=view.asking,
        trouble=view.trouble,
        cause=view.cause,
        at=view.at,
        needs_a_person=outcome.needs_a_person,
        provisional=outcome.is_provisional,
        matches=list(outcome.matches),
        adoptions=[_finding_out(each) for each in outcome.adoptions],
        mismatches=[_finding_out(each) for each in outcome.mismatches],
        suspected=[_finding_out(each) for each in outcome.suspected],
        unknowns=[_finding_out(each) for each in outcome.unknowns],
        absent=list(outcome.absent),
        foreign=[foreign_order_out(view.venue, each) for each in outcome.foreign],
    )


def foreign_order_out(venue: str, order: ForeignOrder) -> schemas.ForeignOrderOut:
    """An order of somebody else's."""
    return schemas.ForeignOrderOut(
        venue=venue,
        venue_order_id=order.venue_order_id,
        client_id=order.client_id,
        client_order_id=order.client_order_id,
        symbol=None if order.symbol is None else str(order.symbol),
        side=order.side,
        quantity=order.quantity,
        remaining=order.remaining,
        type=order.type,
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        tif=order.tif,
        state=order.state,
        whose=order.whose,
    )


def adoption_out(plan: AdoptionPlan, *, done: bool) -> schemas.AdoptionOut:
    """What a person's word on a holding changes."""
    adoption = plan.adoption
    return schemas.AdoptionOut(
        adoption_id=adoption.adoption_id if done else "",
        venue=adoption.venue,
        symbol=str(adoption.symbol),
        quantity=adoption.quantity,
        price=adoption.price,
        held=plan.held,
        managed_before=adoption.was,
        managed_after=plan.managed_after,
        external_before=plan.external_before,
        external_after=plan.external_after,
        average_before=plan.average_before,
        average_after=plan.average_after,
        warning=plan.warning,
        done=done,
    )


def _finding_out(finding: Finding) -> schemas.FindingOut:
    return schemas.FindingOut(
        rule=finding.rule,
        subject=finding.subject,
        symbol=None if finding.symbol is None else str(finding.symbol),
        sentence=finding.sentence,
        ends_by=finding.by,
        cure=finding.cure,
    )
