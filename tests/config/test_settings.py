from __future__ import annotations

from datetime import time
from decimal import Decimal
from pathlib import Path

import pytest

from config.entries import Origin, SettingsError, entry_of
from config.example import render
from config.modes import Mode
from config.settings import Settings
from domain.symbols import Symbol

HERE = Path(__file__).resolve().parents[2]


def load(**environ: str) -> Settings:
    return Settings.load(environ, env_file=None)


def faults(**environ: str) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        load(**environ)
    return {fault.name: str(fault) for fault in caught.value.faults}


def test_nothing_given_is_a_demo() -> None:
    settings = load()
    assert settings.mode is Mode.DEMO
    assert (settings.ib_host, settings.ib_port, settings.ib_client_id) == ("127.0.0.1", 14002, 17)
    assert settings.ib_paper is True
    assert settings.ib_account_id is None
    assert list(map(str, settings.allowed_symbols)) == ["BHP/AUD", "CBA/AUD", "VAS/AUD", "AUD/USD"]
    assert settings.max_order_value == Decimal(10000)
    assert (settings.state_dir, settings.log_dir) == (Path("state"), Path("logs"))


def test_plans_are_lively_in_demo_and_calm_elsewhere() -> None:
    demo, paper = load(), load(MODE="paper", IB_ACCOUNT_ID="DU1234567")
    assert (demo.plan_stop, demo.plan_target) == (Decimal("0.4"), Decimal("0.6"))
    assert (demo.plan_latest_age_minutes, paper.plan_latest_age_minutes) == (3.0, 0.0)
    assert (paper.plan_stop, paper.plan_target) == (Decimal(3), Decimal(6))
    assert (paper.max_plans_per_symbol, paper.short_selling) == (3, False)
    assert load(PLAN_STOP="2").plan_stop == Decimal(2), "what is given holds in demo, too"


@pytest.mark.parametrize(
    ("environ", "port", "paper"),
    [
        ({"MODE": "paper", "IB_ACCOUNT_ID": "DU1234567"}, 4002, True),
        ({"MODE": "paper", "IB_ACCOUNT_ID": "DF1234567", "IB_PORT": "7497"}, 7497, True),
        ({"MODE": "LIVE", "IB_ACCOUNT_ID": "u1234567"}, 4001, False),
        ({"MODE": "live", "IB_ACCOUNT_ID": "U1234567", "IB_PORT": "7496"}, 7496, False),
        ({"MODE": "live", "IB_ACCOUNT_ID": "U1234567", "IB_PORT": "5000"}, 5000, False),
        ({"MODE": "observe", "IB_PORT": "4001"}, 4001, False),
        ({"MODE": "observe", "IB_PORT": "4002"}, 4002, True),
        ({"MODE": "demo", "IB_ACCOUNT_ID": "DU1234567", "IB_PORT": "15000"}, 15000, True),
    ],
)
def test_modes_that_agree_with_port_and_account(
    environ: dict[str, str], port: int, paper: bool
) -> None:
    settings = load(**environ)
    assert (settings.ib_port, settings.ib_paper) == (port, paper)


