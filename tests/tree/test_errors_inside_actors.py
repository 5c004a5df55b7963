"""Whatever is raised inside an actor of the real tree: its supervisor's strategy, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors import names
from tests.tree.in_process import Tree, Venue, growing
from tests.tree.market import wait_for_open_market
from tests.tree.poison import ERRORS, poison
from tests.tree.truth import of_broker, of_hook
from tests.tree.waiting import until

_CHAIN = (
    names.connection(names.IB),
    names.quotes(names.IB),
    names.history(names.IB),
    names.orders(names.IB),
    names.resync(names.IB),
    names.bars(names.IB),
)
_TRADERS = (names.DESK, names.PLAN_MONITOR, names.STRATEGIST)
_CONSOLE = (
    names.HOOK,
    names.NARRATOR,
    names.ALERTS,
    names.YEAR_END,
    names.UPTIME,
    names.TELEMETRY,
)
#: Who restarts with whom, in order: in the venue those that stand after it, elsewhere nobody;
#: a supervisor's own children with it.
_SEATS = {name: _CHAIN[index:] for index, name in enumerate(_CHAIN[:-1])}
#: The last of the chain is among them: six crashes in it would be more than the venue bears.
_OTHERS = {name: (name,) for name in (names.LEDGER, _CHAIN[-1], *_TRADERS, *_CONSOLE)}
_SUPERVISORS = {
    names.IB: (names.IB, *_CHAIN),
    names.TRADING: (names.TRADING, *_TRADERS),
    names.CONSOLE: (names.CONSOLE, *_CONSOLE),
}


def _raise_inside(tree: Tree, victim: str, error: type[BaseException]) -> None:
    expected = {**_SEATS, **_OTHERS, **_SUPERVISORS}[victim]
    before, at = tree.incarnations(), tree.clock.monotonic()

    def started() -> bool:
        return all((tree.system.seat(name).started_at or 0.0) > at for name in expected)

    tree.system.tell(victim, poison(error))
    until(started, f"{error.__name__} in {victim} restarts {expected}")
    try:
        tree.wait_until_ready()
    except AssertionError as never:
        seats = [
            f"{s.name}#{s.incarnation} {s.published} {s.last_error}" for s in tree.system.seats()
        ]
        raise AssertionError(
            f"after {victim}: {never} {tree.desk().venues} " + "\n".join(seats)
        ) from None
    assert _changes(tree, before) == dict.fromkeys(expected, 1)
    seat = tree.system.seat(victim)
    assert seat.last_exit is not None and seat.last_exit.cause == error.__name__
    starts = [tree.system.seat(name).started_at or 0.0 for name in expected]
    assert starts == sorted(starts), f"not in order: {dict(zip(expected, starts, strict=True))}"


def _changes(tree: Tree, before: dict[str, int]) -> dict[str, int]:
    now = tree.incarnations()
    return {name: now[name] - before[name] for name in now if now[name] != before[name]}


def _ends(tree: Tree, name: str) -> None:
    until(lambda: tree.state(name) in ("FILLED", "NOT_SENT"), f"{name} ends")


def _reaches_the_wire(venue: Venue, name: str) -> None:
    until(lambda: venue.wire().placements(name), f"{name} is on the wire")


def _agrees(tree: Tree, venue: Venue) -> bool:
    fills = sorted(of_hook(tree.get("/fills?limit=1000")["items"]))
    return fills == sorted(of_broker(venue.books()))


@pytest.mark.timeout(150)
@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize(
    "victims", [_SEATS, _OTHERS, _SUPERVISORS], ids=["venue", "others", "supervisors"]
)
def test_what_the_strategy_names_restarts_and_no_message_is_lost(
    tmp_path: Path, venue: Venue, error: type[BaseException], victims: dict[str, tuple[str, ...]]
) -> None:
    wait_for_open_market()
    venue.start()
    with growing(tmp_path, venue.port, STRATEGY="rules", MAX_ORDER_VALUE="5000") as tree:
        tree.wait_until_ready()
        admitted = []
        for number, victim in enumerate(victims):
            name = f"KLP-{number}"
            # In flight while it happens: acknowledgement, fill and commission are yet to come.
            answer = tree.propose(name)
            assert answer.status_code == 202, answer.text
            admitted.append(name)
            if victim == names.connection(names.IB):
                # What a dying link had not written yet stays in doubt for longer than a test.
                _reaches_the_wire(venue, name)
            _raise_inside(tree, victim, error)
        for name in admitted:
            _ends(tree, name)
        assert tree.propose("KLP-LAST").status_code == 202
        tree.wait_for_state("KLP-LAST", "FILLED")
        until(lambda: _agrees(tree, venue), "the ledger has the broker's executions", every=0.1)
        sent = venue.wire().orders_per_ref()
        for name in admitted:
            assert sent[name] == (1 if tree.state(name) == "FILLED" else 0)
        assert tree.lost_facts() == []


@pytest.mark.parametrize("error", ERRORS)
def test_raised_inside_the_root_it_ends_the_process_with_restart_me(
    tmp_path: Path, venue: Venue, error: type[BaseException]
) -> None:
    with growing(tmp_path, venue.port) as tree:
        tree.system.tell(names.ROOT, poison(error))
        assert tree.system.wait_for_end(10.0) == 70
