"""What comes of holding the ledger against the venue: each difference with its rule.

A rule is a stable code with what ends it: something that Kelpie does by itself, or a person's
command. The same codes stand in `config/error_codes.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from domain.absence import Watched
from domain.foreign import ForeignOrder
from domain.orders import OrderState
from domain.symbols import Symbol


class Ends(StrEnum):
    """Who ends a difference."""

    KELPIE = "KELPIE"
    PERSON = "PERSON"


class Rule(StrEnum):
    """By what a difference is known."""

    # What Kelpie takes over from the venue by itself.
    VENUE_ID_LEARNT = "VENUE_ID_LEARNT"
    LIVE_THERE = "LIVE_THERE"
    COMPLETED_THERE = "COMPLETED_THERE"
    CORRECTED_THERE = "CORRECTED_THERE"
    """Over, and its executions as they stand now are booked: its count has what was taken back."""
    TERMS_DIFFER = "TERMS_DIFFER"
    EXECUTIONS_NOT_BOOKED = "EXECUTIONS_NOT_BOOKED"
    OPEN_THERE_ENDED_HERE = "OPEN_THERE_ENDED_HERE"

    # Orders whose fate is not known.
    ORDER_NOT_SHOWN = "ORDER_NOT_SHOWN"
    ORDER_BEYOND_HORIZON = "ORDER_BEYOND_HORIZON"
    ORDER_VANISHED = "ORDER_VANISHED"
    ORDER_REST_NOT_SHOWN = "ORDER_REST_NOT_SHOWN"

    # Where the two contradict each other.
    POSITION_SHORT = "POSITION_SHORT"
    POSITION_OPPOSITE = "POSITION_OPPOSITE"
    FILLED_MORE_THERE = "FILLED_MORE_THERE"
    FILLED_LESS_THERE = "FILLED_LESS_THERE"
    ORDER_IS_ANOTHER = "ORDER_IS_ANOTHER"
    ORDER_ID_OF_ANOTHER = "ORDER_ID_OF_ANOTHER"
    DUPLICATE_ORDER = "DUPLICATE_ORDER"
    NOT_TAKEN_OVER = "NOT_TAKEN_OVER"


@dataclass(frozen=True, slots=True)
class Ending:
    """Who ends it, and how."""

    by: Ends
    cure: str


_KELPIE_TAKES_IT = Ending(Ends.KELPIE, "Kelpie takes it over; nothing to do.")
_RESOLVE = Ending(
    Ends.PERSON, "Look at the broker's own pages and settle it with `kelpie resolve {subject}`."
)

ENDINGS: Mapping[Rule, Ending] = MappingProxyType(
    {
        Rule.VENUE_ID_LEARNT: _KELPIE_TAKES_IT,
        Rule.LIVE_THERE: _KELPIE_TAKES_IT,
        Rule.COMPLETED_THERE: _KELPIE_TAKES_IT,
        Rule.CORRECTED_THERE: _KELPIE_TAKES_IT,
        Rule.TERMS_DIFFER: _KELPIE_TAKES_IT,
        Rule.EXECUTIONS_NOT_BOOKED: _KELPIE_TAKES_IT,
        Rule.OPEN_THERE_ENDED_HERE: Ending(
            Ends.KELPIE, "Kelpie takes the order up again; cancel it if it is not wanted."
        ),
        Rule.ORDER_NOT_SHOWN: Ending(
            Ends.KELPIE, "Two complete rounds of lists prove within a minute that it never came."
        ),
        Rule.ORDER_BEYOND_HORIZON: _RESOLVE,
        Rule.ORDER_VANISHED: _RESOLVE,
        Rule.ORDER_REST_NOT_SHOWN: _RESOLVE,
        Rule.POSITION_SHORT: Ending(
            Ends.PERSON,
            "If somebody sold or moved it by hand, give it up with `kelpie adopt {subject} "
            "{quantity}`; if executions are still to come, it ends by itself.",
        ),
        Rule.POSITION_OPPOSITE: Ending(
            Ends.PERSON,
            "Give up what Kelpie believes to hold with `kelpie adopt {subject} {quantity}`; the "
            "rest of the holding is then somebody else's.",
        ),
        Rule.FILLED_MORE_THERE: Ending(
            Ends.PERSON,
            "Kelpie asks for the executions; if they do not come the order becomes UNKNOWN: "
            "settle it with `kelpie resolve {subject}`.",
        ),
        Rule.FILLED_LESS_THERE: Ending(
            Ends.PERSON,
            "A correction may be on its way; if it does not come, cancel the order "
            "(`DELETE /orders/{subject}`) and give up what is not there with `kelpie adopt`.",
        ),
        Rule.ORDER_IS_ANOTHER: Ending(Ends.PERSON, "Cancel it: `DELETE /orders/{subject}`."),
        Rule.ORDER_ID_OF_ANOTHER: Ending(
            Ends.PERSON,
            "Settle ours with `kelpie resolve {subject}`; the other is left alone, cancel it at "
            "the broker if it is not wanted.",
        ),
        Rule.DUPLICATE_ORDER: Ending(
            Ends.PERSON, "Cancel one of them: `DELETE /orders/{subject}`, or at the broker."
        ),
        Rule.NOT_TAKEN_OVER: Ending(
            Ends.PERSON,
            "A fact may be quarantined: look at `GET /dead-letters` and release it, or cancel the "
            "order (`DELETE /orders/{subject}`).",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference."""

    rule: Rule
    subject: str
    """The client order id, or the symbol."""
    symbol: Symbol | None
    sentence: str
    quantity: str = ""
    """What the cure's command needs, where it needs one."""

    @property
    def by(self) -> Ends:
        """Who ends it."""
        return ENDINGS[self.rule].by

    @property
    def cure(self) -> str:
        """What ends it."""
        return ENDINGS[self.rule].cure.format(subject=self.subject, quantity=self.quantity)


