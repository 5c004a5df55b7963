"""How a plan's lot stays protected: from what is known at one moment to the next step.

Pure, and without a memory. While the entry works nothing is resized. Once it has ended the venue
itself is asked which orders are open: excess is corrected before shortage, for a stop too large
can open a short. No second order that could sell the whole ever stands outside the group of the
first; a group that has lost a member is never joined again, and what is left of it goes before
the next generation comes.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from domain.amendments import Wanted
from domain.market_rules import stop_on_step
from domain.order_groups import group_name
from domain.orders import Order, OrderRequest, OrderState, OrderType, Purpose, Side, Tif
from domain.price_steps import ceil_to_step, floor_to_step
from domain.protection import (
    MOVE_EVERY_SECONDS,
    PART_FILLED_SECONDS,
    REPRICE_SECONDS,
    AskList,
    Cancel,
    Change,
    Judgement,
    Place,
    Scene,
    Step,
    generation_of,
)

_NOTHING = Decimal(0)
_READING = "the venue's open orders are being read"


def judge(scene: Scene) -> Judgement:
    """What is to be done next about a lot, and how it is protected now."""
    protected = min(_covered(scene), scene.lot.quantity)
    doubtful = [o for o in (scene.entry, *scene.orders) if o and o.state is OrderState.UNKNOWN]
    if doubtful:
        names = ", ".join(order.client_order_id for order in doubtful)
        return Judgement((), protected, f"the fate of {names} is not known")
    if scene.entry is not None:
        return _while_its_entry_works(scene, scene.entry, protected)
    if not scene.lot.quantity:
        return _when_flat(scene)
    leaving = _leave(scene)
    if leaving:
        bare = "" if protected >= scene.lot.quantity else "its exit is on its way"
        return Judgement(leaving, protected, bare)
    if scene.listed is None:
        return Judgement((AskList(),), protected, _READING)
    in_flight = [o.client_order_id for o in scene.orders if scene.is_busy(o)]
    if in_flight or scene.busy:
        names = ", ".join(in_flight or sorted(scene.busy))
        return Judgement((), protected, f"{names}: a change is in flight")
    missing = [o.client_order_id for o in scene.orders if o.client_order_id not in scene.listed]
    if missing:
        return Judgement((), protected, f"the venue does not list {', '.join(missing)}")
    return _mend(scene, protected)


def _covered(scene: Scene) -> Decimal:
    """What stops stand over that the venue has acknowledged, and by its list where there is one."""
    total = _NOTHING
    for order in scene.stops:
        if order.state not in (OrderState.WORKING, OrderState.HELD):
            continue
        listed = None if scene.listed is None else scene.listed.get(order.client_order_id)
        if scene.listed is None:
            total += order.remaining if scene.entry is None else _NOTHING
        elif listed is not None and listed.awake:
            total += min(listed.remaining, order.remaining)
    return total


def _while_its_entry_works(scene: Scene, entry: Order, protected: Decimal) -> Judgement:
    """Nothing is resized; an entry that leaves shares bare for long is taken back."""
    lot = scene.lot
    if not lot.quantity and lot.leaving is None:
        return Judgement()
    if entry.pending_change == "CANCEL" or entry.client_order_id in scene.busy:
        return Judgement((), protected, "its entry is being taken back")
    if lot.leaving is not None:
        return Judgement((Cancel((entry.client_order_id,)),), protected, "its entry works yet")
    if scene.listed is None:
        return Judgement((AskList(),), protected, _READING)
    if protected >= lot.quantity:
        return Judgement((), protected)
    why = f"{lot.quantity} of its entry are filled, and its stop waits for the rest"
    late = scene.asleep_seconds >= PART_FILLED_SECONDS
    steps: tuple[Step, ...] = (Cancel((entry.client_order_id,)),) if late else ()
    return Judgement(steps, protected, why)


def _when_flat(scene: Scene) -> Judgement:
    """What is left over could only open a position the other way round."""
    if not scene.orders:
        return Judgement()
    why = "nothing is held of it, and orders that leave it are open"
    if scene.listed is None:
        return Judgement((AskList(),), cause=why)
    gone = scene.listed
    left = [o for o in scene.orders if not scene.is_busy(o) and o.client_order_id in gone]
    names = tuple(order.client_order_id for order in left)
    return Judgement((Cancel(names),) if names else (), cause=why)


# -- leaving -------------------------------------------------------------------------------


def _leave(scene: Scene) -> tuple[Step, ...]:
    """The next step of an exit; none where it is on its way, or has to wait."""
    leaving = scene.lot.leaving
    if leaving is None or scene.held_back or any(scene.is_busy(o) for o in scene.orders):
        return ()
    if scene.busy or (leaving.limit is None and not leaving.blind):
        return ()
    if scene.exits:
        steps = _reprice(scene, scene.exits[0])
        if steps is not None and not (steps and scene.unchangeable):
            return steps
    if not scene.stops:
        return ()  # both are placed anew, by what the venue's list says
    [stop, *others] = scene.stops
    group = stop.request.oca_group
    acknowledged = stop.state in (OrderState.WORKING, OrderState.HELD)
    joins = not others and group is not None and not stop.filled and group not in scene.spent
    if not acknowledged:
        return ()
    if joins and scene.most:
        return (Place((_exit(scene, group, min(scene.most, stop.remaining)),)),)
    return (Cancel(tuple(each.client_order_id for each in scene.orders)),)


def _reprice(scene: Scene, exit: Order) -> tuple[Step, ...] | None:
    """A target becomes the exit; one that the market has left is priced anew.

    None where there is no price to give it: a market order joins its group, and the stop stands.
    """
    leaving, request = scene.lot.leaving, exit.request
    assert leaving is not None
    if request.type is OrderType.MARKET:
        return ()
    if leaving.limit is None:
        return None
    assert request.limit_price is not None and leaving.touch is not None
    reaches = leaving.limit if leaving.to_bound else leaving.touch
    beyond = (request.limit_price - reaches) * (1 if request.side is Side.SELL else -1)
    if beyond <= 0 or scene.unpriced_seconds < REPRICE_SECONDS:
        return ()
    wanted = Wanted(limit_price=leaving.limit)
    return (Change(exit.client_order_id, wanted, priced=True),)


# -- mending -------------------------------------------------------------------------------


def _mend(scene: Scene, protected: Decimal) -> Judgement:
    """The venue's own list is known, and nothing is in flight: excess first, then shortage."""
    excess = _excess(scene)
    if excess:
        return Judgement(excess, protected, "more is offered than is held of it")
    if scene.most < scene.lot.quantity and not scene.most:
        why = "the venue does not hold for certain what is managed of it"
        return Judgement((), protected, why, grave=True)
    if not scene.stops:
        return _bare(scene)
    [stop] = scene.stops
    short = _shortage(scene, stop)
    if short:
        return Judgement(short, protected, f"its stop covers {protected} of {scene.lot.quantity}")
    bare = "" if protected >= scene.lot.quantity else (
        f"the venue holds {scene.most} of the {scene.lot.quantity} for certain"
    )  # fmt: skip
    if scene.old and scene.lot.leaving is None and not scene.held_back:
        return Judgement((Cancel(tuple(o.client_order_id for o in scene.orders)),), protected, bare)
    return Judgement(_moved(scene, stop) or _aimed(scene), protected, bare, grave=bool(bare))


