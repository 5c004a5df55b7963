"""When a venue may be asked for bars again: all rules at once, from the times of past requests.

Source: IB's API documentation, *historical data limitations*: at most 60 requests in any ten
minutes, no identical request within 15 seconds, fewer than six for one contract, exchange and
kind of data within two seconds; BID_ASK counts twice. IB says that they bind for bars of 30
seconds and less and that longer ones are throttled softly, without a number. Here they hold
for bars of every size: what IB does to those who go on is not written anywhere, TWS's own charts
share its counters, and who asks for long bars needs few requests.

All times are seconds on one clock that never steps back; `age` brings them over a restart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PacedRequest:
    """What the rules look at in a request."""

    identity: str
    """All that makes it what it is: two alike are identical to the venue."""
    kind: str
    """Its contract, exchange and kind of data."""
    weight: int = 1
    """How often it counts: 2 for BID_ASK."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request, and the latest moment at which the venue can have counted it (seconds)."""

    at: float
    request: PacedRequest


@dataclass(frozen=True, slots=True)
class PacingRules:
    """The numbers; `slack_seconds` goes on top of each time, for clocks that differ in rate."""

    total: int = 60
    total_seconds: float = 600.0
    burst: int = 5
    burst_seconds: float = 2.0
    identical_seconds: float = 15.0
    slack_seconds: float = 0.05


IB_RULES = PacingRules()


def earliest(
    log: Iterable[Sent], request: PacedRequest, now: float, rules: PacingRules = IB_RULES
) -> float:
    """The first moment from `now` on at which the request breaks no rule; `now` when it may go.

    As time goes on the windows only empty, so it is the latest of what each rule asks for.
    """
    newest_first = sorted(log, key=lambda sent: sent.at, reverse=True)
    same = [sent for sent in newest_first if sent.request.kind == request.kind]
    moments = [now]
    twin = next((sent for sent in same if sent.request.identity == request.identity), None)
    if twin is not None:
        moments.append(twin.at + rules.identical_seconds + rules.slack_seconds)
    for sents, most, seconds in (
        (same, rules.burst, rules.burst_seconds),
        (newest_first, rules.total, rules.total_seconds),
    ):
        last = _must_leave(sents, most - request.weight)
        if last is not None:
            moments.append(last + seconds + rules.slack_seconds)
    return max(moments)


def _must_leave(newest_first: Sequence[Sent], room: int) -> float | None:
    """The time of the newest that has to be out of the window, where not all may stay."""
    for sent in newest_first:
        room -= sent.request.weight
        if room < 0:
            return sent.at
    return None


def recent(log: Iterable[Sent], now: float, rules: PacingRules = IB_RULES) -> list[Sent]:
    """What still counts for one of the rules."""
    horizon = now - rules.total_seconds - rules.slack_seconds
    return [sent for sent in log if sent.at > horizon]


def age(sent_wall: float, sent_monotonic: float, now_wall: float, now_monotonic: float) -> float:
    """How long ago a request of an earlier process was, in seconds, and rather less than more.

    The wall clock may have been set, and the monotonic one begins anew when the machine does: of
    the two ages the smaller counts, one below zero cannot be, and without any it was just now.
    """
    ages = (now_wall - sent_wall, now_monotonic - sent_monotonic)
    return min((each for each in ages if each >= 0.0), default=0.0)
