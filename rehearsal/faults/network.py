"""The network between Kelpie and the gateway: cut, deaf, slow, in pieces, garbled, refused."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from rehearsal.faults import staged
from rehearsal.faults.fault import Fault, Heal, nothing_to_mend
from runtime.virtual_network import Link, Pipe

if TYPE_CHECKING:
    from rehearsal.world import World

_UNREADABLE = ("huge_length", "not_text", "unknown_message", "cut_short", "not_a_number")


def _link(world: World) -> Link | None:
    links = world.network.open_links(world.gateway.port)
    return links[-1] if links else None


def _cut(world: World) -> Heal | None:
    """A reset: the gateway's machine restarts, a firewall forgets (pain 1)."""
    link = _link(world)
    if link is None:
        return None
    link.cut()
    return 0.0, nothing_to_mend


def _half_open(world: World) -> Heal | None:
    """Nothing arrives and nobody is told (reliability 38; pain 20)."""
    return _hole(world, to_server=True, to_client=True)


def _deaf_gateway(world: World) -> Heal | None:
    """Quotes come, orders do not go (reliability 39)."""
    return _hole(world, to_server=True, to_client=False)


def _deaf_kelpie(world: World) -> Heal | None:
    """Orders go and fill, nothing comes back (reliability 39)."""
    return _hole(world, to_server=False, to_client=True)


def _hole(world: World, *, to_server: bool, to_client: bool) -> Heal | None:
    link = _link(world)
    if link is None:
        return None
    pipes = [
        p for p, wanted in ((link.to_server, to_server), (link.to_client, to_client)) if wanted
    ]
    for pipe in pipes:
        pipe.open_hole()
    return world.chance.uniform(1.0, 180.0), lambda: _mend(pipes)


def _mend(pipes: list[Pipe]) -> None:
    for pipe in pipes:
        pipe.mend()


def _sliced(world: World) -> Heal | None:
    """TCP keeps bytes in order and nothing else: a message comes in pieces (reliability 3)."""
    link = _link(world)
    if link is None:
        return None
    chance = random.Random(world.chance.random())
    longest = world.chance.choice((1, 3, 40))
    for pipe in (link.to_server, link.to_client):
        pipe.slices = lambda data: _pieces(data, chance, longest)
    staged.owner_acts(world)
    return world.chance.uniform(10.0, 14.0), lambda: _mend([link.to_server, link.to_client])


def _pieces(data: bytes, chance: random.Random, longest: int) -> list[bytes]:
    pieces = []
    while data:
        size = chance.randint(1, longest)
        pieces.append(data[:size])
        data = data[size:]
    return pieces


def _garbled(world: World) -> Heal | None:
    """Bytes of another conversation in the stream (reliability 40), at the seam of two messages.

    A message that is changed inside and still reads well cannot be told from a true one.
    """
    link = _link(world)
    if link is None:
        return None
    pipe = world.chance.choice((link.to_client, link.to_client, link.to_server))
    rubbish = world.chance.randbytes(world.chance.randint(1, 60))

    def once(data: bytes) -> list[bytes]:
        pipe.slices = None
        return [rubbish + data]

    pipe.slices = once
    return 20.0, lambda: pipe.slices is None


def _unreadable(world: World) -> Heal | None:
    """A message of a length that nothing has, or one that no client reads (reliability 40)."""
    kind = world.chance.choice(_UNREADABLE)
    if _link(world) is None or not world.gateway.alive:
        return None
    staged.do(world, "garbage", {"kind": kind})
    return 1.0, nothing_to_mend


def _slow(world: World) -> Heal | None:
    """Seconds on the way, both ways: a line at its limit, a machine that swaps (reliability 51)."""
    link = _link(world)
    if link is None:
        return None
    pipes = [link.to_server, link.to_client]
    for pipe in pipes:
        pipe.delay = world.chance.uniform(0.3, 6.0)
    staged.owner_acts(world)
    return world.chance.uniform(12.0, 120.0), lambda: _mend(pipes)


def _syn_into_a_hole(world: World) -> Heal | None:
    """Connections stand no more, and new ones are not even refused (virtual-time 5)."""
    for link in world.network.open_links(world.gateway.port):
        link.cut()
    port = world.gateway.port
    world.network.black_holes.add(port)
    return world.chance.uniform(5.0, 200.0), lambda: world.network.black_holes.discard(port)


def _refused(world: World) -> Heal | None:
    """Nobody listens on the port (pain 19)."""
    for link in world.network.open_links(world.gateway.port):
        link.cut()
    port = world.gateway.port
    world.network.refused.add(port)
    return world.chance.uniform(5.0, 300.0), lambda: world.network.refused.discard(port)


def _flapping(world: World) -> Heal | None:
    """Up and down every few seconds (reliability 42)."""
    seconds = world.chance.uniform(20.0, 90.0)
    when = 0.0
    while when < seconds:
        world.in_(when, _cut, world)
        when += world.chance.uniform(1.0, 6.0)
    staged.owner_acts(world)
    return seconds, nothing_to_mend


NETWORK = (
    Fault("connection dropped", _cut),
    Fault("half-open", _half_open),
    Fault("one way: gateway hears nothing", _deaf_gateway),
    Fault("one way: Kelpie hears nothing", _deaf_kelpie),
    Fault("sliced", _sliced),
    Fault("garbled", _garbled),
    Fault("unreadable message", _unreadable),
    Fault("slow line", _slow),
    Fault("no answer to connects", _syn_into_a_hole, ready_within=600.0),
    Fault("connects refused", _refused, ready_within=600.0),
    Fault("flapping", _flapping),
)
