"""A scenario at work in front of a gateway: sees what happens there, and fires the rules.

It belongs to the gateway's event loop. Everything that it does is in the wire log first, as a
note `scenario` with the rule's name and the verb.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulators.scenarios.acts import Act, Gateway
from simulators.scenarios.alarms import Alarm, Alarms
from simulators.scenarios.events import Event, Message
from simulators.scenarios.names import MARKET_DATA, named_fields, reply_name, request_name
from simulators.scenarios.rules import ALWAYS, VERBS, Rule, Scenario, read_rule
from simulators.scenarios.subjects import Subjects
from simulators.tws.frames import pack, unpack
from simulators.tws.session import Session


@dataclass(slots=True)
class _Playing:
    """A rule and what it has done so far."""

    rule: Rule
    seen: int = 0
    acted: int = 0
    at_work: bool = False
    is_over: bool = False
    last: Event = field(default_factory=lambda: Event("start"))
    undo: list[Callable[[], None]] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)


class Stage:
    """Plays one scenario. The gateway calls it at four places: see *What the gateway tells*."""

    def __init__(self, scenario: Scenario, gateway: Gateway) -> None:
        self.scenario = scenario
        self.gateway = gateway
        self.alarms = Alarms(gateway.clock, gateway.fail)
        self.subjects = Subjects(gateway.broker)
        self.silences: list[Callable[[Event], bool]] = []
        """Market data for which one of these is true are not sent."""
        self.busy: list[Callable[[int], bool]] = []
        """A client id for which one of these is true is in use (326)."""
        self.greetings: list[Callable[[Session], None]] = []
        """Called with every client that has completed its handshake."""
        self.collectors: list[Callable[[Event], bool]] = []
        """Take over the replies of which they say so."""
        self._playing = {rule.name: _Playing(rule) for rule in scenario.rules}
        self._doors = 0

    def begin(self) -> None:
        """The gateway listens."""
        self._happened(Event("start"))

    def close(self) -> None:
        """The gateway stops: nothing more is due, and nothing fires."""
        self.alarms.close()
        self._playing.clear()

    # What may be asked of it from outside a scenario

    def do(self, verb: str, given: Mapping[str, Any], for_seconds: float | None = None) -> Any:
        """Have something done now, without a rule; what lasts is ended by `end` or the time.

        Gives what the verb answers, and for one that lasts the name under which it can be ended.

        Raises:
            ValueError: there is no such verb, it needs a message, or it does not take this.
        """
        if verb not in VERBS or VERBS[verb].needs_message:
            able = ", ".join(name for name, known in VERBS.items() if not known.needs_message)
            raise ValueError(f"do = {verb!r}: it must be one of {able}")
        complete = VERBS[verb].check(given)
        if not VERBS[verb].lasts:
            act = Act(self, "door", Event("door"), complete, [])
            act.note(do=verb)
            return VERBS[verb].perform(act)
        self._doors += 1
        name = f"door {self._doors}"
        rule = Rule(name, ("door",), verb, given=complete, for_seconds=for_seconds)
        playing = self._playing[name] = _Playing(rule)
        self._act(playing, Event("door"))
        return name

    def fire(self, name: str) -> None:
        """Have a rule act now, whatever it waits for.

        Raises:
            ValueError: there is no such rule, or it needs a message.
        """
        playing = self._find(name)
        if VERBS[playing.rule.do].needs_message:
            raise ValueError(f"rule {name!r} acts on a message; it cannot be fired")
        self._act(playing, Event("door"))

    def end(self, name: str) -> None:
        """End a rule that is at work; harmless when it is not.

        Raises:
            ValueError: there is no such rule.
        """
        self._end(self._find(name))

    def play(self, row: Mapping[str, Any]) -> str:
        """Take in another rule, as it would stand in a file; gives its name.

        Raises:
            ScenarioError: something in it is not allowed.
            ValueError: a rule of this name is there, or it speaks of one that is not.
        """
        rule = read_rule(row, len(self._playing) + 1)
        if rule.name in self._playing:
            raise ValueError(f"there is a rule {rule.name!r} already")
        if rule.during is not None:
            self._find(rule.during)
        self._playing[rule.name] = _Playing(rule)
        return rule.name

    def forget(self, name: str) -> int:
        """End a rule and have it no more; gives how often it acted, 0 for one that is not there.

        What it delayed or repeats goes on its way.
        """
        playing = self._playing.get(name)
        if playing is None:
            return 0
        self._end(playing)
        del self._playing[name]
        return playing.acted

    def at_work(self) -> list[str]:
        """The rules that are at work now."""
        return [name for name, playing in self._playing.items() if playing.at_work]

    # What the gateway tells

    def accepted(self, session: Session) -> None:
        """A socket was accepted."""
        self.alarms.look()
        self._happened(Event("connect", session))

    def gone(self, session: Session) -> None:
        """A connection is over."""
        self._happened(Event("disconnect", session))
        self.subjects.forget(session)

    def welcomed(self, session: Session) -> None:
        """A client has been sent what TWS sends on startApi."""
        for greet in tuple(self.greetings):
            greet(session)

    def is_busy(self, client_id: int) -> bool:
        """Whether a client is to be told that its id is in use."""
        return any(claims(client_id) for claims in self.busy)

    def arriving(
        self, session: Session, fields: list[str], go_on: Callable[[Message], None]
    ) -> None:
        """A request was read; `go_on` is called when it is to be acted on, now or later."""
        self.alarms.look()
        name = request_name(fields)
        if name is None:
            go_on(Message(session, "", fields, go_on))
            return
        self.subjects.learn_request(session, name, fields)

        def act(message: Message) -> None:
            go_on(message)
            self._happened(self._event(f"after {name}", message))

        message = Message(session, name, fields, act)
        self._offer(self._event(name, message))

    def leaving(self, session: Session, fields: list[str], name: str | None = None) -> None:
        """A reply is about to leave; sends what is to be sent in its place."""
        name = name or reply_name(fields)
        message = Message(session, name or "", fields, _put)
        if name is None:
            _put(message)
            return
        self.subjects.learn_reply(session, name, fields)
        event = self._event(name, message)
        if name in MARKET_DATA and any(silent(event) for silent in self.silences):
            return
        self._offer(event)

    def ticks(self, session: Session, frames: Sequence[bytes]) -> list[bytes]:
        """Ready frames of market data: those that are to leave at once."""
        if not self.silences and not self._wants_ticks():
            return list(frames)
        passed: list[bytes] = []
        is_now = True

        def collect(message: Message) -> None:
            if is_now:
                passed.append(pack(message.fields))
            else:
                _put(message)

        for ready in frames:
            fields = unpack(ready[4:])
            name = reply_name(fields) or ""
            event = self._event(name, Message(session, name, fields, collect))
            if not any(silent(event) for silent in self.silences):
                self._offer(event)
        is_now = False
        return passed

    # Inside

    def _wants_ticks(self) -> bool:
        return any(not MARKET_DATA.isdisjoint(p.rule.on) for p in self._playing.values())

    def _event(self, name: str, message: Message) -> Event:
        plain = name.removeprefix("after ")
        about, symbol, order_ref = self.subjects.of(message.session, plain, message.fields)
        return Event(
            name,
            message.session,
            about,
            symbol,
            order_ref,
            named_fields(plain, message.fields),
            message if plain == name else None,
        )

    def _offer(self, event: Event) -> None:
        """Let the rules have the message in hand, and send it on if they leave it."""
        message = event.message
        assert message is not None
        self._happened(event)
        if message.is_dropped:
            return
        if message.keeper is not None:
            message.keeper.keep(message)
        elif not any(take(event) for take in tuple(self.collectors)):
            message.go_on(message)

    def _happened(self, event: Event) -> None:
        for playing in tuple(self._playing.values()):
            if event.name in playing.rule.on:
                self._consider(playing, event)

    def _consider(self, playing: _Playing, event: Event) -> None:
        rule = playing.rule
        if playing.is_over or not event.fits(rule.match):
            return
        if rule.during is not None and not self._playing[rule.during].at_work:
            return
        playing.seen += 1
        if playing.seen < rule.nth or (rule.times != ALWAYS and playing.acted >= rule.times):
            return
        if rule.after_seconds:
            playing.acted += 1  # what is on its way counts
            self.alarms.call_in(rule.after_seconds, lambda: self._act(playing, event, counted=True))
        else:
            self._act(playing, event)

    def _act(self, playing: _Playing, event: Event, counted: bool = False) -> None:
        rule, verb = playing.rule, VERBS[playing.rule.do]
        if playing.at_work and not verb.acts_often:
            return
        playing.acted += not counted
        playing.last = event
        act = Act(self, rule.name, event, rule.given, playing.undo)
        act.note(do=rule.do, on=event.name, about=event.about, fields=dict(event.fields))
        if not playing.at_work and (verb.lasts or rule.for_seconds or rule.every_seconds):
            playing.at_work = True
            if rule.for_seconds is not None:
                playing.alarms.append(
                    self.alarms.call_in(rule.for_seconds, lambda: self._end(playing))
                )
        try:
            verb.perform(act)
        except ValueError as fault:  # what it is to act on is not there
            act.note(failed=str(fault))
            self._rest(playing)
            if event.name == "door":
                raise
        except Exception as failure:
            self.gateway.fail(failure)
        if rule.every_seconds is not None:
            self._repeat(playing, event, rule.every_seconds)
        elif not playing.at_work:
            self._happened(_renamed(event, f"end of {rule.name}"))
        self._flush(event.session)

    def _repeat(self, playing: _Playing, event: Event, seconds: float) -> None:
        """Act again and again, until it has acted so often or for so long."""
        if playing.rule.times != ALWAYS and playing.acted >= playing.rule.times:
            self._end(playing)
        else:
            again = self.alarms.call_in(seconds, lambda: self._act(playing, event))
            playing.alarms.append(again)

    def _end(self, playing: _Playing) -> None:
        if not playing.at_work:
            return
        self._rest(playing)
        playing.is_over = VERBS[playing.rule.do].acts_often
        act = Act(self, playing.rule.name, playing.last, {}, [])
        act.note(do="end", of=playing.rule.do)
        undo, playing.undo = list(playing.undo), []
        for take_back in undo:
            take_back()
        self._happened(_renamed(playing.last, f"end of {playing.rule.name}"))
        self._flush(playing.last.session)

    def _rest(self, playing: _Playing) -> None:
        """It is at work no more, and nothing of it is due."""
        playing.at_work = False
        for alarm in playing.alarms:
            alarm.cancel()
        playing.alarms.clear()

    def let_go(self, message: Message) -> None:
        """Send on a message that was kept back."""
        message.go_on(message)
        message.session.flush_soon()

    def _flush(self, session: Session | None) -> None:
        """What was put on its way outside a request has to leave by itself."""
        for client in {*self.gateway.clients.values(), *([session] if session else [])}:
            client.flush_soon()

    def _find(self, name: str) -> _Playing:
        if name not in self._playing:
            known: Iterable[str] = self._playing
            raise ValueError(f"there is no rule {name!r}; there are {', '.join(known) or 'none'}")
        return self._playing[name]


def _put(message: Message) -> None:
    message.session.put(message.fields, is_handshake=message.name == "version")


def _renamed(event: Event, name: str) -> Event:
    """The same occasion under another name; its message is no longer in hand."""
    return Event(
        name, event.session, event.about, event.symbol, event.order_ref, event.fields, None
    )