@dataclass(frozen=True, slots=True)
class Before:
    """What earlier comparisons on this link have left for the next one."""

    first: bool = True
    """None has been made on this link."""
    watched: Mapping[str, Watched] = field(default_factory=dict)
    """The open orders of the ledger, by client order id."""
    suspected: frozenset[tuple[Rule, str, str]] = frozenset()
    """What the last comparison found: rule, subject, and the words that have to be the same."""

    def after_a_loss(self) -> Before:
        """No proof of absence reaches across a loss of the venue."""
        watched = {name: each.found() for name, each in self.watched.items()}
        return Before(self.first, watched, self.suspected)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What one comparison says."""

    matches: tuple[str, ...] = ()
    """Client order ids and symbols of which both say the same."""
    adoptions: tuple[Finding, ...] = ()
    """What the venue says and the ledger has not taken over yet."""
    mismatches: tuple[Finding, ...] = ()
    """Confirmed: their symbols are not traded until they end."""
    unknowns: tuple[Finding, ...] = ()
    """Orders whose fate is not known; they count at their worst."""
    foreign: tuple[ForeignOrder, ...] = ()
    absent: tuple[str, ...] = ()
    """Client order ids of which it is proven that they never came to the venue."""
    revived: tuple[str, ...] = ()
    """Client order ids that ended here, and that the lists have shown open twice."""
    ended: tuple[tuple[str, OrderState, str], ...] = ()
    """Client order ids that the lists have shown ended twice, how, and why it can be said."""
    suspected: tuple[Finding, ...] = ()
    """Differences that one more comparison has to bear out."""
    next: Before = field(default_factory=Before)

    @property
    def in_doubt(self) -> tuple[str, ...]:
        """The client order ids of the unknowns."""
        return tuple(each.subject for each in self.unknowns)

    @property
    def needs_a_person(self) -> bool:
        """Something will not end by itself."""
        return any(each.by is Ends.PERSON for each in (*self.mismatches, *self.unknowns))

    @property
    def is_provisional(self) -> bool:
        """The next comparison, which comes soon, may say otherwise of something."""
        return bool(self.adoptions or self.suspected)

    @property
    def settled(self) -> bool:
        """Nothing is open: the next comparison may wait for its time."""
        return not (self.mismatches or self.unknowns or self.is_provisional)
