"""Causes in the links to the venues: announced, just coming up, or down for no such reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from config.modes import Mode
from console.owner.causes import Cause, Level
from console.owner.facts import Facts
from console.owner.words import length, lowered, owners, short, sydney, venue_name
from domain.maintenance import Window
from domain.outage import NEEDS_PERSON, RED_AFTER, Health
from domain.views import VenueView

_FORCED = "forced-open"
OF_LINKS = {"ANNOUNCED", "COMPARING", "HELD_BY_A_PERSON", "LINK_DOWN", "LOGIN_NEEDED", "STARTING"}
"""The codes of all of these."""
_STOPS_STAY = "Stops that work at IB stay there."
_LOG_IN = "Log the gateway in and approve it on your phone (IB Key)."
_OWN_GATEWAY = (
    "Kelpie starts the demo's own gateway again by itself. If it does not come back, "
    "logs/ib-sim.log says why."
)
#: What the house says with words that are none of the owner's.
_REASONS = {
    "NOT_CONNECTED": "it is not connected yet",
    "NOT_RECONCILED": "what it holds is being compared with Kelpie's book",
    "CIRCUIT_OPEN": "it failed again and again, and is tried once more in a while",
}


def of_links(facts: Facts) -> Iterator[Cause]:
    """One for each venue that may not be traded as on a quiet day."""
    for venue in facts.desk.venues if facts.desk is not None else ():
        if not venue.tradable:
            yield _not_tradable(facts, venue)
        elif venue.on_hold:
            yield Cause(
                Level.NOT_TRADING_EXPECTED,
                "ANNOUNCED",
                f"{venue_name(venue.venue)} is {owners(venue.on_hold)}.",
                "New purchases wait until then; it goes on by itself.",
            )


def reason_of(venue: VenueView) -> str:
    """Why it may not be traded, in the owner's words."""
    if venue.circuit == _FORCED:
        return "a person holds purchases back there"
    return _REASONS.get(venue.cause, lowered(short(venue.reason)))


def _not_tradable(facts: Facts, venue: VenueView) -> Cause:
    name, since = venue_name(venue.venue), sydney(venue.since, facts.now)
    why = reason_of(venue)
    if venue.circuit == _FORCED and venue.reconciled:
        return Cause(
            Level.NOT_TRADING_EXPECTED,
            "HELD_BY_A_PERSON",
            f"Purchases at {name} are held back by a person since {since}.",
            "Nothing new is bought; exits and stops go on.",
            (f"`kelpie circuits --release {venue.venue}` lets them go again.",),
        )
    if venue.expected_until is not None and venue.cause not in NEEDS_PERSON:
        return _announced(facts, venue)
    if venue.epoch == 0 and facts.now - facts.started_at < RED_AFTER:
        ago = length(facts.now - facts.started_at)
        return _by_itself("STARTING", f"Kelpie started {ago} ago: {why}.")
    if venue.health is Health.AMBER and venue.connected:
        return _by_itself("COMPARING", f"{name} is back since {since}: {why}.")
    return _down(facts, venue)


def _by_itself(code: str, sentence: str) -> Cause:
    goes_on = f"It goes on by itself within a minute. {_STOPS_STAY}"
    return Cause(Level.NOT_TRADING_EXPECTED, code, sentence, goes_on)


def _announced(facts: Facts, venue: VenueView) -> Cause:
    name, now = venue_name(venue.venue), facts.now
    on = [window for window in venue.windows if window.holds(now)]
    why = max(on, key=lambda window: window.ends).reason if on else "it was announced"
    to_do = (_LOG_IN,) if any(window.needs_person for window in on) else ()
    return Cause(
        Level.NOT_TRADING_EXPECTED,
        "ANNOUNCED",
        f"{name} is out of reach until about {sydney(venue.expected_until, now)}, because {why}.",
        f"Kelpie connects again by itself. {_STOPS_STAY}",
        to_do,
    )


def _down(facts: Facts, venue: VenueView) -> Cause:
    name, now = venue_name(venue.venue), facts.now
    login = _login_since(facts, venue)
    cure = owners(venue.reason).partition(". ")[2]
    sentence = f"{name} is not ready since {sydney(venue.since, now)}: {reason_of(venue)}."
    if_nothing = (
        f"Nothing is bought, and no plan exits. Kelpie tries again by itself. {_STOPS_STAY}"
    )
    to_do: tuple[str, ...] = ("`kelpie doctor` looks at the gateway, and says what to mend.",)
    if facts.mode == Mode.DEMO:
        to_do = (_OWN_GATEWAY,)
    elif cure:
        to_do = (f"{cure}.", *to_do)
    if login is not None:
        ended = f"the weekly login ended {sydney(login.starts, now)}"
        return Cause(
            Level.NEEDS_YOU,
            "LOGIN_NEEDED",
            f"{name} waits for your login: {ended}.",
            f"Until then nothing is bought, and no plan exits. {_STOPS_STAY}",
            (_LOG_IN, to_do[-1]),
        )
    if venue.health is Health.AMBER:
        to_do = ("Look again in a minute: mostly it is back by then.", *to_do)
    return Cause(Level.NEEDS_YOU, "LINK_DOWN", sentence, if_nothing, to_do)


def _login_since(facts: Facts, venue: VenueView) -> Window | None:
    """The weekly login that has ended since this outage began, or just before it."""
    since = venue.since - timedelta(minutes=5)
    if venue.connected or facts.now <= since:
        return None
    for schedule in facts.coming.schedules:
        for window in schedule.ahead(since, facts.now - since):
            if window.needs_person and window.starts <= facts.now:
                return window
    return None
