"""The points at which a rehearsal stops the process: each passed somewhere, none in live."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import supervisor
from actors.crashing import arm_crash_point
from adapters.store import lock_state_dir
from config.errors import CodedError
from config.modes import Mode
from console.process import EXIT_STATE_IN_USE
from runtime import crash_points
from runtime.crash_points import Armed, CrashPoint, CrashPointUnknown, arm, reached, wanted

HOUSE = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    arm(None)


def test_every_point_is_passed_somewhere_and_has_a_sentence() -> None:
    rooms = ("actors", "adapters", "console", "domain")
    texts = [file.read_text() for room in rooms for file in (HOUSE / room).rglob("*.py")]
    passed = {name for text in texts for name in re.findall(r"CrashPoint\.([A-Z_]+)", text)}
    assert passed == set(CrashPoint.__members__)
    assert all(point.sentence.endswith(".") for point in CrashPoint)


def test_unarmed_nothing_happens_and_armed_only_the_wanted_passing_stops() -> None:
    stops: list[CrashPoint] = []
    reached(CrashPoint.FILL_HEARD)
    arm(Armed(CrashPoint.FILL_HEARD, 2, stops.append))
    for point in (CrashPoint.FILL_HEARD, CrashPoint.ACK_HEARD, CrashPoint.FILL_HEARD):
        reached(point)
    reached(CrashPoint.FILL_HEARD)
    assert stops == [CrashPoint.FILL_HEARD]


def test_what_the_environment_asks_for() -> None:
    assert wanted({}) is None
    armed = wanted({crash_points.POINT_VARIABLE: "fill.heard:3"})
    assert armed is not None and (armed.point, armed.passing) == (CrashPoint.FILL_HEARD, 3)
    for wrong in ("fill.hoard", "fill.heard:0", "fill.heard:x"):
        with pytest.raises(CrashPointUnknown, match=r"fill\.heard"):
            wanted({crash_points.POINT_VARIABLE: wrong})


def test_a_process_stops_on_the_spot_with_all_its_threads_and_says_where(tmp_path: Path) -> None:
    said = tmp_path / "reached"
    program = (
        "import os, threading\n"
        "from runtime.crash_points import CrashPoint, arm, reached, wanted\n"
        "arm(wanted(os.environ))\n"
        "reached(CrashPoint.INTENT_COMMITTED)\n"
        "open('ran on', 'w').close()\n"
    )
    environ = {
        "PYTHONPATH": str(HOUSE),
        crash_points.POINT_VARIABLE: "intent.committed",
        crash_points.FILE_VARIABLE: str(said),
    }
    process = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, env=environ)
    try:
        wanted_states = os.WSTOPPED | os.WEXITED | os.WNOWAIT
        state = os.waitid(os.P_PID, process.pid, wanted_states)
        assert state is not None and state.si_code == os.CLD_STOPPED
        assert said.read_text() == "intent.committed\n"
        assert not (tmp_path / "ran on").exists()
    finally:
        process.kill()
        process.wait(10)


def test_in_live_and_under_a_wrong_name_nothing_starts() -> None:
    asked = {crash_points.POINT_VARIABLE: "fill.heard"}
    with pytest.raises(CodedError) as refused:
        arm_crash_point(asked, Mode.LIVE)
    assert refused.value.code == "CRASH_POINT_IN_LIVE"
    with pytest.raises(CodedError) as refused:
        arm_crash_point({crash_points.POINT_VARIABLE: "no.such"}, Mode.PAPER)
    assert refused.value.code == "CRASH_POINT_UNKNOWN"
    arm_crash_point(asked, Mode.PAPER)
    assert crash_points.is_armed(CrashPoint.FILL_HEARD)


def test_the_process_refuses_and_a_file_of_settings_cannot_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("LOG_DIR", str(tmp_path / "logs"))
    monkeypatch.setenv("MODE", "demo")
    lock = lock_state_dir(tmp_path / "state")
    try:
        (tmp_path / ".env").write_text(f"{crash_points.POINT_VARIABLE}=no.such\n")
        # As far as the lock that another holds.
        assert supervisor.run([]) == EXIT_STATE_IN_USE
        monkeypatch.setenv(crash_points.POINT_VARIABLE, "no.such")
        assert supervisor.run([]) == 78
        assert "CRASH_POINT_UNKNOWN" in capsys.readouterr().err
    finally:
        lock.release()
