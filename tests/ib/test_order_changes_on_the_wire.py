"""Groups in one piece, changes of orders, and what-ifs: byte for byte what leaves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.ib.errors import NOT_WRITTEN
from adapters.venue import LinkError, OrderNotKnown, PreviewFailed
from domain.order_groups import OrderGroup, Protection, bracket, one_cancels_all
from domain.orders import OrderError
from domain.terms import Terms
from tests.ib.messages import error, opened, opened_fields
from tests.ib.peer import Peer, frame, listening, run
from tests.ib.recorder import Recorder, limit_order, link_to

_OCA_GROUP, _REF, _TRANSMIT, _PARENT = 22, 26, 27, 28
_TRIGGER = 32


def a_bracket(name: str = "K1") -> OrderGroup:
    return bracket(limit_order(name), Protection(Decimal(44)), Decimal(47))


def written(peer: Peer) -> list[list[str]]:
    return [fields for fields in peer.received if fields[0] == "3"]


def test_a_bracket_leaves_parent_first_and_only_its_last_says_transmit() -> None:
    async def body() -> None:
        peer = Peer()
        peer.next_id = 41
        async with listening(peer):
            link = link_to(peer.port, Recorder())
            await link.open()
            group = a_bracket()
            assert link.place(group.first, group.attached) == "41"
            await peer.until("3", 3)
            parent, target, stop = written(peer)
            assert [fields[1] for fields in (parent, target, stop)] == ["41", "42", "43"]
            assert [fields[_TRANSMIT] for fields in (parent, target, stop)] == ["0", "0", "1"]
            assert [fields[_PARENT] for fields in (parent, target, stop)] == ["0", "41", "41"]
            assert [f[_OCA_GROUP] for f in (parent, target, stop)] == ["", "K1.1", "K1.1"]
            assert target[16:20] == ["SELL", "100", "LMT", "47"]
            assert stop[16:21] == ["SELL", "100", "STP", "", "44"]
            # What sets it off is said: the last trade.
            assert [f[_TRIGGER] for f in (parent, target, stop)] == ["0", "0", "2"]
            link.close()

    run(body())


def test_orders_of_which_one_cancels_all_each_say_transmit() -> None:
    async def body() -> None:
        peer = Peer()
        async with listening(peer):
            link = link_to(peer.port, Recorder())
            await link.open()
            group = one_cancels_all("G", [limit_order("K1"), limit_order("K2", "44")])
            link.place(group.first, group.attached)
            await peer.until("3", 2)
            assert [(f[_TRANSMIT], f[_OCA_GROUP]) for f in written(peer)] == [("1", "G")] * 2
            link.close()

    run(body())


def test_the_budget_never_splits_a_group() -> None:
    """Two places are left in the window: a bracket of three waits as a whole for the next."""

    async def body() -> None:
        peer, sink = Peer(), Recorder()
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            for number in range(39):
                link.place(limit_order(f"K{number}"))
            group = a_bracket("B")
            link.place(group.first, group.attached)
            await peer.until("3", 39)
            assert len(written(peer)) == 39
            peer.hang_up()
            await sink.until(lambda: sink.losses)
            told = [notice.client_order_id for notice in sink.order_notices()]
            assert told == ["B", "B-T", "B-S"]
            assert {notice.code for notice in sink.order_notices()} == {NOT_WRITTEN}
            assert not any(fields[_REF].startswith("B") for fields in written(peer))

    run(body())


def test_one_of_a_waiting_group_is_not_taken_back_alone() -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            for number in range(41):
                link.place(limit_order(f"K{number}"))
            group = a_bracket("B")
            link.place(group.first, group.attached)
            link.cancel("B-S", None)
            told = [notice.client_order_id for notice in sink.order_notices()]
            assert told == ["B", "B-T", "B-S"]
            await link.server_time()
            assert (peer.count("4"), len(written(peer))) == (0, 41)
            link.close()

    run(body())


def test_a_group_that_the_wire_cannot_carry_exactly_leaves_nothing() -> None:
    async def body() -> None:
        peer = Peer()
        async with listening(peer):
            link = link_to(peer.port, Recorder())
            await link.open()
            group = a_bracket()
            strange = replace(group.attached[1], stop_price=Decimal("44.0000000000000000001"))
            with pytest.raises(OrderError):
                link.place(group.first, (group.attached[0], strange))
            await link.server_time()
            assert not written(peer)
            link.place(group.first, group.attached)  # no id was used up for it
            link.close()

    run(body())


# -- changes -----------------------------------------------------------------------------------


def test_a_change_names_the_same_order_with_all_its_terms() -> None:
    async def body() -> None:
        peer = Peer()
        async with listening(peer):
            link = link_to(peer.port, Recorder())
            await link.open()
            group = a_bracket()
            link.place(group.first, group.attached)
            stop = group.attached[1]
            link.amend(stop.amended(Terms(Decimal(60), None, Decimal("44.5"))))
            changed = await peer.until("3", 4)
            assert changed[1] == written(peer)[2][1]
            assert changed[16:21] == ["SELL", "60", "STP", "", "44.5"]
            assert (changed[_REF], changed[_TRANSMIT]) == ("K1-S", "1")
            assert (changed[_PARENT], changed[_OCA_GROUP]) == (written(peer)[0][1], "K1.1")
            # TWS refuses the change of a child that names a parent which has gone (135).
            link.amend(replace(stop, parent=None))
            assert (await peer.until("3", 5))[_PARENT] == "0"
            link.close()

    run(body())


def test_an_order_of_an_earlier_session_is_changed_by_its_client_order_id() -> None:
    async def body() -> None:
        peer = Peer()
        peer.on["16"] = lambda fields: (opened(77, "K0", "Submitted"), frame(53, 1))
        async with listening(peer):
            link = link_to(peer.port, Recorder())
            await link.open()
            with pytest.raises(OrderNotKnown):
                link.amend(limit_order("K0"))
            await link.round(1, 2)
            link.amend(limit_order("K0", "44"))
            assert (await peer.until("3"))[1] == "77"
            link.close()

    run(body())


def test_a_cancel_takes_back_a_waiting_change_and_still_cancels_the_order() -> None:
    """Taken for the order itself, the waiting change would have swallowed the cancel."""

    async def body() -> None:
        peer, sink = Peer(), Recorder()
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            for number in range(41):
                link.place(limit_order(f"K{number}"))
            for number in range(3):
                link.amend(limit_order(f"K{number}", "44"))
            link.cancel("K2", None)
            await peer.until("4")
            assert [notice.client_order_id for notice in sink.order_notices()] == ["K2"]
            changes = [fields for fields in written(peer)[41:]]
            assert "K2" not in {fields[_REF] for fields in changes}
            link.close()

    run(body())


# -- what-ifs ----------------------------------------------------------------------------------

#: initMarginChange … of an openOrder at 176 stand behind its status.
UNSET = "1.7976931348623157E308"


def answer(fields: list[str], *, change: str = "21.02", commission: str = "6.6") -> bytes:
    """The openOrder of a what-if."""
    shown = opened_fields(int(fields[1]), "", "PreSubmitted")
    at = shown.index("PreSubmitted")
    assert shown[at - 1] == "0"
    shown[at - 1] = "1"
    margins = ["0", "0", "1000", change, "19.11", "-6.6", "21.02", "19.11", "993.4"]
    shown[at + 1 : at + 10] = margins
    shown[at + 10 : at + 14] = [commission, UNSET, UNSET, "AUD"]
    return frame(*shown)


def test_a_what_if_is_answered_with_what_it_would_cost_and_unset_is_not_told() -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()

        def sentinel_first(fields: list[str]) -> Iterable[bytes]:
            return (answer(fields, change=UNSET), answer(fields))

        peer.on["3"] = sentinel_first
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            said = await link.preview(limit_order("K1"), 2.0)
            assert (said.commission, said.currency) == (Decimal("6.6"), "AUD")
            assert (said.minimum, said.maximum) == (None, None)
            assert said.initial_margin_change == Decimal("21.02")
            assert (said.initial_margin_after, said.equity_with_loan_after) == (
                Decimal("21.02"),
                Decimal("993.4"),
            )
            [asked] = written(peer)
            assert asked[_REF] == ""
            assert sink.orders() == []  # it is no order
            assert link.place(limit_order("K1")) == "2"
            link.close()

    run(body())


@pytest.mark.parametrize(
    ("answered", "code"), [(True, "PREVIEW_REFUSED"), (False, "PREVIEW_UNANSWERED")]
)
def test_a_what_if_that_is_refused_or_not_answered_says_so(answered: bool, code: str) -> None:
    async def body() -> None:
        peer = Peer()

        def refuse(fields: list[str]) -> Iterable[bytes]:
            return (error(int(fields[1]), 321, "read-only"),) if answered else ()

        peer.on["3"] = refuse
        async with listening(peer):
            link = link_to(peer.port, Recorder())
            await link.open()
            with pytest.raises(PreviewFailed) as raised:
                await link.preview(limit_order("K1"), 0.2)
            assert raised.value.code == code
            link.close()
            with pytest.raises(LinkError):
                await link.preview(limit_order("K1"), 0.2)

    run(body())
