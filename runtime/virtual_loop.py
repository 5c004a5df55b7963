"""One seeded scheduler on virtual time, in the shape of an asyncio event loop.

Everything of a simulated world runs on it, one piece at a time, in one thread. What can run waits
in *sources*, each first in, first out, as the libraries expect of a loop and actors of a mailbox;
which source goes next, the seed decides. When nothing can run, time goes on to the next timer.
A `Host` stands for one process: what belongs to it can be killed at any step, and is then never
run again, not even its `finally` blocks.
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import inspect
import random
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import Context, ContextVar, copy_context
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    from runtime.virtual_network import Network

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")

#: What a step costs. ib_insync's throttle re-arms for an exact instant and asks for more than it:
#: on a clock that stands still between timers it would spin for ever.
STEP_SECONDS = 1e-6

#: So many steps without time going on to a timer are a live-lock.
LONGEST_BUSTLE = 2_000_000


class LiveLock(RuntimeError):
    """Work begets work at one instant, without end."""


class Deadlock(RuntimeError):
    """Nothing can run and no timer is armed, though something is waited for."""


class Source(Protocol):
    """Something with work to do. The scheduler holds it while it has."""

    queued: bool

    def step(self) -> bool:
        """Do one piece; True while there is more."""
        ...


class Host:
    """One process of the world. `alive` is False once it was killed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True


class Lane:
    """The ready queue of one thread: handles in the order in which they became due."""

    __slots__ = ("handles", "host", "loop", "name", "open", "queued", "tasks")

    def __init__(self, loop: VirtualLoop, host: Host, name: str) -> None:
        self.loop = loop
        self.host = host
        self.name = name
        self.open = True
        self.queued = False
        self.handles: deque[asyncio.Handle] = deque()
        self.tasks: dict[asyncio.Task[Any], None] = {}

    @property
    def runs(self) -> bool:
        """Its thread is there, and its process lives."""
        return self.open and self.host.alive

    def put(self, handle: asyncio.Handle) -> None:
        """Have it run after what is here already."""
        if self.runs:
            self.handles.append(handle)
            self.loop.ready(self)

    def step(self) -> bool:
        """Run one handle."""
        if not self.runs:
            self.handles.clear()
            return False
        handle = self.handles.popleft()
        if not handle._cancelled:
            handle._run()
        return bool(self.handles)

    def context(self) -> Context:
        """A context in which all that is called, started and armed belongs to this lane."""
        context = copy_context()
        context.run(_LANE.set, self)
        return context


_LANE: ContextVar[Lane | None] = ContextVar("lane", default=None)


def current_lane() -> Lane | None:
    """To whom the code belongs that runs now."""
    return _LANE.get()


