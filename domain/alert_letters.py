"""The words that go into the owner's pocket: letters, without account numbers, short enough.

Pure. Each says the mode, what it is, what stands, what happens if the owner does nothing, and what
to do; times are Sydney's, with the day.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.alerting import SYDNEY, Incident, Level
from domain.symbols import CASH_CURRENCIES

OK = "OK"
"""The level of what says that something is over, or that a way works."""
_LONGEST_SENTENCE = 500
_LONGEST_BODY = 1500
_MORE = 8
"""So many kinds are named in a sum."""
_HIDDEN = "…"
_CODES = "|".join(sorted(CASH_CURRENCIES))
_AMOUNT = re.compile(
    rf"(?:A\$|US\$|\$|\b(?:{_CODES}) )[+-]?\d[\d,]*(?:\.\d+)?"
    rf"|(?<![\w.])[+-]?\d[\d,]*(?:\.\d+)? (?:{_CODES})\b(?!/)"
)

Clean = Callable[[str], str]
"""Takes out of a text what must not leave the house."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message. `about` are the numbers of the incidents that it tells of."""

    id: str
    level: str
    title: str
    body: str
    about: tuple[int, ...] = ()
    ends: bool = False
    """It tells of their end."""


def clean_by(redact: Clean, *, hide_amounts: bool) -> Clean:
    """What is done to each text before it leaves."""

    def clean(text: str) -> str:
        text = redact(text)
        return _AMOUNT.sub(_HIDDEN, text) if hide_amounts else text

    return clean


def local(moment: datetime) -> str:
    """`Mon 23 Nov 14:03`, in Sydney."""
    at = moment.astimezone(SYDNEY)
    return f"{at:%a} {at.day} {at:%b %H:%M}"


def title_of(mode: str, level: str, text: str) -> str:
    """The first line, which is all that a locked phone shows."""
    return f"Kelpie {mode} · {level} · {text}"


def of_one(id: str, mode: str, incident: Incident, clean: Clean) -> Letter:
    """The letter of one incident; from its second on it says that it is not the first."""
    rule = incident.rule
    again = f" It was told {incident.told} times already." if incident.told else ""
    body = (
        f"{_shortened(incident.sentence)}\n"
        f"What stands: {rule.stands}\n"
        f"If you do nothing: {rule.if_nothing}\n"
        f"What to do: {_shortened(incident.to_do)}\n"
        f"{incident.id}, since {local(incident.since)} (Sydney).{again}"
        f"{_how_to_answer(incident)}"
    )
    title = title_of(mode, incident.level, rule.title)
    return _letter(id, incident.level, title, body, clean, (incident.number,))


def of_end(id: str, mode: str, incident: Incident, clean: Clean) -> Letter:
    """The letter of an incident's end."""
    body = (
        f"{_shortened(incident.ended)}\n"
        f"{incident.id} is over: it began {local(incident.since)} (Sydney). Nothing to do."
    )
    title = title_of(mode, OK, f"{incident.rule.title}: over")
    return _letter(id, OK, title, body, clean, (incident.number,), ends=True)


def of_many(id: str, mode: str, incidents: Sequence[Incident], more: int, clean: Clean) -> Letter:
    """The letter that sums several; `more` came before it within the hour."""
    level = Level.WAKE if any(each.level is Level.WAKE for each in incidents) else Level.TODAY
    urgent = sorted(incidents, key=lambda each: (each.level is not Level.WAKE, each.number))
    words = "".join(f"\n· {_shortened(each.sentence, 100)}" for each in urgent[:3])
    told = f"Beside the {more} alerts told one by one: " if more else ""
    number = f"{'and ' if more else ''}{len(incidents)} {'more' if more else 'alerts'}"
    body = (
        f"{told}{number}. {_kinds(incidents)}.{words}\n"
        "What stands, what happens by itself and what to do: `kelpie alerts` has each of them.\n"
        "`kelpie alerts answer all` says that you know."
    )
    title = title_of(mode, level, number)
    return _letter(id, level, title, body, clean, tuple(each.number for each in incidents))


def of_many_ends(id: str, mode: str, incidents: Sequence[Incident], clean: Clean) -> Letter:
    """The letter that says of several that they are over."""
    body = f"Over: {_kinds(incidents)}. `kelpie alerts` has each of them."
    title = title_of(mode, OK, f"{len(incidents)} alerts are over")
    numbers = tuple(each.number for each in incidents)
    return _letter(id, OK, title, body, clean, numbers, ends=True)


def of_test(id: str, mode: str, digits: str, clean: Clean) -> Letter:
    """The letter with the four digits that prove that it was received."""
    body = (
        f"The digits are {digits}. Enter `kelpie alerts confirm {digits}` on the box: that proves "
        "that alerts reach you. They are good for a day."
    )
    return _letter(id, OK, title_of(mode, "TEST", f"digits {digits}"), body, clean)


def free(
    id: str, mode: str, level: str, title: str, body: str, clean: Clean, about: tuple[int, ...] = ()
) -> Letter:
    """A letter with words of its own."""
    return _letter(id, level, title_of(mode, level, title), body, clean, about)


def _letter(
    id: str,
    level: str,
    title: str,
    body: str,
    clean: Clean,
    about: tuple[int, ...] = (),
    *,
    ends: bool = False,
) -> Letter:
    return Letter(id, str(level), clean(title), _shortened(clean(body), _LONGEST_BODY), about, ends)


def _how_to_answer(incident: Incident) -> str:
    if incident.level is not Level.WAKE:
        return ""
    return f" It is repeated until you answer: `kelpie alerts answer {incident.id}`."


def _kinds(incidents: Sequence[Incident]) -> str:
    counts = Counter(each.rule.title for each in incidents).most_common()
    named = [f"{title}{f' ×{count}' if count > 1 else ''}" for title, count in counts[:_MORE]]
    rest = len(counts) - len(named)
    return "; ".join(named) + (f"; and {rest} other kinds" if rest else "")


def _shortened(text: str, longest: int = _LONGEST_SENTENCE) -> str:
    return text if len(text) <= longest else text[: longest - 2].rstrip() + " …"
