"""How the venues stood is added up by the hour, pruned, and begun anew where it is damaged."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from adapters.store import open_uptime
from domain.uptime import KEPT, READY, HourPart, Stood, UpState, UptimeEvent, hour_of
from tests.store.material import NOON

LOST = Stood(UpState.UNEXPECTED, "REFUSED", "Nobody listens.")
HOUR = hour_of(NOON)


def test_seconds_are_added_to_their_hour_and_the_newest_sentence_counts(tmp_path: Path) -> None:
    file = open_uptime(tmp_path / "book" / "uptime.db")
    assert (file.parts(HOUR), file.events(HOUR), file.began()) == ((), (), None)
    again = Stood(LOST.state, LOST.cause, "Still nobody.")
    file.add([HourPart("ib", HOUR, READY, 10.0), HourPart("ib", HOUR, LOST, 1.0)], [], NOON)
    file.add([HourPart("ib", HOUR, again, 2.5), HourPart("gemini", HOUR, READY, 3.0)], [], NOON)
    told = {(p.venue, p.stood): p.seconds for p in file.parts(HOUR)}
    assert told == {("ib", READY): 10.0, ("ib", again): 3.5, ("gemini", READY): 3.0}
    assert file.began() == HOUR
    started = UptimeEvent(NOON + timedelta(minutes=1), "", "Kelpie was started.")
    file.add([], [started], NOON)
    assert file.began() == started.at, "within its hour, a start says more exactly when"
    file.close()
    file = open_uptime(tmp_path / "book" / "uptime.db")
    assert len(file.parts(HOUR)) == 3
    assert (tmp_path / "book" / "uptime.db").stat().st_mode & 0o077 == 0
    file.close()


def test_what_is_too_old_is_forgotten_and_so_are_too_many_events(tmp_path: Path) -> None:
    path = tmp_path / "uptime.db"
    file = open_uptime(path)
    late = NOON + KEPT + timedelta(hours=2)
    many = [UptimeEvent(late, "ib.orders", f"crash {i}") for i in range(700)]
    file.add([HourPart("ib", HOUR, READY, 1.0)], [UptimeEvent(NOON, "", "first"), *many], NOON)
    file.close()
    file = open_uptime(path)
    file.add([HourPart("ib", hour_of(late), READY, 2.0)], [], late)
    assert [p.seconds for p in file.parts(HOUR)] == [2.0]
    events = file.events(HOUR)
    assert len(events) == 500
    assert (events[0].sentence, events[-1].sentence) == ("crash 699", "crash 200")
    file.close()


def test_a_damaged_file_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "uptime.db"
    path.write_bytes(b"no database at all, and long enough to be looked at " * 100)
    file = open_uptime(path)
    assert file.parts(HOUR) == ()
    file.close()


_WRITES = """
import sys, pathlib
from datetime import datetime, UTC
from adapters.store import open_uptime
from domain.uptime import READY, HourPart
file = open_uptime(pathlib.Path(sys.argv[1]))
hour = datetime.fromisoformat(sys.argv[2])
file.add([HourPart("ib", hour, READY, 7.0)], [], hour)
print("written", flush=True)
sys.stdin.read()
"""


def test_what_was_written_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "uptime.db"
    words = [sys.executable, "-c", _WRITES, str(path), HOUR.isoformat()]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"written\n"
        os.kill(writer.pid, signal.SIGKILL)
    file = open_uptime(path)
    assert [p.seconds for p in file.parts(HOUR)] == [7.0]
    file.close()
