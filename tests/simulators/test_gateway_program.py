"""`kelpie ib-sim` as a process: how it starts, says so, refuses and ends; and its floods."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simulators.tws.protocol import Reply
from simulators.tws.wire_history import read_wire_log
from tests.simulators.gateway_process import ROOT, gateway_process, ready_facts
from tests.simulators.raw_client import AUD_USD, BHP, RawClient
from tests.tree.waiting import SOON


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_though_clients_are_on(number: signal.Signals, tmp_path: Path) -> None:
    with gateway_process(tmp_path) as gateway:
        facts = ready_facts(tmp_path)
        assert (facts["pid"], facts["port"]) == (gateway.process.pid, gateway.port)
        assert facts["version"] == 176
        with socket.create_connection(("127.0.0.1", gateway.port)) as client:
            client.sendall(b"API\0")
            os.kill(gateway.process.pid, number)
            assert gateway.process.wait(SOON) == 0


def _refused(*arguments: str) -> str:
    """Start a gateway that must refuse; give what it says."""
    command = [sys.executable, "-m", "simulators.tws.program", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 64, done
    return done.stderr


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = _refused("--port", port, "--state-dir", str(tmp_path))
    assert f"port {port} on 127.0.0.1 is in use" in said


def test_a_time_zone_that_there_is_not_is_named(tmp_path: Path) -> None:
    said = _refused("--port", "0", "--state-dir", str(tmp_path), "--time-zone", "Mars/Olympus")
    assert "no time zone is called 'Mars/Olympus'" in said


def test_it_greets_with_the_time_zone_of_its_operator(tmp_path: Path) -> None:
    with (
        gateway_process(tmp_path, "--time-zone", "Etc/GMT-6") as gateway,
        socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as client,
    ):
        versions = b"v100..176"
        client.sendall(b"API\0" + len(versions).to_bytes(4, "big") + versions)
        assert client.recv(100).endswith(b" Etc/GMT-6\0")


def test_a_second_gateway_on_the_same_books_is_refused(tmp_path: Path) -> None:
    with gateway_process(tmp_path):
        said = _refused("--port", "0", "--state-dir", str(tmp_path))
    assert said.startswith("ib-sim: ") and "Traceback" not in said


def test_connections_are_told_in_readable_lines(tmp_path: Path) -> None:
    async def scene(port: int) -> None:
        client = await RawClient.ready(port, client_id=12)
        await client.close()

    with gateway_process(tmp_path) as gateway:
        asyncio.run(scene(gateway.port))
        assert gateway.process.stdout is not None
        lines = [gateway.process.stdout.readline() for _ in range(2)]
    assert lines[0] == "ib-sim: client 12 connected (server version 176)\n"
    assert lines[1].startswith("ib-sim: client 12 disconnected")


@pytest.mark.parametrize(
    ("arguments", "least_seconds"),
    [(("--flood", "20000"), 0.0), (("--flood", "200", "--ticks-per-second", "400"), 0.4)],
    ids=["flood", "paced"],
)
def test_a_flood_is_counted_and_every_tick_is_a_change(
    arguments: tuple[str, ...], least_seconds: float, tmp_path: Path
) -> None:
    wanted = int(arguments[1])

    async def scene(port: int) -> None:
        client = await RawClient.ready(port)
        for req_id, contract in ((1, BHP), (2, AUD_USD)):
            client.send("1", "11", req_id, *contract, "0", "", "0", "0", "")
        seen = {"1": 0, "2": 0}
        last: dict[tuple[str, str], str] = {}
        images = {"1": False, "2": False}
        began = time.monotonic()
        while min(seen.values()) < wanted:
            fields = await client.receive()
            if fields[0] == "45":
                images[fields[2]] = True  # the image is complete: what follows is the flood
            elif fields[0] == "1" and images[fields[2]]:
                seen[fields[2]] += 1
                key = (fields[2], fields[3])
                assert last.get(key) != fields[4]
                last[key] = fields[4]
        assert seen == {"1": wanted, "2": wanted}
        assert time.monotonic() - began >= least_seconds
        await client.close()

    with gateway_process(tmp_path, "--market", "still", *arguments, "--wire-log", "orders") as run:
        asyncio.run(scene(run.port))
        assert run.terminate() == 0
    history = read_wire_log(tmp_path / "wire.jsonl")
    assert history.counts(incoming=False)[Reply.TICK_PRICE] >= 2 * wanted
    outgoing = {message.message_id for message in history.messages if not message.incoming}
    assert Reply.TICK_PRICE not in outgoing
