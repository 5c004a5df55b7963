"""What verbs are given: the occasion of their doing, and the gateway that they do it to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from runtime.interface import Clock
from simulators.broker_interface import Broker
from simulators.scenarios.events import Event, Message
from simulators.tws.data_habits import DataHabits
from simulators.tws.session import Session
from simulators.tws.wire_log import WireLog

if TYPE_CHECKING:
    from simulators.scenarios.stage import Stage


class Gateway(Protocol):
    """What a scenario needs of the gateway that it plays in."""

    clock: Clock
    log: WireLog
    data_habits: DataHabits

    @property
    def broker(self) -> Broker: ...

    @property
    def sessions(self) -> Sequence[Session]: ...

    @property
    def clients(self) -> dict[int, Session]: ...

    def publish_news(self) -> None: ...

    def forget_subscriptions(self) -> None: ...

    def forget_executions(self) -> None: ...

    def stop_listening(self) -> None: ...

    def listen_again(self) -> None: ...

    def fail(self, failure: Exception) -> None: ...


@dataclass(slots=True)
class Act:
    """One doing of a verb: for whom, on what, and what undoes it when the rule ends."""

    stage: Stage
    rule: str
    event: Event
    given: Mapping[str, Any]
    undo: list[Callable[[], None]]

    @property
    def message(self) -> Message:
        """The message in hand."""
        assert self.event.message is not None, "checked when the rule was read"
        return self.event.message

    def note(self, **facts: Any) -> None:
        """Say in the wire log what came of it."""
        session = self.event.session
        number, client_id = (0, None) if session is None else (session.number, session.client_id)
        self.stage.gateway.log.note(number, client_id, "scenario", rule=self.rule, **facts)
