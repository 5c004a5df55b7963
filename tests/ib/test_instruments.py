"""Instruments: which contract a symbol means, why it means none, and what is kept of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.ib.instrument_store import Description, InstrumentStore
from adapters.ib.link import IBLink
from adapters.venue import UnknownInstrument
from domain.calendar import differences
from domain.symbols import Symbol
from domain.venue import InstrumentDetails
from domain.xasx import XASX
from tests.ib.messages import BHP, error
from tests.ib.peer import Peer, frame, listening, run
from tests.ib.recorder import Recorder, limit_order, link_to
from tests.simulators.gateway_process import gateway_process

CBA, AUDUSD = Symbol("CBA", "AUD"), Symbol("AUD", "USD")
DETAILS, MATCHING, RULE, QUOTES = "9", "81", "91", "1"
"""Kinds of request: contract details, matching symbols, a market rule, market data."""


def row(
    request: str,
    code: str = "BHP",
    con_id: int = 4036812,
    *,
    listing: str = "ASX",
    currency: str = "AUD",
    local: str = "",
    stock_type: str = "COMMON",
    zone: str = "Australia/NSW",
) -> bytes:
    """One answer to a request for contract details, as a gateway at version 176 writes it."""
    local = local or code
    return frame(
        *(10, request, code, "STK", "", "0", "", "SMART", currency, local, code, code, con_id),
        *("0.001", "", "LMT,MKT", "SMART,ASX,ASXCEN", 1, 0, f"{code} GROUP", listing, "", "", ""),
        *("", zone, "20260909:0959-20260909:1611", "20260909:0959-20260909:1600"),
        *("", "", 0, 1, "", "", "9001,9002,9003", "", stock_type, 1, 1, 1),
    )


def gateway() -> Peer:
    """A peer that knows each share by its code, and one market rule."""
    peer = Peer()
    con_ids = {"BHP": 4036812, "CBA": 4036818}
    peer.on[DETAILS] = lambda fields: (
        (row(fields[2], fields[4], con_ids[fields[4]]), frame(52, 1, fields[2]))
        if fields[4] in con_ids
        else (error(int(fields[2]), 200, "No security definition has been found"),)
    )
    peer.on[RULE] = lambda fields: (frame(93, fields[1], 2, 0, "0.001", 2, "0.01"),)
    return peer


def answers(peer: Peer, *rows: dict[str, object]) -> None:
    """Have it answer each request for details with these rows."""
    peer.on[DETAILS] = lambda fields: (
        *(row(fields[2], **each) for each in rows),  # type: ignore[arg-type]
        frame(52, 1, fields[2]),
    )


def samples(peer: Peer, *contracts: tuple[str, str, str, str]) -> None:
    """Have it answer each request for matching symbols with these."""
    fields: list[object] = []
    for number, contract in enumerate(contracts):
        fields += [number + 1, *contract, 0, "A NAME", ""]
    peer.on[MATCHING] = lambda asked: (frame(79, asked[1], len(contracts), *fields),)


async def refused(link: IBLink, text: str) -> UnknownInstrument:
    with pytest.raises(UnknownInstrument) as raised:
        await link.instrument(Symbol.parse(text))
    return raised.value


# -- which contract ----------------------------------------------------------------------


def test_an_instrument_takes_the_rule_of_its_own_exchange() -> None:
    async def body() -> None:
        async with listening(gateway()) as peer:
            link = link_to(peer.port, Recorder())
            await link.open()
            both = await asyncio.gather(link.instrument(BHP), link.instrument(BHP))
            details = both[0]
            assert both[1] == details
            assert (await peer.until(RULE))[1] == "9001"
            assert peer.count(RULE) == 1
            assert [str(step.increment) for step in details.price_steps] == ["0.001", "0.01"]
            [session] = details.sessions
            assert session.opens.isoformat() == "2026-09-08T23:59:00+00:00"
            assert session.closes.isoformat() == "2026-09-09T06:11:00+00:00"
            assert session.liquid_closes is not None
            assert session.liquid_closes.isoformat() == "2026-09-09T06:00:00+00:00"
            link.subscribe(BHP)
            assert (await peer.until(QUOTES))[3] == "4036812"
            link.close()

    run(body())


def test_hours_without_a_zone_are_those_of_the_exchange() -> None:
    async def body() -> None:
        async with listening(gateway()) as peer:
            answers(peer, {"zone": ""})
            sink = Recorder()
            link = link_to(peer.port, sink)
            await link.open()
            [session] = (await link.instrument(BHP)).sessions
            assert session.opens.isoformat() == "2026-09-08T23:59:00+00:00"
            assert sink.notices == []
            link.close()

    run(body())


def test_of_several_listings_the_one_that_was_asked_for_is_meant() -> None:
    async def body() -> None:
        async with listening(gateway()) as peer:
            answers(peer, {"con_id": 7, "listing": "CHIXAU"}, {"con_id": 4036812})
            link = link_to(peer.port, Recorder())
            await link.open()
            assert (await link.instrument(BHP)).exchange == "ASX"
            link.subscribe(BHP)
            assert (await peer.until(QUOTES))[3] == "4036812"
            link.close()

    run(body())


def test_a_symbol_that_names_two_instruments_or_none() -> None:
    async def body() -> None:
        async with listening(gateway()) as peer:
            link = link_to(peer.port, Recorder(), known_symbols=(BHP, CBA))
            await link.open()
            answers(peer, {"con_id": 1}, {"con_id": 2, "local": "BHPN"})
            ambiguous = await refused(link, "BHP/AUD")
            assert ambiguous.code == "AMBIGUOUS_SYMBOL"
            assert ambiguous.nearest == ("STK BHP ASX AUD", "STK BHPN ASX AUD")
            assert "STK BHPN ASX AUD" in str(ambiguous)
            peer.on = gateway().on
            samples(peer, ("BPH", "STK", "NYSE", "USD"), ("BPT", "STK", "ASX", "AUD"))
            unknown = await refused(link, "BPH/AUD")
            assert unknown.code == "UNKNOWN_SYMBOL"
            # By closeness of spelling among those known here, and by what the venue has.
            assert unknown.nearest[:2] == ("BPH/USD", "BHP/AUD")
            assert "BPT/AUD" in unknown.nearest and "BHP/AUD" in str(unknown)
            samples(peer)
            assert (await refused(link, "USD/AUD")).nearest == ("AUD/USD",)
            assert (await refused(link, "QQQ/AUD")).nearest == ()
            link.close()

    run(body())


def test_what_may_not_be_traded_is_told_apart_from_what_is_unknown() -> None:
    async def body() -> None:
        async with listening(gateway()) as peer:
            link = link_to(peer.port, Recorder(), instrument_types=("STK", "CASH"))
            await link.open()
            for code, kind in (("XJO", "IND"), ("BHP26C", "OPT"), ("BHPWA", "WAR")):
                samples(peer, (code, kind, "ASX", "AUD"))
                forbidden = await refused(link, f"{code}/AUD")
                assert forbidden.code == "FORBIDDEN_INSTRUMENT"
                assert kind in str(forbidden) and "IB_ALLOWED_INSTRUMENT_TYPES" in str(forbidden)
            answers(peer, {"stock_type": "ETF"})
            fund = await refused(link, "BHP/AUD")
            assert fund.code == "FORBIDDEN_INSTRUMENT" and "type ETF" in str(fund)
            answers(peer, {"stock_type": "RIGHT"})
            assert (await refused(link, "BHP/AUD")).code == "FORBIDDEN_INSTRUMENT"
            link.close()
            link = link_to(peer.port, Recorder())
            await link.open()
            answers(peer, {"stock_type": "ETF"})
            assert (await link.instrument(BHP)).kind == "ETF"
            link.close()

    run(body())


def test_a_venue_that_cannot_look_has_not_said_that_there_is_nothing() -> None:
    async def body() -> None:
        async with listening(gateway()) as peer:
            peer.on[DETAILS] = lambda fields: (error(int(fields[2]), 504, "Not connected"),)
            link = link_to(peer.port, Recorder())
            await link.open()
            with pytest.raises(TimeoutError, match="could not look"):
                await link.instrument(BHP)
            peer.on = gateway().on
            peer.on[RULE] = lambda fields: (frame(93, fields[1], 1, 0, "0"),)
            with pytest.raises(TimeoutError, match="without a single step"):
                await link.instrument(BHP)
            link.close()

    run(body())


def test_many_instruments_are_asked_for_together_and_a_rule_once() -> None:
    async def body() -> None:
        async with listening(gateway()) as peer:
            answer = peer.on.pop(DETAILS)
            peer.mute = {DETAILS}
            link = link_to(peer.port, Recorder())
            await link.open()
            asked = [asyncio.ensure_future(link.instrument(each)) for each in (BHP, CBA)]
            # Both stand on the wire before either has been answered.
            await peer.until(DETAILS, 2)
            for fields in [each for each in peer.received if each[0] == DETAILS]:
                await peer.send(*answer(fields))
            assert [each.symbol for each in await asyncio.gather(*asked)] == [BHP, CBA]
            assert (peer.count(DETAILS), peer.count(RULE)) == (2, 1)
            link.close()

    run(body())


# -- against the simulated gateway ---------------------------------------------------------


def test_shares_of_two_countries_and_pairs_are_found_each_by_its_own_name(
    tmp_path: Path,
) -> None:
    async def body(port: int) -> None:
        link = link_to(port, Recorder(), known_symbols=(BHP, AUDUSD), step_seconds=5)
        await link.open()
        names = ("BHP/AUD", "BHP/USD", "AAPL/USD", "VAS/AUD", "AUD/USD", "USD/JPY")
        found = await asyncio.gather(*(link.instrument(Symbol.parse(name)) for name in names))
        assert [(each.kind, each.exchange) for each in found] == [
            ("STK", "ASX"),
            ("STK", "NYSE"),
            ("STK", "NASDAQ"),
            ("ETF", "ASX"),
            ("CASH", "IDEALPRO"),
            ("CASH", "IDEALPRO"),
        ]
        # Two sources that know nothing of each other: the gateway's timetable and the calendar.
        assert [differences(each, XASX) for each in found if each.exchange == "ASX"] == [(), ()]
        for wrong, meant in (
            ("BPH/AUD", "BHP/AUD"),
            ("USD/AUD", "AUD/USD"),
            ("JPY/USD", "USD/JPY"),
        ):
            error = await refused(link, wrong)
            assert (error.code, error.nearest[0]) == ("UNKNOWN_SYMBOL", meant)
        link.close()

    with gateway_process(tmp_path, "--port", "0", "--market", "still", "--asx-hours") as gate:
        run(body(gate.port))


# -- what is kept ------------------------------------------------------------------------


def test_what_one_link_heard_the_next_one_knows_without_asking(tmp_path: Path) -> None:
    async def body() -> None:
        path = tmp_path / "book" / "instruments.json"
        async with listening(gateway()) as peer:
            first = link_to(peer.port, Recorder(), store=InstrumentStore(path))
            await first.open()
            assert first.remembered(BHP) is None
            heard = await first.instrument(BHP)
            first.close()
            # Another process: all that it has is the file.
            second = link_to(peer.port, Recorder(), store=InstrumentStore(path))
            await second.open()
            remembered = second.remembered(BHP)
            assert remembered is not None and remembered.details == heard
            assert datetime.now(UTC) - remembered.heard_at < timedelta(minutes=1)
            second.subscribe(BHP)
            second.place(limit_order("K-1"))
            assert (await peer.until(QUOTES))[3] == (await peer.until("3"))[2] == "4036812"
            assert (peer.count(DETAILS), peer.count(RULE)) == (1, 1)
            # Asked for again, the instrument comes anew; the rule, while it is fresh, does not.
            assert await second.instrument(BHP) == heard
            assert (peer.count(DETAILS), peer.count(RULE)) == (2, 1)
            second.close()

    run(body())


def test_under_another_route_or_without_its_type_nothing_is_remembered() -> None:
    async def body() -> None:
        store = InstrumentStore()
        async with listening(gateway()) as peer:
            link = link_to(peer.port, Recorder(), store=store)
            await link.open()
            await link.instrument(BHP)
            link.close()
            for changed in ({"exchange_preference": "ASX"}, {"instrument_types": ("ETF",)}):
                other = link_to(peer.port, Recorder(), store=store, **changed)
                assert other.remembered(BHP) is None

    run(body())


def test_another_contract_under_the_same_symbol_is_shut_and_not_traded() -> None:
    async def body() -> None:
        store = InstrumentStore()
        async with listening(gateway()) as peer:
            link = link_to(peer.port, Recorder(), store=store)
            await link.open()
            await link.instrument(BHP)
            answers(peer, {"con_id": 99})
            changed = await refused(link, "BHP/AUD")
            assert changed.code == "INSTRUMENT_CHANGED" and "instruments.json" in str(changed)
            link.subscribe(BHP)
            assert (await peer.until(QUOTES))[3] == "4036812"
            link.close()

    run(body())


@pytest.mark.parametrize("code", [110, 200])
def test_a_refusal_of_an_order_has_its_instrument_and_its_rule_asked_for_anew(code: int) -> None:
    async def body() -> None:
        async with listening(gateway()) as peer:
            sink = Recorder()
            link = link_to(peer.port, sink)
            await link.open()
            await link.instrument(BHP)
            number = int(link.place(limit_order("K-1")))
            await peer.send(error(number, 2109, "outside hours"), error(number, code, "refused"))
            await sink.until(lambda: sink.doubted)
            assert sink.doubted == [BHP]
            peer.on[RULE] = lambda fields: (frame(93, fields[1], 1, 0, "0.05"),)
            steps = (await link.instrument(BHP)).price_steps
            assert [str(step.increment) for step in steps] == ["0.05"]
            assert peer.count(RULE) == 2
            link.close()

    run(body())


def test_a_refusal_of_quotes_doubts_their_instrument() -> None:
    async def body() -> None:
        async with listening(gateway()) as peer:
            sink = Recorder()
            link = link_to(peer.port, sink)
            await link.open()
            link.subscribe(CBA)
            request = int((await peer.until(QUOTES))[2])
            await peer.send(error(request, 200, "No security definition has been found"))
            await sink.until(lambda: sink.doubted)
            assert sink.doubted == [CBA]
            link.close()

    run(body())


# -- the file ----------------------------------------------------------------------------


def described(path: Path) -> Description:
    """A file with one instrument, as a link leaves it."""

    async def body() -> None:
        async with listening(gateway()) as peer:
            link = link_to(peer.port, Recorder(), store=InstrumentStore(path))
            await link.open()
            await link.instrument(BHP)
            link.close()

    run(body())
    known = InstrumentStore(path).instrument(BHP, "SMART/ASX")
    assert known is not None
    return known


def test_the_file_is_its_owners_alone_and_gives_back_what_was_put_in(tmp_path: Path) -> None:
    path = tmp_path / "instruments.json"
    known = described(path)
    assert path.stat().st_mode & 0o777 == 0o600
    store = InstrumentStore(path)
    rule = store.rule(9001)
    assert rule is not None and rule.steps == known.details.price_steps
    store.keep(replace(known, details=replace(known.details, name="Ünïcode €")))
    again = InstrumentStore(path).instrument(BHP, "SMART/ASX")
    assert again is not None and again.details.name == "Ünïcode €"
    assert isinstance(again.details, InstrumentDetails)
    assert again.details.lot == Decimal(1)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_with_one_wrong_digit_or_cut_short_is_begun_anew_and_told(tmp_path: Path) -> None:
    path = tmp_path / "instruments.json"
    known = described(path)
    whole = path.read_bytes()
    for spoilt in (whole.replace(b"4036812", b"4036813"), whole[:-20], b"", b"[]", b"\xff\xfe"):
        path.write_bytes(spoilt)
        warned: list[str] = []
        store = InstrumentStore(path, warned.append)
        assert store.instrument(BHP, "SMART/ASX") is None
        assert len(warned) == 1 and "begun anew" in warned[0]
        store.keep(known)
        assert InstrumentStore(path, warned.append).instrument(BHP, "SMART/ASX") == known
        assert len(warned) == 1


def test_a_disk_that_takes_nothing_is_told_once_and_stops_nothing(tmp_path: Path) -> None:
    known = described(tmp_path / "instruments.json")
    blocked = tmp_path / "no folder"
    blocked.write_text("a file where the folder should be")
    warned: list[str] = []
    store = InstrumentStore(blocked / "instruments.json", warned.append)
    warned.clear()
    for _ in range(3):
        store.keep(known)
    assert store.instrument(BHP, "SMART/ASX") == known
    assert len(warned) == 1 and "cannot be written" in warned[0]
