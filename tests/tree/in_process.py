"""The real tree inside the test's process, against a gateway that is a process of its own.

Here the seats can be looked at and spoken to, and the clock can leap; the gateway is started,
frozen and killed by the test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from actors import names
from actors.lanes import Stop
from actors.messages import GetDesk, GetOrder, GetQuotes, GetWhyNot
from actors.system import ActorSystem
from actors.watch import Watch
from config.settings import Settings
from console.hook import HookOptions, Rate
from console.process import TreeOptions
from domain.backoff import Backoff
from domain.calendar import ExchangeCalendar
from domain.orders import Order
from domain.risk_views import WhyNotView
from domain.symbols import Symbol
from domain.views import DeskView
from runtime.clocks import WarpClock
from runtime.threads import ThreadRuntime
from simulators.books import Books, read_books
from simulators.broker import ACCOUNT
from simulators.tws.wire_history import WireHistory, read_wire_log
from supervisor import root
from tests.console.conftest import PATIENT, Reach, hook_url
from tests.simulators.gateway_process import GatewayProcess, gateway_process
from tests.tree.gates_open import OPEN
from tests.tree.home import free_port
from tests.tree.market import resting_later
from tests.tree.rest import CountingSystem, is_at_rest
from tests.tree.truth import hold_to_their_journals
from tests.tree.waiting import SOON, until

_TOKEN, _READ_TOKEN = "full-" + "f" * 40, "read-" + "r" * 40
BHP = Symbol.parse("BHP/AUD")
PATIENTLY: Mapping[str, Any] = {"answer_seconds": PATIENT, "page_seconds": PATIENT}
"""Who waits for a seat in its hook on a busy machine."""
QUICKLY = Backoff(first=0.1, ceiling=0.2, reset_after=30.0, floor=0.05)


class Venue:
    """The broker's files, and the gateway before them, which may come and go on one port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._running = ExitStack()
        self._hours = resting_later(datetime.now(UTC))
        self.gateway: GatewayProcess | None = None

    def start(self, *arguments: str) -> GatewayProcess:
        """Open the gateway; the one before must have been killed."""
        self._running.close()
        given = ("--port", str(self.port), *self._hours, *arguments)
        self.gateway = self._running.enter_context(gateway_process(self.folder, *given))
        return self.gateway

    def close(self) -> None:
        self._running.close()

    def books(self) -> Books:
        return read_books(self.folder)

    def wire(self) -> WireHistory:
        return read_wire_log(self.folder / "wire.jsonl")


class Tree:
    """A running tree, and how to speak to it."""

    def __init__(
        self,
        system: CountingSystem,
        clock: WarpClock,
        said: list[str],
        lines: list[dict[str, Any]],
    ) -> None:
        self.system = system
        self.clock = clock
        self.said = said
        """The lines of the screen."""
        self.lines = lines
        """The lines of the telemetry, as they were given to be written."""

    @property
    def hook(self) -> Reach:
        return Reach(hook_url(self.system), _TOKEN, _READ_TOKEN)

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        with self.hook.client(_TOKEN) as client:
            json = {} if body is None and method == "POST" else body
            return client.request(method, path, json=json)

    def get(self, path: str) -> Any:
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def propose(self, client_order_id: str, **terms: str) -> httpx.Response:
        """POST an order: 20 BHP at the market, unless `terms` say otherwise."""
        order = {"symbol": "BHP/AUD", "side": "BUY", "quantity": "20", "type": "MARKET"} | terms
        body = order | {"client_order_id": client_order_id}

        def decided() -> httpx.Response | None:
            answer = self.call("POST", "/orders", body)
            late = answer.status_code == 409 and answer.json()["code"] == "PREVIEW_UNANSWERED"
            return None if late else answer  # nothing was placed: try again, it says

        answer = until(decided, f"{client_order_id} is decided", every=0.1)
        assert answer is not None
        return answer

    def desk(self) -> DeskView:
        view = self.system.ask(names.DESK, GetDesk()).get(timeout=SOON)
        assert isinstance(view, DeskView)
        return view

    def order(self, client_order_id: str) -> Order | None:
        """As the ledger has it on disk."""
        order = self.system.ask(names.LEDGER, GetOrder(client_order_id)).get(timeout=SOON)
        assert order is None or isinstance(order, Order)
        return order

    def state(self, client_order_id: str) -> str:
        order = self.order(client_order_id)
        return order.state.value if order is not None else ""

    def wait_for_state(self, client_order_id: str, state: str, seconds: float = SOON) -> None:
        until(
            lambda: self.state(client_order_id) == state, f"{client_order_id} is {state}", seconds
        )

    def wait_until_held(self, quantity: str) -> None:
        """So much BHP is there by the venue's own word, which comes behind the fills."""

        def held() -> list[str]:
            return [each["held"] for each in self.get("/positions")["items"]]

        until(lambda: held() == [quantity], f"{quantity} are held, and may be sold")

    def ready(self) -> bool:
        (venue,) = self.desk().venues
        return venue.tradable

    def wait_until_ready(self) -> None:
        """All are there, the venue is tradable, and there is a fresh quote of BHP to trade on."""
        until(lambda: all(self.incarnations().values()), "every seat is taken")
        until(self.ready, "ready to trade")

        def fresh() -> bool:
            quotes = self.system.ask(names.quotes(names.IB), GetQuotes()).get(timeout=SOON)
            return any(quote.symbol == BHP and not stale for quote, stale in quotes)

        until(fresh, "a fresh quote of BHP")
        until(self._desk_has_a_price, "the desk has been told of it")

    def _desk_has_a_price(self) -> bool:
        """One that was started a moment ago is told of the quotes behind its start."""
        said = self.system.ask(names.DESK, GetWhyNot(BHP)).get(timeout=SOON)
        return isinstance(said, WhyNotView) and said.price is not None

    def incarnations(self) -> dict[str, int]:
        return {seat.name: seat.incarnation for seat in self.system.seats()}

    def settled(self) -> bool:
        """Nobody has a message waiting, and nobody handles one: all of them at one moment."""
        return self.system.is_settled()

    def leap(self, seconds: float) -> None:
        """Let what is in flight arrive, and have the clock leap then."""
        since = self.clock.monotonic()
        until(lambda: is_at_rest(self.system, since), "nothing is in flight")
        self.clock.leap(seconds)

    def lost_facts(self) -> list[str]:
        """Facts that reached nobody, or crashed their handler twice."""
        letters = self.system.dead_letters.items()
        return [letter.summary for letter in letters if letter.lane in ("fact", "FACT")]


