"""The circuit of a venue as a state machine, and the bounds of each wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.backoff import Backoff
from domain.circuit import (
    FIRST_OPEN_SECONDS,
    LONGEST_OPEN_SECONDS,
    Circuit,
    CircuitState,
)

CLOSED, OPEN, HALF_OPEN = CircuitState.CLOSED, CircuitState.OPEN, CircuitState.HALF_OPEN
FORCED = CircuitState.FORCED_OPEN


def opened(now: float = 0.0) -> Circuit:
    circuit = Circuit()
    for _ in range(3):
        circuit = circuit.failed(now, "GONE")
    return circuit


def test_it_opens_at_the_third_failure_in_a_row() -> None:
    circuit = Circuit().failed(0.0, "GONE").failed(1.0, "GONE")
    assert circuit.state is CLOSED
    third = circuit.failed(2.0, "LAST")
    assert (third.state, third.open_until, third.cause) == (OPEN, 32.0, "LAST")


def test_a_success_in_between_ends_the_row() -> None:
    circuit = Circuit().failed(0.0, "GONE").failed(1.0, "GONE").succeeded()
    assert circuit == Circuit()
    assert circuit.failed(3.0, "GONE").failed(4.0, "GONE").state is CLOSED


@pytest.mark.parametrize(("after", "state"), [(29.9, OPEN), (30.0, HALF_OPEN), (1e9, HALF_OPEN)])
def test_it_is_half_open_when_its_time_is_over(after: float, state: CircuitState) -> None:
    assert opened().at(after).state is state


@pytest.mark.parametrize("at", [1.0, 29.0, 30.0, 1e9])
def test_a_complete_read_closes_it_whenever_it_comes(at: float) -> None:
    """Reconnects go on while it is open: who has read everything need not wait for its hour."""
    assert opened().at(at).succeeded() == Circuit()


def test_a_person_holds_it_open_whatever_happens_beneath() -> None:
    held = Circuit().force("a trial")
    assert (held.shown, held.state) == (FORCED, CLOSED)
    for circuit in (
        held.succeeded(),
        held.at(1e9),
        opened().force("a trial").succeeded(),
        opened().force("a trial").at(30.0).failed(31.0, "GONE"),
    ):
        assert (circuit.shown, circuit.forced) == (FORCED, "a trial")
    assert opened().force("a trial").release() == opened()
    assert held.release() == Circuit()


def test_failures_while_open_do_not_prolong_it() -> None:
    assert opened().failed(10.0, "GONE").open_until == FIRST_OPEN_SECONDS


def test_each_failed_probe_doubles_the_time_up_to_ten_minutes() -> None:
    circuit, now, waits = opened(), 0.0, []
    for _ in range(7):
        waits.append(circuit.open_until - now)
        now = circuit.open_until
        circuit = circuit.at(now).failed(now, "GONE")
    assert waits == [30.0, 60.0, 120.0, 240.0, 480.0, 600.0, 600.0]
    assert circuit.succeeded().open_seconds == FIRST_OPEN_SECONDS


EVENTS = st.lists(
    st.tuples(st.sampled_from(["failed", "succeeded", "at"]), st.integers(0, 700)), max_size=60
)


@given(EVENTS)
def test_whatever_happens_it_keeps_its_rules(events: list[tuple[str, int]]) -> None:
    circuit, now, row = Circuit(), 0.0, 0
    for what, pause in events:
        now += pause
        before = circuit = circuit.at(now)
        if what == "failed":
            circuit, row = circuit.failed(now, "GONE"), row + 1
        elif what == "succeeded":
            circuit, row = circuit.succeeded(), 0
        if before.state is CLOSED:
            assert circuit.state is (OPEN if what == "failed" and row >= 3 else CLOSED)
        elif before.state is OPEN and what != "succeeded":
            assert circuit.state is OPEN and circuit.open_until == before.open_until
        elif what != "at":
            assert circuit.state is (OPEN if what == "failed" else CLOSED)
        if circuit.state is OPEN:
            assert 0 < circuit.open_until - now <= LONGEST_OPEN_SECONDS
        assert circuit.failures == row


@given(
    st.integers(min_value=0, max_value=10_000),
    st.floats(min_value=0, max_value=1),
    st.none() | st.floats(min_value=0.2, max_value=100),
)
def test_each_wait_lies_between_its_floor_and_its_ceiling(
    failures: int, chance: float, ceiling: float | None
) -> None:
    backoff = Backoff(first=1.0, ceiling=60.0, reset_after=30.0, floor=0.1)
    wait = backoff.delay(failures, chance, ceiling)
    top = (
        min(60.0, 2.0 ** max(failures - 1, 0), ceiling or 60.0)
        if failures < 100
        else ceiling or 60.0
    )
    assert wait == pytest.approx(max(0.1, min(top, 60.0) * chance))
    assert 0.1 <= wait <= 60.0


def test_the_jitter_is_full() -> None:
    backoff = Backoff(first=1.0, ceiling=60.0, reset_after=30.0)
    assert [backoff.delay(3, chance) for chance in (0.0, 0.5, 1.0)] == [0.1, 2.0, 4.0]
