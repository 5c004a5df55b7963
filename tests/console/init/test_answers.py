"""What may be answered, what is said to a wrong answer, and that nothing changes before the end."""

from __future__ import annotations

import os
import stat
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from actors.alert_keeping import rule_for
from adapters.notify.courier import mark_of
from adapters.store import alerts_path, book_path, open_alerts
from config.alerting import urls_of
from config.modes import Mode
from config.settings import Settings
from console.init.asking import GaveUp, Nobody, Stopped
from console.init.program import init
from simulators.books import read_books
from simulators.tws.wire_history import read_wire_log
from tests.console.init.ntfy import ntfy
from tests.console.init.person import NO_ALERTS, NOBODY_LISTENS, Script
from tests.console.test_doctor import gateway, rule
from tests.simulators.gateway_process import gateway_process
from tests.tree.home import ROOT, free_port

#: Enter to all of demo's questions.
DEMO = ("demo", "", "", "", "", *NO_ALERTS)


def of(folder: Path) -> Settings:
    return Settings.load({}, env_file=folder / ".env")


def test_demo_needs_no_gateway_and_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    script = Script(*DEMO)
    assert script.init(tmp_path) == 0
    assert "Looking for a gateway" not in script.page
    settings = of(tmp_path)
    assert (settings.mode, settings.purse) == ("demo", Decimal(20_000))
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == [".env"]


def test_every_setting_stands_in_the_file_with_its_words(tmp_path: Path) -> None:
    Script(*DEMO).init(tmp_path)
    text = (tmp_path / ".env").read_text()
    for name in Settings.model_fields:
        assert f"\n{name.upper()}=" in text or f"\n#{name.upper()}=" in text
    assert "# What is done with orders.\n" in text
    # As it stands a disabled line may be enabled: it says what holds anyway.
    lines = [line.removeprefix("#") for line in text.splitlines() if line[:2].strip("# ")]
    enabled = tmp_path / "enabled"
    enabled.write_text("\n".join(line for line in lines if "=" in line.split(" ")[0]))
    assert Settings.load({}, env_file=enabled).model_dump() == of(tmp_path).model_dump()


WRONG = {
    "no mode": (["paprika"], "is none of demo, observe and paper"),
    "live": (["live"], "Live: first paper, for 10 days"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_mode_is_told_and_asked_for_again(wrong: str, tmp_path: Path) -> None:
    answers, words = WRONG[wrong]
    script = Script(*answers, *DEMO)
    assert script.init(tmp_path) == 0
    assert words in script.page
    assert of(tmp_path).mode == "demo"


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (("much", "", "", "", ""), "is no sum of money"),
        (("-5", "", "", "", ""), "above 0"),
        (("200", "", "", "", ""), "so little buys nothing"),
        (("A$5,000", "BHP, VAS.AX", "", "", ""), "write BHP/AUD"),
        (("5000", "USD/AUD", "AUD/USD", "", ""), "the other way round only"),
        (("5000", "", "6000", "", ""), "may use A$5,000 in all"),
        (("5000", "", "", "6000", ""), "may use A$5,000 in all"),
    ],
)
def test_a_wrong_sum_or_symbol_is_told(
    answers: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    script = Script("demo", *answers, *NO_ALERTS)
    assert script.init(tmp_path) == 0
    assert words in script.page


def test_no_more_than_ten_are_asked_and_each_has_a_default(tmp_path: Path) -> None:
    with gateway(tmp_path) as port:
        script = Script(*[""] * 7, *NO_ALERTS)
        assert script.init(tmp_path, [port]) == 0
    assert "9 of 10" in script.page
    assert script.person.answers == 9
    settings = of(tmp_path)
    assert settings.purse == Decimal(20_000)
    assert settings.max_order_value == Decimal(3000)
    assert settings.max_daily_loss == Decimal(300)
    assert "DU***001: paper money, worth A$1,000,000.00, by its buying power a cash" in script.page
    assert "DU9000001" not in script.page
    assert "BHP/AUD: A$3,000 in and out again costs A$13.20" in script.page


def test_more_than_the_account_is_worth_is_refused(tmp_path: Path) -> None:
    with gateway(tmp_path) as port:
        script = Script("", "", "", "2000000", "", "", "", "", *NO_ALERTS)
        assert script.init(tmp_path, [port]) == 0
    assert "The account is worth A$1,000,000, and that is more" in script.page


def test_a_size_that_costs_too_much_is_warned_of_with_the_one_that_would_pass(
    tmp_path: Path,
) -> None:
    with gateway(tmp_path) as port:
        script = Script("", "", "", "", "BHP/AUD,AUD/USD", "1000", "", *NO_ALERTS)
        assert script.init(tmp_path, [port]) == 0
    assert "1.32" in script.page or "1.33" in script.page
    assert "TOO DEAR: the most is 1 % (MAX_ROUND_TRIP_COST)" in script.page
    assert "from A$1,3" in script.page  # 2 × 6.60 are one percent of 1,320
    assert "Entries below US$25,000 are refused" in script.page


def test_a_size_at_which_nothing_would_ever_be_bought_is_taken_on_the_second_word_alone(
    tmp_path: Path,
) -> None:
    script = Script("demo", "", "BHP/AUD", "1000", "", "", *NO_ALERTS)
    assert script.init(tmp_path) == 0
    assert "nothing would ever be bought. From A$1,320 on all of them pass" in script.page
    assert of(tmp_path).max_order_value == Decimal(1320)  # Enter took what was proposed
    script = Script("demo", "", "BHP/AUD", "1000", "1000", "", *NO_ALERTS)
    assert script.init(tmp_path) == 0
    assert of(tmp_path).max_order_value == Decimal(1000)


def test_one_of_several_accounts_is_chosen_by_its_masked_number(tmp_path: Path) -> None:
    two = rule(
        "two",
        "managedAccounts",
        "set",
        'change = { accounts = "DU7654321,DU9000001" }',
        'times = "always"',
    )
    with gateway(tmp_path, two) as port:
        script = Script("", "", "DU***001", "", "", "", "", *NO_ALERTS)
        assert script.init(tmp_path, [port]) == 0
    assert "1 DU***321, paper money 2 DU***001, paper money" in script.page
    assert of(tmp_path).ib_account_id == "DU9000001"


def test_an_account_that_lends_is_called_one(tmp_path: Path) -> None:
    with gateway(tmp_path, '[habits]\naccount_type = "margin"\n') as port:
        script = Script(*[""] * 7, *NO_ALERTS)
        assert script.init(tmp_path, [port]) == 0
    assert "by its buying power a margin account" in script.page


def test_what_is_kept_aside_never_comes_into_the_repository() -> None:
    for name in (".env", ".env.before-20261123-060944", ".env.draft-17"):
        asked = subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT, check=False)
        assert asked.returncode == 0, name


