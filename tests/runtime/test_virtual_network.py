"""The network of the virtual world: TCP's promises, and each way in which it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from runtime.virtual_loop import Host, Lane, VirtualLoop
from runtime.virtual_network import Link, Network

PORT = 4002


class Peer(asyncio.Protocol):
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.heard = b""
        self.pieces = 0
        self.lost: list[Exception | None] = []
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard += data
        self.pieces += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.append(exc)

    def say(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(data)


class Pair:
    """A client and a server, connected."""

    def __init__(self) -> None:
        self.loop = VirtualLoop(1)
        self.network = Network(self.loop, 1)
        self.client, self.server = Peer(), Peer()
        self.client_host, self.server_host = Host("client"), Host("server")
        self.at(self.server_host, lambda: self.network.listen(lambda: self.server, "", PORT))
        self.connect()

    def at(self, host: Host, call: Callable[[], object]) -> None:
        Lane(self.loop, host, host.name).context().run(call)

    def connect(self) -> asyncio.Task[object]:
        context = Lane(self.loop, self.client_host, "client").context()
        connecting = self.network.connect(lambda: self.client, "", PORT)
        task = self.loop.create_task(connecting, context=context)
        self.go_on(1.0)
        return task

    def go_on(self, seconds: float) -> None:
        self.loop.run_until(self.loop.time() + seconds)

    @property
    def link(self) -> Link:
        return self.network.open_links()[-1]


@pytest.fixture
def pair() -> Iterator[Pair]:
    made = Pair()
    with closing(made.loop):
        yield made


def test_bytes_arrive_in_order_and_soon(pair: Pair) -> None:
    for number in range(200):
        pair.client.say(b"%d," % number)
    pair.go_on(0.01)
    assert pair.server.heard == b"".join(b"%d," % number for number in range(200))


def test_an_orderly_end_comes_behind_the_data(pair: Pair) -> None:
    pair.client.say(b"last words")
    assert pair.client.transport is not None
    pair.client.transport.close()
    pair.go_on(0.01)
    assert pair.server.heard == b"last words"
    assert (pair.client.lost, pair.server.lost) == ([None], [None])


def test_a_cut_is_a_reset_on_both_sides(pair: Pair) -> None:
    pair.link.cut()
    pair.go_on(0.01)
    for peer in (pair.client, pair.server):
        assert [type(error) for error in peer.lost] == [ConnectionResetError]


def test_in_a_hole_nothing_arrives_and_all_of_it_once_it_is_mended(pair: Pair) -> None:
    hole = pair.link.to_server
    hole.open_hole()
    pair.client.say(b"hello")
    pair.go_on(600.0)
    assert pair.server.heard == b""
    assert pair.client.lost == []
    hole.mend()
    pair.go_on(0.01)
    assert pair.server.heard == b"hello"


def test_one_way_the_other_way_goes_on(pair: Pair) -> None:
    pair.link.to_server.open_hole()
    pair.server.say(b"still here")
    pair.go_on(0.01)
    assert pair.client.heard == b"still here"


def test_what_reaches_a_closed_end_is_answered_with_a_reset(pair: Pair) -> None:
    link = pair.link
    link.to_server.open_hole()  # the goodbye never arrives
    assert pair.client.transport is not None
    pair.client.transport.close()
    pair.server.say(b"are you there?")
    pair.go_on(0.01)
    assert [type(error) for error in pair.server.lost] == [ConnectionResetError]


def test_in_slices(pair: Pair) -> None:
    pair.link.to_server.slices = lambda data: [data[i : i + 1] for i in range(len(data))]
    pair.client.say(b"one by one")
    pair.go_on(0.01)
    assert (pair.server.heard, pair.server.pieces) == (b"one by one", 10)


def test_delayed(pair: Pair) -> None:
    pair.link.to_server.delay = 3.0
    pair.client.say(b"late")
    pair.go_on(2.9)
    assert pair.server.heard == b""
    pair.go_on(0.2)
    assert pair.server.heard == b"late"


@pytest.mark.parametrize("how", ["nobody listens", "refused", "killed"])
def test_nobody_takes_the_connection(pair: Pair, how: str) -> None:
    if how == "refused":
        pair.network.refused.add(PORT)
    elif how == "killed":
        pair.server_host.alive = False
        pair.network.kill(pair.server_host)
    else:
        pair.network._listening[PORT].close()
    task = pair.connect()
    assert isinstance(task.exception(), ConnectionRefusedError)


def test_no_answer_at_all_ends_after_the_kernels_patience(pair: Pair) -> None:
    pair.network.black_holes.add(PORT)
    task = pair.connect()
    pair.go_on(100.0)
    assert not task.done()
    pair.go_on(60.0)
    assert isinstance(task.exception(), TimeoutError)


def test_a_killed_process_leaves_a_reset_behind(pair: Pair) -> None:
    pair.client_host.alive = False
    pair.network.kill(pair.client_host)
    pair.go_on(0.01)
    assert [type(error) for error in pair.server.lost] == [ConnectionResetError]
    assert pair.client.lost == []  # it is dead and hears nothing


def test_reading_can_be_paused(pair: Pair) -> None:
    assert pair.server.transport is not None
    pair.server.transport.pause_reading()
    pair.client.say(b"patience")
    pair.go_on(0.01)
    assert pair.server.heard == b""
    pair.server.transport.resume_reading()
    assert pair.server.heard == b"patience"
