"""Everything out, by a person over the hook."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from actors.messages import EndFlatten, Flatten, GetFlatten
from console.flatten_schemas import FlattenItemOut, FlattenOut, FlattenStates
from console.hook.asking import Asking
from console.hook.order_in import ExactRoute, ReadSymbol
from console.hook.proposing import admitted
from console.schemas import ReasonIn
from domain.flatten import FlattenItem, FlattenView, Progress
from domain.symbols import Symbol

_MOST_SYMBOLS = 1000


class FlattenIn(BaseModel):
    """Which symbols; none named means all. `confirm` is the code that a preview came with."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    symbols: Annotated[tuple[ReadSymbol, ...], Field(max_length=_MOST_SYMBOLS)] = ()
    confirm: str = Field(default="", max_length=80)
    dry_run: bool = False
    reason: str = Field(default="asked for over the hook", max_length=400)


def routes(asking: Asking) -> APIRouter:
    """`/trading/flatten`."""
    router = APIRouter(prefix="/trading", tags=["operations"], route_class=ExactRoute)

    @router.get("/flatten")
    async def shown() -> FlattenOut:
        """How far the flatten is that runs, or how the last one ended."""
        return await flatten_of(asking)

    @router.post("/flatten")
    async def flatten(response: Response, body: FlattenIn | None = None) -> FlattenOut:
        """Take back what works and sell what Kelpie holds: 202 once that has begun.

        200 where nothing was begun: a preview (`dry_run`), nothing to do, or a state of things in
        which a person confirms first: send the code in `confirm` again within 60 s. The same body
        again is harmless.
        """
        wanted = body or FlattenIn()
        view = await flattened(asking, wanted)
        response.status_code = 202 if view.running else 200
        return flatten_out(view)

    @router.delete("/flatten")
    async def ended(body: ReasonIn | None = None) -> FlattenOut:
        """Try no further. What was sent stands."""
        reason = (body or ReasonIn()).reason
        asking.audit("end flatten", reason)
        deadline = asking.clock.monotonic() + asking.options.answer_seconds
        return flatten_out(await _asked(asking, EndFlatten(deadline, asking.who(), reason)))

    return router


async def flatten_of(asking: Asking) -> FlattenOut:
    """The flatten that runs, or the last one.

    Raises:
        Refused: the desk does not answer.
    """
    return flatten_out(await asking.ask(asking.options.desk, GetFlatten()))


async def flattened(
    asking: Asking, wanted: FlattenIn, *, in_two_steps: bool = False
) -> FlattenView:
    """Have it done, or shown; `in_two_steps` it is never done without the code of what was shown.

    Raises:
        Refused: by the desk, or it does not answer.
    """
    symbols: tuple[Symbol, ...] = tuple(dict.fromkeys(wanted.symbols))
    if not wanted.dry_run:
        asking.audit("flatten", f"{', '.join(map(str, symbols)) or 'all'}: {wanted.reason}")
    message = Flatten(
        asking.clock.monotonic() + asking.options.answer_seconds,
        symbols,
        asking.who(),
        wanted.reason,
        wanted.confirm,
        wanted.dry_run,
        in_two_steps,
    )
    return await _asked(asking, message)


async def _asked(asking: Asking, message: Flatten | EndFlatten) -> FlattenView:
    answer: Any = await asking.ask(asking.options.desk, message)
    if not isinstance(answer, FlattenView):
        admitted(asking, answer, "")
        raise AssertionError("a flatten is never merely admitted")
    return answer


def flatten_out(view: FlattenView) -> FlattenOut:
    """As the hook says it."""
    return FlattenOut(
        state=_state_of(view),
        who=view.who,
        reason=view.reason,
        since=view.since,
        confirm=view.confirmation or None,
        confirm_because=view.confirm_because,
        items=[_item_out(item) for item in view.items],
    )


def _state_of(view: FlattenView) -> FlattenStates:
    if view.running:
        return "RUNNING"
    if view.confirmation:
        return "CONFIRM"
    if any(item.progress is Progress.PREVIEW for item in view.items):
        return "PREVIEW"
    return "DONE" if view.items else "NONE"


def _item_out(item: FlattenItem) -> FlattenItemOut:
    return FlattenItemOut(
        symbol=str(item.symbol),
        state=item.progress.value,
        managed=item.managed,
        held=item.held,
        cancels=list(item.cancels),
        side=item.side,
        quantity=item.quantity,
        note=item.note,
    )
