"""Pain 7: each code of the table, in each phase of an order, through the whole adapter."""

from __future__ import annotations

import pytest

from adapters.ib.errors import ErrorRule, error_table
from domain.venue import NoticeEffect, VenueStatus
from simulators.tws.encode import error as error_fields
from simulators.tws.encode_orders import open_order, order_status
from tests.ib.messages import INSTRUMENT, broker_order
from tests.ib.peer import Peer, frame, listening, run
from tests.ib.recorder import Recorder, limit_order, link_to

NOBODY_KNOWS = 77777
PHASES = {
    "sent": (),
    "working": ("Submitted",),
    "held": ("PreSubmitted",),
    "cancelling": ("Submitted", "PendingCancel"),
    "ended": ("Submitted", "Cancelled"),
}
CODES = sorted(rule.code for rule in error_table() if rule.code > 0)


def spoken(version: int, order_id: int, name: str) -> bytes:
    """What the venue has said of an order in this phase, with one part of it filled or not."""
    frames = b""
    for status in PHASES[name]:
        order = broker_order(order_id, f"K-{name}", status, permanent_id=1000 + order_id)
        frames += frame(*open_order(order, INSTRUMENT, None, version))
        frames += frame(*order_status(order, version))
    return frames


@pytest.mark.parametrize("version", [157, 176])
@pytest.mark.parametrize("code", [*CODES, NOBODY_KNOWS])
def test_a_code_is_told_as_the_table_has_it_and_no_order_is_changed(
    code: int, version: int
) -> None:
    rule = error_table().rule(code)
    of_an_order = rule.scope not in ("link", "farm")

    async def body() -> None:
        peer, sink = Peer(), Recorder()
        peer.greeting = frame(version, "20260909 10:00:00 Australia/Sydney")
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            for number, name in enumerate(PHASES, start=1):
                assert link.place(limit_order(f"K-{name}")) == str(number)
            await peer.until("3", len(PHASES))
            for number, name in enumerate(PHASES, start=1):
                await peer.send(spoken(version, number, name))
            await link.server_time()
            before = sink.orders()
            assert len(before) == 2 * sum(map(len, PHASES.values()))
            for number in range(1, len(PHASES) + 1):
                await peer.send(frame(*error_fields(version, number, code, "words of the venue")))
            await link.server_time()
            assert sink.orders() == before
            told = sink.order_notices() if of_an_order else sink.notices
            assert [notice.code for notice in told] == [code] * len(PHASES)
            assert {(n.effect, n.alert, n.text) for n in told} == {
                (rule.effect, rule.alert, "words of the venue")
            }
            names = [notice.client_order_id for notice in told]
            assert names == [f"K-{name}" if of_an_order else None for name in PHASES]
            assert sink.losses == []
            link.close()

    run(body())


def test_the_unknown_code_is_quarantined() -> None:
    rule = error_table().rule(NOBODY_KNOWS)
    assert (rule.known, rule.effect, rule.alert) == (False, NoticeEffect.QUERY, True)
    assert NOBODY_KNOWS not in CODES


@pytest.mark.parametrize("rule", list(error_table()), ids=lambda rule: str(rule.code))
def test_a_row_is_sound(rule: ErrorRule) -> None:
    assert rule.meaning and not rule.meaning.endswith(".")
    if rule.effect in (NoticeEffect.CANCELLED, NoticeEffect.CANCEL_REFUSED):
        assert rule.scope == "order"
    if rule.scope == "farm":
        assert rule.effect is NoticeEffect.NONE, "a farm says nothing of orders"
    if rule.severity == "info":
        harmless = (NoticeEffect.NONE, NoticeEffect.UP, NoticeEffect.CHANGE_REFUSED)
        assert rule.effect in harmless, "information ends nothing"
    if rule.effect is NoticeEffect.REJECT and rule.scope == "order":
        assert rule.alert, "a refusal is told to a person"


@pytest.mark.parametrize("version", [157, 176])
@pytest.mark.parametrize("filled", ["0", "40"])
def test_the_words_around_the_code_are_read_at_each_version(version: int, filled: str) -> None:
    """So that the test above does not pass for want of orders."""

    async def body() -> None:
        peer, sink = Peer(), Recorder()
        peer.greeting = frame(version, "20260909 10:00:00 Australia/Sydney")
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            await peer.send(spoken(version, 4, "cancelling"))
            await link.server_time()
            statuses = [order.status for order in sink.orders()]
            working, cancelling = VenueStatus.WORKING, VenueStatus.PENDING_CANCEL
            assert statuses == [working, working, cancelling, cancelling]
            assert {order.client_order_id for order in sink.orders()} == {"K-cancelling"}
            link.close()

    run(body())
