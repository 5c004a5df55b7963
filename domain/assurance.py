"""What can never be, looked for where it would cost money: the last look before it is done.

These are no gates and refuse nothing: where one of them fails the code is wrong. Whoever sees it
crashes, its supervisor starts it anew from what is on disk, and a fact that cannot be handled is
quarantined, which shuts its venue.
"""

from __future__ import annotations

from collections.abc import Collection

from domain.admission import Admission
from domain.figures import RISK_REDUCING
from domain.orders import Order
from domain.venue import ExecutionReport


class InvariantBroken(AssertionError):
    """Something is as it must never be; the sentence says what, with the figures."""


def never_handed(names: Collection[str], handed: Collection[str]) -> None:
    """No intent is handed to a link twice.

    Raises:
        InvariantBroken: one of them was.
    """
    twice = [name for name in names if name in handed]
    if twice:
        raise InvariantBroken(f"{', '.join(twice)}: handed to the link before")


def may_be_admitted(admission: Admission, *, paused: bool, taken: Collection[str]) -> None:
    """No position is opened in a pause, and no id is given to two orders.

    Raises:
        InvariantBroken: it is.
    """
    for each in admission.members:
        name = each.request.client_order_id
        if name in taken:
            raise InvariantBroken(f"{name} is admitted, and there is an order of that name")
    if paused and admission.request.purpose not in RISK_REDUCING:
        raise InvariantBroken(f"{admission.request.client_order_id} is admitted in a pause")


def is_of_that_order(report: ExecutionReport, order: Order) -> None:
    """An execution is of the instrument and the side of the order that it is booked to.

    Raises:
        InvariantBroken: it is of another.
    """
    request = order.request
    other = report.symbol is not None and report.symbol != request.symbol
    if other or report.side is not request.side:
        raise InvariantBroken(
            f"execution {report.execution_id} is a {report.side} of {report.symbol}, and "
            f"{order.client_order_id} a {request.side} of {request.symbol}"
        )
