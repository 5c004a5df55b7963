"""What the gateway owes and does not send: of the start, of the lists, of the life of an order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rehearsal.faults import staged
from rehearsal.faults.fault import Fault, Heal

if TYPE_CHECKING:
    from rehearsal.world import World

_START = ("version", "managedAccounts", "nextValidId")
#: An end without the details would say that there is no such contract: IB has error 200 for that.
_CONTRACT = (("contractData", "contractDataEnd"), ("contractDataEnd",))
_END_OF = {"openOrder": ("openOrderEnd",), "execDetails": ("execDetailsEnd",)}
_LISTS = (
    "openOrderEnd",
    "completedOrdersEnd",
    "positionEnd",
    "accountDownloadEnd",
    "execDetailsEnd",
)


def _dropping(name: str) -> Mapping[str, Any]:
    return {"name": f"withheld {name}", "on": name, "do": "drop", "times": "always"}


def _start_withheld(world: World) -> Heal | None:
    """The port accepts and the start never ends (pain 20)."""
    heal = staged.while_rules(
        world, world.chance.uniform(5.0, 150.0), [_dropping(world.chance.choice(_START))]
    )
    staged.do(world, "close")
    return heal


def _contract_withheld(world: World) -> Heal | None:
    """A contract is asked for and nothing comes (ib_insync #638), on the first start of all."""
    seconds = world.chance.uniform(5.0, 90.0)
    rows = [_dropping(name) for name in world.chance.choice(_CONTRACT)]
    heal = staged.while_rules(world, seconds, rows)
    if heal is not None and world.kelpie.alive:
        world.kelpie.kill()
        world.kelpie.book.with_name("instruments.json").unlink(missing_ok=True)
        world.kelpie.boot()
    return heal


def _list_withheld(world: World) -> Heal | None:
    """A list that never ends is not empty (pain 11; reliability 13)."""
    heal = staged.while_rules(
        world, world.chance.uniform(20.0, 150.0), [_dropping(world.chance.choice(_LISTS))]
    )
    if world.chance.random() < 0.5:
        staged.do(world, "close")
    staged.owner_acts(world)
    world.reconcile()
    return heal


def _heartbeat_withheld(world: World) -> Heal | None:
    """The socket is open and the program behind it hangs (pain 19)."""
    seconds = world.chance.uniform(35.0, 120.0)
    return staged.while_rules(world, seconds, [_dropping("currentTime")])


def _order_unheard(world: World) -> Heal | None:
    """Orders that the gateway never acts on, without a word (pain 6: Lean-IB #242)."""
    row = {**_dropping("placeOrder"), "match": {"order_ref": "KLP-"}}
    heal = staged.while_rules(world, world.chance.uniform(12.0, 40.0), [row])
    staged.owner_acts(world)
    return heal


def _cancel_unheard(world: World) -> Heal | None:
    """A cancel that nobody acts on (Lean-IB PR #256)."""
    heal = staged.while_rules(world, world.chance.uniform(60.0, 300.0), [_dropping("cancelOrder")])
    world.be_lively(30.0)

    def rest_and_cancel() -> None:
        name = world.owner.rest()
        world.in_(world.chance.uniform(0.5, 10.0), world.owner.cancel, name)

    world.in_(6.0, rest_and_cancel)
    return heal


def _news_of_orders_lost(world: World) -> Heal | None:
    """Lean-IB #249: callbacks of a time of trouble that never come again by themselves."""
    lost = world.chance.sample(("orderStatus", "openOrder", "execDetails", "commissionReport"), 2)
    seconds = world.chance.uniform(12.0, 60.0)
    # A list whose rows are lost loses its end, too: it goes behind them over the same wire.
    gone = [name for row in lost for name in (row, *_END_OF.get(row, ()))]
    heal = staged.while_rules(world, seconds, [_dropping(name) for name in gone])
    staged.owner_acts(world)
    return heal


WITHHELD = (
    Fault("start withheld", _start_withheld),
    Fault("contract withheld", _contract_withheld),
    Fault("list withheld", _list_withheld),
    Fault("heartbeat withheld", _heartbeat_withheld),
    Fault("order unheard", _order_unheard),
    Fault("cancel unheard", _cancel_unheard),
    Fault("news of orders lost", _news_of_orders_lost),
)
