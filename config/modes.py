"""The modes of Kelpie, and which ports and accounts belong to each.

Sources: the standard API ports of TWS (7496 live, 7497 paper) and of IB Gateway (4001 live,
4002 paper); Interactive Brokers' account numbers, which begin with DU, DUQ or DF for paper money
and with U, F or I for real money.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Mode(StrEnum):
    """What Kelpie does with the orders that it decides on."""

    DEMO = "demo"
    """The embedded gateway, simulated money."""
    OBSERVE = "observe"
    """A real gateway, no orders, a shadow book."""
    PAPER = "paper"
    """A real gateway, paper money."""
    LIVE = "live"
    """A real gateway, real money."""


PAPER_PORTS = frozenset({4002, 7497})
LIVE_PORTS = frozenset({4001, 7496})

#: Where each mode looks for its gateway. For *observe* there is no safe guess.
DEFAULT_PORTS = {Mode.DEMO: 14002, Mode.PAPER: 4002, Mode.LIVE: 4001}

#: Groups: the prefix, the digits.
ACCOUNT = re.compile(r"^(DUQ|DU|DF|U|F|I)(\d{1,10})$")


def money_of_port(port: int) -> str | None:
    """`paper` or `live` for one of the four standard ports, None for any other."""
    if port in PAPER_PORTS:
        return "paper"
    return "live" if port in LIVE_PORTS else None


def money_of_account(account: str) -> str | None:
    """`paper` or `live` by the prefix, None when the text is no account number."""
    match = ACCOUNT.match(account)
    if match is None:
        return None
    return "paper" if match[1].startswith("D") else "live"


def example_account(mode: Mode) -> str:
    """Show what an account number of this mode looks like."""
    return "U1234567" if mode is Mode.LIVE else "DU1234567"


def port_contradiction(mode: Mode, port: int) -> str | None:
    """Say why this mode cannot use this port; None when it can."""
    money = money_of_port(port)
    if mode is Mode.DEMO and money is not None:
        return (
            f"MODE=demo uses the embedded gateway, but IB_PORT={port} is a real gateway's "
            f"{money} port"
        )
    if mode in (Mode.PAPER, Mode.LIVE) and money not in (None, mode.value):
        return f"MODE={mode} contradicts IB_PORT={port}, which is a gateway's {money} port"
    return None


def account_contradiction(mode: Mode, port: int | None, account: str) -> str | None:
    """Say why this mode or port cannot belong to this account; None when they can.

    The account is named by its prefix alone, for the sentence ends in logs.
    """
    money = money_of_account(account)
    match = ACCOUNT.match(account)
    if money is None or match is None:
        return None
    shown = f"IB_ACCOUNT_ID={match[1]}…"
    if mode is Mode.LIVE and money == "paper":
        return f"MODE=live contradicts {shown}, a paper account"
    if mode in (Mode.DEMO, Mode.PAPER) and money == "live":
        return f"MODE={mode} contradicts {shown}, an account with real money"
    port_money = money_of_port(port) if port is not None else None
    if port_money not in (None, money):
        return f"IB_PORT={port}, a gateway's {port_money} port, contradicts {shown}, {money} money"
    return None


def paper_contradiction(
    mode: Mode, port: int | None, account: str | None, paper: bool
) -> str | None:
    """Say what IB_PAPER contradicts; None when all agree."""
    said = f"IB_PAPER={str(paper).lower()}"
    wanted = "paper" if paper else "live"
    if mode is not Mode.OBSERVE and paper is (mode is Mode.LIVE):
        return f"MODE={mode} contradicts {said}"
    if port is not None and money_of_port(port) not in (None, wanted):
        return f"IB_PORT={port}, a gateway's {money_of_port(port)} port, contradicts {said}"
    money = money_of_account(account) if account else None
    if money not in (None, wanted):
        return f"the prefix of IB_ACCOUNT_ID ({money} money) contradicts {said}"
    return None
