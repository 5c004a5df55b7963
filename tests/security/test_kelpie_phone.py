"""`kelpie phone`: what it makes, what it prints, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from console.cli_phone import main
from console.columns import WIDTH
from console.scopes import Grade
from tests.security.conftest import Door, Opened, code_of, link_of

TAILNET = "kelpie.tail1234.ts.net"


class Box:
    """Somebody at the box, with the settings of the running hook."""

    def __init__(
        self, door: Door, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._capsys = capsys
        patch.chdir(door.state_dir.parent)
        for name in [each for each in os.environ if each.startswith(("HOOK_", "MODE"))]:
            patch.delenv(name)
        patch.setenv("STATE_DIR", str(door.state_dir))
        patch.setenv("HOOK_PORT", str(urlsplit(door.hook.url).port))
        self.setenv = patch.setenv

    def phone(self, *words: str, status: int = 0) -> str:
        """Say `kelpie phone …`; what is printed, where it fails on the other stream."""
        assert main(words) == status
        out, error = self._capsys.readouterr()
        return error if status else out


@pytest.fixture
def door(opened: Opened) -> Door:
    return opened(host_names=(TAILNET,))


@pytest.fixture
def box(door: Door, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Box:
    return Box(door, monkeypatch, capsys)


def _link(door: Door, printed: str) -> str:
    (url,) = [line for line in printed.splitlines() if "/pair?link=" in line]
    return url


def test_it_prints_a_link_and_a_code_that_fit_a_phones_terminal(door: Door, box: Box) -> None:
    printed = box.phone("--name", "Ann", "--scope", "pause")
    url = _link(door, printed)
    assert url.startswith(f"{door.hook.url}/pair?link=")
    others = [line for line in printed.splitlines() if line != url]
    assert max(map(len, others)) <= WIDTH
    drawn = [line for line in others if set(line) <= set("█▀▄ ") and len(line) > 30]
    assert len(drawn) >= 18
    assert "Only this machine reaches that" in printed
    assert door.confirm(link_of(url)).status_code == 303
    (phone,) = door.phones.read().phones
    assert (phone.name, phone.grade, phone.https) == ("Ann", Grade.PAUSE, False)


def test_the_least_is_given_unless_more_is_asked_for(door: Door, box: Box) -> None:
    told = json.loads(box.phone("--json"))
    assert (told["name"], told["scope"]) == ("phone", "look")
    assert door.confirm(link_of(told["url"])).status_code == 303
    assert door.phones.read().phones[0].grade is Grade.LOOK


def test_the_power_to_trade_is_asked_for_expressly(door: Door, box: Box) -> None:
    refused = box.phone("--scope", "trade", status=1)
    assert "could close every position" in refused and "Nothing was made" in refused
    assert door.phones.read().links == ()
    box.phone("--scope", "trade", "--yes")
    assert door.phones.read().links[0].grade is Grade.TRADE


def test_the_name_of_the_tailnet_is_taken_from_the_settings(door: Door, box: Box) -> None:
    box.setenv("HOOK_NAMES", f"{TAILNET}, 10.8.0.1")
    url = _link(door, box.phone())
    assert url.startswith(f"https://{TAILNET}/pair?link=")
    cookie = door.confirm(link_of(url)).headers["set-cookie"]
    assert cookie.startswith("__Host-kelpie=") and "; Secure" in cookie


def test_an_address_that_the_hook_would_refuse_is_named_with_its_cure(door: Door, box: Box) -> None:
    refused = box.phone("--address", "10.8.0.1", status=1)
    assert "HOOK_NAMES=10.8.0.1" in refused
    # It stands in the settings, and the hook was started before.
    box.setenv("HOOK_NAMES", f"{TAILNET},10.8.0.1")
    assert "start it again" in box.phone("--address", "http://10.8.0.1:8765", status=1)
    for rubbish in ("ftp://x", "http://", "http://10.8.0.1/x", "http://[", "http://a:b"):
        assert "is no address" in box.phone("--address", rubbish, status=1)
    assert door.phones.read().links == ()


def test_what_is_paired_is_listed_and_ended(door: Door, box: Box) -> None:
    assert box.phone("list") == "No device is paired.\n"
    device = door.pair("Ann", Grade.PAUSE)
    door.invite("Bob")
    listed = box.phone("list")
    assert "Ann since" in listed and "may look, pause" in listed
    assert "Bob not paired yet" in listed
    told = json.loads(box.phone("list", "--json"))
    assert [each["name"] for each in told["items"]] == ["Ann"]
    assert "A device named ann is paired" in box.phone("--name", "ann", status=1)
    assert "shut out" in box.phone("revoke", "Ann")
    assert code_of(device.get("/see/nowhere")) == "PAIRING_ENDED"
    assert "No device is named Ann" in box.phone("revoke", "Ann", status=1)
    assert "Name the device" in box.phone("revoke", status=1)


def test_a_name_that_could_mislead_is_refused(door: Door, box: Box) -> None:
    for name in ("", " ", "<b>", "a\nb", "x" * 31, "-", "é", "../x"):
        assert "is no name for a device" in box.phone(f"--name={name}", status=1), name
    assert door.phones.read().links == ()


def test_it_works_where_kelpie_does_not_run(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, str(root / "supervisor.py"), "phone"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "STATE_DIR": str(tmp_path / "s"), "HOOK_PORT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Kelpie is not running" in done.stdout