def test_observe_takes_an_account_with_real_money_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "gateway").mkdir()
    with gateway_process(tmp_path / "gateway", "--market", "still", "--account", "U9000001") as it:
        script = Script("observe", *[""] * 6, *NO_ALERTS)
        assert script.init(tmp_path, [it.port]) == 0
    settings = of(tmp_path)
    assert (settings.mode, settings.ib_paper, settings.ib_port) == (Mode.OBSERVE, False, it.port)
    assert "U***001: live money" in script.page
    assert "bought in the shadow book" in script.page


def test_again_it_starts_from_what_is_set_and_keeps_what_it_did_not_ask(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(
        "# mine\nMODE=paper\nIB_ACCOUNT_ID=DU1\npurse=7000\nLOG_LEVEL=DEBUG\n"
        "STRATEGY=none\nTWS_USERID='a b'\nPLAN_STOP=900\nMAX_ORDER_VALUE=2000\n"
    )
    before = path.read_text()
    script = Script("demo", *DEMO[1:])
    assert script.init(tmp_path) == 0
    assert "PLAN_STOP" in script.page  # it was wrong, and that is said
    settings = of(tmp_path)
    assert [settings.purse, settings.max_order_value] == [Decimal(7000), Decimal(2000)]
    assert (settings.log_level, settings.strategy) == ("DEBUG", "none")
    assert settings.ib_account_id is None  # of a gateway that demo does not have
    assert "\nTWS_USERID='a b'\n" in path.read_text()
    (kept,) = tmp_path.glob(".env.before-*")
    assert kept.read_text() == before
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


@pytest.mark.parametrize("answered", range(len(DEMO)))
def test_whoever_leaves_leaves_everything_as_it_was(answered: int, tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("MODE=demo\n")
    with pytest.raises(Stopped):
        Script(*DEMO[:answered]).init(tmp_path)
    assert path.read_text() == "MODE=demo\n"
    assert [each.name for each in tmp_path.iterdir()] == [".env"]


def test_an_answer_that_the_environment_overrules_is_told(tmp_path: Path) -> None:
    script = Script(*DEMO)
    script.init(tmp_path, PURSE="9000", MAX_ORDER_VALUE="2000")
    assert "MAX_ORDER_VALUE=2000" not in script.page  # its default came from there
    script = Script("demo", "5000", "", "", "", *NO_ALERTS)
    script.init(tmp_path, PURSE="9000")
    assert "the environment says PURSE=9000, and that wins" in script.page


def test_a_folder_that_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        folder = Path("/proc/self")
        with pytest.raises(OSError):
            Script(*DEMO).init(folder)
        return
    tmp_path.chmod(0o500)
    with pytest.raises(OSError):
        Script(*DEMO).init(tmp_path)


def test_flags_are_answers_and_a_wrong_one_ends_it_where_nobody_is(tmp_path: Path) -> None:
    said: list[str] = []
    with pytest.raises(GaveUp, match="--purse much"):
        nobody = Nobody({"mode": "demo", "purse": "much"}, said.append, anyway=True)
        init(tmp_path / ".env", nobody, {}, ports=NOBODY_LISTENS)
    assert not (tmp_path / ".env").exists()
    nobody = Nobody({"mode": "demo", "purse": "6000"}, said.append, anyway=False)
    assert init(tmp_path / ".env", nobody, {}, ports=NOBODY_LISTENS) == 0
    assert of(tmp_path).purse == Decimal(6000)


# -- alerts ------------------------------------------------------------------------------


def test_the_digits_that_came_prove_it_also_for_the_first_start(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with ntfy() as there:
        (tmp_path / ".env").write_text(f"STATE_DIR={state}\n")
        script = Script(*DEMO[:5], there.url, "0x00", "again", lambda: there.digits(2), "none")
        assert script.init(tmp_path) == 0
    assert "These are not the digits that were sent" in script.page
    assert "It is proven" in script.page
    settings = of(tmp_path)
    assert urls_of(settings.alert_urls) == (there.url,)
    file = open_alerts(alerts_path(book_path(state, settings.mode, settings.mode)), rule_for)
    try:
        _, post = file.read()
    finally:
        file.close()
    assert post.proven_at is not None
    assert post.ways == mark_of((there.url,))


def test_a_secret_in_a_file_of_its_own_stays_there(tmp_path: Path) -> None:
    secret = tmp_path / "urls"
    secret.write_text("ntfy://127.0.0.1:9/kelpie")
    secret.chmod(0o600)
    (tmp_path / ".env").write_text(f"ALERT_URLS_FILE={secret}\n")
    assert Script(*DEMO[:5], "", "none").init(tmp_path) == 0
    assert urls_of(of(tmp_path).alert_urls) == ("ntfy://127.0.0.1:9/kelpie",)
    assert "127.0.0.1:9" not in (tmp_path / ".env").read_text()


def test_a_file_that_cannot_be_relied_on_ends_it_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    for content, words in (
        (b"MODE=\xff\xfe", "is no text"),
        (f"ALERT_URLS_FILE={tmp_path}/nothing\n".encode(), "ALERT_URLS_FILE"),
        (b"IB_LIBRARY=ib_async\n", "is not installed|is loaded already"),
    ):
        path.write_bytes(content)
        with pytest.raises(GaveUp, match=words):
            Script(*DEMO).init(tmp_path)
        assert path.read_bytes() == content
    (kept,) = tmp_path.iterdir()
    assert kept == path


def test_an_environment_with_which_it_would_not_start_is_told(tmp_path: Path) -> None:
    script = Script(*DEMO)
    assert script.init(tmp_path, IB_PORT="4002") == 0
    assert "with what the environment says Kelpie would not start" in script.page


def test_where_nothing_arrives_it_is_said_and_the_same_answer_is_taken_untested(
    tmp_path: Path,
) -> None:
    nobody = f"ntfy://127.0.0.1:{free_port()}/kelpie"
    script = Script("demo", "", "", "", "", nobody, nobody, "none")
    assert script.init(tmp_path) == 0
    assert "Nothing was delivered: not by 1st (ntfy)" in script.page
    assert "Whether alerts arrive was not shown" in script.page


def test_without_alerts_it_says_what_that_means(tmp_path: Path) -> None:
    script = Script(*DEMO)
    script.init(tmp_path)
    assert "There is no way to reach you" in script.page
    assert of(tmp_path).alert_urls is None


def test_a_random_topic_is_proposed_anew_each_time(tmp_path: Path) -> None:
    pages = []
    for _ in range(2):
        script = Script(*DEMO[:5])
        with pytest.raises(Stopped):
            script.init(tmp_path)
        pages.append(script.said[-1])
    assert all("ntfys://ntfy.sh/kelpie-" in page for page in pages)
    assert pages[0] != pages[1]


# -- the wire ----------------------------------------------------------------------------


def test_nothing_but_previews_went_over_the_wire(tmp_path: Path) -> None:
    with gateway(tmp_path) as port:
        assert Script(*[""] * 7, *NO_ALERTS).init(tmp_path, [port]) == 0
    wire = read_wire_log(tmp_path / "gateway" / "wire.jsonl")
    assert wire.from_client(3)  # the doctor asks what an order would cost
    assert not wire.orders_per_ref()  # which leaves previews out
    assert not wire.from_client(4)  # no cancel
    assert not wire.from_client(58)  # no global cancel
    assert read_books(tmp_path / "gateway").orders == ()