@pytest.mark.parametrize(
    ("environ", "wrong", "named"),
    [
        ({"MODE": "demo", "IB_PORT": "4001"}, {"IB_PORT"}, "MODE=demo"),
        ({"MODE": "demo", "IB_PORT": "4002"}, {"IB_PORT"}, "MODE=demo"),
        ({"MODE": "demo", "IB_PORT": "7496"}, {"IB_PORT"}, "MODE=demo"),
        ({"MODE": "demo", "IB_PORT": "7497"}, {"IB_PORT"}, "MODE=demo"),
        ({"IB_HOST": "ib-gateway", "IB_PORT": "4004"}, {"IB_HOST"}, "MODE=demo"),
        ({"MODE": "demo", "IB_ACCOUNT_ID": "U1234567"}, {"IB_ACCOUNT_ID"}, "MODE=demo"),
        ({"MODE": "demo", "IB_PAPER": "false"}, {"IB_PAPER"}, "MODE=demo"),
        ({"MODE": "paper"}, {"IB_ACCOUNT_ID"}, "MODE=paper"),
        ({"MODE": "live"}, {"IB_ACCOUNT_ID"}, "MODE=live"),
        (
            {"MODE": "paper", "IB_PORT": "4001", "IB_ACCOUNT_ID": "DU1234567"},
            {"IB_PORT"},
            "MODE=paper",
        ),
        (
            {"MODE": "live", "IB_PORT": "7497", "IB_ACCOUNT_ID": "U1234567"},
            {"IB_PORT"},
            "MODE=live",
        ),
        ({"MODE": "live", "IB_ACCOUNT_ID": "DU1234567"}, {"IB_ACCOUNT_ID"}, "MODE=live"),
        (
            {"MODE": "live", "IB_ACCOUNT_ID": "U1234567", "PROTECT_ENTRIES": "no"},
            {"PROTECT_ENTRIES"},
            "without its stop",
        ),
        (
            {"MODE": "live", "IB_ACCOUNT_ID": "U1234567", "IB_PAPER": "true"},
            {"IB_PAPER"},
            "MODE=live",
        ),
        ({"MODE": "observe"}, {"IB_PORT"}, "not given"),
        (
            {"MODE": "observe", "IB_PORT": "4001", "IB_ACCOUNT_ID": "DU1234567"},
            {"IB_ACCOUNT_ID"},
            "IB_PORT=4001",
        ),
        (
            {"MODE": "observe", "IB_PORT": "4002", "IB_PAPER": "false"},
            {"IB_PAPER"},
            "IB_PORT=4002",
        ),
        (
            {
                "MODE": "observe",
                "IB_PORT": "5000",
                "IB_ACCOUNT_ID": "U1234567",
                "IB_PAPER": "true",
            },
            {"IB_PAPER"},
            "IB_ACCOUNT_ID",
        ),
    ],
)
def test_a_contradiction_is_refused_and_names_both_sides(
    environ: dict[str, str], wrong: set[str], named: str
) -> None:
    found = faults(**environ)
    assert set(found) == wrong
    assert any(named in text for text in found.values())


def test_all_that_is_wrong_is_told_at_once() -> None:
    found = faults(
        MODE="live",
        IB_PORT="4002",
        IB_ACCOUNT_ID="DU1234567",
        IB_CLIENT_ID="0",
        ALLOWED_SYMBOLS="BHP/AUD,nonsense,/AUD",
        STRATEGY="llm",
        ACTIVE_EXCHANGE="IB,GEMINI",
        MAX_ORDER_VALUE="-1",
        HEARTBEAT_SECONDS="nan",
        HOOK_PORT="99999",
        LOG_LEVEL="LOUD",
        CLIENT_ORDER_PREFIX="x",
    )
    assert set(found) == {
        "ACTIVE_EXCHANGE",
        "IB_PORT",
        "IB_ACCOUNT_ID",
        "IB_CLIENT_ID",
        "ALLOWED_SYMBOLS",
        "STRATEGY",
        "MAX_ORDER_VALUE",
        "HEARTBEAT_SECONDS",
        "HOOK_PORT",
        "LOG_LEVEL",
        "CLIENT_ORDER_PREFIX",
    }
    for name, text in found.items():
        assert "Seen: " in text and "Allowed: " in text and f"Example: {name}=" in text
    assert "'nonsense'" in found["ALLOWED_SYMBOLS"] and "'/AUD'" in found["ALLOWED_SYMBOLS"]
    assert "not available yet" in found["STRATEGY"]
    assert "not available yet" in found["ACTIVE_EXCHANGE"]
    assert "Example: IB_PORT=4001" in found["IB_PORT"]


def test_every_wrong_symbol_is_told_with_what_to_write_and_the_example_is_the_mended_list() -> None:
    text = faults(ALLOWED_SYMBOLS="BHP.AX,CBA/AUD,USD/AUD,VAS,CBA/AUD,gold!")["ALLOWED_SYMBOLS"]
    for cure in (
        "'BHP.AX' is not a symbol: write BHP/AUD",
        "'USD/AUD' is a pair that IB knows the other way round only: write AUD/USD",
        "'VAS' is not a symbol: write VAS/AUD",
        "CBA/AUD is there twice: name it once",
        "'gold!' is not a symbol: write SYMBOL/CCY",
    ):
        assert cure in text, text
    assert text.endswith("Example: ALLOWED_SYMBOLS=BHP/AUD,CBA/AUD,AUD/USD,VAS/AUD")


