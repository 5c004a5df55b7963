"""Verbs for sockets, sessions and what the gateway says of its own connections."""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from simulators.scenarios.events import Event
from simulators.scenarios.texts import text_of
from simulators.scenarios.verbs import Argument, ArgumentError, Verbs
from simulators.tws.frames import frame, pack
from simulators.tws.session import Session

if TYPE_CHECKING:
    from simulators.scenarios.acts import Act
    from simulators.scenarios.stage import Stage

VERBS = Verbs()

#: What `garbage` sends, by its kind.
_GARBAGE = {
    "huge_length": b"\xff\xff\xff\xff",
    "not_text": frame(b"\xff\xfe\x00\xfd\x00"),
    "unknown_message": pack(["9999", "1", "x"]),
    "cut_short": pack(["3", "17"]),
    "not_a_number": pack(
        ["3", "x", "Submitted", "y", "z", "", "", "0", "0", "1", "", "0"]
    ),
}  # fmt: skip


@VERBS.enter(everybody=Argument("yes", False), reset=Argument("yes", False))
def close(act: Act) -> int:
    """Close the event's socket, or all of them; what was still to be sent is lost.

    `reset`: the client sees a reset, not an end.
    """
    sessions = _sessions(act)
    for session in sessions:
        session.drop("the scenario closes it", reset=act.given["reset"])
    return len(sessions)


@VERBS.enter(lasts=True, per_session=True, everybody=Argument("yes", False))
def black_hole(act: Act) -> None:
    """The socket stays open, nothing that comes is acted on, nothing that should go leaves.

    While its rule is at work, every session of an event; after its end they go on, and what was
    lost meanwhile stays lost.
    """
    for session in _sessions(act):
        session.is_deaf = True
        act.undo.append(partial(setattr, session, "is_deaf", False))


@VERBS.enter(lasts=True, per_session=True, size=Argument("whole", 1))
def slice_(act: Act) -> None:
    """All that the event's session is sent comes in pieces of `size` bytes."""
    for session in _sessions(act):
        slicer = _Slicer(session, act.given["size"])
        session.write = slicer.write
        act.undo.append(slicer.stop)


@VERBS.enter(kind=Argument("text", "huge_length", choices=tuple(_GARBAGE)))
def garbage(act: Act) -> None:
    """Send bytes that are no message, or one that no client can read."""
    for session in _sessions(act):
        session.put_bytes(_GARBAGE[act.given["kind"]])
        session.flush_soon()


@VERBS.enter(lasts=True, client_id=Argument("whole", None))
def busy_client_id(act: Act) -> None:
    """Error 326 for whoever asks for the client id (that of the event, or any).

    As when an old socket still holds it.
    """
    held = act.given["client_id"]
    if held is None and act.event.session is not None:
        held = act.event.session.asked_client_id

    def claims(client_id: int) -> bool:
        return held in (None, client_id)

    act.stage.busy.append(claims)
    act.undo.append(lambda: act.stage.busy.remove(claims))


@VERBS.enter(lasts=True)
def refuse_connections(act: Act) -> None:
    """Nobody listens on the port; the connections there are stay."""
    act.stage.gateway.stop_listening()
    act.undo.append(act.stage.gateway.listen_again)


@VERBS.enter(
    lasts=True,
    ids=Argument("text", "kept", choices=("kept", "rolled_back")),
    executions=Argument("text", "kept", choices=("kept", "gone")),
)
def nightly_restart(act: Act) -> None:
    """All sockets are closed and the port refuses until the end.

    `rolled_back`: order ids begin anew at 1; `gone`: what was executed or completed before is
    in no list any more.
    """
    gateway = act.stage.gateway
    gateway.stop_listening()
    for session in gateway.sessions:
        session.drop("the gateway restarts")
    if act.given["ids"] == "rolled_back":
        gateway.broker.reissue_order_ids()
    if act.given["executions"] == "gone":
        gateway.forget_executions()
    act.undo.append(gateway.listen_again)


@VERBS.enter(
    lasts=True,
    restored=Argument("whole", 1102, choices=(1101, 1102)),
    repeat_seconds=Argument("seconds", 5.0),
)
def connectivity_lost(act: Act) -> None:
    """1100 to everybody, again every `repeat_seconds`, and no market data.

    At its end `restored`. After 1101 nobody is subscribed to anything. Orders and their
    messages go on: drop or hold them `during` this rule for what else may happen.
    """
    stage = act.stage
    _Outage(stage, act.given["repeat_seconds"]).begin(act, act.given["restored"])


