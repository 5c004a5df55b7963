"""The circuits: how they stand, and held open by a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fastapi import APIRouter

from actors.messages import ForceCircuit
from console.circuit_schemas import CircuitOut, CircuitsOut
from console.hook.asking import Asking
from console.hook.order_in import ExactRoute
from console.hook.problems import Refused
from console.schemas import ReasonIn


def routes(asking: Asking) -> APIRouter:
    """`/circuits`, `/circuits/{venue}/open`, `/circuits/{venue}/close`."""
    router = APIRouter(prefix="/circuits", tags=["operations"], route_class=ExactRoute)

    @router.get("")
    async def circuits() -> CircuitsOut:
        """Give the circuit of each venue, with its cause and its next try."""
        return CircuitsOut(items=[await _circuit(asking, name) for name in asking.options.venues])

    @router.post("/{venue}/open")
    async def hold(venue: str, body: ReasonIn | None = None) -> CircuitOut:
        """Hold it open, over restarts too: no entries; exits, cancels and reads go on."""
        return await _force(asking, venue, True, (body or ReasonIn()).reason)

    @router.post("/{venue}/close")
    async def release(venue: str, body: ReasonIn | None = None) -> CircuitOut:
        """Let go of it; one that failures opened closes by itself, after a complete read."""
        return await _force(asking, venue, False, (body or ReasonIn()).reason)

    return router


async def _force(asking: Asking, venue: str, open: bool, reason: str) -> CircuitOut:
    if venue not in asking.options.venues:
        raise Refused.coded(404, "VENUE_NOT_KNOWN", venue=venue[:80])
    # The ledger audits the switch itself, with who threw it and why.
    await asking.ask(venue, ForceCircuit(open, asking.who(), reason))
    # Questions are answered behind the facts: once this one is, the switch is on disk.
    await asking.order("")
    return await _circuit(asking, venue)


async def _circuit(asking: Asking, venue: str) -> CircuitOut:
    state, age, _ = await asking.inspect(venue)
    if state is None:
        raise Refused.coded(503, "SEAT_NOT_HEARD", seat=venue)
    circuit: Mapping[str, Any] = state["circuit"]
    seconds = circuit["next_probe_in_seconds"]
    return CircuitOut(
        venue=venue,
        state=circuit["state"],
        beneath=circuit["beneath"],
        forced=circuit["forced"] or None,
        failures=circuit["failures"],
        cause=circuit["cause"] or None,
        next_probe_at=None
        if seconds is None
        else asking.clock.now() + timedelta(seconds=seconds - age),
    )
