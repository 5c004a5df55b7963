"""Facts from outside over the hook: what statements, files and persons tell, kept in the book."""

from __future__ import annotations

from fastapi import APIRouter

from actors.messages import GetOutside, RecordOutside
from console.hook.asking import Asking
from console.hook.order_in import ExactRoute
from console.hook.problems import Refused
from console.outside_schemas import (
    OutsideFactOut,
    OutsideFactsIn,
    OutsideFactsOut,
    RecordedOut,
)
from domain.outside_facts import FactError, OutsideFact, checked


def routes(asking: Asking) -> APIRouter:
    """`/outside-facts`."""
    router = APIRouter(prefix="/outside-facts", tags=["outside"], route_class=ExactRoute)

    @router.get("")
    async def facts() -> OutsideFactsOut:
        """All that was told from outside, withdrawn facts included."""
        return OutsideFactsOut(items=[_out(fact) for fact in await _facts(asking)])

    @router.post("")
    async def record(body: OutsideFactsIn) -> RecordedOut:
        """Keep these in the book. The same id again adds nothing, and changes nothing."""
        told = tuple(_checked(body))
        ids = tuple(fact.id for fact in told)
        known = {fact.id: fact for fact in await _facts(asking, ids)}
        for fact in told:
            if fact.id in known and not _same(fact, known[fact.id]):
                raise Refused.coded(409, "FACT_ID_TAKEN", fact=fact.id)
        asking.tell(asking.options.ledger, RecordOutside(told, asking.who()))
        # Questions are answered behind the facts: by now it is on disk, or the disk is not.
        there = await _facts(asking, ids)
        if len(there) < len(ids):
            raise Refused.coded(503, "FACTS_NOT_WRITTEN", headers={"Retry-After": "5"})
        return RecordedOut(recorded=len(ids), new=len(ids) - len(known))

    return router


async def _facts(asking: Asking, ids: tuple[str, ...] | None = None) -> tuple[OutsideFact, ...]:
    return tuple(await asking.ask(asking.options.ledger, GetOutside(ids)))


def _checked(body: OutsideFactsIn) -> list[OutsideFact]:
    facts: dict[str, OutsideFact] = {}
    for each in body.items:
        try:
            fact = checked(
                each.kind, each.day, each.symbol, each.detail, id=each.id, source=body.source
            )
        except FactError as error:
            raise Refused.coded(422, "FACT_WRONG", fact=each.id, reason=str(error)) from None
        if not _same(fact, facts.setdefault(fact.id, fact)):
            raise Refused.coded(409, "FACT_ID_TAKEN", fact=fact.id)
    return list(facts.values())


def _same(one: OutsideFact, other: OutsideFact) -> bool:
    """They say the same, whoever said it first."""
    return (one.kind, one.day, one.symbol, dict(one.detail)) == (
        other.kind,
        other.day,
        other.symbol,
        dict(other.detail),
    )


def _out(fact: OutsideFact) -> OutsideFactOut:
    return OutsideFactOut(
        id=fact.id,
        kind=fact.kind.value,
        day=fact.day.isoformat(),
        symbol=None if fact.symbol is None else str(fact.symbol),
        detail=dict(fact.detail),
        source=fact.source,
    )
