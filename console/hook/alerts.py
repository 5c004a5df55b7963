"""Alerts: what stands, what is known of them, and the proof that they arrive."""

from __future__ import annotations

from fastapi import APIRouter

from actors import names
from actors.messages import AnswerAlert, EchoDigits, GetAlerts, SendTest
from actors.messages.alerts import AlertsView, Echo
from console.alert_schemas import AlertOut, AlertsOut, AnsweredOut, EchoIn, EchoOut
from console.hook.asking import Asking
from console.hook.order_in import ExactRoute
from console.hook.problems import Refused
from console.schemas import ReasonIn
from domain.alerting import Incident

ALL = "all"


def routes(asking: Asking) -> APIRouter:
    """`/alerts`, `/alerts/{id}/answer`, `/alerts/test`, `/alerts/echo`."""
    router = APIRouter(prefix="/alerts", tags=["alerts"], route_class=ExactRoute)

    @router.get("")
    async def alerts() -> AlertsOut:
        """Give what stands and what was in the last 30 days, newest first."""
        return alerts_out(await alerts_view(asking))

    @router.post("/test")
    async def test(body: ReasonIn | None = None) -> AlertsOut:
        """Send a test with four digits; entering them proves that it was received."""
        if not (await alerts_view(asking)).ways:
            raise Refused.coded(409, "NO_WAY_TO_ALERT")
        view = await asking.ask(names.ALERTS, SendTest(_limit(asking), asking.who()))
        assert isinstance(view, AlertsView)
        return alerts_out(view)

    @router.post("/echo")
    async def echo(body: EchoIn) -> EchoOut:
        """Enter the digits of the last test."""
        asking.audit("echo", "the digits of a test alert")
        wish = EchoDigits(_limit(asking), body.digits, asking.who())
        answer = await asking.ask(names.ALERTS, wish)
        assert isinstance(answer, Echo)
        if not answer.right:
            raise Refused.coded(409, "ECHO_WRONG", reason=answer.sentence)
        view = await alerts_view(asking)
        return EchoOut(sentence=answer.sentence, proven_at=view.proven_at)

    @router.post("/{id}/answer")
    async def answer(id: str, body: ReasonIn | None = None) -> AnsweredOut:
        """Say that it is known, and it is not repeated any more; `all` answers all."""
        return await answer_alert(asking, id)

    return router


async def alerts_view(asking: Asking) -> AlertsView:
    """All of it, as the seat has it."""
    view = await asking.ask(names.ALERTS, GetAlerts())
    assert isinstance(view, AlertsView)
    return view


async def answer_alert(asking: Asking, id: str) -> AnsweredOut:
    """Answer one, or all.

    Raises:
        Refused: `ALERT_UNKNOWN`.
    """
    known = await asking.ask(names.ALERTS, AnswerAlert(_limit(asking), id, asking.who()))
    if not known and id.lower() != ALL:
        view = await alerts_view(asking)
        known = tuple(each for each in view.incidents if each.id == id.upper())
        if not known:
            raise Refused.coded(404, "ALERT_UNKNOWN", id=id[:20])
    return AnsweredOut(items=[alert_out(each) for each in known])


def alerts_out(view: AlertsView) -> AlertsOut:
    """The answer's shape."""
    return AlertsOut(
        items=[alert_out(each) for each in view.incidents],
        ways=view.ways,
        delivered=view.delivered,
        failed=view.failed,
        delivered_at=view.delivered_at,
        proven_at=view.proven_at,
        acknowledged_at=view.acknowledged_at,
        test_sent_at=view.test_sent_at,
        trouble=view.trouble,
        holds=view.holds,
        watcher=view.watcher,
        morning_at=view.morning_at,
    )


def alert_out(incident: Incident) -> AlertOut:
    """One of them."""
    rule = incident.rule
    return AlertOut(
        id=incident.id,
        code=incident.code,
        level=incident.level,
        title=rule.title,
        venue=incident.venue,
        since=incident.since,
        sentence=incident.sentence,
        stands=rule.stands,
        if_nothing=rule.if_nothing,
        to_do=incident.to_do,
        open=incident.open,
        answered=incident.answered_at is not None,
        answered_at=incident.answered_at,
        answered_by=incident.answered_by,
        told=incident.told,
        told_at=incident.told_at,
        next_at=incident.due,
        ended_at=incident.ended_at,
        ended=incident.ended,
    )


def _limit(asking: Asking) -> float:
    return asking.clock.monotonic() + asking.options.answer_seconds
