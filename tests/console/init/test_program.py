"""The program itself, as it is called: at a terminal, without one, and by other programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from console.init.program import main
from tests.console.init.person import PATIENCE, at_terminal
from tests.console.test_doctor import gateway
from tests.tree.home import ROOT, free_port

#: A program is started, once or twice, on a machine that may be busy.
pytestmark = pytest.mark.timeout(180)
PROGRAM = ROOT / "supervisor.py"


def called(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """`kelpie init` where nobody is at a terminal."""
    return subprocess.run(
        [sys.executable, str(PROGRAM), "init", *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_without_a_terminal_it_says_what_is_missing(tmp_path: Path) -> None:
    done = called(tmp_path, "--mode", "demo", "--purse", "5000")
    assert done.returncode == 64
    assert "--yes" in done.stderr
    assert "--gateway HOST:PORT" in done.stderr
    assert "--mode" not in done.stderr.partition("not given so far:")[2]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", ["--frobnicate", "--json", "--anyway", "--ports x --yes"])
def test_wrong_flags_are_wrong_use(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        code: object = main(words.split())
    except SystemExit as end:
        code = end.code
    assert code == 64
    assert not list(tmp_path.iterdir())


def test_other_programs_get_json_and_no_secret_in_it(tmp_path: Path) -> None:
    secret = "ntfy://127.0.0.1:9/kelpie-canary-7f3a"
    with gateway(tmp_path) as port:
        words = ["--yes", "--json", "--gateway", f"127.0.0.1:{port}", "--alert", secret]
        done = called(tmp_path, *words, "--largest-order", "1000")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["written"] == str(tmp_path / ".env")
    assert told["settings"]["IB_ACCOUNT_ID"] == "DU***001"
    assert told["account_worth"] == "1000000.00"
    assert told["round_trips"][0]["passes"] is False
    assert told["next"]
    for text in (done.stdout, done.stderr):
        assert "canary" not in text
        assert "DU9000001" not in text
    assert "canary" in (tmp_path / ".env").read_text()


def test_where_nobody_listens_a_program_is_told_the_code(tmp_path: Path) -> None:
    done = called(tmp_path, "--yes", "--json", "--gateway", f"127.0.0.1:{free_port()}")
    assert done.returncode == 1
    assert [each["code"] for each in json.loads(done.stdout)["findings"]] == ["REFUSED"]
    assert not (tmp_path / ".env").exists()


def test_ctrl_c_and_the_end_of_the_terminal_leave_everything_as_it_was(tmp_path: Path) -> None:
    for keys in ("\x03", "\x04"):
        with at_terminal(tmp_path, PROGRAM, "init") as terminal:
            terminal.wait_for(r"1 of 10")
            terminal.wait_for(r"> $")
            terminal.press(keys)
            assert terminal.ended() == 130
            assert "Nothing was changed" in terminal.screen
            assert "Traceback" not in terminal.screen
        assert not list(tmp_path.iterdir())


def test_another_settings_file_may_be_named(tmp_path: Path) -> None:
    there = tmp_path / "etc" / "kelpie.env"
    there.parent.mkdir()
    there.write_text("PURSE=7000\n")
    done = called(tmp_path, "--yes", "--mode", "demo", KELPIE_SETTINGS=str(there))
    assert done.returncode == 0, done.stderr
    assert "\nPURSE=7000\n" in there.read_text()
    assert not (tmp_path / ".env").exists()
