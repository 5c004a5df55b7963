"""`kelpie phone`: pair a device by a link that is good once, list what is paired, end a pairing.

It works on STATE_DIR itself, so that a pairing can be ended whatever the hook is doing.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode, urlsplit

import httpx
import segno

from config.entries import SettingsError
from config.hook import is_loopback
from config.logs import SYDNEY
from config.settings import Settings
from console.client import url_of
from console.columns import fitted
from console.owner.words import sydney
from console.phones import LINK_GOOD_FOR, NAMES_ALLOWED, PhoneRefused, Phones, PhonesUnreadable
from console.scopes import Grade
from runtime.arguments import Arguments
from runtime.clocks import SystemClock

_OK, _FAILED = 0, 1
_SECONDS: Final = 3.0
_PORTS: Final = {"http": 80, "https": 443}


class _Unreachable(Exception):
    """The hook would not be reached, or not answer, under the address; says what to do."""


@dataclass(frozen=True, slots=True)
class _Address:
    """Where the device asks: `http://10.8.0.1:8765`."""

    scheme: str
    host: str
    port: int

    @property
    def place(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.place}"


def main(words: Sequence[str]) -> int:
    """Run `kelpie phone …`; the exit status: 0 done, 1 refused or failed."""
    arguments = _parser().parse_args(words)
    try:
        settings = Settings.load()
        phones = Phones(settings.state_dir, wait=True)
        if arguments.action == "list":
            return _list(phones, as_json=arguments.json)
        if arguments.action == "revoke":
            return _revoke(phones, arguments.device)
        return _pair(settings, phones, arguments)
    except (SettingsError, PhoneRefused, PhonesUnreadable, _Unreachable) as error:
        sys.stderr.write(f"{error}\n")
    except OSError as error:
        sys.stderr.write(f"STATE_DIR cannot be written: {error}\n")
    return _FAILED


def _parser() -> argparse.ArgumentParser:
    parser = Arguments(
        prog="kelpie phone",
        description="Pair a phone (or any browser) with Kelpie's pages: prints a link, and the "
        "same as a QR code, that is good once and for ten minutes. `kelpie phone list` shows what "
        "is paired, `kelpie phone revoke NAME` ends a pairing at once.",
        epilog="How a phone reaches this box, by WireGuard or Tailscale and never by an open "
        "port, is in docs/phone.md.",
    )
    parser.add_argument("action", nargs="?", choices=("list", "revoke"), help="or pair one")
    parser.add_argument("device", nargs="?", metavar="NAME", help="whose pairing ends")
    parser.add_argument("--name", default="phone", help=f"of the new device: {NAMES_ALLOWED}")
    parser.add_argument(
        "--scope",
        type=Grade,
        choices=tuple(Grade),
        default=Grade.LOOK,
        help="; ".join(f"{grade}: {grade.sentence}" for grade in Grade),
    )
    parser.add_argument(
        "--address",
        help="where the device reaches Kelpie, as https://kelpie.tail1234.ts.net or 10.8.0.1; "
        "the first of HOOK_NAMES unless given",
    )
    parser.add_argument("--yes", action="store_true", help="give the scope trade without asking")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _pair(settings: Settings, phones: Phones, arguments: argparse.Namespace) -> int:
    address = _address(settings, arguments.address)
    runs = _is_answered(settings, address)
    if arguments.scope is Grade.TRADE and not arguments.yes and not _said(arguments.name):
        sys.stderr.write("Nothing was made.\n")
        return _FAILED
    now = SystemClock().now()
    https = address.scheme == "https"
    secret = phones.invite(arguments.name, arguments.scope, https=https, now=now)
    url = f"{address}/pair?{urlencode({'link': secret})}"
    until = now + LINK_GOOD_FOR
    if arguments.json:
        told = {"url": url, "name": arguments.name, "scope": arguments.scope}
        told["until"] = until.isoformat()
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
        return _OK
    lines = fitted(f"{arguments.name} may {arguments.scope.sentence}.")
    lines += [_drawn(url), url, ""]
    lines += fitted(f"Open it on the device, once, until {sydney(now + LINK_GOOD_FOR, now)}.")
    if not runs:
        lines += fitted("Kelpie is not running: start it first.")
    if is_loopback(address.host):
        lines += fitted("Only this machine reaches that address: docs/phone.md says how others do.")
    elif not https:
        lines += fitted("Use it inside WireGuard or Tailscale alone: nothing else hides it.")
    sys.stdout.write("\n".join(lines) + "\n")
    return _OK


def _list(phones: Phones, *, as_json: bool) -> int:
    paired = phones.read()
    now = SystemClock().now()
    rows = [
        {"name": each.name, "scope": each.grade, "paired_at": each.since.isoformat()}
        for each in paired.phones
    ]
    links = [
        {"name": each.name, "scope": each.grade, "until": each.until.isoformat()}
        for each in paired.links
        if each.until > now
    ]
    if as_json:
        sys.stdout.write(json.dumps({"items": rows, "links": links}, indent=2) + "\n")
        return _OK
    lines = [] if rows else ["No device is paired."]
    for row in rows:
        grade = Grade(row["scope"])
        lines += fitted(f"{row['name']}  since {_day(row['paired_at'])}; may {grade.sentence}")
    for link in links:
        until = sydney(datetime.fromisoformat(link["until"]), now)
        lines += fitted(f"{link['name']}  not paired yet: its link is good until {until}")
    sys.stdout.write("\n".join(lines) + "\n")
    return _OK


def _day(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(SYDNEY):%a %d %b %Y}"


def _revoke(phones: Phones, name: str | None) -> int:
    if name is None:
        raise PhoneRefused("Name the device: `kelpie phone list` shows them.")
    phones.revoke(name)
    sys.stdout.write("\n".join(fitted(f"{name} is shut out from now on.")) + "\n")
    return _OK


def _address(settings: Settings, given: str | None) -> _Address:
    """Take the address that is given, or the best that the settings know.

    Raises:
        _Unreachable: it is none, or the hook would refuse it.
    """
    own = settings.hook_host
    text = given or next(iter(settings.hook_names), own if own != "0.0.0.0" else "127.0.0.1")
    address = _parsed(text, settings.hook_port)
    allowed = {*settings.hook_names, own}
    if address.host not in allowed and not is_loopback(address.host):
        names = ",".join([*settings.hook_names, address.host])
        raise _Unreachable(
            f"Kelpie would refuse what asks for {address.host}. Put `HOOK_NAMES={names}` into "
            ".env, start Kelpie again, then say this once more."
        )
    return address


def _parsed(text: str, hook_port: int) -> _Address:
    bare = "://" not in text
    if bare:
        host = f"[{text}]" if text.count(":") > 1 and not text.startswith("[") else text
        text = f"{'https' if text.endswith('.ts.net') else 'http'}://{host}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/"):
        raise _Unreachable(
            f"{text!r} is no address: give it as https://kelpie.tail1234.ts.net or as 10.8.0.1."
        )
    if port is None:
        port = hook_port if bare and parts.scheme == "http" else _PORTS[parts.scheme]
    return _Address(parts.scheme, parts.hostname, port)


def _is_answered(settings: Settings, address: _Address) -> bool:
    """Whether Kelpie runs; it is asked under the name that the device will say.

    Raises:
        _Unreachable: it runs, and does not know that name.
    """
    try:
        answer = httpx.get(
            f"{url_of(settings)}/health/live",
            headers={"host": address.place},
            timeout=_SECONDS,
            trust_env=False,
        )
    except httpx.HTTPError:
        return False
    if answer.status_code == 421:
        raise _Unreachable(
            f"HOOK_NAMES has {address.host}, but Kelpie was started before: start it again, then "
            "say this once more."
        )
    return True


def _said(name: str) -> bool:
    """Have it said expressly: whoever holds the device could close everything."""
    sys.stderr.write(
        "\n".join(fitted(f"Whoever holds {name} could close every position with it.")) + "\n"
    )
    if not sys.stdin.isatty():
        sys.stderr.write("Say --yes to have it done without being asked.\n")
        return False
    sys.stderr.write("Type TRADE to allow it: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() == "TRADE"


def _drawn(url: str) -> str:
    """Draw the QR code for a terminal, in 41 columns for an address of usual length."""
    drawing = io.StringIO()
    segno.make(url, error="l").terminal(out=drawing, compact=True, border=2)
    return drawing.getvalue().rstrip("\n")
