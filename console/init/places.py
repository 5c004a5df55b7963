"""Where gateways listen, and what was found there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from adapters.venue import LinkError
from config.modes import Mode, money_of_account, money_of_port
from console.doctor.examination import masked, of_link
from console.doctor.findings import Finding, fault
from runtime.interface import Clock

#: Paper first. 4003 and 4004 are those inside the usual container (gnzsnz/ib-gateway).
USUAL_PORTS = (4002, 7497, 4004, 4001, 7496, 4003)

_PROGRAMS = {
    4001: "IB Gateway",
    4002: "IB Gateway",
    4003: "IB Gateway (the container's inner port)",
    4004: "IB Gateway (the container's inner port)",
    7496: "TWS",
    7497: "TWS",
}
_CURED_AT: dict[int, tuple[str, ...]] = {
    4001: ("gateway", "container"),
    4002: ("gateway", "container"),
    4003: ("container",),
    4004: ("container",),
    7496: ("tws",),
    7497: ("tws",),
}

#: A gateway on the same machine or in the same house answers each step at once, or hangs.
STEP_SECONDS = 5.0

_NOBODY = frozenset({"REFUSED", "CONNECT_TIMEOUT"})
_SEVERAL = "WRONG_ACCOUNT"
_NO_KIND = "unknown"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A host and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> Place:
        """Read `HOST:PORT`.

        Raises:
            ValueError: it is none.
        """
        host, _, port = text.strip().rpartition(":")
        if not host or not port.isdecimal() or not 1 <= int(port) <= 65535:
            raise ValueError(f"{text!r} is no HOST:PORT, as 127.0.0.1:4002 is")
        return cls(host.strip("[]"), int(port))

    @property
    def program(self) -> str:
        """What usually listens at such a port."""
        return _PROGRAMS.get(self.port, "IB Gateway or TWS")

    @property
    def cured_at(self) -> tuple[str, ...]:
        """Where a fault of it is mended, by the names of the table of cures."""
        return _CURED_AT.get(self.port, ("gateway", "tws", "container"))


@dataclass(frozen=True, slots=True)
class Seen:
    """What a knock at a place came to."""

    place: Place
    version: int | None = None
    """The server's; None where it did not open."""
    accounts: tuple[str, ...] = ()
    fault: Finding | None = None

    @property
    def nobody(self) -> bool:
        """Nothing takes connections there."""
        return self.fault is not None and self.fault.code in _NOBODY

    def of_kind(self, money: str) -> tuple[str, ...]:
        """The accounts with this kind of money, `paper` or `live`."""
        return tuple(each for each in self.accounts if money_of_account(each) == money)

    @property
    def money(self) -> str:
        """`paper`, `live`, both, or `unknown`."""
        kinds = sorted({money_of_account(each) or _NO_KIND for each in self.accounts})
        return " and ".join(reversed(kinds)) or _NO_KIND

    def sentence(self) -> str:
        """`IB Gateway, paper, server version 176 (account DU***001)`."""
        if self.fault is not None:
            return f"{self.place.program}: {self.fault.sentence} [{self.fault.code}]"
        names = ", ".join(map(masked, self.accounts))
        noun = "account" if len(self.accounts) == 1 else "accounts"
        return f"{self.place.program}, {self.money}, server version {self.version} ({noun} {names})"


async def knock(
    place: Place, client_id: int, clock: Clock, step_seconds: float = STEP_SECONDS
) -> Seen:
    """One connection with a real handshake, ended at once."""
    first = await _handshake(place, client_id, clock, step_seconds, None)
    several = first.fault is not None and first.fault.code == _SEVERAL and first.accounts
    if several:  # with several accounts it opens for one that is named
        return await _handshake(place, client_id, clock, step_seconds, first.accounts[0])
    return first


async def _handshake(
    place: Place, client_id: int, clock: Clock, step_seconds: float, account: str | None
) -> Seen:
    # The library is a setting, so what stands on it is imported once that is known.
    from adapters.ib.link import IBLinkOptions
    from adapters.ib.trader import IBTrader

    options = IBLinkOptions(
        place.host, place.port, client_id, account=account, step_seconds=step_seconds
    )
    trader = IBTrader(asyncio.get_running_loop(), clock, options)
    try:
        opened = await trader.connect()
    except LinkError as error:
        return Seen(place, accounts=trader.accounts, fault=of_link("connection", error))
    finally:
        trader.close()
    return Seen(place, opened.server_version, opened.accounts)


async def look_around(
    hosts: Sequence[str],
    ports: Iterable[int],
    client_id: int,
    clock: Clock,
    step_seconds: float = STEP_SECONDS,
) -> list[Seen]:
    """Knock at all of them at once; those where somebody is, in the order given."""
    places = [Place(host, port) for host in dict.fromkeys(hosts) for port in dict.fromkeys(ports)]
    seen = await asyncio.gather(*(knock(place, client_id, clock, step_seconds) for place in places))
    return [each for each in seen if not each.nobody]


def unfit(seen: Seen, mode: Mode) -> Finding | None:
    """Why what was found does not serve this mode: it does not open, or has the wrong money."""
    if seen.fault is not None:
        return seen.fault
    of_port = money_of_port(seen.place.port)
    if of_port is not None and not seen.of_kind(of_port):
        return fault(
            "connection",
            "WRONG_MODE",
            f"Port {seen.place.port} is a gateway's {of_port} port, but its login holds "
            f"{seen.money} money.",
        )
    if mode is Mode.PAPER and not seen.of_kind("paper"):
        return fault(
            "connection",
            "WRONG_MODE",
            f"The gateway at {seen.place} is logged in for {seen.money} money, and this is to be "
            "paper.",
        )
    return None
