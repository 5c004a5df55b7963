"""What the process itself would rather crash over than do: each made to happen, in a whole tree."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actors import names
from actors.desk import Desk
from actors.mailbox import Envelope
from actors.messages import IntentDurable, SetPaused
from adapters.ib import receiver
from adapters.ib.facts import execution_report
from domain.figures import DeskFigures
from domain.orders import Side
from rehearsal.world import World
from tests.rehearsal.test_invariants import live, source_of


def test_an_intent_that_is_told_twice_is_handed_over_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tell_twice(world: World, patch: pytest.MonkeyPatch) -> None:
        watched = world.kelpie.on_put
        told: list[str] = []

        def put(name: str, envelope: Envelope) -> None:
            watched(name, envelope)
            message = envelope.message
            if isinstance(message, IntentDurable) and not told:
                told.append(message.order.client_order_id)
                link = source_of(world, names.connection(names.IB))
                link.stalled = True  # it takes the first one only after both were told
                world.in_(1.0, link.go_on)
                world.kelpie.tell(name, message)

        world.kelpie.on_put = put

    outcome = live(tmp_path, monkeypatch, tell_twice)
    assert "InvariantBroken" in outcome.violations[0]
    assert "handed to the link before" in outcome.violations[0]


def test_an_entry_that_slips_past_the_pause_crashes_the_desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def let_entries_pass(world: World, patch: pytest.MonkeyPatch) -> None:
        honest = Desk._figures

        def never_paused(self: Any, *given: Any, **named: Any) -> DeskFigures:
            return replace(honest(self, *given, **named), paused=False)

        patch.setattr(Desk, "_figures", never_paused)
        world.at(600.0, lambda: world.kelpie.tell(names.DESK, SetPaused(True, "owner", "test")))

    outcome = live(tmp_path, monkeypatch, let_entries_pass)
    assert "is admitted in a pause" in outcome.violations[0]
    assert outcome.orders == 0


def test_an_execution_of_the_other_side_is_not_booked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def turn_sides(world: World, patch: pytest.MonkeyPatch) -> None:
        def turned(*given: Any) -> Any:
            report = execution_report(*given)
            other = Side.SELL if report.side is Side.BUY else Side.BUY
            return replace(report, side=other)

        patch.setattr(receiver, "execution_report", turned)

    outcome = live(tmp_path, monkeypatch, turn_sides)
    assert "InvariantBroken" in outcome.violations[0]
    assert "is a SELL of" in outcome.violations[0]
