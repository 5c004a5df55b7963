"""A gateway that stops answering on an open socket, and a client id that is still taken."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

import pytest

from actors import names
from simulators.tws.frames import frame, pack
from tests.tree.in_process import Tree, Venue, growing
from tests.tree.market import wait_for_open_market
from tests.tree.truth import of_broker, of_hook
from tests.tree.waiting import SOON, until

_CLIENT_ID = 17
_BEAT, _DEADLINE = 0.5, 3.0
_LEEWAY = 5.0
"""Seconds that the machine may take over it; nothing but the heartbeat would notice as soon."""


def _reason(tree: Tree) -> str:
    (venue,) = tree.desk().venues
    return venue.reason


@pytest.mark.timeout(150)
def test_a_frozen_gateway_is_noticed_by_the_heartbeat_and_taken_back_when_it_wakes(
    tmp_path: Path, venue: Venue
) -> None:
    wait_for_open_market()
    gateway = venue.start()
    # What is on trial is an order that was sent, not one that waits for a preview.
    with growing(
        tmp_path,
        venue.port,
        ENTRY_PREVIEWS="false",
        HEARTBEAT_SECONDS=str(_BEAT),
        HEARTBEAT_DEADLINE_SECONDS=str(_DEADLINE),
    ) as tree:
        tree.wait_until_ready()
        before = tree.incarnations()
        frozen = time.monotonic()
        os.kill(gateway.process.pid, signal.SIGSTOP)
        try:
            # The socket is open all the while: an order goes into it, and nothing comes back.
            assert tree.propose("KLP-FROZEN").status_code == 202
            tree.wait_for_state("KLP-FROZEN", "SENT")
            until(lambda: not tree.ready(), "the link is given up")
            noticed = time.monotonic() - frozen
        finally:
            os.kill(gateway.process.pid, signal.SIGCONT)
        assert noticed < _BEAT + _DEADLINE + _LEEWAY, "later than a beat and its deadline"
        lost = tree.system.seat(names.connection(names.IB)).last_exit
        assert lost is not None and lost.cause in ("HEARTBEAT", "NO_VERSION")
        words = f"has not answered for {_DEADLINE:g} s"
        until(lambda: any(words in line for line in tree.said), "it is said")

        tree.wait_until_ready()
        # The order was in the socket when the link was given up: the broker has it, once.
        tree.wait_for_state("KLP-FROZEN", "FILLED")
        until(
            lambda: (
                sorted(of_hook(tree.get("/fills")["items"]))
                == sorted(of_broker(venue.books()))
                != []
            ),
            "the ledger has the broker's executions",
            every=0.1,
        )
        after = tree.incarnations()
        changed = {name for name in before if after[name] != before[name]}
        assert changed == set(names.of_venue(names.IB)) - {names.IB}
        assert venue.wire().orders_per_ref() == {"KLP-FROZEN": 1}
        assert venue.wire().peak_open_sockets(_CLIENT_ID) == 1
        assert tree.lost_facts() == []


def test_a_client_id_that_is_still_taken_is_waited_for_and_never_changed(
    tmp_path: Path, venue: Venue
) -> None:
    venue.start()
    with socket.create_connection(("127.0.0.1", venue.port), timeout=SOON) as lingering:
        lingering.sendall(b"API\0" + frame(b"v100..176"))
        assert lingering.recv(4)
        lingering.sendall(pack(("71", "2", str(_CLIENT_ID), "")))
        until(lambda: venue.wire().connects(_CLIENT_ID) == 1, "the id is taken")
        with growing(tmp_path, venue.port, watched=False) as tree:
            until(
                lambda: f"Client id {_CLIENT_ID} is in use" in _reason(tree), "that is the reason"
            )
            connection = tree.system.seat(names.connection(names.IB))
            until(lambda: connection.incarnation > 3, "it tries again and again")

            def cause() -> str:
                return connection.last_exit.cause if connection.last_exit is not None else ""

            until(lambda: cause() == "CLIENT_ID_IN_USE", "each time for the same cause")
            lingering.close()
            until(lambda: tree.desk().venues[0].reconciled, "connected and compared")
            # So many failures have opened the circuit; who has read everything has closed it.
            tree.wait_until_ready()
            chain = set(names.of_venue(names.IB)) - {names.IB}
            counts = tree.incarnations().items()
            assert {name: n for name, n in counts if name not in chain and n != 1} == {}
    clients = {note.client_id for note in venue.wire().notes if note.event == "connected"}
    assert clients == {_CLIENT_ID}
    # The lingering one, and one of ours at a time.
    assert venue.wire().peak_open_sockets(_CLIENT_ID) == 2
