"""`make install` below a folder: what is put where, whose it is, and that it can be put again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.settings import Settings
from console.install import machine
from console.install.layout import Layout
from console.install.releases import (
    FILES,
    ROOMS,
    InstallError,
    Releases,
    name_of,
    replace_link,
    setting_of,
)

ROOT = Path(__file__).parents[2]
_LIBRARIES = Path(sys.prefix)


def install(root: Path, source: Path, *words: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-B", "-m", "console.install", *(words or ("install",))]
    argv += ["--root", str(root)]
    argv += ["--environment", str(_LIBRARIES)] if argv[4] == "install" else []
    return subprocess.run(argv, cwd=source, capture_output=True, text=True, check=False)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A checkout of its own, to change: of each room no more than installing takes."""
    copy = tmp_path / "checkout"
    ignore = shutil.ignore_patterns("__pycache__")
    for room in ROOMS:
        (copy / room).mkdir(parents=True)
    for room in ("console/install", "deploy", "requirements"):
        shutil.copytree(ROOT / room, copy / room, ignore=ignore, dirs_exist_ok=True)
    (copy / "console/__init__.py").touch()
    for name in FILES:
        shutil.copyfile(ROOT / name, copy / name)
    return copy


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_what_is_put_where(source: Path, tmp_path: Path) -> None:
    root = tmp_path / "machine"
    done = install(root, source)
    assert done.returncode == 0, done.stderr
    layout = Layout(root)
    release = Releases(layout).current()
    assert release is not None and release.name == name_of(source)[0]
    assert layout.current.readlink() == Path(release.name), "a link that moves with its folder"
    assert (mode(layout.settings), mode(layout.secrets)) == (0o600, 0o700)
    assert (mode(layout.state), mode(layout.logs)) == (0o700, 0o750)
    if os.geteuid() == 0:
        passwd = (root / "etc/passwd").read_text()
        (line,) = [each for each in passwd.splitlines() if each.startswith("kelpie:")]
        uid, shell = int(line.split(":")[2]), line.split(":")[6]
        assert shell == "/usr/sbin/nologin"
        for path in (layout.settings, layout.state, layout.logs):
            assert path.stat().st_uid == uid
        assert layout.secrets.stat().st_uid == release.path.stat().st_uid == 0
    settings = Settings.load({}, env_file=layout.settings)
    assert (settings.mode, str(settings.state_dir)) == ("demo", "/var/lib/kelpie")
    assert str(settings.log_dir) == "/var/log/kelpie"
    assert (root / "etc/systemd/system/kelpie.service").read_text().count("[Service]") == 1
    assert layout.command.readlink() == Path("/opt/kelpie/current/bin/kelpie")
    assert not list(release.path.rglob("tests")), "what only tests need stays in the checkout"
    assert "systemctl enable --now kelpie" in done.stdout


def test_the_settings_of_the_checkout_are_taken_once_and_never_written_over(
    source: Path, tmp_path: Path
) -> None:
    root = tmp_path / "machine"
    (source / ".env").write_text("MODE=observe\nIB_PORT=4002\nSTATE_DIR=./mine\n")
    assert install(root, source).returncode == 0
    settings = Settings.load({}, env_file=Layout(root).settings)
    assert (settings.mode, settings.ib_port) == ("observe", 4002)
    assert str(settings.state_dir) == "/var/lib/kelpie"
    Layout(root).settings.write_text("MODE=demo\n")
    done = install(root, source)
    assert Layout(root).settings.read_text() == "MODE=demo\n"
    assert "kept as they were" in done.stdout and "installed already" in done.stdout


def test_another_version_stands_beside_the_old_and_the_way_back_is_a_link(
    source: Path, tmp_path: Path
) -> None:
    root = tmp_path / "machine"
    releases = Releases(Layout(root))
    assert install(root, source).returncode == 0
    old = releases.current()
    assert old is not None
    (source / "supervisor.py").write_text("raise SystemExit('newer')\n")
    done = install(root, source)
    assert f"Before it was {old.name}" in done.stdout
    new = releases.current()
    assert new is not None and new.name != old.name
    assert {each.name for each in releases.all()} == {old.name, new.name}
    with pytest.raises(InstallError, match="is the current release"):
        releases.remove(new.name)
    assert releases.switch(old.name) == releases.current() == old
    releases.remove(new.name)
    assert releases.all() == [old]
    with pytest.raises(InstallError, match=f"There are: {old.name}"):
        releases.switch(new.name)
    # What is installed is whole: it can install itself elsewhere, as the same release.
    assert install(tmp_path / "second", old.path / "lib").returncode == 0
    again = Releases(Layout(tmp_path / "second")).current()
    assert again is not None and again.name == old.name


def test_an_installation_that_breaks_off_leaves_the_old_one_as_it_was(
    source: Path, tmp_path: Path
) -> None:
    root = tmp_path / "machine"
    releases = Releases(Layout(root))
    old = releases.switch(releases.stage(source, _LIBRARIES).name)
    whole = (source / "supervisor.py").read_text()
    (source / "supervisor.py").write_text("this is no Python\n")
    with pytest.raises(InstallError, match="It failed while compiling"):
        releases.stage(source, _LIBRARIES)
    assert releases.all() == [old] and releases.current() == old
    # And what it left is no hindrance.
    (source / "supervisor.py").write_text(f"{whole}# newer\n")
    new = releases.stage(source, _LIBRARIES)
    assert releases.all() == sorted([old, new], key=lambda each: each.name)
    assert releases.current() == old, "nothing is started by being staged"


def test_a_link_is_replaced_in_one_step_also_over_what_an_earlier_try_left(
    tmp_path: Path,
) -> None:
    link = tmp_path / "current"
    (tmp_path / ".current.new").symlink_to("left")
    replace_link(link, Path("a"))
    replace_link(link, Path("b"))
    assert link.readlink() == Path("b")
    assert [each.name for each in tmp_path.iterdir()] == ["current"]


def test_uninstalling_keeps_settings_state_and_logs(source: Path, tmp_path: Path) -> None:
    root = tmp_path / "machine"
    assert install(root, source).returncode == 0
    layout = Layout(root)
    (layout.state / "book").write_text("money")
    done = install(root, source, "uninstall")
    assert done.returncode == 0, done.stderr
    for path in (layout.releases, layout.command, layout.units / "kelpie.service"):
        assert not path.exists() and not path.is_symlink()
    assert (layout.state / "book").read_text() == "money"
    assert layout.settings.exists()
    assert "Orders at the broker stand" in done.stdout
    assert install(root, source, "uninstall").returncode == 0, "twice is harmless"


def test_the_machine_itself_is_left_alone_by_whoever_is_not_root(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(InstallError, match="sudo make install"):
        machine.check(Layout(Path("/")))


def test_a_python_in_a_home_folder_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(machine, "_find", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(sys, "executable", "/home/ann/.pyenv/bin/python3")
    with pytest.raises(InstallError, match="kept out of all home folders"):
        machine.check(Layout(Path("/")))


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("IB_LIBRARY=ib_async", "ib_async"),
        ("export IB_LIBRARY = 'ib_async'", "ib_async"),
        ("#IB_LIBRARY=ib_async", ""),
        ("IB_LIBRARY=ib_insync\nIB_LIBRARY=ib_async", "ib_async"),
        ("", ""),
    ],
)
def test_the_setting_that_chooses_the_libraries(tmp_path: Path, line: str, value: str) -> None:
    (tmp_path / "kelpie.env").write_text(f"{line}\n")
    assert setting_of(tmp_path / "kelpie.env", "IB_LIBRARY") == value
