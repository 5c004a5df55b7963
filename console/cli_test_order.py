"""`kelpie test-order`: one small order far from the market, placed, seen to work, and taken back.

It goes the way of every order. Whatever happens, it is taken back in the end; where that cannot be
seen, what stands is said.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from typing import Any, NoReturn
from urllib.parse import quote

from console.client import HookClient, HookRefused, NotRunning, find_access
from console.trial_page import Outcome, bought_of, page, shown, steps_of, still_open
from runtime.clocks import SystemClock

_OK, _FAILED, _INTERRUPTED = 0, 1, 130
_FINAL = ("FILLED", "CANCELLED", "REJECTED", "EXPIRED", "NOT_SENT")
_LOOK_SECONDS = 0.1
_DECIDED_SECONDS = 8.0
"""The desk has decided by then, its question to the venue included."""


def add_test_order(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `test-order`."""
    parser.description = (
        "Prove that orders work before the first real signal, in demo and paper: the smallest "
        "sensible purchase, well below the market, goes through all gates to the venue, is seen "
        "to work there, is cancelled, and is seen to be cancelled. Each step is printed with its "
        "time. What it would do is shown first and asked about. If it were filled against all "
        "expectation, it would be held under its stop like any position."
    )
    parser.add_argument("--symbol", help="as BHP/AUD; else the first whose market is open")
    parser.add_argument("--yes", action="store_true", help="do it without asking")
    parser.add_argument(
        "--wait", type=_seconds, default=20.0, metavar="SECONDS", help="for each answer (20)"
    )


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 300:
        raise argparse.ArgumentTypeError("give more than 0 and at most 300 seconds")
    return seconds


class _Stopped(Exception):
    """It cannot go on as it should: with the word and the sentence of its outcome."""

    def __init__(self, outcome: str, detail: str) -> None:
        super().__init__(detail)
        self.outcome, self.detail = outcome, detail


