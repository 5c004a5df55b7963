"""The settings of the hook: where it listens, under which names, and what opens it."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

from config import values
from config.entries import Entry
from config.values import wrong

_RANDOM = "$(openssl rand -hex 32)"
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9]([a-z0-9-]{0,62}))*")
#: Tailscale gives its members addresses of this block, which no router on the internet passes on.
_SHARED = ipaddress.ip_network("100.64.0.0/10")


def is_loopback(host: str) -> bool:
    """Whether this machine alone can reach what listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_place(host: str, *, has_tokens: bool) -> str:
    """Let the hook listen on loopback, or, with tokens given, where a tunnel ends.

    Raises:
        PydanticCustomError: the internet could reach it there, or nobody can tell.
    """
    if is_loopback(host):
        return host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise wrong("a name may stand for any address: give the address itself") from None
    # Of the two wildcards the one is what a container listens on, behind a port that is published
    # on loopback; the other takes in the public address that every box has on IPv6.
    if str(address) != "0.0.0.0" and (address.is_unspecified or not _is_inside(address)):
        raise wrong("the internet could reach the hook there: docs/phone.md has two ways in")
    if not has_tokens:
        raise wrong(
            "others than this machine could reach the hook there, and HOOK_TOKEN and "
            "HOOK_READ_TOKEN are not both given"
        )
    return host


def _is_inside(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.is_private or address in _SHARED


def _names(value: object) -> object:
    if isinstance(value, str):
        value = tuple(part for part in re.split(r"[\s,]+", value.lower()) if part)
    if not isinstance(value, tuple):
        return value
    bad = [str(name) for name in value if not _is_name(str(name))]
    if bad:
        raise wrong(f"{', '.join(bad)}: a name alone, without https:// and without a port")
    return tuple(dict.fromkeys(value))


def _is_name(name: str) -> bool:
    try:
        return not ipaddress.ip_address(name).is_unspecified
    except ValueError:
        return _NAME.fullmatch(name) is not None


def _place(host: str) -> str:
    return host.lower()


HookToken = Annotated[
    values.Token | None,
    Entry(
        "Opens the whole hook. Unless given, one is made in STATE_DIR/hook.token.",
        "at least 32 characters",
        _RANDOM,
        secret=True,
    ),
]
HookReadToken = Annotated[
    values.Token | None,
    Entry(
        "Opens what only reads. Unless given, one is made in STATE_DIR/hook.read.token.",
        "at least 32 characters, another than HOOK_TOKEN",
        _RANDOM,
        secret=True,
    ),
]
HookHost = Annotated[
    values.Host,
    AfterValidator(_place),
    Entry(
        "Where the hook listens. docs/phone.md says how a phone reaches it.",
        "a loopback address; with HOOK_TOKEN and HOOK_READ_TOKEN given also a private address, "
        "or 0.0.0.0 in a container",
        "127.0.0.1",
    ),
]
HookNames = Annotated[
    tuple[str, ...],
    NoDecode,
    BeforeValidator(_names),
    Entry(
        "The names and addresses under which the hook may be asked for, beside HOOK_HOST and "
        "those of this machine: as a phone says it over WireGuard or Tailscale.",
        "host names or addresses, with commas; no https:// and no port",
        "kelpie.tail1234.ts.net",
    ),
]
HookPort = Annotated[
    values.AnyPort,
    Entry("The hook's port; 0 takes any free one.", "0 to 65535", "8765", unit="TCP port"),
]
