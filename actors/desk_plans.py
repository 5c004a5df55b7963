"""The plans as the desk knows them: what is open, and the plan that goes with an entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from domain.admission import Admission, Refusal
from domain.order_groups import OrderGroup, Protection, bracket
from domain.orders import Order, OrderError, OrderRequest, Purpose
from domain.plan_rules import PlanRules, expected_price, first_plan, terms_at
from domain.plan_terms import PlanTerms
from domain.plans import Plan, PlanError, PlanState
from domain.symbols import Symbol
from domain.venue import InstrumentDetails

_CURE = "Check the side, and the prices of stop and target."


class DeskPlans:
    """Held by the desk; without `rules` no entry is given a plan."""

    def __init__(self, rules: PlanRules | None) -> None:
        self.rules = rules
        self._open: dict[str, Plan] = {}

    def load(self, plans: Iterable[Plan]) -> None:
        """All that the book has open."""
        self._open = {}
        for plan in plans:
            self.take(plan)

    def take(self, plan: Plan) -> None:
        """The newest version of one."""
        if plan.state is PlanState.CLOSED:
            self._open.pop(plan.plan_id, None)
        else:
            self._open[plan.plan_id] = plan

    def lots(self) -> Mapping[str, Decimal]:
        """What each open plan holds, by its name."""
        return {name: plan.lot for name, plan in self._open.items()}

    def count(
        self, symbol: Symbol, reserved: Mapping[str, Admission], but: Order | None = None
    ) -> int:
        """The open plans of a symbol, with those of entries on their way to the disk.

        `but` is an entry that is being changed: its own plan does not stand in its way.
        """
        on_their_way = sum(
            name not in self._open and each.request.plan == name and each.request.symbol == symbol
            for name, each in reserved.items()
        )
        own = but.request.plan if but is not None else None
        others = (plan for name, plan in self._open.items() if name != own)
        return on_their_way + sum(plan.symbol == symbol for plan in others)

    def marked(self, group: OrderGroup) -> OrderGroup:
        """An entry, and those that leave with it, with the name of its plan."""
        if self.rules is None or group.first.purpose is not Purpose.ENTRY:
            return group
        name = group.first.client_order_id
        first = replace(group.first, plan=name)
        attached = (replace(o, plan=name) if o.parent == name else o for o in group.attached)
        return OrderGroup(first, tuple(attached))

    def guarded(
        self,
        group: OrderGroup,
        venue: str,
        instrument: InstrumentDetails | None,
        touch: Decimal | None,
        *,
        terms: PlanTerms | None,
        at: datetime,
    ) -> OrderGroup | Refusal:
        """An entry with its protective stop, and the target of its plan where it brings none.

        What brings a stop of its own stays as it is; so does what the gates refuse anyhow, for
        nothing says what it is worth.
        """
        first = group.first
        name, price = first.client_order_id, expected_price(first, touch)
        if self.rules is None or first.purpose is not Purpose.ENTRY:
            return group
        children = [each for each in group.attached if each.parent == name]
        if len(children) < len(group.attached):
            return Refusal(
                name,
                "ENTRY_UNPROTECTED",
                f"Entries that cancel each other ({name}) cannot each bring their stop.",
                "Place one of them with its plan, or the others once it has ended.",
            )
        if any(each.purpose is Purpose.PROTECTION for each in children):
            return group
        if instrument is None or price is None or not instrument.price_steps:
            return group
        wanted = terms or self._of_bracket(first, children, price)
        try:
            plan = first_plan(
                first,
                venue,
                wanted,
                self.rules,
                price=price,
                steps=instrument.price_steps,
                at=at,
                reason="",
            )
            bare = bracket(first, Protection(plan.stop), None if children else plan.target)
        except (PlanError, OrderError) as error:
            return Refusal(name, error.code, str(error), _CURE)
        return OrderGroup(first, (*children, *bare.attached))

    def of_entry(
        self,
        admission: Admission,
        instrument: InstrumentDetails | None,
        touch: Decimal | None,
        *,
        terms: PlanTerms | None,
        attached: Sequence[OrderRequest],
        at: datetime,
        reason: str,
    ) -> Plan | Refusal | None:
        """The plan of an admitted entry; None of what is none, or gets none.

        `terms` and `attached` are the proposer's own: a bracket's children are its levels.
        """
        request = admission.request
        if terms is not None and request.purpose is not Purpose.ENTRY:
            return Refusal(
                request.client_order_id,
                "PLAN_NOT_AN_ENTRY",
                f"{request.side} {request.symbol} opens no position: there is nothing to plan.",
                "Place it as an order, or check the side; `kelpie plans` shows what is held.",
            )
        price = expected_price(request, touch)
        if self.rules is None or request.plan is None or instrument is None or price is None:
            return None
        if request.purpose is not Purpose.ENTRY:
            return None  # a stop or an exit names the plan that it belongs to
        try:
            return first_plan(
                request,
                admission.venue,
                terms or self._of_bracket(request, attached, price),
                self.rules,
                price=price,
                steps=instrument.price_steps,
                at=at,
                reason=reason,
            )
        except PlanError as error:
            return Refusal(request.client_order_id, error.code, str(error), _CURE)

    def _of_bracket(
        self, request: OrderRequest, attached: Sequence[OrderRequest], price: Decimal
    ) -> PlanTerms | None:
        children = [each for each in attached if each.parent == request.client_order_id]
        if not children or self.rules is None:
            return None
        terms = terms_at(self.rules, request.side, price)
        stops = [each.stop_price for each in children if each.stop_price is not None]
        targets = [each.limit_price for each in children if each.purpose is Purpose.EXIT]
        return replace(
            terms,
            stop=stops[0] if stops else terms.stop,
            target=targets[0] if targets else None,
        )