def test_order(arguments: argparse.Namespace) -> int:
    """Show it, ask, and do it."""
    clock = SystemClock()
    with HookClient(find_access(arguments.url, arguments.token_file, effects=True)) as hook:
        order = hook.get(_path_of(arguments.symbol))
        if not arguments.yes and not _agreed(order):
            sys.stderr.write("Nothing was done.\n")
            return _FAILED
        with _ends_like_ctrl_c():
            outcome = _Trial(hook, order, arguments.wait, clock.monotonic).run()
    if arguments.json:
        said = {name: getattr(outcome, name) for name in outcome.__slots__}
        sys.stdout.write(json.dumps(said, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(page(outcome)) + "\n")
    if outcome.outcome == "INTERRUPTED":
        return _INTERRUPTED
    return _OK if outcome.proven else _FAILED


@contextmanager
def _ends_like_ctrl_c() -> Iterator[None]:
    """A closed terminal or a SIGTERM leaves nothing behind either."""

    def interrupt(number: int, frame: object) -> NoReturn:
        raise KeyboardInterrupt

    before = {each: signal.signal(each, interrupt) for each in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _path_of(symbol: str | None) -> str:
    if symbol is None:
        return "/test-order"
    return f"/test-order?symbol={quote(symbol.replace('/', '-'), safe='')}"


class _Trial:
    """One order, from its placing to its end."""

    def __init__(
        self, hook: HookClient, order: dict[str, Any], wait: float, monotonic: Callable[[], float]
    ) -> None:
        self._hook, self._order, self._wait, self._monotonic = hook, order, wait, monotonic
        self._name = str(order["client_order_id"])
        self._in_doubt_until = 0.0
        """Monotonic: up to then what was asked for may still come into the book."""
        self._pause = threading.Event()

    def run(self) -> Outcome:
        """Place it, see it work, take it back, see it gone; and take it back whatever happens."""
        outcome = Outcome(self._order)
        try:
            self._place()
            self._until("WORKING", "NOT_WORKING")
            self._hook.delete(f"/orders/{self._name}")
            self._until("CANCELLED", "NOT_CANCELLED")
            outcome.proven, outcome.outcome = True, "PROVEN"
            outcome.detail = "Orders work: it was placed, worked at the venue, and is cancelled."
        except _Stopped as stopped:
            outcome.outcome, outcome.detail = stopped.outcome, stopped.detail
        except HookRefused as refused:
            outcome.outcome, outcome.detail = refused.code, str(refused)
        except NotRunning as error:
            outcome.outcome = "NOT_RUNNING"
            outcome.detail = f"Kelpie does not answer any more. {error}"
        except KeyboardInterrupt:
            outcome.outcome, outcome.detail = "INTERRUPTED", "It was interrupted."
        self._clean_up(outcome)
        return outcome

    def _place(self) -> None:
        names = ("client_order_id", "symbol", "side", "quantity", "type", "limit_price")
        self._in_doubt_until = self._monotonic() + _DECIDED_SECONDS
        try:
            self._hook.post("/orders", {name: self._order[name] for name in names})
        except HookRefused as refused:
            if 400 <= refused.status < 500:
                self._in_doubt_until = 0.0
            raise
        self._in_doubt_until = 0.0

    def _until(self, state: str, outcome: str) -> None:
        """Wait for the state. Raises `_Stopped` where it cannot come, or not in time."""
        limit = self._monotonic() + self._wait
        while True:
            now = self._now()
            if now["state"] == state and not _filled(now):
                return
            if _filled(now) or now["state"] in _FINAL:
                raise _Stopped(*_against_expectation(now, outcome))
            if self._monotonic() >= limit:
                said = f"After {self._wait:g} s it is {now['state']}, not {state}."
                raise _Stopped(outcome, said)
            self._pause.wait(_LOOK_SECONDS)

    def _now(self) -> dict[str, Any]:
        found: dict[str, Any] = self._hook.get(f"/orders/{self._name}")
        return found

    # -- nothing is left behind ----------------------------------------------------------

    def _clean_up(self, outcome: Outcome) -> None:
        """Take back what is still open, and say what stands."""
        try:
            if self._is_there():
                outcome.left = self._taken_back()
                outcome.steps = steps_of(self._hook.get(f"/orders/{self._name}/explain"))
        except HookRefused as refused:
            outcome.left = [f"{self._name}: not known. {refused}"]
        except (NotRunning, KeyboardInterrupt) as error:
            why = str(error) or "it was interrupted once more"
            outcome.left = [f"{self._name}: not known, for {why}"]
        if outcome.left:
            outcome.proven = False

    def _is_there(self) -> bool:
        """The book has it; what was on its way to the desk is waited for."""
        while True:
            try:
                self._now()
            except HookRefused as refused:
                if refused.code != "ORDER_NOT_KNOWN":
                    raise
                if self._monotonic() >= self._in_doubt_until:
                    return False
                self._pause.wait(_LOOK_SECONDS)
            else:
                return True

    def _taken_back(self) -> list[str]:
        """Ask for the cancel where it is open; what has not ended in time, and what was filled."""
        limit, asked = self._monotonic() + self._wait, False
        while True:
            now = self._now()
            standing = [each for each in (now, *now["related"]) if each["state"] not in _FINAL]
            bought = [bought_of(now, standing)] if _filled(now) else []
            # A stop and a target stay with what was filled: they are its protection.
            waits = now["state"] not in _FINAL if bought else bool(standing)
            if not waits or self._monotonic() >= limit:
                return [*map(still_open, standing), *bought]
            if not asked and now["state"] not in (*_FINAL, "UNKNOWN"):
                asked = True
                with suppress(HookRefused):  # it ended just now, or cannot be: its state says so
                    self._hook.delete(f"/orders/{self._name}")
            self._pause.wait(_LOOK_SECONDS)


def _filled(order: dict[str, Any]) -> bool:
    return Decimal(order["filled"]) != 0


def _against_expectation(order: dict[str, Any], outcome: str) -> tuple[str, str]:
    if _filled(order):
        return "FILLED", (
            f"Against all expectation {order['filled']} of it were filled at "
            f"{order['average_price']}."
        )
    why = f": {order['reason']}" if order["reason"] else ""
    return outcome, f"It is {order['state']}{why}."


def _agreed(order: dict[str, Any]) -> bool:
    sys.stderr.write("\n".join(shown(order)) + "\n")
    if not sys.stdin.isatty():
        sys.stderr.write("Say --yes to have it done without being asked.\n")
        return False
    sys.stderr.write("Do it? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
