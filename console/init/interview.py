"""The questions in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from config.modes import Mode
from config.settings import Settings
from console.init import questions
from console.init.alerting import AlertQuestions
from console.init.amounts import MoneyQuestions
from console.init.asking import Asker, BadAnswer, Taken
from console.init.choices import OF_A_GATEWAY, Choices
from console.init.costs import RoundTrip
from console.init.gateway import GatewayQuestions
from console.init.market import AccountSeen, Market
from console.init.outlook import how_to_live
from console.init.places import Seen
from runtime.interface import Clock


@dataclass(frozen=True, slots=True)
class Learnt:
    """What was found out while asking."""

    gateway: Seen | None
    account: AccountSeen | None
    market: Market
    trips: Sequence[RoundTrip]
    alerts: AlertQuestions
    remarks: Sequence[str]
    """What the owner should know beside the answers."""


def interview(choices: Choices, asker: Asker, clock: Clock, ports: Sequence[int]) -> Learnt:
    """Ask everything; the answers are in `choices` then.

    Raises:
        Stopped, GaveUp: it ended before the last question.
    """
    mode = _mode(choices, asker)
    seen, account, remarks = None, None, list[str]()
    if mode is Mode.DEMO:
        choices.forget(*OF_A_GATEWAY)
    else:
        gateway = GatewayQuestions(choices, asker, clock, mode, ports)
        gateway.run()
        seen, account, remarks = gateway.seen, gateway.account, gateway.remarks
    amounts = MoneyQuestions(choices, asker, clock, seen if account is not None else None, account)
    amounts.run()
    alerts = AlertQuestions(choices, asker, clock)
    alerts.run()
    remarks = [*remarks, *amounts.remarks, *alerts.remarks]
    return Learnt(seen, account, amounts.market, amounts.trips, alerts, remarks)


def _mode(choices: Choices, asker: Asker) -> Mode:
    def take(text: str) -> Taken[Mode]:
        word = text.strip().lower()
        if word == Mode.LIVE:
            raise BadAnswer(f"Not from here. {how_to_live(Settings.load({}, env_file=None))}")
        if word not in (Mode.DEMO, Mode.OBSERVE, Mode.PAPER):
            raise BadAnswer(f"{text!r} is none of demo, observe and paper.")
        choices.take(MODE=word)
        return Taken(Mode(word))

    current = choices.current("MODE").strip().lower()
    usual = current if current in (Mode.DEMO, Mode.OBSERVE) else Mode.PAPER.value
    return asker.ask(questions.mode(usual), take)
