"""The way of a drill: a position with its stop, five breakages one after the other, the judgement.

What is seen is told as it comes, and kept for the table at the end.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from console.client import HookRefused, NoAccess, NotRunning
from rehearsal.drill.breakages import ENTRY, OTHER, SHARE, Breakage, five, refusal
from rehearsal.drill.demo import Demo, Failed
from rehearsal.drill.judgement import differences, stops_of
from runtime.clocks import SystemClock
from simulators.model import Phase
from simulators.sessions import demo_shares
from simulators.tws.control import ControlError

BOUGHT_ID = "KLP-DRILL-HELD"
#: What goes wrong with a process, its files or its socket while it is broken on purpose.
_TROUBLE = (Failed, HookRefused, NoAccess, NotRunning, ControlError, OSError, sqlite3.Error)
_START_SECONDS, _NOTICE_SECONDS, _HEAL_SECONDS = 60.0, 20.0, 60.0
_SOON = 20.0
#: The longest that a drill asks for prices; the demo's market rests for 18 s every two hours.
_ROOM = timedelta(seconds=150)


@dataclass(slots=True)
class Seen:
    """One breakage, as it was seen. Seconds are None where it never came so far."""

    name: str
    title: str
    broken: bool = False
    """Kelpie said so, refused a new position, and the stop stood at the broker."""
    healed: bool = False
    said: str = ""
    """Kelpie's own sentence."""
    refused_code: str = ""
    refused: str = ""
    stands: list[str] = field(default_factory=list)
    """What the broker's own books had meanwhile."""
    well: str = ""
    noticed_seconds: float | None = None
    healed_seconds: float | None = None
    trouble: str = ""
    """Why it was not seen broken and healed; empty when it was."""

    @property
    def good(self) -> bool:
        """It was seen broken, and it was seen healed."""
        return self.broken and self.healed


@dataclass(slots=True)
class Outcome:
    """All of a drill."""

    seen: list[Seen] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """What was lost or twice by the broker's books."""
    judged: bool = False
    """The books were compared at all."""
    trouble: str = ""
    """Why it could not be gone through to its end."""
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """All five were seen broken and healed, and nothing was lost or twice."""
        complete = self.judged and not self.wrong and not self.trouble
        return complete and len(self.seen) == len(five()) and all(each.good for each in self.seen)


Tell = Callable[[str], None]


def go(demo: Demo, tell: Tell) -> Outcome:
    """Go through all of it; whatever happens, an outcome comes of it."""
    outcome = Outcome()
    _wait_for_the_market(demo, tell)
    began = demo.seconds()
    try:
        _begin(demo, tell)
        for number, breakage in enumerate(five(), 1):
            tell("")
            tell(f"{number} of {len(five())}  {breakage.title.upper()}")
            outcome.seen.append(_through(demo, breakage, tell))
            if outcome.seen[-1].trouble:
                break  # what follows would be broken by this one
        else:
            outcome.wrong = _judge(demo)
            outcome.judged = True
    except _TROUBLE as trouble:
        outcome.trouble = str(trouble)
    outcome.seconds = demo.seconds() - began
    return outcome


def _wait_for_the_market(demo: Demo, tell: Tell) -> None:
    """Without this the market could rest in the middle of a breakage, and explain everything."""
    shares, now = demo_shares(), SystemClock().now()
    span = shares.span_at(now)
    if span.phase is Phase.OPEN and span.ends - now > _ROOM:
        return
    opens = shares.next_open(now)
    seconds = (opens - now).total_seconds()
    tell(f"The demo's market rests soon: it begins in {seconds:.0f} s, when it trades again.")
    demo.until(lambda: SystemClock().now() > opens, "the market trades", seconds + 5.0)


def _begin(demo: Demo, tell: Tell) -> None:
    tell("A demo of its own is started; one of yours that runs is not touched.")
    demo.start()
    demo.until(demo.is_ready, "Kelpie is ready", _START_SECONDS)
    demo.until(lambda: _may_trade(demo), "there are fresh prices", _SOON)
    demo.post("/orders", {**ENTRY, "client_order_id": BOUGHT_ID})
    demo.until(lambda: demo.state(BOUGHT_ID) == "FILLED", "the first purchase is filled", _SOON)
    [stop, *_] = demo.until(
        lambda: stops_of(demo.books(), BOUGHT_ID), "its stop works at the broker", _SOON
    )
    tell(f"Kelpie holds {ENTRY['quantity']} {SHARE}; at the broker works {stop}.")


def _may_trade(demo: Demo) -> bool:
    return demo.is_ready() and all(demo.is_fresh(symbol) for symbol in (SHARE, OTHER))


def _through(demo: Demo, breakage: Breakage, tell: Tell) -> Seen:
    seen = Seen(breakage.name, breakage.title)
    tell(f"   {breakage.will}")
    try:
        _break(demo, breakage, seen, tell)
        _heal(demo, breakage, seen, tell)
    except _TROUBLE as trouble:
        seen.trouble = str(trouble)
        tell(f"   NOT AS IT SHOULD BE: {trouble}")
    return seen


def _break(demo: Demo, breakage: Breakage, seen: Seen, tell: Tell) -> None:
    # Nothing else may be amiss: it would be taken for what is broken now.
    demo.until(lambda: _may_trade(demo), "there are fresh prices", _SOON)
    at = demo.seconds()
    breakage.break_it(demo)
    seen.said = demo.until(
        lambda: breakage.shows(demo), f"Kelpie shows it: {breakage.title}", _NOTICE_SECONDS
    )
    seen.noticed_seconds = demo.seconds() - at
    tell(f"   Kelpie says ({seen.noticed_seconds:.1f} s): {seen.said}")
    seen.refused_code, seen.refused = refusal(demo, breakage.entry())
    tell(f"   A new position is refused: {seen.refused}")
    seen.stands = stops_of(demo.books(), BOUGHT_ID)
    if len(seen.stands) != 1:
        raise Failed(f"in the broker's books there should be one stop: {seen.stands or 'none'}")
    tell(f"   In the broker's own books stands {seen.stands[0]}.")
    seen.broken = True


def _heal(demo: Demo, breakage: Breakage, seen: Seen, tell: Tell) -> None:
    at = demo.seconds()
    breakage.heal(demo)
    seen.well = demo.until(
        lambda: breakage.well(demo), f"it is well again: {breakage.title}", _HEAL_SECONDS
    )
    demo.until(lambda: _may_trade(demo), "it may trade again", _HEAL_SECONDS)
    seen.healed_seconds = demo.seconds() - at
    seen.healed = True
    tell(f"   Well again ({seen.healed_seconds:.1f} s): {seen.well}.")


def _judge(demo: Demo) -> list[str]:
    """Once everything has come; what still differs then is wrong."""
    found: list[str] = []

    def agree() -> bool:
        found[:] = differences(
            demo.books(),
            demo.wire(),
            demo.get("/orders?limit=1000")["items"],
            demo.get("/fills?limit=1000")["items"],
            demo.get("/positions")["items"],
        )
        return not found

    try:
        demo.until(agree, "both sides agree", _SOON)
    except Failed:
        return found
    return []
