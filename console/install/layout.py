"""Where an installed Kelpie lies.

    /opt/kelpie/<release>/    one version: lib (the rooms), venv (its libraries), bin/kelpie
    /opt/kelpie/current       a link to the release that the service starts
    /etc/kelpie/kelpie.env    the settings, mode 600
    /etc/kelpie/secrets/      a file for each secret that shall not stand in the settings, mode 600
    /var/lib/kelpie           the state: the book, the tokens, the back-ups
    /var/log/kelpie           the logs

All of it lies below `root`, which is `/` but for tests and packages.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

USER = "kelpie"
UNITS = ("kelpie.service",)


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one installation."""

    root: Path

    @property
    def is_machine(self) -> bool:
        """It is this machine's own, where a service manager is told."""
        return self.root.resolve() == Path("/")

    @property
    def releases(self) -> Path:
        return self.root / "opt/kelpie"

    @property
    def current(self) -> Path:
        return self.releases / "current"

    @property
    def settings(self) -> Path:
        return self.root / "etc/kelpie/kelpie.env"

    @property
    def secrets(self) -> Path:
        return self.root / "etc/kelpie/secrets"

    @property
    def state(self) -> Path:
        return self.root / "var/lib/kelpie"

    @property
    def logs(self) -> Path:
        return self.root / "var/log/kelpie"

    @property
    def units(self) -> Path:
        return self.root / "etc/systemd/system"

    @property
    def user_file(self) -> Path:
        """What makes the user, for systemd-sysusers."""
        return self.root / "etc/sysusers.d/kelpie.conf"

    @property
    def command(self) -> Path:
        """What a person types."""
        return self.root / "usr/local/bin/kelpie"
