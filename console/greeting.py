"""The first lines on the screen, and those that say where to look."""

from __future__ import annotations

import os
import sys

from config.modes import Mode
from config.settings import Settings


def greeting(settings: Settings, version: str) -> tuple[str, str]:
    """What this is, in which mode, and what it trades through which gateway."""
    what = {
        Mode.DEMO: "play money at an embedded, simulated IB Gateway; nothing leaves this machine",
        Mode.OBSERVE: "a real gateway, and no orders",
        Mode.PAPER: "paper money at IB",
        Mode.LIVE: "REAL MONEY at IB; positions are opened while it is armed, and else never",
    }[settings.mode]
    symbols = ", ".join(str(symbol) for symbol in settings.allowed_symbols)
    gateway = "embedded gateway" if settings.mode is Mode.DEMO else "gateway"
    return (
        f"{'KELPIE':<9} {version}, mode {settings.mode.upper()}: {what}.",
        f"{'TRADES':<9} {symbols} through the {gateway} at {settings.ib_host}:{settings.ib_port}",
    )


def where_to_look(settings: Settings, *, journal: bool = False) -> tuple[str, ...]:
    """The command, the address and the file that tell more."""
    if journal:
        return ("`sudo kelpie status` for a summary, `journalctl -u kelpie` for everything",)
    return (
        f"`{os.path.relpath(sys.executable)} supervisor.py status` for a summary, "
        "`... actors` for the tree",
        f"http://{settings.hook_host}:{settings.hook_port} in a browser, once `... phone` has "
        f"paired it; for programs /openapi.json, by the token in "
        f"{settings.state_dir / 'hook.read.token'}",
        f"{settings.log_dir / 'kelpie.log'} for everything; Ctrl-C stops in order",
    )