def _is_up(system: ActorSystem) -> bool:
    """Each branch of the tree has been started, with all that grows on it."""
    state = system.inspect(names.ROOT).get(timeout=SOON)
    return all(child["phase"] == "running" for child in state["children"])


@contextmanager
def growing(
    folder: Path,
    ib_port: int,
    backoff: Backoff = QUICKLY,
    watched: bool = True,
    answers_within: float | None = None,
    calendars: Mapping[str, ExchangeCalendar] | None = None,
    hook_options: Mapping[str, Any] = PATIENTLY,
    **given: str,
) -> Iterator[Tree]:
    """Grow a tree in paper mode, and fell it in order afterwards.

    Unwatched for tests whose clock leaps: a handler that runs just then would seem to hang.
    `answers_within` is for tests of answers that never end: seconds for a list or for bars.
    `calendars` are the tree's own unless given. `hook_options` are for tests in which something
    hangs on purpose; what they do not give is as for an owner.
    """
    environ = {
        **OPEN,
        "MODE": "paper",
        "IB_ACCOUNT_ID": ACCOUNT,
        "IB_PORT": str(ib_port),
        "STATE_DIR": str(folder / "state"),
        "LOG_DIR": str(folder / "logs"),
        "STRATEGY": "none",
        "HEARTBEAT_SECONDS": "0.5",
        # A gateway that lives answers within it, however busy the machine.
        "HEARTBEAT_DEADLINE_SECONDS": "5",
        "CONNECT_STEP_SECONDS": "3",
        **given,
    }
    settings = Settings.load(environ, env_file=None)
    clock = WarpClock()
    runtime = ThreadRuntime(clock, seed=1)
    system = CountingSystem(runtime)
    said: list[str] = []
    hook = HookOptions(
        host="127.0.0.1",
        port=0,
        token=_TOKEN,
        read_token=_READ_TOKEN,
        mode=settings.mode,
        version="0",
        started_at=clock.now(),
        venues=(names.IB,),
        order_prefix=settings.client_order_prefix,
        state_dir=settings.state_dir,
        rate=Rate(burst=10_000, per_second=1000),
        probe_rate=Rate(burst=10_000, per_second=1000),
        failure_rate=Rate(burst=10_000, per_second=1000),
        failure_delay_seconds=0.01,
        **{"remember_seconds": 15.0, **hook_options},
    )
    lines: list[dict[str, Any]] = []
    options = TreeOptions(
        hook, gateway=None, say=said.append, telemetry=lines.append, link_backoff=backoff
    )
    if answers_within is not None:
        options = replace(options, list_seconds=answers_within, bars_seconds=answers_within)
    if calendars is not None:
        options = replace(options, calendars=calendars)
    watch = Watch(system)
    root(system, settings, options)
    if watched:
        watch.start()
    else:
        # A leap of the clock while somebody starts would be a start that takes too long.
        until(lambda: _is_up(system), "all have been started")
    try:
        yield Tree(system, clock, said, lines)
    finally:
        watch.stop()
        system.tell(names.ROOT, Stop())
        ended = system.wait_for_end(SOON)
        if ended:
            # The process would end now; here those whose root is gone are stopped one by one.
            for seat in reversed(system.seats()):
                seat.mailbox.open()
                system.tell(seat.name, Stop())
        for thread in runtime.threads():
            thread.join(SOON)
        runtime.close()
        assert ended is not None, "the tree did not stop"
        hold_to_their_journals(folder / "state")
