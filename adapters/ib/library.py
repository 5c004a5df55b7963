"""The one door to the library that speaks TWS: ib_insync, or ib_async, which succeeds it.

Its client (encoder and framing), its decoder and its value objects are used. Its facade (`IB`,
`Wrapper`, `Trade`, `Ticker`) stays unused: it has opinions about orders that the venue does not
share. Which of the two is a setting, `IB_LIBRARY`; they never stand in one environment, since
both bring a package `eventkit`. The first name that is taken from here loads the library, so
`use` comes before everything else of this adapter is imported.

ib_insync's eventkit asks for the event loop of the thread that imports it, and fails in a thread
that has none; so one is lent to it while it is imported.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ib_insync.client import Client
    from ib_insync.contract import Contract, ContractDescription, ContractDetails
    from ib_insync.decoder import Decoder
    from ib_insync.objects import CommissionReport, Execution, ExecutionFilter, PriceIncrement
    from ib_insync.order import Order, OrderState

__all__ = [
    "Client",
    "CommissionReport",
    "Contract",
    "ContractDescription",
    "ContractDetails",
    "Decoder",
    "Execution",
    "ExecutionFilter",
    "Order",
    "OrderState",
    "PriceIncrement",
]

#: The libraries that fit, the one that is locked for the main job first.
LIBRARIES = ("ib_insync", "ib_async")

_MODULES = {
    "client": ("Client",),
    "contract": ("Contract", "ContractDescription", "ContractDetails"),
    "decoder": ("Decoder",),
    "objects": ("CommissionReport", "Execution", "ExecutionFilter", "PriceIncrement"),
    "order": ("Order", "OrderState"),
}

_chosen = LIBRARIES[0]


class LibraryMissing(Exception):
    """The library that was asked for is not in this environment, or another one is loaded."""


def use(name: str) -> None:
    """Speak through this library from now on.

    Raises:
        LibraryMissing: it is not installed here, or the other one has been loaded.
    """
    global _chosen
    if name != _chosen and "Client" in globals():
        raise LibraryMissing(f"{_chosen} is loaded already. Choose the library before it is used.")
    if importlib.util.find_spec(name) is None:
        raise LibraryMissing(
            f"{name} is not installed in this environment. Say IB_LIBRARY={LIBRARIES[0]}, or "
            "make the environment that holds it: `make ib_async`."
        )
    _chosen = name


def loaded() -> str:
    """The library by which this process speaks."""
    return _chosen


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    _load()
    return globals()[name]


def _load() -> None:
    with _a_loop_to_import_with():
        for module, names in _MODULES.items():
            loaded = importlib.import_module(f"{_chosen}.{module}")
            globals().update({name: getattr(loaded, name) for name in names})


@contextmanager
def _a_loop_to_import_with() -> Iterator[None]:
    if _chosen != "ib_insync":
        yield
        return
    policy = asyncio.get_event_loop_policy()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            policy.get_event_loop()
    except RuntimeError:
        lent = policy.new_event_loop()
        policy.set_event_loop(lent)
        try:
            yield
        finally:
            policy.set_event_loop(None)
            lent.close()
    else:
        yield
