"""Verbs for the message in hand: a request before it is acted on, a reply before it leaves."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from simulators.scenarios.events import Event, Message
from simulators.scenarios.names import REQUESTS, field_positions
from simulators.scenarios.verbs import Argument, Verbs
from simulators.tws.session import Session

if TYPE_CHECKING:
    from simulators.scenarios.acts import Act
    from simulators.scenarios.stage import Stage

VERBS = Verbs()


@VERBS.enter(needs_message=True)
def drop(act: Act) -> None:
    """Lose it: a request is never acted on, a reply never leaves."""
    act.message.is_dropped = True


@VERBS.enter(needs_message=True, seconds=Argument("seconds"))
def delay(act: Act) -> None:
    """Send it on so many seconds later; a request is then acted on even if its socket is gone."""
    act.message.keeper = _Delay(act.stage, act.given["seconds"])


@VERBS.enter(needs_message=True, lasts=True)
def hold(act: Act) -> None:
    """Keep it back until this rule ends: by `for_seconds`, by the verb `end`, or by the door."""
    act.message.keeper = _Shelf(act)


@VERBS.enter(needs_message=True, change=Argument("table"))
def set_(act: Act) -> None:
    """Change named fields of it (see the events for their names)."""
    _change(act.message, act.given["change"])


@VERBS.enter(
    needs_message=True,
    copies=Argument("whole", 1),
    seconds=Argument("seconds", 0.0),
    next_session=Argument("yes", False),
    change=Argument("table", {}),
)
def repeat(act: Act) -> None:
    """Send copies of a reply behind it, or have a request acted on again.

    `seconds` apart, with fields changed; with `next_session` to the next session of the same
    client instead.
    """
    message, given = act.message, act.given
    for number in range(1, given["copies"] + 1):
        copy = Message(message.session, message.name, list(message.fields), message.go_on)
        _change(copy, given["change"])
        if given["next_session"]:
            _in_the_next_session(act.stage, copy)
        else:
            # Later in any case: a copy never overtakes what it is a copy of.
            act.stage.alarms.call_in(given["seconds"] * number, _letting_go(act.stage, copy))


@VERBS.enter(needs_message=True, order=Argument("replies"), within_seconds=Argument("seconds", 1.0))
def reorder(act: Act) -> None:
    """Collect the replies about the same order or request, and send them in another order.

    From this message on, for `within_seconds`: in the `order` of their names, those not named
    last.
    """
    collected = _Collected(act.stage, act.event, act.given["order"])
    if act.message.name not in REQUESTS:
        act.message.keeper = collected
    act.stage.collectors.append(collected.take)
    act.stage.alarms.call_in(act.given["within_seconds"], collected.release)


class _Delay:
    def __init__(self, stage: Stage, seconds: float) -> None:
        self._stage, self._seconds = stage, seconds

    def keep(self, message: Message) -> None:
        self._stage.alarms.call_in(self._seconds, _letting_go(self._stage, message))


class _Shelf:
    def __init__(self, act: Act) -> None:
        self._act = act

    def keep(self, message: Message) -> None:
        self._act.undo.append(_letting_go(self._act.stage, message))


class _Collected:
    """Replies that wait to be put into another order."""

    def __init__(self, stage: Stage, first: Event, order: tuple[str, ...]) -> None:
        self._stage, self._first, self._order = stage, first, order
        self._messages: list[Message] = []

    def take(self, event: Event) -> bool:
        """Whether a reply belongs to the collection; it is taken then."""
        message = event.message
        if message is None or message.name in REQUESTS or event.session is not self._first.session:
            return False
        ours = event.about == self._first.about if self._first.about is not None else True
        if ours:
            self._messages.append(message)
        return ours

    def keep(self, message: Message) -> None:
        self._messages.append(message)

    def release(self) -> None:
        self._stage.collectors.remove(self.take)
        places, counts = [], Counter[str]()
        for index, message in enumerate(self._messages):
            counts[message.name] += 1
            places.append((self._place(message.name, counts[message.name]), index))
        for _, index in sorted(places):
            self._stage.let_go(self._messages[index])

    def _place(self, name: str, number: int) -> int:
        """Where the n-th reply of a name belongs; one that is not named belongs last."""
        for wanted in (f"{name} {number}", name):
            if wanted in self._order:
                return self._order.index(wanted)
        return len(self._order)


def _letting_go(stage: Stage, message: Message) -> Any:
    return lambda: stage.let_go(message)


def _in_the_next_session(stage: Stage, message: Message) -> None:
    client_id = message.session.client_id

    def greet(session: Session) -> None:
        if session.client_id == client_id:
            stage.greetings.remove(greet)
            message.session = session
            stage.let_go(message)

    stage.greetings.append(greet)


def _change(message: Message, change: dict[str, Any]) -> None:
    positions = field_positions(message.name)
    for name, value in change.items():
        message.fields[positions[name]] = str(value)
