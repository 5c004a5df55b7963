"""The doctor: each fault is planted in a simulated gateway and found, with its cure.

The gateway is a process of its own, the doctor the program itself; that nothing was placed is the
gateway's own record.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.doctor.examination import seconds_apart
from console.doctor.findings import Severity, cures
from console.doctor.house import FULL_BYTES, LOW_BYTES, disk
from simulators.books import read_books
from simulators.tws.wire_history import read_wire_log
from tests.simulators.gateway_process import ROOT, gateway_process
from tests.tree.home import free_port

#: Two programs are started, on a machine that may be busy, and some answers never end.
pytestmark = pytest.mark.timeout(180)

Findings = dict[str, dict[str, Any]]


def examined(folder: Path, port: int, *words: str, **settings: str) -> tuple[int, Findings]:
    """Run `kelpie doctor --json`; its exit code, and the findings by check."""
    environ = {
        "PATH": os.environ["PATH"],
        "STATE_DIR": str(folder / "state"),
        "LOG_DIR": str(folder / "logs"),
        "IB_PORT": str(port),
        "CONNECT_STEP_SECONDS": "15",
        **settings,
    }
    done = subprocess.run(
        [sys.executable, str(ROOT / "supervisor.py"), "doctor", "--json", *words],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.stdout, done.stderr
    return done.returncode, {finding["check"]: finding for finding in json.loads(done.stdout)}


@contextmanager
def gateway(folder: Path, scenario: str = "") -> Iterator[int]:
    """The port of a gateway with this fault."""
    state = folder / "gateway"
    state.mkdir()
    words = ["--market", "still"]
    if scenario:
        file = folder / "fault.toml"
        file.write_text(f'title = "A fault"\nsource = "doctor"\nstory = "Planted."\n{scenario}')
        words += ["--scenario", str(file)]
    with gateway_process(state, *words) as process:
        yield process.port


def rule(name: str, on: str, do: str, arguments: str = "", more: str = "") -> str:
    given = f"with = {{ {arguments} }}\n" if arguments else ""
    return f'\n[[rule]]\nname = "{name}"\non = "{on}"\ndo = "{do}"\n{given}{more}\n'


def test_a_gateway_without_a_fault_is_well_and_nothing_is_placed(tmp_path: Path) -> None:
    with gateway(tmp_path) as port:
        code, findings = examined(tmp_path, port)
    checks = "disk connection account servers clock lists contracts quotes bars orders"
    assert {check: each["severity"] for check, each in findings.items()} == dict.fromkeys(
        checks.split(" "), "well"
    )
    assert code == 0
    assert findings["orders"]["facts"]["commission"] == "6.6"
    assert findings["account"]["facts"]["account"] == "DU***001"
    wire = read_wire_log(tmp_path / "gateway" / "wire.jsonl")
    assert [message.fields[-1] for message in wire.from_client(3)]  # the preview went out
    assert read_books(tmp_path / "gateway").orders == ()


#: What is planted → the check that finds it, and the code of its cure.
PLANTED = {
    "it never says its version": (
        rule("mute", "version", "drop", more='times = "always"'),
        "connection",
        "NO_VERSION",
    ),
    "it never names its accounts": (
        rule("mute", "managedAccounts", "drop", more='times = "always"'),
        "connection",
        "NO_ACCOUNTS",
    ),
    "it never names an order id": (
        rule("mute", "nextValidId", "drop", more='times = "always"'),
        "connection",
        "NO_NEXT_VALID_ID",
    ),
    "another program has the client id": (
        rule("busy", "start", "busy_client_id"),
        "connection",
        "CLIENT_ID_IN_USE",
    ),
    "it is no gateway": (
        rule("rubbish", "version", "set", 'change = { version = "HTTP/1.1 400" }'),
        "connection",
        "NOT_TWS",
    ),
    "it is too old": (
        rule("old", "version", "set", 'change = { version = "76" }'),
        "connection",
        "VERSION",
    ),
    "it is logged in for real money": (
        rule("live", "managedAccounts", "set", 'change = { accounts = "U7654321" }'),
        "connection",
        "WRONG_MODE",
    ),
    "it has lost IB's servers": (
        rule("lost", "startApi", "send_error", 'code = 1100, about = "nothing"').replace(
            'on = "startApi"', 'on = "after startApi"'
        ),
        "servers",
        "OUT_OF_REACH",
    ),
    "the paper disclaimer waits": (
        rule(
            "disclaimer",
            "after startApi",
            "send_error",
            'code = 10141, about = "nothing", text = "Paper trading disclaimer must be accepted."',
        ),
        "servers",
        "PAPER_DISCLAIMER",
    ),
    "its clock is wrong": (
        rule("clock", "currentTime", "set", 'change = { time = "1700000000" }', 'times = "always"'),
        "clock",
        "CLOCK_OFF",
    ),
    "a list never ends": (
        rule("positions", "positionEnd", "drop", more='times = "always"'),
        "lists",
        "LISTS_UNENDED",
    ),
    "no data without a subscription": (
        '[data]\nentitlements = { "*" = "354" }\n',
        "quotes",
        "NO_DATA_PERMISSION",
    ),
    "no live data, and delayed not asked for": (
        '[data]\nentitlements = { "*" = "10089" }\n',
        "quotes",
        "NO_DATA_PERMISSION",
    ),
    "delayed data in place of live": (
        rule("delayed", "marketDataType", "set", 'change = { type = "3" }', 'times = "always"'),
        "quotes",
        "DELAYED_DATA",
    ),
    "only a part of the data": (
        '[data]\nentitlements = { "*" = "10090" }\n',
        "quotes",
        "PART_OF_DATA",
    ),
    "the same login streams elsewhere": (
        "[data]\ncompeting_session = true\n",
        "quotes",
        "COMPETING_SESSION",
    ),
    "taken, and silent": ('[data]\nsilent = ["*"]\n', "quotes", "SILENT_DATA"),
    "no permission for bars": ('[data]\nhistory_denied = ["*"]\n', "bars", "NO_BARS"),
    "read-only": ("[habits]\nread_only = true\n", "orders", "READ_ONLY"),
    "no preview comes": ('[habits]\nwhat_if = "mute"\n', "orders", "PREVIEW_FAILED"),
    "it goes in the middle": (
        rule("gone", "reqMktData", "close"),
        "quotes",
        "LINK_LOST",
    ),
}


SILENT = ("NO_VERSION", "NO_ACCOUNTS", "NO_NEXT_VALID_ID")


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_fault_is_found(planted: str, tmp_path: Path) -> None:
    scenario, check, code = PLANTED[planted]
    with gateway(tmp_path, scenario) as port:
        # Where it is silent that is waited for; all others have answered long before.
        silent = {"CONNECT_STEP_SECONDS": "5"} if code in SILENT else {}
        exit_code, findings = examined(tmp_path, port, **silent)
    found = findings[check]
    assert (found["code"], exit_code) == (code, 1), found
    assert found["severity"] == cures()[code].severity
    assert all(found["cure"][place] for place in ("gateway", "tws", "container"))
    # It is the only fault: nothing else is blamed, and nothing unseen is called well.
    # Where quotes are withheld so are bars, and that is told as well.
    expected = ("NO_BARS",) if code in ("NO_DATA_PERMISSION", "COMPETING_SESSION") else ()
    others = [f for f in findings.values() if f is not found and f["code"] not in expected]
    assert {each["severity"] for each in others} <= {"well", "not checked"}, others
    assert read_books(tmp_path / "gateway").orders == ()


def test_nobody_there_is_found_and_everything_else_is_said_to_be_unchecked(tmp_path: Path) -> None:
    code, findings = examined(tmp_path, free_port())
    assert (code, findings["connection"]["code"]) == (1, "REFUSED")
    unchecked = [f["check"] for f in findings.values() if f["severity"] == "not checked"]
    assert unchecked == ["servers", "clock", "lists", "contracts", "quotes", "bars", "orders"]


def test_a_misspelt_symbol_is_found_with_what_to_write_instead(tmp_path: Path) -> None:
    with gateway(tmp_path) as port:
        code, findings = examined(tmp_path, port, ALLOWED_SYMBOLS="BHP/AUD,CBS/AUD")
    found = findings["contracts"]
    assert (code, found["code"]) == (1, "WRONG_SYMBOL")
    assert "CBS/AUD" in found["sentence"]
    assert findings["quotes"]["severity"] == "well"


def test_a_type_that_the_settings_do_not_allow_is_found(tmp_path: Path) -> None:
    with gateway(tmp_path) as port:
        code, findings = examined(
            tmp_path, port, ALLOWED_SYMBOLS="BHP/AUD,VAS/AUD", IB_ALLOWED_INSTRUMENT_TYPES="STK"
        )
    found = findings["contracts"]
    assert (code, found["code"]) == (1, "WRONG_SYMBOL"), found
    assert "VAS/AUD is of the type ETF" in found["sentence"]


def test_delayed_data_that_were_asked_for_are_looked_for_as_such(tmp_path: Path) -> None:
    with gateway(tmp_path, '[data]\nentitlements = { "*" = "10089" }\n') as port:
        code, findings = examined(tmp_path, port, MARKET_DATA="delayed")
    assert (code, findings["quotes"]["code"]) == (1, "DELAYED_DATA"), findings["quotes"]


def test_another_account_than_the_one_named_is_found(tmp_path: Path) -> None:
    with gateway(tmp_path) as port:
        code, findings = examined(tmp_path, port, IB_ACCOUNT_ID="DU7654321")
    assert (code, findings["connection"]["code"]) == (1, "WRONG_ACCOUNT")


def test_an_answer_that_was_long_on_its_way_is_no_clock_that_is_off() -> None:
    asked = datetime(2026, 11, 23, 1, 0, 0, tzinfo=UTC)
    late = asked + timedelta(seconds=20)
    for told, apart in ((0, 0), (7, 0), (20, 0), (-4, -4), (24, 4)):
        assert seconds_apart(asked + timedelta(seconds=told), asked, late) == apart


def test_a_folder_that_nobody_may_write_to_is_found(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    finding = disk(Path("/proc"))
    assert (finding.code, finding.severity) == ("NOT_WRITABLE", Severity.FAULT)


@pytest.mark.parametrize(
    ("free", "code"),
    [(LOW_BYTES, ""), (LOW_BYTES - 1, "DISK_LOW"), (FULL_BYTES - 1, "DISK_FULL")],
)
def test_room_on_the_disk(free: int, code: str, tmp_path: Path) -> None:
    assert disk(tmp_path, free_bytes=lambda _: free).code == code


def test_wrong_settings_are_told_before_anything_is_looked_at(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "MODE": "paper", "IB_PORT": "4001"}
    done = subprocess.run(
        [sys.executable, str(ROOT / "supervisor.py"), "doctor"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.returncode == 78
    assert "IB_PORT" in done.stderr


def test_every_fault_has_its_cure_in_three_places() -> None:
    codes = [code for _, _, code in PLANTED.values()]
    tested = {*codes, "REFUSED", "WRONG_SYMBOL", "WRONG_ACCOUNT"}
    tested |= {"NOT_WRITABLE", "DISK_LOW", "DISK_FULL"}
    # A host that swallows every byte cannot be had on loopback; tests/ib has it with a deaf peer.
    assert set(cures()) - tested == {"CONNECT_TIMEOUT"}
    for cure in cures().values():
        for text in (cure.gateway, cure.tws, cure.container):
            assert text.endswith((".", ")")), text
