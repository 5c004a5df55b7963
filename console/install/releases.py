"""Releases: each a folder of its own, with its libraries; a link says which one is started.

A release is named for its version and for what is in it (`0.1.0-3f9a1c2b`), so the same sources
give the same release, and two versions never share a file. It is staged beside the others and
takes its name only when it is whole; the link is replaced in one step. So whatever is interrupted,
`current` leads to a release that is whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from console.install.layout import Layout

#: What of a checkout is installed; of the rehearsal the drill is for its owner.
ROOMS = (
    "actors",
    "adapters",
    "config",
    "console",
    "deploy",
    "docs",
    "domain",
    "rehearsal",
    "requirements",
    "runtime",
    "simulators",
)
FILES = ("supervisor.py", "pyproject.toml", ".env.example", "LICENSE", "README.md")
_FACTS = "release.json"

#: As root it becomes the owner of the settings, so that nothing of the state is ever root's; but
#: for what changes the releases themselves.
_COMMAND = """\
#!/bin/sh
set -eu
release=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")
: "${KELPIE_SETTINGS:=${release%/opt/kelpie/*}/etc/kelpie/kelpie.env}"
export KELPIE_SETTINGS
if [ "$(id -u)" = 0 ] && [ "${1:-}" != upgrade ] && [ "${1:-}" != rollback ]; then
    owner=$(stat -c %U -- "$KELPIE_SETTINGS")
    [ "$owner" = root ] || [ "$owner" = UNKNOWN ] || exec runuser -u "$owner" -- "$0" "$@"
fi
exec "$release/venv/bin/python" "$release/lib/supervisor.py" "$@"
"""


class InstallError(Exception):
    """It cannot be installed; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Release:
    """One of them; `name` is that of its folder."""

    name: str
    version: str
    path: Path


class Releases:
    """The releases of one installation."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def all(self) -> list[Release]:
        """Those that are whole, by name."""
        found = sorted(self._layout.releases.glob(f"*/{_FACTS}"))
        return [self._read(path.parent) for path in found if not path.parent.is_symlink()]

    def current(self) -> Release | None:
        """The one that is started; None where there is none."""
        path = self._layout.current
        return self._read(path.resolve()) if path.is_symlink() and path.exists() else None

    def stage(self, source: Path, environment: Path | None = None) -> Release:
        """Have a release of these sources, whole; it is not started by that.

        Its libraries are installed by their locked versions and hashes, or, with `environment`,
        are those of a virtual environment that has them.

        Raises:
            InstallError: a library cannot be had, or the sources are no checkout of Kelpie.
            OSError: the disk does not take it.
        """
        name, version = name_of(source)
        final = self._layout.releases / name
        if (final / _FACTS).exists():
            return self._read(final)
        draft = self._layout.releases / f".{name}.part"
        shutil.rmtree(draft, ignore_errors=True)
        (draft / "bin").mkdir(parents=True)
        _copy(source, draft / "lib")
        if environment is not None:
            (draft / "venv").symlink_to(environment.resolve())
        else:
            _make_environment(draft, self._requirements(draft / "lib"))
        _run([_python(draft), "-m", "compileall", "-q", str(draft / "lib")], "compiling")
        command = draft / "bin/kelpie"
        command.write_text(_COMMAND)
        command.chmod(0o755)
        facts = {"name": name, "version": version, "python": sys.version.split()[0]}
        (draft / _FACTS).write_text(json.dumps(facts, indent=1) + "\n")
        os.sync()
        draft.replace(final)
        return self._read(final)

    def switch(self, name: str) -> Release:
        """Have that release started from the next start on.

        Raises:
            InstallError: there is no such release.
        """
        if not (self._layout.releases / name / _FACTS).exists():
            have = ", ".join(each.name for each in self.all()) or "none"
            raise InstallError(f"There is no release {name}. There are: {have}.")
        replace_link(self._layout.current, Path(name))
        return self._read(self._layout.releases / name)

    def remove(self, name: str) -> None:
        """Delete a release that is not the current one.

        Raises:
            InstallError: it is.
        """
        current = self.current()
        if current is not None and current.name == name:
            raise InstallError(f"{name} is the current release: switch to another before.")
        shutil.rmtree(self._layout.releases / name)

    def _requirements(self, lib: Path) -> Path:
        """The settings say which library speaks to the gateway."""
        chosen = setting_of(self._layout.settings, "IB_LIBRARY").lower()
        return lib / "requirements" / ("ib_async.txt" if chosen == "ib_async" else "run.txt")

    def _read(self, path: Path) -> Release:
        facts = json.loads((path / _FACTS).read_text())
        return Release(facts["name"], facts["version"], path)


def name_of(source: Path) -> tuple[str, str]:
    """The name that a release of these sources has, and its version.

    Raises:
        InstallError: they are no checkout of Kelpie.
    """
    try:
        version = tomllib.loads((source / "pyproject.toml").read_text())["project"]["version"]
        digest = hashlib.sha256()
        for path in _files(source):
            content = hashlib.sha256((source / path).read_bytes()).hexdigest()
            digest.update(f"{path.as_posix()} {content}\n".encode())
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise InstallError(f"{source} is no checkout of Kelpie ({error}).") from error
    return f"{version}-{digest.hexdigest()[:8]}", str(version)


def setting_of(path: Path, name: str) -> str:
    """The value of a setting in a file of settings; empty where it is not given."""
    value = ""
    for line in path.read_text().splitlines() if path.exists() else ():
        left, equals, right = line.partition("=")
        if equals and left.strip().removeprefix("export ").strip() == name:
            value = right.strip().strip("'\"")
    return value


def replace_link(link: Path, target: Path) -> None:
    """Point a link at another target, in one step."""
    fresh = link.with_name(f".{link.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


def _files(source: Path) -> Iterator[Path]:
    for name in FILES:
        yield Path(name)
    for room in ROOMS:
        for path in sorted((source / room).rglob("*")):
            hidden = any(part.startswith((".", "__pycache__")) for part in path.parts)
            if path.is_file() and not hidden and path.suffix != ".pyc":
                yield path.relative_to(source)


def _copy(source: Path, target: Path) -> None:
    for path in _files(source):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, target / path)


def _make_environment(draft: Path, requirements: Path) -> None:
    _run([sys.executable, "-m", "venv", str(draft / "venv")], "making the environment")
    pip = [_python(draft), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    _run([*pip, "--require-hashes", "-r", str(requirements)], "installing the libraries")


def _python(draft: Path) -> str:
    return str(draft / "venv/bin/python")


def _run(argv: list[str], what: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-5:]
        raise InstallError(f"It failed while {what}:\n" + "\n".join(said))
