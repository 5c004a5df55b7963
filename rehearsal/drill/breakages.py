"""The five breakages: how each is made, what shows it, and how it is healed.

Each is real: a process is killed by the system, the kernel refuses to let files grow, the gateway
sends nothing. Nothing in Kelpie knows that it is a drill.
"""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Mapping
from contextlib import suppress
from decimal import ROUND_DOWN, Decimal
from typing import Protocol

from console.client import HookRefused, NotRunning
from rehearsal.drill.demo import UNANSWERED, UNANSWERED_ID, Demo, Failed

SHARE, OTHER = "BHP/AUD", "CBA/AUD"
"""What is held, and what the other orders are in."""
NIGHT_ID = "KLP-DRILL-NIGHT"
ENTRY: Mapping[str, str] = {"symbol": SHARE, "side": "BUY", "quantity": "100", "type": "MARKET"}
"""The new position that is asked for while something is broken."""
_NIGHT_QUANTITY = Decimal(20)
_FAR = Decimal("0.95")
_CENT = Decimal("0.01")
_FEW_BYTES = 8192
_SOON = 20.0


class Breakage(Protocol):
    """One thing that breaks."""

    name: str
    title: str
    will: str
    """What is going to be done, to a person."""

    def break_it(self, demo: Demo) -> None:
        """Do it."""

    def shows(self, demo: Demo) -> str:
        """What Kelpie says of it; empty while it has not noticed."""

    def entry(self) -> Mapping[str, str]:
        """The order that must be refused meanwhile."""

    def heal(self, demo: Demo) -> None:
        """Mend what was broken; the rest is Kelpie's own work."""

    def well(self, demo: Demo) -> str:
        """What shows that it is well again; empty while it is not."""


class GatewayGone:
    """The gateway's process dies."""

    name, title = "gateway", "The gateway is gone"
    will = "I kill the process of the gateway. Kelpie has to notice, and to find it again."

    def break_it(self, demo: Demo) -> None:
        os.kill(demo.gateway_pid(), signal.SIGKILL)

    def shows(self, demo: Demo) -> str:
        said = demo.ready()
        return "" if said is None or said["ready"] else str(said["reason"])

    def entry(self) -> Mapping[str, str]:
        return ENTRY

    def heal(self, demo: Demo) -> None:
        """Nothing: in demo Kelpie starts it again itself, as your container's manager does."""

    def well(self, demo: Demo) -> str:
        return "connected and reconciled again" if demo.is_ready() else ""


class QuotesSilent:
    """The prices stop, and nobody says so."""

    name, title = "quotes", "The quotes are silent"
    will = "The gateway stays connected and sends no prices any more, without a word."

    def __init__(self) -> None:
        self._rule = ""

    def break_it(self, demo: Demo) -> None:
        with demo.door() as door:
            self._rule = door.do("mute")

    def shows(self, demo: Demo) -> str:
        if demo.is_fresh(SHARE):
            return ""
        said = demo.get(f"/why-not/{SHARE.replace('/', '-')}")
        return str(said["verdict"]) if "NO_FRESH_QUOTE" in said["shut"] else ""

    def entry(self) -> Mapping[str, str]:
        return ENTRY

    def heal(self, demo: Demo) -> None:
        with demo.door() as door:
            door.end(self._rule)

    def well(self, demo: Demo) -> str:
        return "fresh prices again" if demo.is_fresh(SHARE) else ""


class OrderUnanswered:
    """An order leaves, the broker takes it, and no answer comes."""

    name, title = "order", "An order is not answered"
    will = (
        "An order far below the market leaves. The broker takes it, and the gateway keeps every "
        "answer back. Kelpie must neither believe it gone nor send it again."
    )

    def __init__(self) -> None:
        self._terms: dict[str, str] = {}
        self._asked_at = 0.0

    def break_it(self, demo: Demo) -> None:
        self._terms = far_order(demo, UNANSWERED_ID)
        demo.post("/orders", self._terms)
        self._asked_at = demo.seconds()
        # Asked for once more under the same name, as a program does that heard nothing.
        demo.post("/orders", self._terms)

    def shows(self, demo: Demo) -> str:
        taken = {each.request.order_ref: each.status for each in demo.books().orders}
        quiet = demo.seconds() - self._asked_at
        if UNANSWERED_ID not in taken or quiet < 2.0 or demo.state(UNANSWERED_ID) != "SENT":
            return ""
        story = demo.get(f"/orders/{UNANSWERED_ID}/explain")
        return f"{story['summary']} (The broker has it as {taken[UNANSWERED_ID]}.)"

    def entry(self) -> Mapping[str, str]:
        """The same once more under another name, as somebody does who believes it lost."""
        return {name: value for name, value in self._terms.items() if name != "client_order_id"}

    def heal(self, demo: Demo) -> None:
        with demo.door() as door:
            door.end(UNANSWERED)

    def well(self, demo: Demo) -> str:
        if demo.state(UNANSWERED_ID) != "WORKING":
            return ""
        demo.delete(f"/orders/{UNANSWERED_ID}")
        demo.until(
            lambda: demo.state(UNANSWERED_ID) == "CANCELLED", "the order is taken back", _SOON
        )
        placed = demo.wire().orders_per_ref()[UNANSWERED_ID]
        if placed != 1:
            raise Failed(f"{UNANSWERED_ID} went over the wire {placed} times")
        return "it works, was sent once, and is taken back"


