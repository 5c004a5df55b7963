"""Each fault that a gateway may have is named with its cure, and the person goes on or tries again.

The gateway is a process of its own with the fault planted; that nothing was placed is its record.
"""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from config.modes import Mode
from config.settings import Settings
from console.doctor.findings import cures
from console.init.asking import GaveUp, Nobody
from console.init.places import Place, Seen, unfit
from console.init.program import init
from console.init.state_folder import locked
from simulators.books import read_books
from tests.console.init.person import NO_ALERTS, Script
from tests.console.test_doctor import gateway, rule
from tests.tree.home import free_port

ACCOUNT = "DU9000001"

#: Found when the gateway is knocked at: the account is then told by the person.
AT_THE_DOOR = {
    "not logged in": (
        rule("mute", "managedAccounts", "drop", more='times = "always"'),
        "NO_ACCOUNTS",
    ),
    "a window asks whether to accept the connection": (
        rule("mute", "version", "drop", more='times = "always"'),
        "NO_VERSION",
    ),
    "it turns this address away": (
        rule("away", "connect", "close", more='times = "always"'),
        "NOT_TWS",
    ),
    "too old": (
        rule("old", "version", "set", 'change = { version = "76" }', 'times = "always"'),
        "VERSION",
    ),
    "every client id is busy": (rule("busy", "start", "busy_client_id"), "CLIENT_ID_IN_USE"),
}

#: Found when the account is read.
AT_THE_ACCOUNT = {
    "another program has Kelpie's client id": (
        rule("busy", "start", "busy_client_id", "client_id = 17"),
        "CLIENT_ID_IN_USE",
    ),
}

#: Found when the market is looked at.
AT_THE_MARKET = {
    "read-only": ("[habits]\nread_only = true\n", "READ_ONLY"),
    "no subscription": ('[data]\nentitlements = { "*" = "354" }\n', "NO_DATA_PERMISSION"),
    "delayed": (
        rule("delayed", "marketDataType", "set", 'change = { type = "3" }', 'times = "always"'),
        "DELAYED_DATA",
    ),
    "the paper disclaimer waits": (
        rule(
            "disclaimer",
            "after startApi",
            "send_error",
            'code = 10141, about = "nothing", text = "Paper trading disclaimer must be accepted."',
            'times = "always"',
        ),
        "PAPER_DISCLAIMER",
    ),
    "the login streams elsewhere": ("[data]\ncompeting_session = true\n", "COMPETING_SESSION"),
}


def told(script: Script, code: str) -> None:
    """The fault was named, with its cure in the words of each place."""
    cure = cures()[code]
    assert f"[{code}]" in script.page
    for words in (cure.gateway, cure.tws, cure.container):
        assert " ".join(words.split()) in script.page, words


def of(folder: Path) -> Settings:
    return Settings.load({}, env_file=folder / ".env")


@pytest.mark.parametrize("planted", AT_THE_DOOR)
def test_at_the_door_it_is_named_and_may_be_put_up_with(planted: str, tmp_path: Path) -> None:
    scenario, code = AT_THE_DOOR[planted]
    script = Script("", "", "on", ACCOUNT, "", "", "", "", *NO_ALERTS)
    with gateway(tmp_path, scenario) as port:
        assert script.init(tmp_path, [port], CONNECT_STEP_SECONDS="3") == 0
    told(script, code)
    assert (of(tmp_path).ib_port, of(tmp_path).ib_account_id) == (port, ACCOUNT)
    assert read_books(tmp_path / "gateway").orders == ()


@pytest.mark.parametrize("planted", AT_THE_ACCOUNT)
def test_at_the_account_it_is_named(planted: str, tmp_path: Path) -> None:
    scenario, code = AT_THE_ACCOUNT[planted]
    script = Script("", "", "", "on", "", "", "", "", *NO_ALERTS)
    with gateway(tmp_path, scenario) as port:
        assert script.init(tmp_path, [port]) == 0
    told(script, code)


def test_a_client_id_that_kelpie_itself_holds_is_no_fault(tmp_path: Path) -> None:
    state = tmp_path / "state"
    busy = rule("busy", "start", "busy_client_id", "client_id = 17")
    with gateway(tmp_path, busy) as port, locked(state):
        script = Script("", "", "", "", "", "", "", *NO_ALERTS)
        assert script.init(tmp_path, [port], STATE_DIR=str(state)) == 0
    assert "CLIENT_ID_IN_USE" not in script.page
    assert "Kelpie itself runs in this folder" in script.page


