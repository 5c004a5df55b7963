"""The unit, as systemd itself reads it. Nothing here runs under systemd."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from actors.group_commit import EXIT_DAMAGED
from actors.instruments import EXIT_SETTINGS
from actors.supervision import EXIT_RESTART_ME
from console.process import EXIT_STATE_IN_USE

UNIT = Path(__file__).parents[2] / "deploy/systemd/kelpie.service"
#: Of systemd's ten for a service that hides nothing; it was 1.4 when this was written.
_EXPOSURE_AT_MOST = 15
#: What systemd before 254 does not know, and passes over.
_NEWER = {"RestartSteps", "RestartMaxDelaySec"}


@pytest.fixture
def analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        missing = "no systemd-analyze here: apt-get install systemd"
        if os.environ.get("KELPIE_NEEDS_SYSTEMD") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that is there, for systemd looks whether it is."""
    program = tmp_path / "opt/kelpie/current/bin/kelpie"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / "kelpie.service"
    copy.write_text(UNIT.read_text().replace("ExecStart=/opt", f"ExecStart={tmp_path}/opt"))
    return copy


def said(*argv: str) -> tuple[int, str]:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_systemd_finds_nothing_wrong_with_it(analyze: str, unit: Path) -> None:
    status, text = said(analyze, "verify", "--man=no", str(unit))
    about_it = [line for line in text.splitlines() if "kelpie" in line]
    unknown = [match[1] for line in about_it if (match := re.search(r"Unknown key '(\w+)'", line))]
    assert status == 0 and len(unknown) == len(about_it), text
    assert set(unknown) <= _NEWER


def test_it_is_no_more_exposed_than_it_was(analyze: str, unit: Path) -> None:
    threshold = f"--threshold={_EXPOSURE_AT_MOST}"
    status, text = said(analyze, "security", "--offline=yes", threshold, str(unit))
    assert status == 0, text


def service() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # names keep their capitals
    parser.read_string(UNIT.read_text())
    return parser["Service"]


def test_it_is_not_started_again_after_what_a_start_cannot_mend() -> None:
    prevented = set(map(int, service()["RestartPreventExitStatus"].split()))
    assert prevented == {2, EXIT_DAMAGED, EXIT_SETTINGS}
    assert not prevented & {EXIT_RESTART_ME, EXIT_STATE_IN_USE}
    assert service()["Restart"] == "always"


def test_stopping_takes_no_longer_than_systemd_waits_for_it() -> None:
    from actors import lifetime

    assert int(service()["TimeoutStopSec"]) > 2 * lifetime._STOP_WITHIN
    assert service()["Type"] == "notify"


def test_there_is_no_secret_and_no_setting_in_it() -> None:
    told = service()["Environment"].split()
    assert {each.partition("=")[0] for each in told} == {
        "TZ",
        "PYTHONFAULTHANDLER",
        "PYTHONUNBUFFERED",
    }
