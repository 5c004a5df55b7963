"""`make install` and `make uninstall`: Kelpie as a service of this machine.

Exit status: 0 done, 1 refused or failed, 2 wrongly called.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from console.install import machine
from console.install.layout import UNITS, USER, Layout
from console.install.releases import InstallError, Release, Releases, replace_link

_SOURCE = Path(__file__).resolve().parents[2]
_HEAD = """\
# The settings of the service. Each is explained in {example}.
# Whoever may read this file may know what is in it, so it is {user}'s alone (mode 600). A secret
# can lie in a file of its own instead, which root alone may read: {secrets}/NAME
STATE_DIR=/var/lib/kelpie
LOG_DIR=/var/log/kelpie
"""
_PLACES = ("STATE_DIR", "LOG_DIR")


def main(argv: Sequence[str] | None = None) -> int:
    """Install or uninstall."""
    parser = argparse.ArgumentParser(prog="python -m console.install", description=__doc__)
    actions = parser.add_subparsers(required=True)
    install = actions.add_parser("install", help="put this checkout into the machine")
    install.add_argument(
        "--environment",
        type=Path,
        metavar="DIR",
        help="a virtual environment that has the libraries already; none is made then",
    )
    install.set_defaults(call=_install)
    uninstall = actions.add_parser("uninstall", help="take it out; settings and state stay")
    uninstall.set_defaults(call=_uninstall)
    for each in (install, uninstall):
        each.add_argument(
            "--root",
            type=Path,
            default=Path("/"),
            metavar="DIR",
            help="install below this folder; nothing of the machine is changed then",
        )
    arguments = parser.parse_args(argv)
    layout = Layout(arguments.root)
    try:
        machine.check(layout)
        for line in arguments.call(layout, arguments):
            print(line)
    except InstallError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def _install(layout: Layout, arguments: argparse.Namespace) -> list[str]:
    owner = _place_files(layout)
    releases = Releases(layout)
    before = releases.current()
    for path, mode in ((layout.state, 0o700), (layout.logs, 0o750)):
        machine.make_folder(path, mode, owner)
    machine.make_folder(layout.secrets, 0o700, None)
    given = _place_settings(layout, owner)
    release = releases.stage(_SOURCE, arguments.environment)
    releases.switch(release.name)
    layout.command.parent.mkdir(parents=True, exist_ok=True)
    replace_link(layout.command, Path("/opt/kelpie/current/bin/kelpie"))
    machine.reload_units(layout)
    return _told(layout, release, before, given)


def _place_files(layout: Layout) -> tuple[int, int] | None:
    deploy = _SOURCE / "deploy/systemd"
    layout.user_file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(deploy / "kelpie.sysusers", layout.user_file)
    layout.units.mkdir(parents=True, exist_ok=True)
    for unit in UNITS:
        shutil.copyfile(deploy / unit, layout.units / unit)
    return machine.make_user(layout)


def _place_settings(layout: Layout, owner: tuple[int, int] | None) -> str:
    """Never over settings that are there; says whence they came."""
    path = layout.settings
    came = "kept as they were"
    if not path.exists():
        ours = _SOURCE / ".env"
        came = f"taken from {ours}" if ours.exists() else "all as they come: a demo"
        text = (ours if ours.exists() else _SOURCE / ".env.example").read_text()
        path.parent.mkdir(parents=True, exist_ok=True)
        example = "/opt/kelpie/current/lib/.env.example"
        head = _HEAD.format(example=example, user=USER, secrets="/etc/kelpie/secrets")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(head + _without_places(text))
    path.chmod(0o600)
    if owner is not None:
        os.chown(path, *owner)
    return came


def _without_places(text: str) -> str:
    """Where a checkout has its state and its logs is no place of a service."""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if line.partition("=")[0].strip() not in _PLACES)


def _told(layout: Layout, release: Release, before: Release | None, given: str) -> list[str]:
    lines = [
        f"Installed: {release.path} (version {release.version}); {layout.current} leads to it.",
        f"Settings: {layout.settings}, {given}.",
        f"State: {layout.state}. Logs: {layout.logs}, and `journalctl -u kelpie`.",
    ]
    if (_SOURCE / "state").is_dir() and not any(layout.state.iterdir()):
        lines.append(
            f"The state that this checkout made ({_SOURCE / 'state'}) was left where it is: the "
            "service begins with an empty book. docs/home-server.md says how to take it along."
        )
    if before is None:
        lines.append("Next: `sudo systemctl enable --now kelpie`, then `sudo kelpie status`.")
    elif before.name == release.name:
        lines.append("It was installed already; nothing else changed.")
    else:
        lines.append(
            f"Before it was {before.name}, which is kept. `sudo systemctl restart kelpie` starts "
            "the new one; positions and their stops stay as they are."
        )
    return lines


def _uninstall(layout: Layout, _: argparse.Namespace) -> list[str]:
    if any((layout.units / unit).exists() for unit in UNITS):
        machine.stop_service(layout)
    for path in (*(layout.units / unit for unit in UNITS), layout.user_file, layout.command):
        path.unlink(missing_ok=True)
    if layout.releases.exists():
        shutil.rmtree(layout.releases)
    machine.reload_units(layout)
    return [
        "Kelpie is stopped and uninstalled. Orders at the broker stand as they stood: look there.",
        f"Kept: {layout.settings.parent}, {layout.state}, {layout.logs} and the user {USER}. "
        "Delete them by hand when you are sure; the book is the record for your tax.",
    ]