class ProcessKilled:
    """Kelpie itself is killed, and the market goes on."""

    name, title = "process", "Kelpie is killed"
    will = (
        "kill -9, in the middle of everything. While nobody is there, the broker fills an order "
        "of Kelpie's. Then it is started again, as systemd does."
    )

    def __init__(self) -> None:
        self._filled = False

    def break_it(self, demo: Demo) -> None:
        demo.post("/orders", far_order(demo, NIGHT_ID))
        demo.until(lambda: demo.state(NIGHT_ID) == "WORKING", "an order works", _SOON)
        demo.kill()
        with demo.door() as door:
            door.do("fill", order_ref=NIGHT_ID)

    def shows(self, demo: Demo) -> str:
        try:
            demo.get("/orders")
        except NotRunning as error:
            return f"Kelpie is not running. {error}"
        return ""

    def entry(self) -> Mapping[str, str]:
        return ENTRY

    def heal(self, demo: Demo) -> None:
        demo.start()

    def well(self, demo: Demo) -> str:
        if not demo.is_ready() or demo.state(NIGHT_ID) != "FILLED":
            return ""
        booked = [
            Decimal(each["quantity"])
            for each in demo.get("/fills")["items"]
            if each["client_order_id"] == NIGHT_ID
        ]
        if sum(booked) != _NIGHT_QUANTITY:
            return ""
        return f"ready again; what was filled meanwhile ({_NIGHT_QUANTITY} {OTHER}) is booked once"


class DiskFull:
    """No file of Kelpie's may grow any more."""

    name, title = "disk", "The disk is full"
    will = (
        "From now on the kernel refuses whatever makes a file of Kelpie's larger, as it does on a "
        "full disk."
    )

    def __init__(self) -> None:
        self._before = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)

    def break_it(self, demo: Demo) -> None:
        self._before = resource.prlimit(demo.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(demo.pid, resource.RLIMIT_FSIZE, (_FEW_BYTES, self._before[1]))
        # Something has to be written before anybody can find that it cannot be; what is asked
        # behind it cannot be read then.
        with suppress(HookRefused):
            demo.post("/trading/resume", {"reason": "the drill has something written"})

    def shows(self, demo: Demo) -> str:
        alerts = [each for venue in demo.get("/venues")["items"] for each in venue["alerts"]]
        said = (each["sentence"] for each in alerts if each["code"] == "BOOK_NOT_WRITABLE")
        return next(said, "")

    def entry(self) -> Mapping[str, str]:
        return ENTRY

    def heal(self, demo: Demo) -> None:
        resource.prlimit(demo.pid, resource.RLIMIT_FSIZE, self._before)

    def well(self, demo: Demo) -> str:
        return "it is written again" if not self.shows(demo) and demo.is_ready() else ""


def five() -> tuple[Breakage, ...]:
    """All of them, in the order in which they are shown."""
    return (GatewayGone(), QuotesSilent(), OrderUnanswered(), ProcessKilled(), DiskFull())


def far_order(demo: Demo, order_id: str) -> dict[str, str]:
    """A purchase that rests: five percent below the market."""
    quotes = {each["symbol"]: each for each in demo.get("/quotes")["items"]}
    limit = (Decimal(str(quotes[OTHER]["bid"])) * _FAR).quantize(_CENT, ROUND_DOWN)
    return {
        "client_order_id": order_id,
        "symbol": OTHER,
        "side": "BUY",
        "quantity": str(_NIGHT_QUANTITY),
        "type": "LIMIT",
        "limit_price": str(limit),
    }


def refusal(demo: Demo, order: Mapping[str, str]) -> tuple[str, str]:
    """Ask for a new position; the code and the sentence with which it was refused.

    Raises:
        Failed: it was taken.
    """
    try:
        taken = demo.post("/orders", dict(order))
    except NotRunning:
        return "NOT_RUNNING", "Nobody is there to take it."
    except HookRefused as refused:
        return refused.code, str(refused)
    raise Failed(f"a new position was taken meanwhile: {taken['client_order_id']}")
