"""No schedule breaks a rule of IB's, and none is slower than the rules ask for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.pacing import PacedRequest, PacingRules, Sent, age, earliest, recent
from tests.domain.pacing_checker import Request, violations

EXACT = PacingRules(slack_seconds=0.0)
TICK = 0.125
"""Times are multiples of it, so that sums are exact."""

requests = st.builds(
    lambda kind, number, bid_ask: PacedRequest(
        f"{kind} {number} {bid_ask}", f"{kind} {bid_ask}", 2 if bid_ask else 1
    ),
    st.sampled_from(["BHP", "VAS", "CBA"]),
    st.integers(0, 30),
    st.booleans(),
)
queues = st.lists(st.tuples(requests, st.integers(0, 400)), max_size=160)


def _as_checked(log: list[Sent]) -> list[Request]:
    return [Request(s.at, s.request.identity, s.request.kind, s.request.weight) for s in log]


@settings(max_examples=60, deadline=None)
@given(queues)
def test_never_a_violation_and_never_a_pause_that_no_rule_asks_for(
    queue: list[tuple[PacedRequest, int]],
) -> None:
    log: list[Sent] = []
    now = 0.0
    for request, ticks_later in queue:
        now += ticks_later * TICK
        at = earliest(log, request, now, EXACT)
        assert at >= now
        if at > now:
            sooner = Sent(at - TICK, request)
            assert violations(_as_checked([*log, sooner])), f"{request} could have gone sooner"
        now = at
        log.append(Sent(at, request))
    assert violations(_as_checked(log)) == []


def _greedy(waiting: list[PacedRequest]) -> list[Sent]:
    """Whatever may go first, goes."""
    log: list[Sent] = []
    now, waiting = 0.0, list(waiting)
    while waiting:
        at, number = min((earliest(log, r, now, EXACT), n) for n, r in enumerate(waiting))
        log.append(Sent(at, waiting.pop(number)))
        now = at
    return log


@pytest.mark.parametrize(("kinds", "weight", "seconds"), [(40, 1, 1800), (40, 2, 3600)])
def test_200_requests_take_as_long_as_the_rules_say_and_no_longer(
    kinds: int, weight: int, seconds: float
) -> None:
    queue = [PacedRequest(f"{n}", f"kind {n % kinds}", weight) for n in range(200)]
    log = _greedy(queue)
    assert violations(_as_checked(log)) == []
    assert log[-1].at == seconds


def test_one_kind_goes_by_fives() -> None:
    log = _greedy([PacedRequest(f"{n}", "BHP") for n in range(12)])
    assert [sent.at for sent in log] == [0.0] * 5 + [2.0] * 5 + [4.0] * 2


def test_what_is_10_minutes_old_is_forgotten_and_nothing_younger() -> None:
    log = [Sent(at, PacedRequest(str(at), "BHP")) for at in (0.0, 0.5, 300.0)]
    assert [sent.at for sent in recent(log, 600.25, EXACT)] == [0.5, 300.0]


@pytest.mark.parametrize(
    ("sent", "now", "expected"),
    [
        ((1000.0, 50.0), (1100.0, 150.0), 100.0),
        # The wall clock was set ahead by an hour, or back by one.
        ((1000.0, 50.0), (4700.0, 150.0), 100.0),
        ((5000.0, 50.0), (1500.0, 150.0), 100.0),
        # The machine began anew.
        ((1000.0, 9000.0), (1100.0, 30.0), 100.0),
        # Both: nobody knows, so it was just now.
        ((5000.0, 9000.0), (1500.0, 30.0), 0.0),
    ],
)
def test_the_age_of_a_request_survives_clock_steps_and_restarts(
    sent: tuple[float, float], now: tuple[float, float], expected: float
) -> None:
    assert age(*sent, *now) == expected
