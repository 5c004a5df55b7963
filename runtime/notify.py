"""Telling systemd how a service is: one datagram a word, as `sd_notify(3)` has it.

Nothing is told, and nothing done, where `NOTIFY_SOCKET` names no socket: by hand, in a container.
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping
from dataclasses import dataclass

_WORDS = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class Notifier:
    """Sends to the socket of the service manager; never blocks, never raises.

    A name that begins with `@` is of the abstract kind, which is no file.
    """

    def __init__(self, address: str) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)

    def send(self, *assignments: str) -> bool:
        """Tell these (`READY=1`, `STATUS=…`) in one piece; whether the manager has it."""
        text = "\n".join(each.replace("\n", " ") for each in assignments)
        try:
            self._socket.sendto(text.encode("utf-8", "replace"), self._address)
        except OSError:  # its queue is full, or nobody is there: asked again at the next turn
            return False
        return True

    def close(self) -> None:
        """Tell nothing more."""
        self._socket.close()


@dataclass(frozen=True, slots=True)
class ServiceManager:
    """What the manager that started this process wants of it."""

    notifier: Notifier
    watchdog_seconds: float | None
    """It ends a process that says nothing for so long; None where it does not watch."""


def service_manager(environ: MutableMapping[str, str]) -> ServiceManager | None:
    """Find who started this process; None where it was no service manager.

    Its words are taken out of `environ`, so that no program started from here speaks in our name.
    """
    words = {name: environ.pop(name, "") for name in _WORDS}
    address = words["NOTIFY_SOCKET"]
    if not address.startswith(("/", "@")):
        return None
    microseconds, pid = words["WATCHDOG_USEC"], words["WATCHDOG_PID"]
    watched = microseconds.isdigit() and int(microseconds) and pid in ("", str(os.getpid()))
    return ServiceManager(Notifier(address), int(microseconds) / 1e6 if watched else None)
