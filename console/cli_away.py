"""`kelpie away FROM TO`: nobody can log the gateway in meanwhile, and what is to happen then."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from console.client import HookClient, find_access
from console.columns import fitted
from domain.away import Then
from runtime.arguments import WRONGLY_CALLED

_SYDNEY = ZoneInfo("Australia/Sydney")
_PATH = "/away"
_WORDS = {
    Then.EXITS_ONLY: "no new positions",
    Then.WIND_DOWN: "no new positions, and what is held is left",
    Then.NOTHING: "nothing: Kelpie goes on as always",
}


def add_away(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `away`."""
    parser.description = (
        "You are away, and cannot log the gateway in: IB ends its login every Sunday (15:00 to "
        "17:00 in Sydney), and from the gateway's next restart on nothing can be traded until a "
        "person has logged in; the stops at IB stand. --then says what Kelpie does before a login "
        "that falls into that time: exits-only (the default) opens nothing new from the beginning "
        "of each market's last session before it; wind-down also leaves what is held, in the last "
        "two hours of that session; nothing goes on as always. Once somebody has logged in, or "
        "you are back, it ends by itself. Without times it shows what is known."
    )
    parser.add_argument(
        "since", metavar="FROM", nargs="?", type=_moment, help="in Sydney: 2026-12-18, or with T15"
    )
    parser.add_argument(
        "until",
        metavar="TO",
        nargs="?",
        type=_end,
        help="in Sydney; a date alone is meant with all of that day",
    )
    parser.add_argument(
        "--then", choices=[each.value for each in Then], default=None, help="exits-only by default"
    )
    parser.add_argument("--cancel", action="store_true", help="you can log in after all")
    parser.add_argument("--reason", help="why; it goes into the audit")


def away(arguments: argparse.Namespace) -> int:
    """Tell it, take it back, or show it."""
    times = (arguments.since, arguments.until)
    wrong = arguments.cancel and (arguments.since or arguments.then)
    if wrong or (times[0] is None) is not (times[1] is None) or (arguments.then and not times[0]):
        sys.stderr.write("Say FROM and TO, or --cancel, or nothing at all to see what is known.\n")
        return WRONGLY_CALLED
    effects = arguments.cancel or arguments.since is not None
    with HookClient(find_access(arguments.url, arguments.token_file, effects=effects)) as hook:
        if arguments.cancel:
            said = hook.delete(_PATH)
        elif arguments.since is not None:
            body = {
                "since": arguments.since.isoformat(),
                "until": arguments.until.isoformat(),
                "then": arguments.then or Then.EXITS_ONLY.value,
                "reason": arguments.reason or "kelpie away",
            }
            said = hook.post(_PATH, body)
        else:
            said = hook.get(_PATH)
    if arguments.json:
        sys.stdout.write(json.dumps(said, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(away_lines(said)) + "\n")
    return 0


def away_lines(said: Mapping[str, Any]) -> list[str]:
    """What is known of it, in at most 46 columns."""
    if not said["away"]:
        return fitted(said["detail"])
    lines = fitted(f"Away      {_local(said['since'])} to {_local(said['until'])} (Sydney)")
    lines += fitted(f"Then      {_WORDS[Then(said['then'])]}, if a login is missed")
    lines += fitted(f"Logins    {', '.join(map(_local, said['logins'])) or 'none in that time'}")
    lines += fitted(said["detail"])
    if said["missed"] is not None:
        lines += fitted(f"Before the login of {_local(said['missed'])}:")
        lines += _markets(said["markets"])
    return lines


def _markets(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    lines: list[str] = []
    for row in rows:
        if row["held"]:
            words = "no new positions now"
        elif row["held_from"] is not None:
            words = f"no new positions from {_local(row['held_from'])}"
        else:
            words = "not yet: its last session is not known"
        if row["leaves"]:
            words += "; what is held is being left"
        elif row["leaves_from"] is not None:
            words += f"; left from {_local(row['leaves_from'])}"
        lines += fitted(f"{row['symbol']}: {words}", "  ")
    return lines


def _local(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(_SYDNEY):%a %d %b %H:%M}"


def _moment(text: str) -> datetime:
    """A moment in Sydney: a date is its midnight."""
    return _read(text, timedelta(0))


def _end(text: str) -> datetime:
    """The same, but a date is meant with all of its day."""
    return _read(text, timedelta(days=1))


def _read(text: str, whole_day: timedelta) -> datetime:
    try:
        if len(text) <= len("2026-12-18"):
            local = datetime.combine(date.fromisoformat(text) + whole_day, time(), _SYDNEY)
        else:
            local = datetime.fromisoformat(text)
            local = local if local.tzinfo is not None else local.replace(tzinfo=_SYDNEY)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time: say it as 2026-12-18 or 2026-12-18T15:00, in Sydney"
        ) from None
    moment = local.astimezone(UTC)
    back = moment.astimezone(local.tzinfo)
    if back.replace(tzinfo=None) != local.replace(tzinfo=None):
        raise argparse.ArgumentTypeError(
            f"{text!r} does not exist in Sydney: the clocks leap over it"
        )
    return moment