def _excess(scene: Scene) -> tuple[Step, ...]:
    """Whatever could sell more than is held of it, is asleep for good, or is of an older group."""
    assert scene.listed is not None
    newest = max((_generation(scene, order) for order in scene.orders), default=0)
    surplus = [
        order
        for order in scene.orders
        if _generation(scene, order) != newest or not scene.listed[order.client_order_id].awake
    ]
    # While it is left an exit may stand beside the target: of one group they never both fill.
    for alike in (scene.stops, scene.exits if scene.lot.leaving is None else ()):
        rest = [order for order in alike if order not in surplus]
        surplus += rest[1:]
    if surplus or (scene.orders and not scene.most):
        gone = surplus or list(scene.orders)
        return (Cancel(tuple(order.client_order_id for order in gone)),)
    return tuple(
        Change(order.client_order_id, Wanted(quantity=order.filled + scene.most))
        for order in scene.orders
        if order.remaining > scene.most
    )


def _shortage(scene: Scene, stop: Order) -> tuple[Step, ...]:
    """A stop that is too small is made larger; with a target beside it both are placed anew.

    Else a fill of the target, while the change is on its way, would leave the stop too large.
    """
    if stop.remaining >= scene.most:
        return ()
    if scene.exits:
        return (Cancel(tuple(order.client_order_id for order in scene.orders)),)
    return (Change(stop.client_order_id, Wanted(quantity=stop.filled + scene.most)),)


