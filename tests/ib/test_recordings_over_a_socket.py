"""The recorded messages and account values, through a whole link over a real socket."""

from __future__ import annotations

import asyncio
import json

from adapters.ib.decoder import HEARD
from adapters.ib.errors import UNREADABLE
from tests.ib.peer import Peer, frame, listening, run
from tests.ib.recorder import Recorder, link_to
from tests.ib.recordings import ACCOUNT_VALUES, Stage, here, recorded

pytestmark = here


def test_over_a_socket_in_pieces_they_give_the_same() -> None:
    """The framing and the reading of a real link, against the same messages one by one."""
    heard = [m["fields"] for m in recorded() if m["message_id"] in HEARD]

    async def body() -> None:
        stage = Stage(asyncio.get_running_loop(), None)
        stage.decoder.interpret(["15", "1", "DU1234567"])
        for fields in heard:
            stage.decoder.interpret(list(fields))
        peer, sink = Peer(), Recorder()
        peer.accounts = "DU1234567"
        async with listening(peer):
            link = link_to(peer.port, sink, client_id=100)
            await link.open()
            peer.byte_by_byte = True
            await peer.send(*(frame(*fields) for fields in heard))
            await link.server_time()
            assert len(sink.facts) > 10
            assert sink.orders() == stage.sink.orders()
            assert sink.commissions() == stage.sink.commissions()
            assert sink.executions() == stage.sink.executions()
            assert sink.positions == stage.sink.positions
            assert sink.values == stage.sink.values
            told = [notice for notice in sink.notices if notice.code != UNREADABLE]
            assert told == [notice for notice in stage.sink.notices if notice.code != UNREADABLE]
            link.close()

    run(body())


def test_the_values_of_an_account_row_by_row() -> None:
    """Of an account in Australian dollars with cash in several currencies."""
    rows: list[dict[str, str]] = json.loads(ACCOUNT_VALUES.read_text())

    async def body() -> None:
        peer, sink = Peer(), Recorder()
        account = rows[0]["account"]
        peer.accounts = account
        sent = [
            frame(6, 2, row["tag"], row["value"], row["currency"], row["account"]) for row in rows
        ]
        other = frame(6, 2, "NetLiquidation", "1", "AUD", "DU999999")
        peer.on["6"] = lambda fields: (
            (other, *sent, frame(54, 1, account)) if fields[2] in ("1", "True") else ()
        )
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            answer = await link.round(1, 5)
            assert answer.complete
            assert [
                {"account": v.account, "tag": v.tag, "value": v.value, "currency": v.currency}
                for v in answer.account_values
            ] == [
                {key: row[key] for key in ("account", "tag", "value", "currency")} for row in rows
            ]
            assert sink.values == list(answer.account_values)
            cash = {v.currency: v.value for v in sink.values if v.tag == "CashBalance"}
            assert set(cash) == {"AUD", "BASE", "EUR", "USD"}
            link.close()

    run(body())