class VirtualLoop(asyncio.BaseEventLoop):
    """See the module. Time begins at 0 and counts seconds."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed
        self.steps = 0
        self.errors: list[dict[str, Any]] = []
        """What loop callbacks and forgotten tasks raised: a run with any has failed."""
        self.between_steps: Callable[[], None] | None = None
        """Called after each step, outside all handlers: what it raises ends the run."""
        self.network: Network | None = None
        self._chance = random.Random(f"schedule {seed}")
        self._random = self._chance.random
        self._digest = hashlib.blake2b(digest_size=16)
        self._now = 0.0
        self._until = 0.0
        self._bustle = 0
        self._order = 0
        self._sources: list[Source] = []
        self._heap: list[tuple[float, float, int, asyncio.TimerHandle, Lane]] = []
        self._at_step: list[tuple[int, Callable[[], None]]] = []
        self._outside = Lane(self, Host("outside"), "outside")
        self.set_exception_handler(lambda _, context: self.errors.append(context))
        self.set_task_factory(self._make_task)

    # -- for whoever drives it -------------------------------------------------------------

    def run_until(self, when: float, enough: Callable[[], bool] | None = None) -> bool:
        """Go on to this time, or until `enough` (asked after each step); True if it was."""
        self._until = when
        self._enough = enough
        self._was_enough = False
        self.run_forever()
        return self._was_enough

    def at_step(self, number: int, call: Callable[[], None]) -> None:
        """Call it once so many steps were made, between two of them."""
        heapq.heappush(self._at_step, (number, call))

    def note(self, what: bytes) -> None:
        """Add to the trace: two runs of one seed have one hash."""
        self._digest.update(what)
        self._digest.update(b"%d|%.6f\n" % (self.steps, self._now))

    @property
    def trace(self) -> str:
        """The hash of all that was noted, as hexadecimal digits."""
        return self._digest.hexdigest()

    def ready(self, source: Source) -> None:
        """It has work; harmless when that is known."""
        if not source.queued:
            source.queued = True
            self._sources.append(source)

    def close(self) -> None:
        """Its end. What never began is closed with it, which runs nothing of it.

        Left to the collector it would complain at any later time that nobody awaited it.
        """
        for task in asyncio.all_tasks(self):
            _close_unbegun(task.get_coro())
        super().close()

    # -- asyncio's side --------------------------------------------------------------------

    def time(self) -> float:
        """Virtual seconds since the beginning of the world."""
        return self._now

    def call_soon(
        self, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """As asyncio has it: in order within one lane."""
        handle = asyncio.Handle(callback, args, self, context)
        self._lane_of(handle).put(handle)
        return handle

    def call_soon_threadsafe(
        self, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """There is one thread."""
        return self.call_soon(callback, *args, context=context)

    def call_later(
        self,
        delay: float,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """As asyncio has it."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """As asyncio has it; of two that are due at once the seed chooses."""
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._order += 1
        entry = (when, self._random(), self._order, handle, self._lane_of(handle))
        heapq.heappush(self._heap, entry)
        return handle

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*_Ts], _T], *args: *_Ts
    ) -> asyncio.Future[_T]:
        """Done at once when its turn comes: there is no other thread."""
        future: asyncio.Future[_T] = self.create_future()

        def work() -> None:
            try:
                result = func(*args)
            except Exception as error:  # goes to whoever waits, as an executor's does
                future.set_exception(error)
            else:
                future.set_result(result)

        self.call_soon(work)
        return future

    async def create_connection(self, protocol_factory: Any, *args: Any, **kwargs: Any) -> Any:
        """Over the network of this world."""
        assert self.network is not None
        return await self.network.connect(protocol_factory, *args)

    async def create_server(self, protocol_factory: Any, *args: Any, **kwargs: Any) -> Any:
        """In the network of this world."""
        assert self.network is not None
        return self.network.listen(protocol_factory, *args)

    # -- inside ----------------------------------------------------------------------------

    def _lane_of(self, handle: asyncio.Handle) -> Lane:
        context: Context = handle._context  # type: ignore[attr-defined]  # asyncio keeps it there
        return context.get(_LANE) or self._outside

    def _make_task(self, _: Any, coro: Any, **kwargs: Any) -> asyncio.Task[Any]:
        task = asyncio.Task(coro, loop=self, **kwargs)
        context = kwargs.get("context")
        lane = context.get(_LANE) if context is not None else _LANE.get()
        if lane is not None:
            lane.tasks[task] = None
            task.add_done_callback(lambda done: lane.tasks.pop(done, None))
        return task

    def _run_once(self) -> None:
        """Run until there is nothing to do before `_until`, or somebody says stop."""
        sources = self._sources
        while not self._stopping:  # type: ignore[attr-defined]  # asyncio's own
            if not sources and not self._go_on():
                self.stop()
                return
            if self._heap and self._heap[0][0] <= self._now:
                self._release_due()
                continue
            self._one_step()
            if self._enough is not None and self._enough():
                self._was_enough = True
                self.stop()

    def _one_step(self) -> None:
        sources = self._sources
        if not sources:
            return
        at = int(self._random() * len(sources)) if len(sources) > 1 else 0
        source = sources[at]
        self._now += STEP_SECONDS
        self.steps += 1
        self._bustle += 1
        if not source.step():
            source.queued = False
            # It may have been taken off meanwhile, with the process that it belongs to.
            if at < len(sources) and sources[at] is source:
                sources[at] = sources[-1]
                sources.pop()
        while self._at_step and self._at_step[0][0] <= self.steps:
            heapq.heappop(self._at_step)[1]()
        if self.between_steps is not None:
            self.between_steps()
        if self._bustle > LONGEST_BUSTLE:
            raise LiveLock(f"{self._bustle} steps at {self._now:.6f} s without a timer")

    def _go_on(self) -> bool:
        """Let time pass to the next timer; False when that lies beyond the end."""
        while self._heap and (self._heap[0][3]._cancelled or not self._heap[0][4].runs):
            heapq.heappop(self._heap)
        if not self._heap or self._heap[0][0] > self._until:
            self._now = max(self._now, self._until)
            return False
        self._now = max(self._now, self._heap[0][0])
        self._bustle = 0
        return True

    def _release_due(self) -> None:
        while self._heap and self._heap[0][0] <= self._now:
            _, _, _, handle, lane = heapq.heappop(self._heap)
            if not handle._cancelled:
                lane.put(handle)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Left on the heap, and passed over when it is due."""

    def _process_events(self, event_list: Any) -> None:
        """There is no selector."""

    def _write_to_self(self) -> None:
        """There is nobody to wake."""


def _close_unbegun(coroutine: object) -> None:
    """Close it if it has not made a step, and what it was given to await."""
    if not isinstance(coroutine, CoroutineType):
        return
    if inspect.getcoroutinestate(coroutine) != inspect.CORO_CREATED:
        return
    frame = coroutine.cr_frame
    given = list(frame.f_locals.values()) if frame is not None else []
    coroutine.close()
    for each in given:
        _close_unbegun(each)
