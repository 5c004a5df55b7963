"""An upgrade or rollback that fails between the stop and the start: what ran runs again."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from console.install.layout import Layout
from console.install.releases import FILES, InstallError, Releases
from console.install.service import Service
from console.install.upgrade import Upgrader
from runtime.clocks import SystemClock

ROOT = Path(__file__).resolve().parents[2]
#: A release that backs up while it runs; once it is stopped, the disk is full.
PROGRAM = """\
import json, os, sys
from pathlib import Path
place = Path(os.environ["KELPIE_SETTINGS"]).parent
full = not (place / "runs").exists()
if sys.argv[1] == "backup" and full and not (place / "room").exists():
    sys.exit("[DISK_FULL] No space left on device.")
if sys.argv[1:] == ["ledger", "verify"] and (place / "newer").exists() and "old" in RELEASE:
    sys.exit("[SCHEMA] The book is newer than this release.")
if sys.argv[1] == "restore" and (place / "newer").exists():
    sys.exit("[DISK_FULL] No space left on device.")
print(json.dumps({"path": "b", "schema": 1, "entries": 3, "rows": {}}))
"""
MANAGER = """\
#!/bin/sh
case "$1" in
    is-active) [ -f "{place}/state" ] && cat "{place}/state" && exit 3; [ -f "{place}/runs" ] ;;
    is-failed) [ ! -f "{place}/runs" ] ;;
    start) touch "{place}/runs" ;;
    stop) rm -f "{place}/runs" "{place}/state" ;;
esac
"""


class Installed:
    def __init__(self, root: Path) -> None:
        self.root, self.layout = root, Layout(root)
        self.releases = Releases(self.layout)
        self.place = self.layout.settings.parent
        self.place.mkdir(parents=True)
        self.layout.state.mkdir(parents=True)
        self.layout.settings.write_text("HOOK_PORT=1\n")
        manager = root / "systemctl"
        manager.write_text(MANAGER.format(place=self.place))
        manager.chmod(0o755)
        self.said: list[str] = []
        service = Service(self.layout, manager, SystemClock())
        self.upgrader = Upgrader(self.layout, service, SystemClock(), self.said.append)
        self.old = self.releases.stage(self.source("old"), Path(sys.prefix)).name
        self.releases.switch(self.old)
        (self.place / "runs").touch()

    def source(self, name: str) -> Path:
        folder = self.root / name
        folder.mkdir(exist_ok=True)
        for file in FILES:
            shutil.copyfile(ROOT / file, folder / file)
        (folder / "supervisor.py").write_text(f"RELEASE = {name!r}\n{PROGRAM}")
        return folder

    def upgrade(self) -> bool:
        return self.upgrader.upgrade(self.source("new"), Path(sys.prefix))

    def runs(self) -> bool:
        return (self.place / "runs").exists()

    def current(self) -> str:
        found = self.releases.current()
        assert found is not None
        return found.name


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    return Installed(tmp_path)


def test_a_disk_that_is_full_once_it_is_stopped_leaves_the_old_one_running(
    installed: Installed,
) -> None:
    with pytest.raises(InstallError, match="DISK_FULL"):
        installed.upgrade()
    assert installed.runs()
    assert installed.current() == installed.old


def test_a_way_back_that_fails_leaves_the_new_one_running(installed: Installed) -> None:
    (installed.place / "room").touch()
    fresh = installed.releases.stage(installed.source("new"), Path(sys.prefix)).name
    (installed.place / "runs").unlink()
    assert installed.upgrade()
    assert installed.current() == fresh
    (installed.place / "runs").touch()
    (installed.place / "newer").touch()
    with pytest.raises(InstallError, match="DISK_FULL"):
        installed.upgrader.rollback()
    assert installed.runs()
    assert installed.current() == fresh, "the older one cannot read this book"
    assert installed.upgrader.rollback(check=True), "it can be tried again"


def test_one_that_was_cut_off_before_its_start_is_not_said_to_run(installed: Installed) -> None:
    (installed.place / "room").touch()
    (installed.place / "runs").unlink()
    assert installed.upgrade()
    installed.said.clear()
    assert installed.upgrade()
    assert "does not run" in installed.said[-1]


def test_one_that_ends_again_and_again_is_stopped_before_the_switch(installed: Installed) -> None:
    (installed.place / "state").write_text("activating\n")
    with pytest.raises(InstallError, match="DISK_FULL"):
        installed.upgrade()
    assert not (installed.place / "state").exists(), "it was not stopped"
    assert installed.runs()