def test_types_of_instrument_that_may_be_traded() -> None:
    assert load().ib_allowed_instrument_types == ("STK", "ETF", "CASH")
    only = load(IB_ALLOWED_INSTRUMENT_TYPES="etf", ALLOWED_SYMBOLS="VAS/AUD")
    assert only.ib_allowed_instrument_types == ("ETF",)
    assert (
        "OPT, WAR"
        in faults(IB_ALLOWED_INSTRUMENT_TYPES="STK,OPT,WAR")["IB_ALLOWED_INSTRUMENT_TYPES"]
    )
    found = faults(IB_ALLOWED_INSTRUMENT_TYPES="STK,ETF", ALLOWED_SYMBOLS="BHP/AUD,AUD/USD")
    assert set(found) == {"ALLOWED_SYMBOLS"}
    assert "AUD/USD needs CASH" in found["ALLOWED_SYMBOLS"]
    found = faults(IB_ALLOWED_INSTRUMENT_TYPES="CASH", ALLOWED_SYMBOLS="BHP/AUD,AUD/USD")
    assert "BHP/AUD needs STK or ETF" in found["ALLOWED_SYMBOLS"]


@pytest.mark.parametrize("route", ["SMART/ASX", "asx"])
def test_the_routes_that_there_are(route: str) -> None:
    assert load(IB_EXCHANGE=route).ib_exchange == route.upper()


@pytest.mark.parametrize("route", ["SMART", "ASX/SMART", "NYSE", "SMART/NYSE", "ASX;"])
def test_a_route_that_would_find_another_share_is_refused(route: str) -> None:
    assert "SMART/ASX or ASX" in faults(IB_EXCHANGE=route)["IB_EXCHANGE"]


def test_one_wrong_entry_does_not_hide_a_contradiction_after_it() -> None:
    found = faults(MODE="live", IB_PORT="zero", IB_ACCOUNT_ID="DU1234567")
    assert set(found) == {"IB_PORT", "IB_ACCOUNT_ID"}


def test_a_wrong_secret_or_account_is_not_shown_by_its_refusal() -> None:
    found = faults(
        HOOK_TOKEN="hunter2hunter2", HOOK_READ_TOKEN="abc", MODE="paper", IB_ACCOUNT_ID="U7654321"
    )
    text = "\n".join(found.values())
    assert "hunter2" not in text and "7654321" not in text and "abc" not in text
    assert "(hidden, 14 characters)" in text and "U7***321" in text


def test_the_hook_opens_to_others_only_with_both_tokens() -> None:
    one, two = "a" * 32, "b" * 32
    assert "HOOK_HOST" in faults(HOOK_HOST="0.0.0.0")
    assert "HOOK_HOST" in faults(HOOK_HOST="kelpie.example", HOOK_TOKEN=one)
    settings = load(HOOK_HOST="0.0.0.0", HOOK_TOKEN=one, HOOK_READ_TOKEN=two)
    assert settings.secrets() == (one, two)
    assert load(HOOK_HOST="::1").hook_host == "::1"
    assert load(HOOK_HOST="localhost").hook_host == "localhost"
    assert "HOOK_READ_TOKEN" in faults(HOOK_TOKEN=one, HOOK_READ_TOKEN=one)


@pytest.mark.parametrize("host", ["10.8.0.1", "192.168.1.5", "100.64.0.9", "fd00::7", "0.0.0.0"])
def test_the_hook_may_listen_where_a_tunnel_ends(host: str) -> None:
    tokens = {"HOOK_TOKEN": "a" * 32, "HOOK_READ_TOKEN": "b" * 32}
    assert load(HOOK_HOST=host, **tokens).hook_host == host
    assert "HOOK_READ_TOKEN" in faults(HOOK_HOST=host)["HOOK_HOST"]


@pytest.mark.parametrize("host", ["::", "8.8.8.8", "2001:4860:4860::8888", "kelpie.example"])
def test_the_hook_never_listens_where_the_internet_could_reach_it(host: str) -> None:
    tokens = {"HOOK_TOKEN": "a" * 32, "HOOK_READ_TOKEN": "b" * 32}
    assert set(faults(HOOK_HOST=host, **tokens)) == {"HOOK_HOST"}


def test_the_further_names_of_the_hook_are_names_alone() -> None:
    given = load(HOOK_NAMES="Kelpie.tail1234.ts.net, 10.8.0.1 fd00::7,10.8.0.1").hook_names
    assert given == ("kelpie.tail1234.ts.net", "10.8.0.1", "fd00::7")
    for wrong in ("https://kelpie", "kelpie:8765", "*", "*.ts.net", "a_b/c", "0.0.0.0", ".x", "-x"):
        assert "a name alone" in faults(HOOK_NAMES=wrong)["HOOK_NAMES"], wrong


