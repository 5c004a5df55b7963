"""Who is who among orders: our client order id, the session's ids, the venue's permanent id.

TWS speaks of an order by the id that its client gave it, which is only good together with that
client's id and may be given again after a restart. Identity is `orderRef` (ours); the rest is
learned from placements and from what the venue says, for this link alone.
"""

from __future__ import annotations

from adapters.ib.decoding import UNSET_INT

#: Requests that are no orders count from here, so that an error's id is never taken for an
#: order's, not even after the venue has set its counter of orders back.
FIRST_REQUEST_ID = 1_500_000_000

#: How far beyond an id that the venue calls used (103) the next one lies: more than any run uses,
#: for a counter that was set back says nothing of how far it had come.
_STEP_OVER_USED = 10_000


class OrderIdentities:
    """The ids of one link. `client_id` is ours."""

    def __init__(self, client_id: int) -> None:
        self._client_id = client_id
        self._next_order = 1
        self._next_request = FIRST_REQUEST_ID
        self._ref_by_session_id: dict[tuple[int, int], str] = {}
        self._ref_by_permanent_id: dict[int, str] = {}
        self._permanent_id: dict[str, int] = {}
        self._ours: dict[str, int] = {}
        self._ours_by_permanent_id: dict[int, int] = {}

    def at_least(self, order_id: int) -> None:
        """The venue named this as the next id; one that was used is never used again."""
        self._next_order = max(self._next_order, order_id)

    def was_used(self, order_id: int) -> None:
        """The venue refuses this id as used before: so may those be that follow it."""
        if 0 < order_id < FIRST_REQUEST_ID - _STEP_OVER_USED:
            self.at_least(order_id + _STEP_OVER_USED)

    def fresh_order_id(self, client_order_id: str) -> int:
        """An id for a new order of ours.

        Raises:
            ValueError: the order was placed over this link already.
        """
        if client_order_id in self._ours:
            raise ValueError(f"{client_order_id} was placed over this link already")
        order_id = self._next_order
        self.learn(self._client_id, order_id, 0, client_order_id)
        return order_id

    def fresh_preview_id(self) -> int:
        """An id from the counter of orders for one that is only asked about, never placed."""
        order_id = self._next_order
        self._next_order += 1
        return order_id

    def fresh_request_id(self) -> int:
        """An id for anything that is no order."""
        self._next_request += 1
        return self._next_request

    def learn(self, client_id: int, order_id: int, permanent_id: int, reference: str) -> None:
        """The venue, or we, named an order by several of its names at once."""
        real = 0 < order_id < min(UNSET_INT, FIRST_REQUEST_ID)
        if real and client_id == self._client_id:
            self._next_order = max(self._next_order, order_id + 1)
        if not reference:
            return
        if permanent_id > 0:
            self._ref_by_permanent_id[permanent_id] = reference
            self._permanent_id[reference] = permanent_id
        if not real:
            return
        # An id that the venue gave out twice stays with the order that has it on this link.
        owner = self._ref_by_session_id.setdefault((client_id, order_id), reference)
        if owner == reference and client_id == self._client_id:
            self._ours[reference] = order_id
            if permanent_id > 0:
                self._ours_by_permanent_id[permanent_id] = order_id

    def reference(self, client_id: int, order_id: int, permanent_id: int) -> str | None:
        """The `orderRef` of an order, if this link has learned it.

        The permanent id is asked first: it names one order for ever. A session's id, which the
        venue may have given out before, names none that has another permanent id.
        """
        known = self._ref_by_permanent_id.get(permanent_id)
        if known is not None:
            return known
        reference = self._ref_by_session_id.get((client_id, order_id))
        other = self._permanent_id.get(reference or "", permanent_id)
        return reference if other == permanent_id or permanent_id <= 0 else None

    def of_error(self, order_id: int) -> str | None:
        """The order of ours that an error's id means; errors only reach their own client."""
        return self._ref_by_session_id.get((self._client_id, order_id))

    def order_id(self, client_order_id: str, venue_order_id: str | None = None) -> int | None:
        """By which id this link can name an order of ours to the venue.

        Should two orders bear our reference, the venue's permanent id says which is meant.
        """
        if venue_order_id is not None and venue_order_id.isdigit():
            known = self._ours_by_permanent_id.get(int(venue_order_id))
            if known is not None and self.of_error(known) == client_order_id:
                return known
        return self._ours.get(client_order_id)

    def is_foreign(self, client_id: int | None, reference: str | None) -> bool:
        """Another client's, or placed by hand: ours have a reference, whatever it begins with.

        None for what was not told. Whether the book wrote an order of our client, the book knows.
        """
        return client_id not in (None, self._client_id) or reference == ""
