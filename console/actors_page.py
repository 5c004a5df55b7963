"""The actors in a terminal: pure, from the hook's JSON to lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

Json = Mapping[str, Any]


def actors_table(items: Iterable[Json]) -> list[str]:
    """One line for each actor: who, which incarnation, what waits, how long handlers take."""
    lines = [f"{'ACTOR':<22} {'INC':>4} {'WAIT':>5} {'P99 MS':>7}  NOW"]
    for item in items:
        handling = item["handling"]
        now = "" if handling is None else f"{handling['message']} {handling['seconds']:.1f} s"
        if not item["answers"]:
            now = f"HANGS in {now}"
        waiting = sum(item["mailbox"].values())
        p99 = item["handle_seconds_p99"] * 1000
        lines.append(
            f"{item['name']:<22} {item['incarnation']:>4} {waiting:>5} {p99:>7.2f}  {now}".rstrip()
        )
    return lines


def actor_page(actor: Json) -> list[str]:
    """One actor, with all that it says of itself."""
    lines = actors_table([actor])
    if actor["uptime_seconds"] is not None:
        up = timedelta(seconds=int(actor["uptime_seconds"]))
        lines.append(f"up {up}, restarts {actor['restarts']}, handled {actor['handled']}")
    lines += [f"waiting {lane}: {depth}" for lane, depth in actor["mailbox"].items() if depth]
    if actor["state"] is not None:
        age = "now" if actor["answered"] else f"{actor['state_age_seconds']:.1f} s ago"
        lines.append(f"it says ({age}):")
        lines += [f"  {name}: {value}" for name, value in actor["state"].items()]
    lines += [f"handled {kind}: {count}" for kind, count in actor["counts"].items()]
    if actor["last_exit"] is not None:
        last = actor["last_exit"]
        lines.append(f"last ended: {last['kind']} {last['sentence']}".rstrip())
    if actor["last_error"]:
        lines += ["last error:", *actor["last_error"].rstrip().splitlines()]
    return lines
