"""The checklist before live trading, arming by a person on the box, and disarming by anybody."""

from __future__ import annotations

from fastapi import APIRouter

from actors import names
from actors.messages import Arm, ArmingChanged, Disarm, GetChecklist, GetOrders
from console.arming_code import CodeRefused, take_code
from console.hook.asking import Asking
from console.hook.order_in import ExactRoute
from console.hook.problems import Refused
from console.hook.shapes import fill_out, order_out, position_out
from console.live_schemas import ArmIn, ChecklistOut, ItemOut, ShadowOut
from console.schemas import ReasonIn
from domain.admission import Refusal
from domain.arming import Checklist
from domain.shadow import SHADOW

_NEWEST = 100
"""So many orders and fills are shown at the most, newest first."""


def routes(asking: Asking) -> APIRouter:
    """`/checklist`, `/shadow`, `/trading/arm`, `/trading/disarm`."""
    router = APIRouter(tags=["live"], route_class=ExactRoute)

    @router.get("/checklist")
    async def checklist() -> ChecklistOut:
        """Give what must have been shown before live trading can be armed, and what was."""
        return await checklist_of(asking)

    @router.get("/shadow")
    async def shadow() -> ShadowOut:
        """Give what the shadow book holds and did: what would have been, and nothing that was."""
        return await _shadow(asking)

    @router.post("/trading/arm")
    async def arm(body: ArmIn) -> ChecklistOut:
        """Open positions with real money for so many hours.

        Only with the code that `kelpie arm` leaves on the box, and with nothing missing.
        """
        asking.audit("arm", f"for {body.hours:g} h: {body.reason}")
        _on_the_box(asking, body.code)
        limit = asking.clock.monotonic() + asking.options.answer_seconds
        wish = Arm(limit, float(body.hours), asking.who(), body.reason)
        answer = await asking.ask(names.LIVE_GATE, wish)
        if isinstance(answer, Refusal):
            raise Refused(409, answer.code, answer.sentence, answer.cure)
        return await _settled(asking, answer)

    @router.post("/trading/disarm")
    async def disarm(body: ReasonIn | None = None) -> ChecklistOut:
        """Open no position with real money from now on; exits, stops and plans go on."""
        wish = body or ReasonIn()
        asking.audit("disarm", wish.reason)
        limit = asking.clock.monotonic() + asking.options.answer_seconds
        answer = await asking.ask(names.LIVE_GATE, Disarm(limit, asking.who(), wish.reason))
        return await _settled(asking, answer)

    return router


def _on_the_box(asking: Asking, code: str) -> None:
    """Whoever asks has to sit there.

    Raises:
        Refused: `ARM_CODE_WRONG`.
    """
    state_dir = asking.options.state_dir
    try:
        if state_dir is None:
            raise CodeRefused("this hook knows of no folder on the box")
        take_code(state_dir, code, asking.clock.now())
    except CodeRefused as refused:
        raise Refused.coded(403, "ARM_CODE_WRONG", reason=refused) from None


async def _settled(asking: Asking, answer: object) -> ChecklistOut:
    if not isinstance(answer, ArmingChanged):
        raise Refused.coded(503, "ARM_TOO_LATE")
    # Questions are answered behind the facts: once this one is, it is on disk.
    await asking.order("")
    return await checklist_of(asking)


async def _shadow(asking: Asking) -> ShadowOut:
    view = await asking.desk()
    orders = await asking.ask(asking.options.ledger, GetOrders(limit=_NEWEST))
    fills = await asking.fills(_NEWEST, None, None)
    return ShadowOut(
        mode=asking.options.mode,
        positions=[position_out(each) for each in view.shadow],
        orders=[order_out(each) for each in orders if each.venue == SHADOW],
        fills=[fill_out(each) for each in fills if each.venue == SHADOW],
    )


async def checklist_of(asking: Asking) -> ChecklistOut:
    """How far the way to live trading has been gone.

    Raises:
        Refused: the live gate does not answer.
    """
    found = await asking.ask(names.LIVE_GATE, GetChecklist())
    assert isinstance(found, Checklist)
    items = [
        ItemOut(
            item=each.item,
            title=each.title,
            proven=each.proven,
            sentence=each.sentence,
            at=each.at,
            source=each.source,
            expires=each.expires,
            earliest=each.earliest,
        )
        for each in found.items
    ]
    return ChecklistOut(
        mode=found.mode,
        items=items,
        missing=sum(not each.proven for each in items),
        armed=found.until is not None,
        armed_until=found.until,
        disarmed=found.disarmed,
        limits=list(found.limits),
        longest_hours=found.longest_hours,
    )
