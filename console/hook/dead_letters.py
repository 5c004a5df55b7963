"""Dead letters: what reached nobody, what crashed its handlers, and letting go of the latter."""

from __future__ import annotations

from fastapi import APIRouter

from actors import names
from actors.dead_letters import DeadLetter
from actors.messages import EndQuarantine, GetQuarantine
from adapters.book import KeptFact
from console.dead_letter_schemas import DeadLetterOut, DeadLettersOut, ReleaseIn, ReleaseOut
from console.hook.asking import Asking
from console.hook.order_in import ExactRoute
from console.hook.problems import Refused
from console.hook.shapes import dead_letter_out

_RELEASED = (
    "It goes back to {seat} and is handled once more; its venue is not traded until the next "
    "comparison that finds nothing. Should it crash its handler again, it is kept again."
)
_SUPERSEDED = (
    "It is of an earlier start of the process. The venue's own lists have been compared since, and "
    "whatever of it is true has come anew: it is closed, superseded by reconciliation."
)


def routes(asking: Asking) -> APIRouter:
    """`/dead-letters`, `/dead-letters/{id}/release`."""
    router = APIRouter(prefix="/dead-letters", tags=["actors"], route_class=ExactRoute)

    @router.get("")
    async def dead_letters() -> DeadLettersOut:
        """Give what reached nobody, or crashed whoever handled it; what is kept apart first."""
        letters = asking.system.dead_letters
        items = letters.items()
        quarantined = [dead_letter_out(each) for each in items if each.quarantined]
        others = [dead_letter_out(each) for each in reversed(items) if not each.quarantined]
        earlier = await _of_earlier_starts(asking)
        return DeadLettersOut(
            items=[*quarantined, *map(_earlier_out, earlier or ()), *others],
            counts=letters.counts(),
            earlier_known=earlier is not None,
        )

    @router.post("/{id}/release")
    async def release(id: str, body: ReleaseIn | None = None) -> ReleaseOut:
        """Let go of a fact that is kept apart; with `dry_run` only show what that does."""
        wish = body or ReleaseIn()
        letter = asking.system.dead_letters.find(id)
        if letter is not None:
            return await _put_back(asking, letter, wish)
        for fact in await _of_earlier_starts(asking) or ():
            if fact.id == id:
                return await _close(asking, fact, wish)
        raise Refused.coded(404, "LETTER_NOT_KNOWN", letter=id[:80])

    return router


async def _put_back(asking: Asking, letter: DeadLetter, wish: ReleaseIn) -> ReleaseOut:
    sentence = _RELEASED.format(seat=letter.seat)
    if not wish.dry_run:
        if asking.system.release(letter.id, asking.who(), wish.reason) is None:
            raise Refused.coded(404, "LETTER_NOT_KNOWN", letter=letter.id)
        # Questions are answered behind the facts: once this one is, the release is on disk.
        await asking.order("")
    return ReleaseOut(
        id=letter.id,
        seat=letter.seat,
        message=letter.message,
        content=letter.content,
        cause=letter.cause,
        times=letter.times,
        outcome="released",
        done=not wish.dry_run,
        sentence=sentence,
    )


async def _close(asking: Asking, fact: KeptFact, wish: ReleaseIn) -> ReleaseOut:
    view = await asking.desk()
    if not all(venue.reconciled for venue in view.venues):
        raise Refused.coded(409, "RELEASE_TOO_EARLY", letter=fact.id)
    if not wish.dry_run:
        reason = f"superseded by reconciliation; {wish.reason}"
        ended = EndQuarantine(fact.id, asking.who(), "superseded", reason)
        asking.tell(names.LEDGER, ended)
        await asking.order("")
    return ReleaseOut(
        id=fact.id,
        seat=fact.seat,
        message=fact.message,
        content=fact.content,
        cause=fact.cause,
        times=fact.times,
        outcome="superseded",
        done=not wish.dry_run,
        sentence=_SUPERSEDED,
    )


async def _of_earlier_starts(asking: Asking) -> list[KeptFact] | None:
    """From the book; None where the ledger does not answer."""
    try:
        kept: tuple[KeptFact, ...] = await asking.ask(asking.options.ledger, GetQuarantine())
    except Refused:
        return None
    return [fact for fact in kept if asking.system.dead_letters.find(fact.id) is None]


def _earlier_out(fact: KeptFact) -> DeadLetterOut:
    return DeadLetterOut(
        id=fact.id,
        at=fact.at,
        seat=fact.seat,
        sender="",
        lane="fact",
        message=fact.message,
        summary=fact.content[:400],
        cause=fact.cause,
        correlation=fact.correlation,
        quarantined=True,
        content=fact.content,
        times=fact.times,
        of_earlier_start=True,
    )
