"""Who is told of a circuit, and when: never before it is known whether a person holds it open."""

from __future__ import annotations

import pytest

from actors.circuit import CircuitKeeper


class Kept:
    """A keeper, and all that it did."""

    def __init__(self, *, anew: bool) -> None:
        self.said: list[str] = []
        self.probes = 0
        self.armed: list[float] = []
        self.circuit = CircuitKeeper(
            "ib",
            say=lambda changed: self.said.append(changed.state),
            probe=self._probe,
            arm=self.armed.append,
            anew=anew,
        )

    def _probe(self) -> None:
        self.probes += 1


@pytest.mark.parametrize(("anew", "state"), [(False, "closed"), (True, "half-open")])
def test_nothing_is_told_before_the_book_has_been_read(anew: bool, state: str) -> None:
    kept = Kept(anew=anew)
    assert kept.circuit.changed(0.0) is None
    kept.circuit.look(1.0)
    assert kept.said == []
    kept.circuit.book_says("", 2.0)
    assert kept.said == [state]


@pytest.mark.parametrize("anew", [False, True])
def test_a_read_that_comes_before_the_book_never_shows_it_closed(anew: bool) -> None:
    kept = Kept(anew=anew)
    kept.circuit.succeeded(1.0)
    kept.circuit.book_says("over night", 2.0)
    assert kept.said == ["forced-open"]
    kept.circuit.succeeded(3.0)
    kept.circuit.book_says("", 4.0)
    assert kept.said == ["forced-open"], "the book is asked once; then a person's word counts"
    kept.circuit.release(5.0)
    assert kept.said == ["forced-open", "closed"]


def test_each_state_is_told_once_and_half_open_asks_for_one_read() -> None:
    kept = Kept(anew=False)
    kept.circuit.book_says("", 0.0)
    for now in (1.0, 2.0, 3.0, 4.0):
        kept.circuit.failed(now, "GONE")
    assert (kept.said, kept.armed[0]) == (["closed", "open"], 30.0)
    for now in (33.0, 34.0):
        kept.circuit.look(now)
    assert (kept.said, kept.probes) == (["closed", "open", "half-open"], 1)
    told = kept.circuit.changed(35.0)
    assert told is not None and told.sentence == "4 failures in a row, last GONE"
    kept.circuit.failed(36.0, "GONE")
    assert (kept.said[-1], kept.armed[-1]) == ("open", 60.0)
    state = kept.circuit.describe(40.0)
    assert (state["failures"], state["next_probe_in_seconds"]) == (5, 56.0)