def _bare(scene: Scene) -> Judgement:
    """No stop stands: what is left of its group goes, and the next generation comes."""
    if scene.held_back:
        return Judgement((), _NOTHING, scene.held_back, grave=True)
    if scene.exits:
        names = tuple(order.client_order_id for order in scene.exits)
        return Judgement((Cancel(names),), _NOTHING, "its stop is gone, and its target is open")
    group = group_name(scene.lot.plan_id, scene.generation)
    leaving, target = scene.lot.leaving, scene.lot.target
    pieces = [_stop(scene, group)]
    if leaving is not None and (leaving.limit is not None or leaving.blind):
        pieces.append(_exit(scene, group, scene.most))
    elif target is not None:
        pieces.append(_at(scene, f"{scene.lot.plan_id}-T{scene.generation}", group, target))
    return Judgement((Place(tuple(pieces)),), _NOTHING, "its stop is gone")


def _moved(scene: Scene, stop: Order) -> tuple[Step, ...]:
    """The stop follows the plan: in the position's favour, and not too often.

    By how many steps at least, the plan's own versions see to.
    """
    at, wanted = stop.request.stop_price, scene.lot.stop
    assert at is not None
    gain = (wanted - at) * (1 if scene.lot.side is Side.SELL else -1)
    if not gain or scene.unmoved_seconds < MOVE_EVERY_SECONDS or scene.lot.leaving is not None:
        return ()
    if gain < 0 and not scene.lot.loosened:
        return ()
    limit = None
    if stop.request.type is OrderType.STOP_LIMIT:
        limit = _stop_limit(scene, wanted)
    return (Change(stop.client_order_id, Wanted(stop_price=wanted, limit_price=limit)),)


def _aimed(scene: Scene) -> tuple[Step, ...]:
    """The target follows the plan; one that its group no longer takes is left out."""
    target = scene.lot.target
    if scene.lot.leaving is not None or target is None:
        return ()
    for order in scene.exits:
        if order.request.type is OrderType.LIMIT and order.request.limit_price != target:
            return (Change(order.client_order_id, Wanted(limit_price=target)),)
    return ()


def _generation(scene: Scene, order: Order) -> int:
    return generation_of(order.request.oca_group, scene.lot.plan_id)


# -- orders --------------------------------------------------------------------------------


def _stop(scene: Scene, group: str) -> OrderRequest:
    """The stop of the next generation: a stop-market unless the venue has refused that."""
    lot = scene.lot
    price = stop_on_step(lot.stop, lot.side, scene.steps)
    return OrderRequest(
        client_order_id=f"{lot.plan_id}-S{scene.generation}",
        symbol=lot.symbol,
        side=lot.side,
        quantity=scene.most,
        type=OrderType.STOP_LIMIT if scene.stop_limit else OrderType.STOP,
        limit_price=_stop_limit(scene, price) if scene.stop_limit else None,
        stop_price=price,
        tif=Tif.GTC,
        purpose=Purpose.PROTECTION,
        oca_group=group,
        plan=lot.plan_id,
    )


def _stop_limit(scene: Scene, stop: Decimal) -> Decimal:
    if scene.lot.side is Side.SELL:
        return floor_to_step(stop * (1 - scene.slip), scene.steps)
    return ceil_to_step(stop * (1 + scene.slip), scene.steps)


def _at(scene: Scene, name: str, group: str, price: Decimal) -> OrderRequest:
    """A target."""
    lot = scene.lot
    return OrderRequest(
        client_order_id=name,
        symbol=lot.symbol,
        side=lot.side,
        quantity=scene.most,
        type=OrderType.LIMIT,
        limit_price=price,
        tif=Tif.GTC,
        purpose=Purpose.EXIT,
        oca_group=group,
        plan=lot.plan_id,
    )


def _exit(scene: Scene, group: str | None, quantity: Decimal) -> OrderRequest:
    """What leaves it now; DAY, for tomorrow's market is another."""
    leaving = scene.lot.leaving
    assert leaving is not None
    name = f"{scene.lot.plan_id}-E-{scene.fresh_id}"
    request = _at(scene, name, group or "", leaving.limit or Decimal(0))
    request = replace(request, quantity=quantity, tif=Tif.DAY, oca_group=group)
    if leaving.limit is None:
        return replace(request, type=OrderType.MARKET, limit_price=None)
    return request