def test_the_environment_wins_over_the_file_and_each_origin_is_told(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("IB_CLIENT_ID=21\nHOOK_PORT=9000\nSOMETHING_ELSE=1\nIB_ACCOUNT_ID=\n")
    environ = {"HOOK_PORT": "9100", "PATH": "/bin", "IB_CLIENT_ID": "", "IB_HOST": ""}
    settings = Settings.load(environ, env_file=file)
    assert (settings.ib_client_id, settings.hook_port) == (21, 9100)
    origins = {row.name: row.origin for row in settings.describe()}
    assert origins["IB_CLIENT_ID"] is Origin.DOTENV
    assert origins["HOOK_PORT"] is Origin.ENVIRONMENT
    assert origins["IB_HOST"] is Origin.DEFAULT


def test_the_process_environment_is_the_usual_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_SYMBOLS", "bhp-aud, CBA/AUD,")
    settings = Settings.load(env_file=None)
    assert settings.allowed_symbols == (Symbol("BHP", "AUD"), Symbol("CBA", "AUD"))
    assert Settings.load({}, env_file=None).allowed_symbols != settings.allowed_symbols


def test_the_description_hides_secrets_and_has_words_for_all() -> None:
    settings = load(
        HOOK_TOKEN="s" * 40, HOOK_READ_TOKEN="r" * 40, MODE="paper", IB_ACCOUNT_ID="DU1234567"
    )
    rows = settings.describe()
    assert [row.name for row in rows] == [name.upper() for name in Settings.model_fields]
    text = repr(rows)
    assert "s" * 40 not in text and "r" * 40 not in text and "DU***567" in text
    for row in rows:
        assert row.entry.sentence.endswith(".") and row.entry.allowed and row.entry.example


def test_every_number_that_limits_has_a_unit() -> None:
    for name, field in Settings.model_fields.items():
        if field.annotation in (int, float, Decimal) and name != "ib_client_id":
            assert entry_of(field).unit, name


def test_the_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().hook_port = 1  # type: ignore[misc]


def test_the_example_file_is_the_one_the_settings_make() -> None:
    assert (HERE / ".env.example").read_text() == render()


def test_the_example_file_with_all_lines_taken_in_is_the_demo(tmp_path: Path) -> None:
    lines = [
        line.removeprefix("#")
        for line in render().splitlines()
        if line.startswith("#") and not line.startswith("# ")
    ]
    file = tmp_path / ".env"
    file.write_text("\n".join(lines))
    assert Settings.load({}, env_file=file).model_dump() == load().model_dump()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"IB_WINDOWS": "restart,eclipse"}, "eclipse: no such window"),
        ({"IB_WINDOWS": "none,reset"}, "none beside others"),
        ({"IB_RESTART_TIME": "25:00"}, "no time of day"),
        ({"IB_TIME_ZONE": "Australia/Sidney"}, "no such time zone"),
        ({"IB_TIME_ZONE": "../etc/passwd"}, "no such time zone"),
        ({"MARKET_DATA": "frozen"}, "MARKET_DATA"),
        ({"QUOTE_SILENCE_PAIR_SECONDS": "0"}, "QUOTE_SILENCE_PAIR_SECONDS"),
    ],
)
def test_what_is_wrong_about_the_link_is_said(given: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Settings.load(given, env_file=None)


def test_the_windows_the_restart_and_the_data() -> None:
    settings = Settings.load({}, env_file=None)
    assert settings.ib_windows == ("restart", "reset", "weekend", "login")
    assert settings.ib_restart_time == time(23, 45)
    given = {"IB_WINDOWS": "None", "IB_RESTART_TIME": "03:30", "MARKET_DATA": "Delayed"}
    settings = Settings.load(given, env_file=None)
    assert (settings.ib_windows, settings.market_data) == ((), "delayed")
    rows = {row.name: row.value for row in settings.describe()}
    assert (rows["IB_RESTART_TIME"], rows["IB_WINDOWS"]) == ("03:30", "")


def test_a_newer_paper_account_is_one() -> None:
    given = {"MODE": "paper", "IB_ACCOUNT_ID": "DUQ200898"}
    assert Settings.load(given, env_file=None).ib_account_id == "DUQ200898"
    with pytest.raises(SettingsError, match="paper account"):
        Settings.load(given | {"MODE": "live"}, env_file=None)
