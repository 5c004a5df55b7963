"""The verdict: whether it is well, and of all that is not the worst first, with what to do."""

from __future__ import annotations

from itertools import chain

from console.overview_schemas import VerdictOut
from console.owner.causes import Cause, Level
from console.owner.causes_held import of_what_is_held
from console.owner.causes_house import (
    answered_alerts,
    of_a_persons_will,
    of_alerts,
    of_backups,
    of_silence,
    of_the_book,
    of_the_standing,
)
from console.owner.causes_link import of_links
from console.owner.facts import Facts
from console.owner.standing import stands

#: Worst first: what costs money now, what nobody knows, what Kelpie cannot do.
_RANKED = (of_what_is_held, of_the_book, of_the_standing, of_links)


def verdict(facts: Facts) -> VerdictOut:
    """The worst cause speaks; the others are named."""
    found = list(chain.from_iterable(causes(facts) for causes in _RANKED))
    last = [*of_backups(facts), *of_silence(facts), *of_a_persons_will(facts)]
    said = {cause.code for cause in (*found, *last)}
    found += [*of_alerts(facts, said), *last]
    found.sort(key=lambda cause: cause.level is not Level.NEEDS_YOU)  # stable: worst first
    worst = found[0] if found else _well(facts)
    return VerdictOut(
        level=worst.level.value,
        code=worst.code,
        symbol=worst.symbol,
        sentence=worst.sentence,
        stands=stands(facts),
        if_nothing=worst.if_nothing,
        to_do=list(worst.to_do),
        others=[each.sentence for each in found[1:]],
    )


def _well(facts: Facts) -> Cause:
    known = list(answered_alerts(facts))
    if known:  # an answer ends the asking, not what it is about
        more = f", and {len(known) - 1} more" if known[1:] else ""
        return Cause(
            Level.WELL,
            "WELL",
            f"Nothing new. What you know of still stands: {known[0].rule.title}{more}.",
            known[0].rule.if_nothing,
            (known[0].to_do,),
        )
    sentence = "All is well."
    if facts.mode == "observe":
        sentence = "All is well: Kelpie looks on, and sends no orders in this mode."
    return Cause(Level.WELL, "WELL", sentence, "Kelpie goes on by itself.")
