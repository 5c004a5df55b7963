"""Verbs for the market behind the broker, and for the gateway's own habits."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from simulators.broker_interface import Broker
from simulators.habits import Habits
from simulators.model import (
    Phase,
)
from simulators.scenarios.verbs import Argument, ArgumentError, Verbs
from simulators.tws.data_habits import DataHabits

if TYPE_CHECKING:
    from simulators.scenarios.acts import Act

VERBS = Verbs()


@VERBS.enter(symbol=Argument("text"), price=Argument("number"))
def move_price(act: Act) -> None:
    """The crowd's quotes move to a price, and trade with whatever order is in their way."""
    act.stage.gateway.broker.move_price(_con_id(act), act.given["price"])
    act.stage.gateway.publish_news()


@VERBS.enter(symbol=Argument("text"), price=Argument("number"), quantity=Argument("number"))
def trade(act: Act) -> None:
    """Somebody trades up or down to a price, so much in all; stops see it."""
    act.stage.gateway.broker.trade_through(_con_id(act), act.given["price"], act.given["quantity"])
    act.stage.gateway.publish_news()


@VERBS.enter(symbol=Argument("text"), phase=Argument("text", choices=tuple(Phase)))
def phase(act: Act) -> None:
    """The market goes into a phase, until its timetable has the next one."""
    act.stage.gateway.broker.set_phase(_con_id(act), Phase(act.given["phase"]))
    act.stage.gateway.publish_news()


@VERBS.enter(symbol=Argument("text"), new=Argument("number"), old=Argument("number", 1))
def split(act: Act) -> None:
    """New shares for old ones: orders end, what is held and all prices are of new units."""
    new, old = int(act.given["new"]), int(act.given["old"])
    act.stage.gateway.broker.back_office.split(_con_id(act), new, old)
    act.stage.gateway.publish_news()


@VERBS.enter(symbol=Argument("text"), price=Argument("number"))
def tell_close(act: Act) -> None:
    """The price of the previous close is another one, right or wrong; no order is touched."""
    act.stage.gateway.broker.back_office.tell_close(_con_id(act), act.given["price"])
    act.stage.gateway.publish_news()


@VERBS.enter(lasts=True, symbol=Argument("text"))
def halt(act: Act) -> None:
    """Nobody trades in an instrument; its orders are held, and tick 49 says so."""
    con_id, back_office = _con_id(act), act.stage.gateway.broker.back_office

    def lift() -> None:
        back_office.lift(con_id)
        act.stage.gateway.publish_news()

    back_office.halt(con_id)
    act.stage.gateway.publish_news()
    act.undo.append(lift)


@VERBS.enter(lasts=True, habits=Argument("habits", {}), data=Argument("data", {}))
def change_habits(act: Act) -> None:
    """Some of the habits of `[habits]` and `[data]` are others until the end."""
    gateway = act.stage.gateway
    habits = Habits.from_table(act.given["habits"])
    data = DataHabits.from_table(act.given["data"])
    before, before_data = gateway.broker.habits, gateway.data_habits
    gateway.broker.habits = replace(before, **_some(habits, act.given["habits"]))
    gateway.data_habits = replace(before_data, **_some(data, act.given["data"]))
    act.undo.append(lambda: setattr(gateway.broker, "habits", before))
    act.undo.append(lambda: setattr(gateway, "data_habits", before_data))


def _some(value: Any, table: dict[str, Any]) -> dict[str, Any]:
    return {
        entry.name: getattr(value, entry.name) for entry in fields(value) if entry.name in table
    }


def con_id_of(broker: Broker, symbol: str) -> int:
    """The contract id of `SYMBOL/CCY`.

    Raises:
        ArgumentError: it is not listed.
    """
    for instrument in broker.instruments():
        if str(instrument.symbol) == symbol.upper():
            return instrument.con_id
    raise ArgumentError(f"symbol = {symbol!r}: it is not listed here")


def _con_id(act: Act) -> int:
    return con_id_of(act.stage.gateway.broker, act.given["symbol"])
