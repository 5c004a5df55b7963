"""What we rely on in ib_insync though it is private: if this sings, look at `adapters/ib` first."""

from __future__ import annotations

import asyncio
import inspect
from importlib.metadata import version
from typing import Any

from adapters.ib import library
from adapters.ib.client import KelpieClient
from adapters.ib.decoder import HEARD


def test_it_is_the_version_that_was_read() -> None:
    assert version("ib_insync") == "0.9.86"


def test_the_client_is_built_as_ours_expects() -> None:
    client: Any = library.Client
    init = inspect.getsource(client.__init__)
    assert "self.conn = Connection()" in init
    assert "self.conn.hasData += self._onSocketHasData" in init
    assert "self.conn.disconnected += self._onSocketDisconnected" in init
    for name in ("sendMsg", "_onSocketHasData", "_onSocketDisconnected"):
        assert name in KelpieClient.__dict__
        assert name in client.__dict__
    assert "self.isConnected()" in inspect.getsource(client.send)
    assert "self.sendMsg(msg.getvalue())" in inspect.getsource(client.send)
    assert (client.MinClientVersion, client.MaxClientVersion) == (157, 176)


def test_the_connection_writes_nothing_by_itself() -> None:
    untyped: Any = library.Client
    connection = inspect.getsource(inspect.getmodule(untyped.connectAsync).Connection)  # type: ignore[union-attr]
    assert "self.hasData.emit(data)" in connection
    assert "self.transport = None" in connection
    assert "write_eof" in connection


def test_the_decoder_finds_its_handlers_where_ours_looks() -> None:
    class Receiver:
        def price(self) -> None: ...
        def size(self) -> None: ...

    untyped: Any = library.Decoder
    decoder = untyped(Receiver(), 176)
    assert set(decoder.handlers) >= HEARD
    source = inspect.getsource(untyped)
    assert "timeStr,\n            ex.acctNumber" in source
    assert "cd.longName.encode().decode('unicode-escape')" in source


def test_the_events_hold_their_listeners_weakly() -> None:
    """Why an open socket is given its owner to hold."""
    import gc
    import weakref

    async def body() -> None:
        class Wrapper: ...

        untyped: Any = library.Client
        client = untyped(Wrapper())
        connection, gone = client.conn, weakref.ref(client)
        del client
        gc.collect()
        assert gone() is None
        assert len(connection.hasData) == 0

    asyncio.run(body())
