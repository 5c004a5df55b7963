"""Ends of orders that the venue has claimed, until its complete lists bear them out or not."""

from __future__ import annotations

from collections.abc import Collection

from actors.messages import OrderJudged, QueryOrder
from domain.claims import Claimed, ClaimedBy, claim_holds
from domain.orders import OrderState
from domain.venue import Round


class Claims:
    """What `resync` has been asked to prove, each with the first round that can prove it."""

    def __init__(self) -> None:
        self._claims: dict[str, tuple[int, Claimed]] = {}

    def names(self) -> list[str]:
        """The client order ids of those that wait."""
        return list(self._claims)

    def take_up(self, query: QueryOrder, end: OrderState, next_round: int) -> bool:
        """Only a round that is asked from now on can prove it; False when none need be asked.

        What the lists themselves repeat is no new claim: they would be asked for for ever.
        """
        name = query.client_order_id
        number, known = self._claims.get(name, (0, None))
        if known is not None:
            said_by_lists = query.by is ClaimedBy.INACTIVE or query.by is known.by is ClaimedBy.END
            if said_by_lists or (query.by is ClaimedBy.CODE and known.by is ClaimedBy.END):
                return False
        self._claims[name] = (next_round, Claimed(name, end, query.text, query.by))
        return number < next_round

    def settle(self, open_orders: Collection[str], round: Round) -> tuple[OrderJudged, ...]:
        """What a complete round says of them; those that it leaves open stay."""
        verdicts = []
        for name, (number, claim) in list(self._claims.items()):
            if round.number < number:
                continue
            holds = claim_holds(claim, round) if name in open_orders else False
            if holds is None:
                # It may still trade: it counts as held until the lists say more.
                verdicts.append(OrderJudged(name, OrderState.HELD, claim.text))
                continue
            del self._claims[name]
            # Where a list shows it, the list says what became of it.
            if holds:
                verdicts.append(OrderJudged(name, claim.state, claim.text))
        return tuple(verdicts)
