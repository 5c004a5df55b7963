"""What the exchange and the broker do to orders and trades: corrected, busted, rejected, purged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.orders import Tif
from rehearsal.faults import staged
from rehearsal.faults.fault import Fault, Heal, nothing_to_mend

if TYPE_CHECKING:
    from collections.abc import Callable

    from rehearsal.world import World

_OURS = {"order_ref": "KLP-"}
#: Told of a live order and changing nothing of it (pain 7); 9999 is in no table.
_LYING = (103, 110, 161, 202, 399, 404, 201, 10147, 10148, 10349, 9999)
_A_PERSON_LOOKS_AFTER = 900.0
_AMOUNTS = ("0", "-1", "-0.12", "6.6", "1234.56", "0.00000001")


def _corrected(world: World) -> Heal | None:
    """The last trade was of another price, or of less (pain 13)."""
    given = world.chance.choice(({"fraction": "0.5"}, {"price": "41.37"}, {"fraction": "0.9"}))
    return _done(world, "correct_execution", {**_OURS, **given})


def _busted(world: World) -> Heal | None:
    """The last trade never was (reliability 24): what becomes of its order a person finds out."""
    world.in_(_A_PERSON_LOOKS_AFTER, world.owner.settle)
    return _done(world, "bust_execution", _OURS)


def _odd_commission(world: World) -> Heal | None:
    """A commission comes again with another amount, a rebate among them (pain 12)."""
    return _done(world, "report_commission", {**_OURS, "amount": world.chance.choice(_AMOUNTS)})


def _ended_by_broker(world: World) -> Heal | None:
    """The broker, or a person at its terminal, cancels what works."""
    given = {**_OURS, "by_hand": world.chance.random() < 0.5}
    return _to_an_open_order(world, lambda: staged.do(world, "cancel_order", given))


def _rejected_late(world: World) -> Heal | None:
    """201 and Inactive after the order had been taken (pain 8; reliability 27)."""
    return _to_an_open_order(world, lambda: staged.do(world, "reject_order", _OURS))


def _lying_code(world: World) -> Heal | None:
    """A code that sounds like an end, of an order that works on (pain 7)."""
    given = {**_OURS, "code": world.chance.choice(_LYING)}
    return _to_an_open_order(world, lambda: staged.do(world, "order_error", given))


def _lying_status(world: World) -> Heal | None:
    """An orderStatus that the books know nothing of (pain 14: NT #3949)."""
    status = world.chance.choice(("PreSubmitted", "Submitted", "PendingSubmit"))
    given = {**_OURS, "status": status}
    return _to_an_open_order(world, lambda: staged.do(world, "send_status", given))


def _filled_in_parts(world: World) -> Heal | None:
    """An order trades in many small parts, and is cancelled in the middle (pain 9)."""

    def strike() -> None:
        for number in range(4):
            world.in_(0.7 * number, staged.do, world, "fill", {**_OURS, "fraction": "0.3"})
        world.in_(1.6, world.owner.cancel)

    return _to_an_open_order(world, strike)


def _purged(world: World) -> Heal | None:
    """GTC orders end by themselves: ex-dates, quarter's ends (IB's rules for GTC)."""
    return _to_an_open_order(world, lambda: staged.do(world, "purge_orders"), Tif.GTC)


def _to_an_open_order(
    world: World, strike: Callable[[], object], tif: Tif = Tif.DAY
) -> Heal | None:
    """Do it to whatever of ours is open by then; the owner sees to it that something is."""
    if not world.gateway.alive:
        return None
    world.be_lively(25.0)
    world.in_(6.0, world.owner.rest, tif)
    came_to: list[bool] = []

    def now() -> None:
        orders = world.gateway.broker.orders() if world.gateway.alive else ()
        if any(o.is_open and o.request.order_ref.startswith("KLP-") for o in orders):
            came_to.append(True)
            strike()

    world.in_(6.0 + world.chance.uniform(0.05, 6.0), now)
    return 15.0, lambda: bool(came_to)


def _done(world: World, verb: str, given: dict[str, Any]) -> Heal | None:
    return (1.0, nothing_to_mend) if staged.do(world, verb, given) else None


#: Settled by a person, and then its trade is corrected once more.
_BUSTED_AGAIN = r"ib\.orders: \S+ was closed as \w+, and the venue says FILLED"

BROKERAGE = (
    Fault("execution corrected", _corrected),
    Fault("execution busted", _busted, errors=(_BUSTED_AGAIN,)),
    Fault("odd commission", _odd_commission),
    Fault("order ended by the broker", _ended_by_broker),
    Fault("order rejected late", _rejected_late),
    Fault("lying code", _lying_code),
    Fault("lying status", _lying_status),
    Fault("filled in parts", _filled_in_parts),
    Fault("GTC orders purged", _purged),
)
