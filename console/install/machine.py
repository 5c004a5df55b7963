"""What an installation asks of the machine: a user, owners of folders, the service manager."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

from console.install.layout import USER, Layout
from console.install.releases import InstallError

#: The service sees none of them (`ProtectHome=`), so its Python must not lie there.
_HOMES = ("/home", "/root", "/run/user")


def check(layout: Layout) -> None:
    """Say what is missing before anything is done.

    Raises:
        InstallError: this is no machine, or no user, that it can be installed by.
    """
    if not layout.is_machine:
        return
    if os.geteuid() != 0:
        raise InstallError("It needs to be root: `sudo make install`. Or try it with --root DIR.")
    missing = [name for name in ("systemctl", "systemd-sysusers", "runuser") if not _find(name)]
    if missing:
        raise InstallError(
            f"This machine has no {', '.join(missing)}: it does not run by systemd. Kelpie can run "
            "in a container instead: docs/home-server.md."
        )
    python = Path(sys.executable).resolve()
    if python.is_relative_to("/home") or any(python.is_relative_to(home) for home in _HOMES):
        raise InstallError(
            f"The service is kept out of all home folders, and this Python lies in one ({python}). "
            "Name the machine's own: `sudo make install PYTHON=/usr/bin/python3`."
        )


def make_user(layout: Layout) -> tuple[int, int] | None:
    """Have the user, and give its ids; None where whoever installs is not root.

    Raises:
        InstallError: systemd-sysusers refuses.
    """
    if os.geteuid() != 0 or not _find("systemd-sysusers"):
        return None
    _run("systemd-sysusers", f"--root={layout.root.resolve()}", str(layout.user_file.name))
    for line in (layout.root / "etc/passwd").read_text().splitlines():
        name, _, uid, gid, *_rest = line.split(":")
        if name == USER:
            return int(uid), int(gid)
    raise InstallError(f"systemd-sysusers made no user {USER}.")


def make_folder(path: Path, mode: int, owner: tuple[int, int] | None) -> None:
    """Have a folder with these rights, and this owner."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
    if owner is not None:
        os.chown(path, *owner)


def stop_service(layout: Layout) -> None:
    """Have it stopped in order, and never started again."""
    if layout.is_machine:
        _run("systemctl", "disable", "--now", "kelpie.service")


def reload_units(layout: Layout) -> None:
    """Have the service manager read its files again."""
    if layout.is_machine:
        _run("systemctl", "daemon-reload")


def user_exists() -> bool:
    """On this machine."""
    try:
        pwd.getpwnam(USER)
    except KeyError:
        return False
    return True


def _find(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _run(name: str, *words: str) -> None:
    done = subprocess.run(
        [_find(name) or name, *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise InstallError(f"`{name} {' '.join(words)}` failed: {done.stderr.strip()}")
