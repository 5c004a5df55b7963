"""What can go wrong, by name. Each room adds its own; the seed draws from all of them."""

from __future__ import annotations

from rehearsal.faults.actors import ACTORS
from rehearsal.faults.brokerage import BROKERAGE
from rehearsal.faults.callbacks import CALLBACKS
from rehearsal.faults.clocks import CLOCKS
from rehearsal.faults.data import DATA
from rehearsal.faults.disk import DISK
from rehearsal.faults.fault import Fault
from rehearsal.faults.gateways import GATEWAYS
from rehearsal.faults.network import NETWORK
from rehearsal.faults.others import OTHERS
from rehearsal.faults.process import PROCESS
from rehearsal.faults.withheld import WITHHELD

_ALL = (
    *NETWORK,
    *PROCESS,
    *GATEWAYS,
    *WITHHELD,
    *CALLBACKS,
    *BROKERAGE,
    *DATA,
    *CLOCKS,
    *ACTORS,
    *DISK,
    *OTHERS,
)

#: All faults by name, in a fixed order.
FAULTS: dict[str, Fault] = {fault.name: fault for fault in _ALL}

__all__ = ["FAULTS", "Fault"]