@pytest.mark.parametrize("planted", AT_THE_MARKET)
def test_at_the_market_it_is_named_and_may_be_put_up_with(planted: str, tmp_path: Path) -> None:
    scenario, code = AT_THE_MARKET[planted]
    script = Script("", "", "", "", "", "on", "", "", *NO_ALERTS)
    with gateway(tmp_path, scenario) as port:
        assert script.init(tmp_path, [port]) == 0
    told(script, code)
    assert read_books(tmp_path / "gateway").orders == ()


def test_the_wrong_kind_of_money_is_named_and_so_is_an_account_that_is_not_there(
    tmp_path: Path,
) -> None:
    live = rule(
        "live",
        "managedAccounts",
        "set",
        'change = { accounts = "U7654321" }',
        'times = "always"',
    )
    script = Script("", "", "on", ACCOUNT, "on", "", "", "", "", *NO_ALERTS)
    with gateway(tmp_path, live) as port:
        assert script.init(tmp_path, [port]) == 0
    told(script, "WRONG_MODE")
    told(script, "WRONG_ACCOUNT")
    assert "U7654321" not in script.page


def test_nobody_there_is_named_and_tried_again_until_somebody_is(tmp_path: Path) -> None:
    port = free_port()
    place = f"127.0.0.1:{port}"
    with gateway(tmp_path) as there:
        found = f"127.0.0.1:{there}"
        script = Script("", place, "", "", found, "", "", "", "", "", *NO_ALERTS)
        assert script.init(tmp_path) == 0
    assert script.page.count("[try again] >") == 3
    told(script, "REFUSED")
    assert of(tmp_path).ib_port == there


def test_an_unknown_symbol_is_told_with_what_to_write_instead(tmp_path: Path) -> None:
    script = Script("", "", "", "", "BHP/AUD,CBS/AUD", "on", "BHP/AUD,CBA/AUD", "", "", *NO_ALERTS)
    with gateway(tmp_path) as port:
        assert script.init(tmp_path, [port]) == 0
    assert "no CBS/AUD" in script.page
    assert "CBA/AUD?" in script.page
    assert [str(each) for each in of(tmp_path).allowed_symbols] == ["BHP/AUD", "CBA/AUD"]


def test_what_is_no_gateway_at_all_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as peer:
        port = peer.getsockname()[1]
        script = Script("", f"127.0.0.1:{port}", "on", ACCOUNT, "", "", "", "", *NO_ALERTS)
        assert script.init(tmp_path, CONNECT_STEP_SECONDS="0.5") == 0
    told(script, "NO_VERSION")


def test_without_a_person_a_fault_leaves_everything_as_it_was(tmp_path: Path) -> None:
    said: list[str] = []
    with gateway(tmp_path, "[habits]\nread_only = true\n") as port:
        nobody = Nobody({}, said.append, anyway=False)
        with pytest.raises(GaveUp) as caught:
            init(tmp_path / ".env", nobody, {}, ports=[port])
        assert [each.code for each in caught.value.findings] == ["READ_ONLY"]
        assert not (tmp_path / ".env").exists()
        assert init(tmp_path / ".env", Nobody({}, said.append, anyway=True), {}, ports=[port]) == 0
    assert of(tmp_path).ib_account_id == ACCOUNT


def test_the_kind_of_money_that_a_port_is_for_is_held_against_the_login() -> None:
    paper, live = ("DU1234567",), ("U1234567",)
    wrong = [(4001, paper), (7496, paper), (4002, live), (7497, live)]
    for port, accounts in wrong:
        finding = unfit(Seen(Place("127.0.0.1", port), 176, accounts), Mode.OBSERVE)
        assert finding is not None
        assert finding.code == "WRONG_MODE"
        assert str(port) in finding.sentence
    for port, accounts in [(4001, live), (4002, paper), (4003, live), (4004, paper)]:
        assert unfit(Seen(Place("127.0.0.1", port), 176, accounts), Mode.OBSERVE) is None


def test_the_cure_is_told_for_the_place_where_it_is_applied() -> None:
    assert Place("gateway", 4004).cured_at == ("container",)
    assert Place("127.0.0.1", 7497).cured_at == ("tws",)
    assert Place("127.0.0.1", 4002).cured_at == ("gateway", "container")
    assert Place("127.0.0.1", 14010).cured_at == ("gateway", "tws", "container")