@VERBS.enter(
    lasts=True,
    symbol=Argument("text", ""),
    only_this_request=Argument("yes", False),
)
def mute(act: Act) -> None:
    """Market data are silent without a word; requests are accepted as ever.

    Those of a `symbol`, else of the event's instrument, else all; or of the event's request
    alone.
    """
    symbol = act.given["symbol"].upper() or act.event.symbol
    only = act.given["only_this_request"]
    asked = (act.event.session, act.event.about)

    def silent(event: Event) -> bool:
        if only:
            return (event.session, event.about) == asked
        return symbol in ("", event.symbol)

    act.stage.silences.append(silent)
    act.undo.append(lambda: act.stage.silences.remove(silent))


@VERBS.enter(
    code=Argument("whole"),
    text=Argument("text", ""),
    about=Argument("text", "", choices=("event", "nothing")),
)
def send_error(act: Act) -> None:
    """Send an error or a notice.

    About the event's order or request, or about `nothing` (id -1), then to everybody where the
    event has no session. A text is known for the usual codes. For the orders of the books see
    `order_error`.
    """
    code, event = act.given["code"], act.event
    about = act.given["about"] or ("nothing" if event.about is None else "event")
    if about == "event" and event.about is None:
        raise ArgumentError(f"about = 'event': {event.name} is about no order and no request")
    req_id = -1 if about == "nothing" or event.about is None else event.about
    text = act.given["text"] or text_of(code, req_id)
    for session in _clients(act):
        session.send_error(req_id, code, text)
        session.flush_soon()


@VERBS.enter(rule=Argument("text"))
def end(act: Act) -> None:
    """End another rule that is at work: what it keeps back goes on, what it did is undone."""
    act.stage.end(act.given["rule"])


class _Outage:
    """The time between 1100 and 1101 or 1102."""

    def __init__(self, stage: Stage, repeat_seconds: float) -> None:
        self._stage, self._seconds = stage, repeat_seconds
        self._is_over = False

    def begin(self, act: Act, restored: int) -> None:
        self._stage.silences.append(_everything)
        self._stage.greetings.append(_say_broken)
        self._say_lost()
        act.undo.append(lambda: self._restore(restored))

    def _say_lost(self) -> None:
        if self._is_over:
            return
        _tell_everybody(self._stage, 1100)
        if self._seconds:
            self._stage.alarms.call_in(self._seconds, self._say_lost)

    def _restore(self, code: int) -> None:
        self._is_over = True
        self._stage.silences.remove(_everything)
        self._stage.greetings.remove(_say_broken)
        if code == 1101:
            self._stage.gateway.forget_subscriptions()
        _tell_everybody(self._stage, code)


class _Slicer:
    """Writes to a socket piece by piece, one on each turn of the loop."""

    def __init__(self, session: Session, size: int) -> None:
        self._session, self._size = session, size
        self._usual = session.write
        self._pieces: deque[bytes] = deque()
        self._is_stopped = False

    def write(self, data: bytes) -> None:
        """Take bytes to write."""
        was_idle = not self._pieces
        self._pieces.extend(
            data[start : start + self._size] for start in range(0, len(data), self._size)
        )
        if was_idle:
            self._write_one()

    def stop(self) -> None:
        """Write the rest at once, and from now on as usual."""
        self._usual(b"".join(self._pieces))
        self._pieces.clear()
        self._session.write = self._usual

    def _write_one(self) -> None:
        if self._pieces and not self._session.is_over:
            self._usual(self._pieces.popleft())
            asyncio.get_running_loop().call_soon(self._write_one)


def _everything(event: Event) -> bool:
    return True


def _say_broken(session: Session) -> None:
    session.send_error(-1, 2110, text_of(2110, -1))


def _tell_everybody(stage: Stage, code: int) -> None:
    for session in stage.gateway.clients.values():
        session.send_error(-1, code, text_of(code, -1))
        session.flush_soon()


def _sessions(act: Act) -> list[Session]:
    """The event's session, or all connections where it has none."""
    if act.event.session is not None and not act.given.get("everybody"):
        return [act.event.session]
    return list(act.stage.gateway.sessions)


def _clients(act: Act) -> list[Session]:
    """The event's session, or all clients where it has none."""
    if act.event.session is not None:
        return [act.event.session]
    return list(act.stage.gateway.clients.values())
