"""The door: a gateway in another process is told what to do wrong, and scenarios by their names."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.tws.control import ControlClient, ControlError
from simulators.tws.wire_history import read_wire_log
from tests.simulators.gateway_process import ROOT, gateway_process, ready_facts
from tests.simulators.raw_client import BHP, RawClient, market_open, place_order


def control_port(state_dir: Path) -> int:
    port = ready_facts(state_dir)["control_port"]
    assert isinstance(port, int)
    return port


def test_another_process_is_told_what_to_do_wrong(tmp_path: Path) -> None:
    async def scene(port: int, door: ControlClient) -> None:
        await market_open(port)
        client = await RawClient.ready(port)
        client.send(*place_order(1, BHP, limit="20"))
        while (await client.until("3"))[2] != "Submitted":
            pass
        lost = door.do("connectivity_lost", for_seconds=600, restored=1101)
        assert door.at_work() == [lost]
        await client.until("4", fourth="1100")
        assert door.do("fill", fraction="0.5") == 1
        assert (await client.until("11"))[19] == "5"
        door.end(lost)
        await client.until("4", fourth="1101")
        door.do("close")
        assert await client.is_closed()
        await client.close()

    with gateway_process(tmp_path, "--control-port", "0", "--fresh") as gateway:
        with ControlClient(control_port(tmp_path)) as door:
            asyncio.run(scene(gateway.port, door))
        assert gateway.terminate() == 0
    notes = read_wire_log(tmp_path / "wire.jsonl").scenario()
    done = [note.facts["do"] for note in notes if "do" in note.facts]
    assert done == ["connectivity_lost", "fill", "end", "close"]


def test_a_rule_of_a_scenario_is_fired_and_ended_from_outside(tmp_path: Path) -> None:
    arguments = ("--scenario", "pain_19_dead_for_days", "--control-port", "0")
    with gateway_process(tmp_path, *arguments) as gateway:
        with ControlClient(control_port(tmp_path)) as door:
            door.fire("away")
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", gateway.port))
            assert door.at_work() == ["away"]
            door.end("away")
            assert door.at_work() == []

            async def scene() -> None:
                async with asyncio.timeout(10):
                    while True:
                        try:
                            client = await RawClient.ready(gateway.port)
                        except ConnectionRefusedError:
                            continue
                        await client.close()
                        return

            asyncio.run(scene())
        assert gateway.terminate() == 0


@pytest.mark.parametrize(
    ("request_line", "said"),
    [
        ({"do": "dance", "with": {}}, "do = 'dance': it must be one of close"),
        ({"do": "drop", "with": {}}, "do = 'drop': it must be one of"),
        ({"do": "fill", "with": {"part": 1}}, "fill takes no 'part'"),
        ({"do": "close", "with": {}, "for_seconds": "x"}, "for_seconds = 'x'"),
        ({"fire": "nothing"}, "there is no rule 'nothing'; there are none"),
        ({"ask": "why"}, "a request is one of do"),
        ([], "a request is one of do"),
    ],
)
def test_the_door_says_what_it_takes(request_line: object, said: str, tmp_path: Path) -> None:
    with (
        gateway_process(tmp_path, "--control-port", "0"),
        socket.create_connection(("127.0.0.1", control_port(tmp_path)), 10) as door,
        door.makefile("rb") as answers,
    ):
        for line in (json.dumps(request_line).encode(), b'{"ask": "at_work"}'):
            door.sendall(line + b"\n")
        refused, served = json.loads(answers.readline()), json.loads(answers.readline())
    assert not refused["ok"] and said in refused["error"]
    assert served == {"ok": True, "answer": []}


def test_the_client_raises_what_the_door_says(tmp_path: Path) -> None:
    with (
        gateway_process(tmp_path, "--control-port", "0"),
        ControlClient(control_port(tmp_path)) as door,
        pytest.raises(ControlError, match="it is not listed here"),
    ):
        door.do("trade", symbol="X/AUD", price=1, quantity=1)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "simulators.tws.program", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)


def test_scenarios_are_listed_with_their_titles() -> None:
    done = run("--scenario", "list")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert "pain_04_client_id_busy: Error 326 for 90 s after a lost connection (pain 4)" in lines


def test_a_scenario_that_cannot_be_read_is_refused_before_anything_runs(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('title = "T"\nsource = "S"\nstory = "X"\n[[rule]]\non = "begin"\n')
    done = run("--scenario", str(path), "--state-dir", str(tmp_path / "state"))
    assert done.returncode == 64
    assert "ib-sim: mine.toml: rule 1 (rule 1): on = 'begin'" in done.stderr
    assert not (tmp_path / "state").exists()


def test_a_door_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("--port", "0", "--control-port", port, "--state-dir", str(tmp_path))
    assert done.returncode == 64
    assert f"port {port} on 127.0.0.1 is in use" in done.stderr
