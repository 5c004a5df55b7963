"""Programs beside this process: started, adopted, ended."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from runtime import processes
from runtime.processes import ChildProcess, adopt_process, command_line, is_alive, start_process

READY = "print('ready', flush=True)"
WAITS = f"{READY}; import signal; signal.pause()"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {READY}; signal.pause()"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """A pipe with the name of a file, so that a test can wait for what is printed."""
    path = tmp_path / "logs" / "output"
    path.parent.mkdir()
    os.mkfifo(path)
    return path


def start(code: str, output: Path, *marks: str) -> ChildProcess:
    """Start it and wait until it says that it is ready."""
    reading = os.open(output, os.O_RDWR)  # both ends: one alone would wait for the other
    child = start_process([sys.executable, "-c", code, *marks], output=output)
    told = b""
    while not told.endswith(b"\n"):
        told += os.read(reading, 100)
    os.close(reading)
    assert told == b"ready\n"
    return child


def test_one_is_started_in_a_session_of_its_own_and_ended(output: Path) -> None:
    child = start(WAITS, output)
    assert child.alive() and not child.adopted and child.status() is None
    assert os.getsid(child.pid) == child.pid != os.getsid(0)
    child.stop(5.0)
    assert not child.alive() and child.status() == -signal.SIGTERM
    assert not is_alive(child.pid)
    child.stop(0.1)  # harmless


def test_one_that_will_not_end_is_made_to(output: Path) -> None:
    child = start(STUBBORN, output)
    child.stop(0.1)
    assert child.status() == -signal.SIGKILL


def test_what_it_prints_is_kept_and_its_status_told(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "output"
    for number in (3, 4):
        code = f"import os, sys; print(os.environ['MARK']); sys.exit({number})"
        child = start_process(
            [sys.executable, "-c", code], output=path, environ={"MARK": f"said {number}"}
        )
        assert child._popen is not None
        child._popen.wait(10)
        assert child.status() == number
    assert path.read_text() == "said 3\nsaid 4\n"


def test_what_it_prints_begins_anew_once_it_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "LARGEST_OUTPUT", 10)
    output = tmp_path / "output"
    for word in ("a first long word", "second", "third"):
        child = start_process([sys.executable, "-c", f"print({word!r})"], output=output)
        assert child._popen is not None
        child._popen.wait(10)
    assert output.read_text() == "second\nthird\n"
    assert (tmp_path / "output.1").read_text() == "a first long word\n"


def test_a_program_that_is_not_there_cannot_be_started(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        start_process([str(tmp_path / "nothing")], output=tmp_path / "output")


def test_one_is_adopted_by_all_its_marks_alone(output: Path) -> None:
    child = start(WAITS, output, "mark-1", "mark-2")
    words = command_line(child.pid)
    assert words is not None and words[-2:] == ["mark-1", "mark-2"]
    assert adopt_process(child.pid, ["mark-1", "mark-3"]) is None, "a stranger"
    adopted = adopt_process(child.pid, ["mark-1", "mark-2"])
    assert adopted is not None and adopted.adopted and adopted.alive()
    assert adopted.status() is None
    adopted.stop(5.0)
    assert not adopted.alive(), "a zombie does not run"
    assert child.status() == -signal.SIGTERM
    assert adopt_process(child.pid, ["mark-1"]) is None
    assert command_line(child.pid) is None


@pytest.mark.parametrize("adopted", [False, True])
def test_a_stranger_that_got_its_id_is_neither_taken_for_it_nor_ended(
    adopted: bool, output: Path
) -> None:
    child = start(WAITS, output, "mine")
    ended = adopt_process(child.pid, ["mine"]) if adopted else child
    assert ended is not None
    child.stop(5.0)
    stranger = start(STUBBORN, output)
    ended.pid = stranger.pid  # the kernel gives ids anew; what is left of the child is as it was
    assert not ended.alive()
    ended.stop(0.1)
    ended.kill()
    assert stranger._popen is not None
    stranger._popen.send_signal(signal.SIGUSR1)
    assert stranger._popen.wait(10) == -signal.SIGUSR1, "it was ended in its place"
