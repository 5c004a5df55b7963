"""Limits, gates and signals over the hook: looked at, and limits made tighter."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query

from actors import names
from actors.messages import GetRisk, GetSignal, GetWhyNot, TightenLimits
from config.entries import entry_of
from config.limits import MONEY
from config.settings import Settings
from console.hook.asking import Asking
from console.hook.order_in import Exact, ExactRoute, SymbolText
from console.hook.problems import Refused
from console.hook.proposing import verdict_of
from console.risk_schemas import (
    CoolingOut,
    FigureOut,
    GateOut,
    LimitOut,
    LimitsIn,
    RiskOut,
    SignalOut,
    WhyNotOut,
)
from domain.orders import Side
from domain.risk_views import GateView, LimitView, RiskView, SignalView, WhyNotView
from domain.symbols import Symbol

_ON_THE_BOX = "LIMIT_LOOSENED"
_CENT = Decimal("0.01")


def routes(asking: Asking) -> APIRouter:
    """`/risk`, `/risk/limits`, `/why-not/{symbol}`."""
    router = APIRouter(tags=["risk"], route_class=ExactRoute)

    @router.get("/risk")
    async def risk() -> RiskOut:
        """Every limit with its use and since when it is shut, and how the day stands."""
        return await risk_of(asking)

    @router.post("/risk/limits")
    async def tighten(body: LimitsIn) -> RiskOut:
        """Make limits tighter, from now on and over restarts. Looser they become on the box only.

        All of them are taken, or none. The same body again is harmless.
        """
        wanted = tuple((name.strip().lower(), value) for name, value in body.limits.items())
        message = TightenLimits(wanted, asking.who(), body.reason)
        answer = await asking.ask(asking.options.desk, message)
        if not isinstance(answer, RiskView):
            refused = verdict_of(asking, answer, "")
            status = 409 if refused.code == _ON_THE_BOX else 422
            raise Refused(status, refused.code, refused.sentence, refused.cure)
        # Questions are answered behind the facts: once this one is, it is on disk.
        await asking.order("")
        return _risk_out(answer)

    @router.get("/why-not/{symbol}")
    async def why_not(
        symbol: SymbolText,
        side: Annotated[Side, Query()] = Side.BUY,
        quantity: Annotated[Exact | None, Query()] = None,
    ) -> WhyNotOut:
        """Why nothing is opened in a symbol: every gate with its figures, and the signal.

        Without a quantity it is asked for a usual one: a quarter of MAX_ORDER_VALUE, or as much as
        its costs and its market ask for.
        """
        return await why_not_of(asking, Symbol.parse(symbol), side, quantity)

    return router


async def risk_of(asking: Asking) -> RiskOut:
    """Every limit with its use, and how the day stands.

    Raises:
        Refused: the desk does not answer.
    """
    view = await asking.ask(asking.options.desk, GetRisk())
    assert isinstance(view, RiskView)
    return _risk_out(view)


async def why_not_of(
    asking: Asking, symbol: Symbol, side: Side = Side.BUY, quantity: Decimal | None = None
) -> WhyNotOut:
    """Every gate for such an order, and the signal.

    Raises:
        Refused: `SYMBOL_NOT_ALLOWED`, or the desk does not answer.
    """
    view = await asking.ask(asking.options.desk, GetWhyNot(symbol, side, quantity))
    if view is None:
        raise Refused.coded(404, "SYMBOL_NOT_ALLOWED", symbol=str(symbol))
    assert isinstance(view, WhyNotView)
    return _why_not_out(view, await _signal(asking, symbol))


async def _signal(asking: Asking, symbol: Symbol) -> SignalOut:
    if asking.system.find(names.STRATEGIST) is None:
        detail = "There is no strategist (STRATEGY=none): orders come from outside alone."
        return SignalOut(answers=False, wants=False, detail=detail, last="")
    try:
        view = await asking.ask(names.STRATEGIST, GetSignal(symbol))
    except Refused as refused:
        detail = f"The strategist does not answer: {refused.detail}"
        return SignalOut(answers=False, wants=False, detail=detail, last="")
    assert isinstance(view, SignalView)
    return SignalOut(answers=True, wants=view.wants, detail=view.sentence, last=view.last)


def _risk_out(view: RiskView) -> RiskOut:
    return RiskOut(
        at=view.at,
        base_currency=view.base_currency,
        limits=[_limit_out(each) for each in view.limits],
        exposure=_cents(view.exposure),
        ours=_cents(view.ours),
        positions=view.positions,
        free_cash=_cents(view.free_cash),
        result_today=_cents(view.result_today),
        below_peak=_cents(view.below_peak),
        fees_today=_cents(view.fees_today),
        fees_this_month=_cents(view.fees_this_month),
        result_since_start=_cents(view.result_since_start),
        fees_since_start=_cents(view.fees_since_start),
        missing=view.missing,
        cooling=[CoolingOut(symbol=str(symbol), detail=told) for symbol, told in view.cooling],
    )


def _limit_out(limit: LimitView) -> LimitOut:
    entry = entry_of(Settings.model_fields[limit.name])
    return LimitOut(
        name=limit.name.upper(),
        limit=limit.limit,
        in_settings=limit.in_settings,
        unit=entry.unit,
        sentence=entry.sentence,
        used=_cents(limit.used) if entry.unit == MONEY else limit.used,
        shut=limit.shut,
        since=limit.since,
    )


def _cents(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.quantize(_CENT)


def _why_not_out(view: WhyNotView, signal: SignalOut) -> WhyNotOut:
    shut = [each.word for each in view.gates if not each.word.open]
    if shut:
        verdict = f"A gate is shut: {shut[0].sentence}"
    elif signal.wants:
        verdict = "Every gate is open, and the strategist has a signal."
    else:
        verdict = f"Every gate is open, and there is no signal: {signal.detail}."
    return WhyNotOut(
        symbol=str(view.symbol),
        at=view.at,
        side=view.side,
        quantity=view.quantity,
        price=view.price,
        verdict=verdict.replace("..", "."),
        shut=[word.gate for word in shut],
        gates=[_gate_out(each) for each in view.gates],
        signal=signal,
    )


def _gate_out(gate: GateView) -> GateOut:
    word = gate.word
    return GateOut(
        gate=word.gate,
        open=word.open,
        detail=word.sentence,
        figures=[FigureOut(name=name, value=value) for name, value in word.figures],
        since=gate.since,
    )
