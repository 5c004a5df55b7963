"""The door through which orders go to the wire, and the answer for each of them.

Whatever is handed in is answered once: it has left (or may have), or not one byte of it has.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from actors import names
from actors.base import Actor, on
from actors.lanes import Command
from actors.messages import (
    AmendHanded,
    AmendNotSent,
    AmendOrder,
    AskPreview,
    CancelHanded,
    CancelNotSent,
    CancelOrder,
    OrderHanded,
    OrderNotSent,
    PlaceOrder,
    PreviewCame,
)
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.venue import LinkError, LinkOpened, OrderNotKnown, PreviewFailed, VenueLink
from domain.orders import OrderError

_TOO_LATE = "Its deadline was over before it could be sent."
_LINK_GONE = "The link on which it was decided is gone."


class OrderDoor(Actor):
    """What a connection does about orders. It lives on the loop of its link."""

    def __init__(self, system: ActorSystem, seat: Seat, *, venue: str) -> None:
        super().__init__(system, seat)
        self.venue = venue
        self.epoch = seat.incarnation
        self._link: VenueLink | None = None
        self._opened: LinkOpened | None = None
        self._opened_at: datetime | None = None
        self._handed = 0

    @property
    def link(self) -> VenueLink:
        """The link of this incarnation."""
        assert self._link is not None, "the connection has not been started"
        return self._link

    def _stands(self, epoch: int) -> bool:
        return self._opened is not None and epoch == self.epoch

    @on(PlaceOrder)
    def _place(self, message: PlaceOrder) -> None:
        requests = [each.request for each in message.admission.members]
        if not self._stands(message.epoch):
            self._not_sent(message, "LINK_CHANGED", _LINK_GONE)
            return
        try:
            self.link.place(requests[0], requests[1:])
        except LinkError as error:
            self._not_sent(message, error.cause, str(error))
            return
        except OrderError as error:
            # The wire cannot say exactly what was asked for; nothing has left.
            self._not_sent(message, error.code, str(error))
            return
        self._handed += len(requests)
        at = self.clock.now()
        for request in requests:
            self._tell_orders(OrderHanded(request.client_order_id, at))

    def _not_sent(self, message: PlaceOrder, code: str, sentence: str) -> None:
        for each in message.admission.members:
            self._tell_orders(OrderNotSent(each.request.client_order_id, code, sentence))

    @on(AmendOrder)
    def _amend(self, message: AmendOrder) -> None:
        if not self._stands(message.epoch):
            self._not_amended(message, "LINK_CHANGED", _LINK_GONE)
            return
        try:
            self.link.amend(message.admission.request)
        except LinkError as error:
            self._not_amended(message, error.cause, str(error))
        except OrderError as error:
            self._not_amended(message, error.code, str(error))
        except OrderNotKnown as error:
            self._not_amended(message, "ORDER_NOT_KNOWN", str(error))
        else:
            amendment = message.admission.amendment
            name, id = amendment.client_order_id, amendment.amendment_id
            self._tell_orders(AmendHanded(name, id, self.clock.now()))

    def _not_amended(self, message: AmendOrder, code: str, sentence: str) -> None:
        amendment = message.admission.amendment
        name, id = amendment.client_order_id, amendment.amendment_id
        self._tell_orders(AmendNotSent(name, id, code, sentence))

    @on(CancelOrder)
    def _cancel(self, message: CancelOrder) -> None:
        if self._opened is None:
            sentence = "There is no link."
            self._tell_orders(CancelNotSent(message.client_order_id, "NO_LINK", sentence))
            return
        try:
            self.link.cancel(message.client_order_id, message.venue_order_id)
        except (LinkError, OrderNotKnown) as error:
            code = error.cause if isinstance(error, LinkError) else "ORDER_NOT_KNOWN"
            self._tell_orders(CancelNotSent(message.client_order_id, code, str(error)))
            return
        self._tell_orders(CancelHanded(message.client_order_id, self.epoch))

    @on(AskPreview)
    def _ask_preview(self, message: AskPreview) -> None:
        if self._stands(message.epoch):
            self.run(self._preview(message))
        else:
            self._no_preview(message, "PREVIEW_UNANSWERED", _LINK_GONE)

    async def _preview(self, message: AskPreview) -> None:
        request = message.request
        try:
            preview = await self.link.preview(request, message.seconds)
        except PreviewFailed as error:
            self._no_preview(message, error.code, str(error))
        except OrderError as error:
            self._no_preview(message, "PREVIEW_REFUSED", str(error))
        except LinkError as error:
            self._no_preview(message, "PREVIEW_UNANSWERED", str(error))
        else:
            came = PreviewCame(request.client_order_id, message.ticket, preview)
            self.tell(names.DESK, came)

    def _no_preview(self, message: AskPreview, code: str, sentence: str) -> None:
        name = message.request.client_order_id
        self.tell(names.DESK, PreviewCame(name, message.ticket, None, code, sentence))

    def on_expired(self, command: Command) -> Any:
        """Answer for what comes too late: it is not sent."""
        if isinstance(command, PlaceOrder):
            self._not_sent(command, "EXPIRED", _TOO_LATE)
        elif isinstance(command, AmendOrder):
            self._not_amended(command, "EXPIRED", _TOO_LATE)
        elif isinstance(command, CancelOrder):
            self._tell_orders(CancelNotSent(command.client_order_id, "EXPIRED", _TOO_LATE))
        elif isinstance(command, AskPreview):
            self._no_preview(command, "PREVIEW_UNANSWERED", _TOO_LATE)

    def _tell_orders(
        self,
        message: OrderHanded
        | OrderNotSent
        | AmendHanded
        | AmendNotSent
        | CancelHanded
        | CancelNotSent,
    ) -> None:
        self.tell(names.orders(self.venue), message)
