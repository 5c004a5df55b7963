"""A hook over real loopback sockets, on a real tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from actors import names
from actors.base import on
from actors.child import Child, Intensity, Strategy
from actors.lanes import Stop
from actors.messages import RecordAudit
from actors.supervision import RootSupervisor, Supervisor
from actors.system import ActorSystem, NobodyThere
from console.hook import Hook, HookOptions, Rate
from console.hook.asking import Asking
from domain.backoff import Backoff
from runtime.clocks import WarpClock
from runtime.threads import ThreadRuntime
from tests.actors.conftest import LIMIT, Diary, Recorder
from tests.plain_http import TRUSTS_NOBODY
from tests.tree.waiting import until

TOKEN = "full-" + "f" * 40
READ_TOKEN = "read-" + "r" * 40
SOON = Backoff(first=0.01, ceiling=0.05, reset_after=5.0, floor=0.001)
BUSY = 40.0
"""Seconds in which a tree is there, however busy the machine."""
PATIENT = 8.0
"""Seconds that the hook of a test gives a seat to answer, less than its visitors wait (LIMIT).

On a busy machine an owner's second may pass before a seat that is well has its turn: a test that
wants a seat to be slow hangs it, and says how long that takes.
"""


@dataclass
class Reach:
    """A hook, and how to speak to it. Another tree's hook does as well: URL and tokens."""

    url: str
    token: str = TOKEN
    read_token: str = READ_TOKEN

    def client(self, token: str | None = None, **headers: str) -> httpx.Client:
        if token:
            headers["authorization"] = f"Bearer {token}"
        return httpx.Client(
            base_url=self.url, headers=headers, timeout=LIMIT, trust_env=False, verify=TRUSTS_NOBODY
        )

    def get(self, path: str, **kwargs: Any) -> httpx.Response:
        with self.client(self.read_token) as client:
            return client.get(path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> httpx.Response:
        kwargs.setdefault("json", {})
        with self.client(self.token) as client:
            return client.post(path, **kwargs)


class Auditor(Recorder):
    """Writes what the hook has audited into the diary, as the ledger does into its book."""

    @on(RecordAudit)
    def _audit(self, message: RecordAudit) -> None:
        self.diary.add(message.who, f"{message.what}: {message.detail}")


@dataclass
class Planted:
    """A running tree of any children, with a hook."""

    system: ActorSystem
    clock: WarpClock
    diary: Diary
    hook: Reach


Plant = Callable[..., Planted]
Grow = Callable[..., Planted]


@pytest.fixture
def plant() -> Iterator[Plant]:
    """Let children and a hook grow under a root; the tree is felled afterwards.

    Nobody watches for handlers that hang: the clock leaps, and one that runs just then would seem
    to. What is started again for having hung is the affair of `tests/actors`.
    """
    felled: list[ActorSystem] = []

    def build(
        make_children: Callable[[WarpClock, Diary], Sequence[Child]],
        **options: Any,
    ) -> Planted:
        clock = WarpClock()
        system = ActorSystem(ThreadRuntime(clock, seed=1))
        diary = Diary()
        chosen = HookOptions(
            **{
                "host": "127.0.0.1",
                "port": 0,
                "token": TOKEN,
                "read_token": READ_TOKEN,
                "mode": "demo",
                "version": "1.2.3",
                "started_at": clock.now(),
                "venues": (names.IB,),
                "rate": Rate(burst=10_000, per_second=1000),
                "failure_delay_seconds": 0.01,
                "answer_seconds": PATIENT,
                "page_seconds": PATIENT,
                **options,
            }
        )
        # Started after the hook, so that its start says that all are there.
        last = Child("last", lambda system, seat: Recorder(system, seat, diary))
        children = (*make_children(clock, diary), _console(chosen), last)
        system.fill(
            system.seat("root"),
            lambda s, at: RootSupervisor(
                s,
                at,
                strategy=Strategy.ONE_FOR_ONE,
                children=children,
                intensity=Intensity(crashes=1000, seconds=60),
            ),
        )
        felled.append(system)
        until(lambda: "last" in diary.of("start"), "all are there", BUSY)
        return Planted(system, clock, diary, Reach(hook_url(system)))

    yield build
    for system in felled:
        system.tell("root", Stop())
        assert system.wait_for_end(LIMIT) is not None, "the tree did not stop"
        runtime = system.runtime
        assert isinstance(runtime, ThreadRuntime)
        for thread in runtime.threads():
            thread.join(LIMIT)
            assert not thread.is_alive(), f"{thread.name} is left behind"
        runtime.close()


def _console(options: HookOptions) -> Child:
    hook = Child(names.HOOK, lambda s, at: Hook(s, at, options), backoff=SOON, start_seconds=BUSY)
    return Child(
        names.CONSOLE,
        lambda s, at: Supervisor(
            s,
            at,
            strategy=Strategy.ONE_FOR_ONE,
            children=(hook,),
            intensity=Intensity(crashes=1000, seconds=60),
        ),
        start_seconds=BUSY,
    )


@pytest.fixture
def grow(plant: Plant) -> Grow:
    """Build a tree of recorders with a hook."""

    def build(*, budget: float = 30.0, **options: Any) -> Planted:
        kind = type("Recorder", (Recorder,), {"budget_seconds": budget})

        def recorders(clock: WarpClock, diary: Diary) -> Sequence[Child]:
            return [
                Child("a", lambda s, at: kind(s, at, diary), backoff=SOON),
                Child("b", lambda s, at: kind(s, at, diary), backoff=SOON),
                # It knows no questions and crashes over each.
                Child(
                    names.LEDGER,
                    lambda s, at: Auditor(s, at, diary),
                    backoff=SOON,
                    longest_streak=None,
                ),
            ]

        return plant(recorders, **options)

    return build


def hook_url(system: ActorSystem) -> str:
    """Where the hook of this tree listens, asked again of the next one if this one ends."""
    for _ in range(5):
        try:
            return str(system.inspect(names.HOOK).get(timeout=LIMIT)["url"])
        except NobodyThere:
            continue  # it ended with the question before it; the next question waits for the next
    raise AssertionError("the hook ends again and again")


@pytest.fixture
def asking() -> Iterator[Asking]:
    """Asks nobody: it gives the mode and the clock."""
    clock = WarpClock()
    runtime = ThreadRuntime(clock, seed=1)
    options = HookOptions(
        host="127.0.0.1",
        port=0,
        token="t",
        read_token="r",
        mode="live",
        version="1",
        started_at=clock.now(),
        venues=(names.IB,),
    )
    yield Asking(ActorSystem(runtime), options, names.HOOK)
    runtime.close()
