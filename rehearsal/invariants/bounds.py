"""I12: whatever happens, and however often: memory, files and threads stay within their bounds."""

from __future__ import annotations

import threading
from collections.abc import Sized
from pathlib import Path

from actors.lanes import Lane
from actors.mailbox import Envelope
from rehearsal.counted import CountedMailbox
from rehearsal.invariants.outputs import REHEARSED
from rehearsal.invariants.violation import Scene

I12, LOST = "I12 bounded", "no fact is lost"

_MOST_WAITING = {Lane.CONTROL: 64, Lane.FACT: 2_000, Lane.COMMAND: 200, Lane.QUERY: 32}
_MOST_KEPT = 5_000
"""Entries of any one collection of an actor."""
_MOST_TASKS = 60
_MORE_FILES = 8
"""Descriptors that one process of Kelpie may have more than soon after its start."""
_SETTLED = 60.0
_AFTERMATH = 60.0


class Bounds:
    """Counts at intervals."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._threads = threading.active_count()
        self._start: tuple[int, float] = (0, 0.0)
        self._files: int | None = None

    def lost(self, seat: str, envelope: Envelope, cause: str, *, quarantined: bool) -> None:
        """A message goes to the dead letters."""
        kelpie = self._scene.world.kelpie
        if envelope.lane is not Lane.FACT or kelpie.system.ending:
            return
        stopping = self._scene.at_work("stopped") or kelpie.system.parting_code
        if stopping or REHEARSED in cause:
            return  # the process ends, or it was made to crash: the venue tells it again
        if cause == "its handler hung" and self._scene.excused(_AFTERMATH, "hangs"):
            return
        if self._scene.disk_is_dead:
            return  # nothing can be written: what is not on disk was not done
        if quarantined or kelpie.system.find(seat) is not None:
            what = repr(envelope.message)[:200]
            self._scene.blame(LOST, f"{seat} lost {what}: {cause}")

    def look(self) -> None:
        """Count."""
        kelpie, scene = self._scene.world.kelpie, self._scene
        if threading.active_count() != self._threads:
            names = [thread.name for thread in threading.enumerate()]
            scene.blame(I12, f"threads in a world that has one: {names}")
        if not kelpie.alive:
            return
        for seat in kelpie.system.seats():
            box = seat.mailbox
            if isinstance(box, CountedMailbox) and box.owed != box.depth(Lane.FACT):
                gone = box.owed - box.depth(Lane.FACT)
                scene.blame(LOST, f"{gone} facts have gone from the mailbox of {seat.name}")
            for lane, most in _MOST_WAITING.items():
                depth = seat.mailbox.depth(lane)
                if depth > most:
                    scene.blame(I12, f"{depth} {lane.name} messages wait at {seat.name}")
            for name, kept in vars(seat.occupant or self).items():
                if isinstance(kept, Sized) and len(kept) > _MOST_KEPT:
                    scene.blame(I12, f"{seat.name} keeps {len(kept)} in {name}")
        self._look_at_tasks()
        self._look_at_files()

    def _look_at_tasks(self) -> None:
        tasks = {
            source.driven.name: len(source._lane.tasks)
            for source in self._scene.world.kelpie.runtime.seats.values()
        }
        many = {name: count for name, count in tasks.items() if count > _MOST_TASKS}
        if many:
            self._scene.blame(I12, f"coroutines that do not end: {many}")

    def _look_at_files(self) -> None:
        """What a killed process had open stays open here: so each start has its own measure."""
        starts, now = self._scene.world.kelpie.starts, self._scene.now
        if starts != self._start[0]:
            self._start, self._files = (starts, now), None
        if now - self._start[1] < _SETTLED:
            return
        count = sum(not _is_a_book(each) for each in Path("/proc/self/fd").iterdir())
        if self._files is None:
            self._files = count
        elif count > self._files + _MORE_FILES:
            self._scene.blame(I12, f"{count} files are open, there were {self._files}")


def _is_a_book(descriptor: Path) -> bool:
    """SQLite closes none of these while another connection of this process, ours, has the file."""
    try:
        return ".db" in descriptor.readlink().name
    except OSError:
        return True
