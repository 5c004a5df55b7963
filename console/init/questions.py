"""The words of the questions: what is asked, and why, in a line."""

from __future__ import annotations

from decimal import Decimal

from console.init.asking import Question

#: No more than so many are ever asked, whatever the answers.
MOST = 10

#: Liquid, and in the usual subscription of data: a company and an index fund of the ASX.
SYMBOLS = "BHP/AUD,VAS/AUD"

#: By IB's commissions in Australia a round trip of this size costs less than half a percent.
LARGEST_ORDER = Decimal(3000)


#: Of a large account; of a small one it is a tenth.
PURSE = Decimal(20_000)


def mode(usual: str) -> Question:
    """What is done with orders."""
    return Question(
        "mode",
        "What should Kelpie do?",
        "demo: play money at a simulated gateway, nothing else needed. paper: your paper account "
        "at IB. observe: a real gateway, no order is ever sent. Real money comes later: `live` "
        "says how.",
        usual,
    )


def gateway(usual: str) -> Question:
    """Where TWS or IB Gateway is."""
    return Question(
        "gateway",
        "Where is IB Gateway or TWS?",
        "Kelpie trades through it. A number of the list, a HOST to look at, or HOST:PORT; `again` "
        "looks again.",
        usual,
    )


def account(usual: str) -> Question:
    """Which account."""
    return Question(
        "account",
        "Which account?",
        "Kelpie trades in this one alone, and its book belongs to it for ever.",
        usual,
    )


def purse(usual: str, sign: str) -> Question:
    """How much of it."""
    return Question(
        "purse",
        f"How much of it may Kelpie use, in {sign}?",
        "All that it holds and may still buy stays within this sum, whatever else the account has.",
        usual,
    )


def symbols(usual: str) -> Question:
    """What may be traded."""
    return Question(
        "symbols",
        "What may it trade?",
        "Nothing else is ever bought or sold. Write SYMBOL/CURRENCY, with commas.",
        usual,
    )


def largest_order(usual: str, sign: str) -> Question:
    """The largest single order."""
    return Question(
        "largest-order",
        f"What is the largest single order, in {sign}?",
        "A mistake costs no more than this at once; far smaller ones cost more in commission.",
        usual,
    )


def daily_loss(usual: str, sign: str) -> Question:
    """When it stops for the day."""
    return Question(
        "daily-loss",
        f"At what loss of a day does it stop opening positions, in {sign}?",
        "Counted from fills, prices and fees, until midnight in Sydney. Exits and stops go on.",
        usual,
    )


def alerts(usual: str, topic: str, *, hidden: bool) -> Question:
    """Where to alert."""
    return Question(
        "alert",
        "Where do alerts go?",
        f"So that trouble finds you. Easiest is the app ntfy on your phone: subscribe there to "
        f"{topic} (a name that nobody can guess), then Enter. Or any Apprise URL, several with "
        "commas; or `none`: then nothing finds you, and you have to look.",
        usual,
        hidden,
        secret=True,
    )


def digits() -> Question:
    """Whether the test arrived."""
    return Question(
        "digits",
        "Which four digits came?",
        "A way that was never seen to work is none. `again` sends new ones, `skip` leaves it open.",
        "skip",
    )


def watcher(usual: str, *, hidden: bool) -> Question:
    """Who notices when this machine is gone."""
    return Question(
        "watcher",
        "Does anybody outside watch over this machine?",
        "A box without power cannot alert you. healthchecks.io (or your own) expects a sign from "
        "Kelpie every five minutes, and tells you when none comes: give its address, or `none`.",
        usual,
        hidden,
        secret=True,
    )
