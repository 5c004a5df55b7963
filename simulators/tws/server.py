"""The gateway: listens, keeps the client ids apart, beats, and puts the desks together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from runtime.interface import Clock
from simulators.broker_interface import Broker
from simulators.habits import Habits
from simulators.scenarios.rules import Scenario
from simulators.scenarios.stage import Stage
from simulators.tws import encode, refusals
from simulators.tws.accounts import AccountDesk
from simulators.tws.contracts import ContractBook, ContractDesk
from simulators.tws.data_desks import DataDesks
from simulators.tws.data_habits import DataHabits
from simulators.tws.executions import ExecutionDesk
from simulators.tws.fields import FieldReader, UnreadableRequest
from simulators.tws.listener import Listener
from simulators.tws.market_data import MarketDataDesk
from simulators.tws.order_news import OrderNews
from simulators.tws.orders import OrderDesk
from simulators.tws.protocol import Reply, Request
from simulators.tws.routing import Handlers
from simulators.tws.session import Session
from simulators.tws.wire_log import WireLog

#: Pairs are looked at on every beat, shares on every second one (TWS: each 250 ms).
BEAT_SECONDS = 0.125

#: What TWS says of its farms after startApi, code and text.
FARM_NOTICES = (
    (2104, "Market data farm connection is OK:afarm"),
    (2106, "HMDS data farm connection is OK:hkhmds"),
    (2158, "Sec-def data farm connection is OK:secdefhk"),
)


class GatewayServer:
    """A simulated TWS or IB Gateway in front of a broker. It belongs to one event loop.

    `time_zone` is that of its operator: executions and completed orders reach back to the last
    midnight there. `message_limit` is the most that a client may send in a second (None: any).
    `tell` gets one readable line per connection and disconnection. `streams_market` is False
    where something else sends the quotes (a flood for measurements). `data_habits` may be
    replaced while it runs; `habits`, where given, take the place of the broker's.
    `scenario` is what it does wrong; without one nothing is looked at twice. `beat_seconds` says
    before each beat how long it is until the next: a rehearsal of a whole day has quiet hours.
    """

    def __init__(
        self,
        broker: Broker,
        clock: Clock,
        log: WireLog,
        *,
        time_zone: str = "Australia/Sydney",
        message_limit: int | None = 50,
        tell: Callable[[str], None] | None = None,
        streams_market: bool = True,
        data_habits: DataHabits | None = None,
        habits: Habits | None = None,
        scenario: Scenario | None = None,
        beat_seconds: Callable[[], float] = lambda: BEAT_SECONDS,
    ) -> None:
        self.clock = clock
        self.log = log
        self.message_limit = message_limit
        self.time_zone = time_zone
        if scenario is not None:
            data_habits = data_habits or scenario.data_habits
            habits = habits or scenario.habits
        self.data_habits = data_habits or DataHabits()
        self._broker = broker
        if habits is not None:
            broker.habits = habits
        self._tell = tell
        self._streams_market = streams_market
        self._beat_seconds = beat_seconds
        self.stage: Stage | None = None
        self._sessions: set[Session] = set()
        self._clients: dict[int, Session] = {}
        self._opened = 0
        self.beats = 0
        """How often it has looked at the market since it was started."""
        self._beat_timer: asyncio.TimerHandle | None = None
        self._listener: Listener | None = None
        self._failure: asyncio.Future[None] | None = None
        book = ContractBook(broker.instruments())
        self._accounts = AccountDesk(broker, clock, time_zone, lambda: self.data_habits)
        self._data = DataDesks(broker, book, clock, log, time_zone, lambda: self.data_habits)
        self._news = OrderNews(
            broker, book, clock, self._clients.get, self._accounts.position_moved
        )
        self._executions = ExecutionDesk(broker, book, clock, time_zone, self._news)
        self._handlers: Handlers = {
            **refusals.handlers(),
            **self._accounts.handlers(),
            **self._data.handlers(),
            **OrderDesk(broker, book, self._news).handlers(),
            **ContractDesk(broker, book, clock, lambda: self.data_habits).handlers(),
            **self._executions.handlers(),
            Request.CURRENT_TIME: self._current_time,
        }
        if scenario is not None:
            self.stage = Stage(scenario, self)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; give the port (`port` 0: any that is free).

        Raises:
            OSError: the address cannot be listened on, as when the port is in use.
        """
        loop = asyncio.get_running_loop()
        self._failure = loop.create_future()
        self._listener = Listener(self._new_session, self.fail)
        chosen = await self._listener.start(host, port)
        self.log.note(0, None, "started")
        self._beat_timer = loop.call_later(self._beat_seconds(), self._beat)
        if self.stage is not None:
            self.stage.begin()
        return chosen

    async def stop(self) -> None:
        """Close every connection and the port. The broker and the log are left to their owner."""
        if self._beat_timer is not None:
            self._beat_timer.cancel()
        if self.stage is not None:
            self.stage.close()
        if self._listener is None:
            return
        for session in list(self._sessions):
            session.drop("the gateway stops")
        await self._listener.close()
        self._listener = None
        if self._failure is not None and not self._failure.done():
            self._failure.cancel()
        self.log.note(0, None, "stopped")

    async def failed(self) -> None:
        """Wait until something fails (the broker's disk, say), and raise what it failed with."""
        assert self._failure is not None, "start it first"
        await self._failure

    # What sessions ask (see session.House).

    def admit(self, session: Session, client_id: int) -> bool:
        """Take a client in; False when its id is in use."""
        if client_id in self._clients:
            return False
        if self.stage is not None and self.stage.is_busy(client_id):
            return False
        self._clients[client_id] = session
        return True

    def welcome(self, session: Session) -> None:
        """Send the accounts, the next order id and how the farms are."""
        assert session.client_id is not None
        self._say(f"client {session.client_id} connected (server version {session.version})")
        next_id = self._broker.next_order_id(session.client_id)
        session.send(encode.simple(Reply.MANAGED_ACCOUNTS, self._broker.account))
        session.send(encode.simple(Reply.NEXT_VALID_ID, next_id))
        for code, text in FARM_NOTICES:
            session.send_error(-1, code, text)

    def dispatch(self, session: Session, message_id: int, fields: FieldReader) -> None:
        """Have the right desk act on a request, then tell everybody else whom it concerns."""
        try:
            handler = self._handlers[Request(message_id)]
        except (KeyError, ValueError):
            raise UnreadableRequest("it is unknown") from None
        try:
            handler(session, fields)
        except UnreadableRequest:
            raise
        except Exception as failure:
            self.fail(failure)
            session.drop("the gateway failed")
        for other in tuple(self._clients.values()):
            if other is not session:
                other.flush()

    def leave(self, session: Session, reason: str) -> None:
        """A session is over: its id is free, its subscriptions end; its orders work on."""
        self._sessions.discard(session)
        self._unsubscribe(session)
        client_id = session.client_id
        if client_id is not None and self._clients.get(client_id) is session:
            del self._clients[client_id]
            self._say(f"client {client_id} disconnected: {reason}")
            self.log.note(session.number, client_id, "disconnected", reason=reason)
        else:
            asked = session.asked_client_id
            self.log.note(session.number, None, "turned away", asked=asked, reason=reason)

    @property
    def played(self) -> Stage:
        """The scenario that is played here; there is one where it was made with one."""
        assert self.stage is not None, "give it a scenario, if only UNSCRIPTED"
        return self.stage

    # What a scenario asks (see scenarios.stage.Gateway).

    @property
    def broker(self) -> Broker:
        """The broker behind this gateway."""
        return self._broker

    @property
    def sessions(self) -> Sequence[Session]:
        """All connections, in the order in which they were accepted."""
        return sorted(self._sessions, key=lambda session: session.number)

    def publish_news(self) -> None:
        """Tell the clients what has become of orders outside any request."""
        self._news.publish(self._broker.advance())
        for session in tuple(self._clients.values()):
            session.flush_soon()

    def forget_subscriptions(self) -> None:
        """Connectivity was restored without the data: nobody is subscribed to anything."""
        for session in self._clients.values():
            self._unsubscribe(session)

    def forget_executions(self) -> None:
        """What was executed or completed until now is not in any list that is asked for."""
        self._executions.forget_until(self.clock.now())

    def stop_listening(self) -> None:
        """Refuse new connections; those there are stay."""
        if self._listener is not None:
            self._listener.pause()

    def listen_again(self) -> None:
        """Take new connections on the same port."""
        if self._listener is not None:
            self._listener.resume()

    @property
    def market_data(self) -> MarketDataDesk:
        """The desk of level-1 quotes."""
        return self._data.market_data

    @property
    def clients(self) -> dict[int, Session]:
        """The sessions that completed their handshake, by client id."""
        return dict(self._clients)

    def _unsubscribe(self, session: Session) -> None:
        """End all that is streamed to a session."""
        self._data.forget(session)
        self._accounts.forget(session)

    # The beat.

    def _new_session(self) -> Session:
        self._opened += 1
        session = Session(self._opened, self)
        self._sessions.add(session)
        return session

    def _beat(self) -> None:
        self.beats += 1
        if self.stage is not None:
            self.stage.alarms.look()
        try:
            self._news.publish(self._broker.advance())
            self._news.beat()
            self._data.beat(quotes=self._streams_market, shares=self.beats % 2 == 0)
            self._accounts.beat()
        except Exception as failure:
            self.fail(failure)
            return
        for session in tuple(self._clients.values()):
            session.flush()
        if self.beats % 2 == 0:
            self.log.settle()
        self._beat_timer = asyncio.get_running_loop().call_later(self._beat_seconds(), self._beat)

    def hurry(self) -> None:
        """The next beat is as near as `beat_seconds` says now, and not as it said at the last."""
        if self._beat_timer is None or self._beat_timer.cancelled():
            return
        loop = asyncio.get_running_loop()
        soon = loop.time() + self._beat_seconds()
        if soon < self._beat_timer.when():
            self._beat_timer.cancel()
            self._beat_timer = loop.call_at(soon, self._beat)

    def fail(self, failure: Exception) -> None:
        """Going on without the broker would be a gateway that lies: its owner must end it."""
        if self._failure is not None and not self._failure.done():
            self._failure.set_exception(failure)

    def _current_time(self, session: Session, fields: FieldReader) -> None:
        seconds = int(self.clock.now().timestamp())
        session.send(encode.simple(Reply.CURRENT_TIME, seconds))

    def _say(self, line: str) -> None:
        if self._tell is not None:
            self._tell(line)
