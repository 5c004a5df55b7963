"""The seat that sees to it that a person hears: real Apprise, a real socket, a real file."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from actors import names
from actors.alert_keeping import AlertsOptions, rule_for
from actors.alerts import Alerts
from actors.messages import (
    Alert,
    AlertsHealth,
    AnswerAlert,
    EchoDigits,
    EvidenceSeen,
    GetAlerts,
    Introduce,
    Reconciled,
    SendTest,
)
from actors.messages.alerts import AlertsView, Echo
from adapters.notify.courier import Courier, CourierOptions, mark_of
from adapters.store import open_alerts
from config.redaction import Redaction
from domain.alert_letters import clean_by
from domain.alerting import Incident
from domain.checklist import Item
from domain.symbols import Symbol
from simulators.ntfy.server import Mood, Ntfy, ntfy
from tests.actors.company import Company, gathered
from tests.actors.conftest import LIMIT
from tests.tree.waiting import until

HERE = names.ALERTS
DAY, HOUR, MINUTE = 86400.0, 3600.0, 60.0
BHP = Symbol.parse("BHP/AUD")


@dataclass
class Bench:
    """The seat among listeners, its file, and a service to push by."""

    folder: Path
    service: Ntfy
    mode: str = "paper"
    with_way: bool = True
    watched: bool = False
    hide: bool = False
    more: tuple[str, ...] = ()
    """Further URLs."""
    couriers: list[Courier] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[Company]:
        urls = (self.service.url, *self.more) if self.with_way else ()
        watcher = self.service.watcher if self.watched else ""
        receipt = self.folder / "alerts.delivered"
        courier = Courier(CourierOptions(urls, watcher, receipt, pause_seconds=0))
        self.couriers.append(courier)
        redact = Redaction()
        options = AlertsOptions(
            mode=self.mode,
            base_currency="AUD",
            open_file=lambda: open_alerts(self.folder / "alerts.db", rule_for),
            redact=redact,
            clean=clean_by(redact, hide_amounts=self.hide),
            courier=courier if urls or watcher else None,
            ways=mark_of(urls),
            watched=self.watched,
            needs_way=self.mode == "live",
        )
        build = {HERE: lambda s, seat: Alerts(s, seat, options=options)}
        with gathered(build, names.DESK, names.LEDGER, names.LIVE_GATE) as company:
            company.state(HERE)
            yield company

    def digits(self, times: int = 1) -> str:
        """Those of the so-manieth test that has arrived."""
        push = self.service.wait_for("TEST", times)
        [digits] = set(re.findall(r"\d{4}", push.title))
        return str(digits)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with ntfy() as service:
        yield Bench(tmp_path, service)


def view(company: Company) -> AlertsView:
    found = company.system.ask(HERE, GetAlerts()).get(timeout=LIMIT)
    assert isinstance(found, AlertsView)
    return found


def ask(company: Company, message: Any) -> Any:
    return company.system.ask(HERE, message).get(timeout=LIMIT)


def soon(company: Company) -> float:
    return company.clock.monotonic() + 10


def answer(company: Company, id: str) -> tuple[Incident, ...]:
    known = ask(company, AnswerAlert(soon(company), id, "me"))
    assert isinstance(known, tuple)
    return known


def raised(
    company: Company, code: str = "FLATTEN_LEFT", sentence: str = "", *, stands: bool = False
) -> None:
    words = sentence or f"{BHP} is not all out."
    now = company.clock.now()
    alert = Alert("ib", "error" if stands else "warning", code, words, "", now, 1, stands, "desk")
    company.tell(HERE, alert)


def over(company: Company, code: str, sentence: str) -> None:
    now = company.clock.now()
    company.tell(HERE, Alert("ib", "info", code, sentence, "", now, 1, False, "desk"))


def compared(
    company: Company,
    in_doubt: tuple[str, ...] = (),
    mismatches: tuple[tuple[Symbol, str], ...] = (),
) -> None:
    """The book was held against the venue."""
    company.tell(HERE, Reconciled("ib", 1, company.clock.now(), (), mismatches, in_doubt, 0))


def delivered(company: Company, times: int) -> None:
    """So many messages have come back as delivered."""
    until(lambda: view(company).delivered >= times, f"{times} delivered", LIMIT)


def leap(company: Company, seconds: float, step: float = MINUTE) -> None:
    """Let time go by in steps, as it does."""
    while seconds > 0:
        idle(company)  # what is out is so in real time, and would seem to take too long
        company.leap(min(step, seconds))
        company.state(HERE)
        seconds -= step
    idle(company)


def idle(company: Company) -> None:
    """Nothing is on its way."""
    until(lambda: not company.state(HERE)["out"], "what was out has come back", LIMIT)


def test_it_is_told_once_and_its_end_once(bench: Bench) -> None:
    with bench.running() as company:
        bench.digits()
        for _ in range(5):
            raised(company, "UNPROTECTED", f"Not protected: {BHP}.", stands=True)
        leap(company, 31)
        bench.service.wait_for("WAKE · Not protected")
        over(company, "UNPROTECTED", "All is protected again.")
        bench.service.wait_for("OK · Not protected: over")
        delivered(company, 3)
        assert [each.told for each in view(company).incidents if each.code == "UNPROTECTED"] == [1]
        assert len(bench.service.pushes) == 3


def test_what_is_over_before_it_was_to_be_told_is_not_told(bench: Bench) -> None:
    with bench.running() as company:
        bench.digits()
        raised(company, "UNPROTECTED", f"Not protected: {BHP}.", stands=True)
        over(company, "UNPROTECTED", "All is protected again.")
        leap(company, 5 * MINUTE)
        raised(company)
        bench.service.wait_for("Not all was closed")
        assert not any("protected" in each.text for each in bench.service.pushes)


def test_what_wakes_is_repeated_until_it_is_answered(bench: Bench) -> None:
    with bench.running() as company:
        bench.digits()
        raised(company)
        bench.service.wait_for("Not all was closed")
        delivered(company, 2)
        leap(company, 5 * MINUTE + 10)
        bench.service.wait_for("It was told 1 times already", 1)
        delivered(company, 3)
        leap(company, 10 * MINUTE + 10)
        bench.service.wait_for("Not all was closed", 3)
        delivered(company, 4)
        [known] = [each for each in answer(company, "all") if each.code == "FLATTEN_LEFT"]
        assert known.answered_by == "me" and not known.open
        leap(company, 3 * HOUR)
        raised(company, sentence="CBA/AUD is not all out.")
        bench.service.wait_for("CBA/AUD")
        assert len([each for each in bench.service.pushes if "BHP/AUD" in each.text]) == 3


def test_ids_and_unanswered_ones_outlive_a_restart_and_nothing_is_repeated(bench: Bench) -> None:
    with bench.running() as company:
        bench.digits()
        raised(company)
        raised(company, "BACKUP_FAILED", "The book was not backed up.", stands=True)
        delivered(company, 3)
        before = {each.id: each.code for each in view(company).incidents if each.told}
        assert len(before) == 2
    with bench.running() as company:
        after = {each.id: each.code for each in view(company).incidents if each.told}
        assert after == before
        raised(company, "BACKUP_FAILED", "The book was not backed up.", stands=True)
        leap(company, 2 * MINUTE)
        assert len(bench.service.pushes) == 3, "told before, and not again"
        leap(company, 5 * MINUTE)
        bench.service.wait_for("It was told 1 times already")
        raised(company, sentence="CBA/AUD is not all out.")
        ids = [int(each.id[1:]) for each in view(company).incidents]
        assert len(set(ids)) == len(ids)


def a_letter_hangs(bench: Bench, company: Company) -> None:
    """One is on its way to a service that takes it and does not answer."""
    bench.service.be(Mood.HANGS)
    asked = bench.service.asked
    raised(company)
    bench.service.wait(lambda: bench.service.asked > asked, "the letter is on its way")


def test_a_kill_in_the_middle_of_a_delivery_neither_repeats_nor_forgets(bench: Bench) -> None:
    """The program that delivers goes on without Kelpie, and leaves word of what it did."""
    with bench.running() as company:
        bench.digits()
        delivered(company, 1)
        a_letter_hangs(bench, company)
        copy = (bench.folder / "alerts.db").read_bytes()
        wal = (bench.folder / "alerts.db-wal").read_bytes()
        [courier] = bench.couriers
        out = courier._out
        assert out is not None
        courier._out = None  # as after SIGKILL: nobody ends it, and nobody hears its answer
        bench.service.be(Mood.WELL)
        bench.service.wait_for("Not all was closed")
        until(lambda: not out[1].alive(), "it has left word")
        out[1].answer()
    (bench.folder / "alerts.db").write_bytes(copy)
    (bench.folder / "alerts.db-wal").write_bytes(wal)
    with bench.running() as company:
        leap(company, MINUTE)
        delivered(company, 2)
        assert [each.told for each in view(company).incidents if each.code == "FLATTEN_LEFT"] == [1]
        assert len(bench.service.pushes) == 2
        leap(company, 5 * MINUTE)
        bench.service.wait_for("It was told 1 times already")


def test_a_day_without_a_delivery_holds_entries_and_the_next_one_ends_that(bench: Bench) -> None:
    with bench.running() as company:
        bench.digits()
        delivered(company, 1)
        company.heard.wait_for(AlertsHealth, lambda m: m.trouble == "", seat=names.DESK)
        bench.service.be(Mood.FAILS)
        leap(company, DAY - HOUR, 4 * HOUR)
        assert view(company).holds == ""
        leap(company, HOUR + MINUTE, HOUR)
        company.heard.wait_for(AlertsHealth, lambda m: bool(m.trouble), seat=names.DESK)
        assert "nothing was delivered since" in view(company).holds
        bench.service.be(Mood.WELL)
        ask(company, SendTest(soon(company), "me"))
        bench.digits(2)
        told = company.heard.wait_for(
            AlertsHealth, lambda m: m.trouble == "", seat=names.DESK, times=2
        )
        assert told.trouble == "" and view(company).holds == ""


def test_the_morning_message_alone_keeps_entries_open(bench: Bench) -> None:
    with bench.running() as company:
        bench.digits()
        delivered(company, 1)
        for day in range(1, 4):
            leap(company, DAY, 10 * MINUTE)
            bench.service.wait_for("the morning of", day)
        assert not any(m.trouble for m in company.heard.of(AlertsHealth))
        mornings = [each for each in bench.service.pushes if "the morning of" in each.title]
        assert len({each.title for each in mornings}) == len(mornings) == 3


def test_a_morning_comes_once_over_a_restart(bench: Bench) -> None:
    with bench.running() as company:
        bench.digits()
        leap(company, DAY, 10 * MINUTE)
        bench.service.wait_for("the morning of")
        delivered(company, 2)
        now = company.clock.now()
    with bench.running() as company:
        leap(company, (now - company.clock.now()).total_seconds() + HOUR, 10 * MINUTE)
        raised(company)
        bench.service.wait_for("Not all was closed")
        assert len([e for e in bench.service.pushes if "the morning of" in e.title]) == 1


def test_the_morning_says_what_was_only_to_be_noted(bench: Bench) -> None:
    with bench.running() as company:
        bench.digits()
        raised(company, "CASH_UNEXPLAINED", "AUD +12.00 is not explained.")
        leap(company, DAY, 10 * MINUTE)
        push = bench.service.wait_for("the morning of")
        assert "Kelpie was started" in push.text and "Cash that nothing explains" in push.text
        assert "What is held is not known" in push.text and "Back-up: none yet" in push.text
        delivered(company, 2)
        codes = {each.code: each.open for each in view(company).incidents}
        assert codes == {"STARTED": False, "CASH_UNEXPLAINED": False}


def test_a_flood_of_five_hundred_is_capped_and_summed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bench.running() as company:
        bench.digits()
        delivered(company, 1)
        # All of it is one flood, however long the machine takes over it.
        monkeypatch.setattr("actors.alert_delivery._GATHER", 5.0)
        now = company.clock.now()
        words = [f"ORDER-{n} is not all out." for n in range(500)]
        flood = [Alert("ib", "error", "FLATTEN_LEFT", w, "", now, 1, False, "d") for w in words]
        company.put(HERE, *flood)
        push = bench.service.wait_for("more")
        delivered(company, 3)
        until(
            lambda: all(e.told for e in view(company).incidents if e.code == "FLATTEN_LEFT"),
            "each was in one of them",
            LIMIT,
        )
        assert "and " in push.title and len(bench.service.pushes) <= 1 + 12
        assert len([e for e in view(company).incidents if e.code == "FLATTEN_LEFT"]) == 500


@pytest.mark.parametrize("mood", [Mood.FAILS, Mood.HANGS])
def test_a_service_that_is_not_well_holds_nobody_up(bench: Bench, mood: Mood) -> None:
    """The seat answers all the while; what was due goes once the service is well."""
    bench.service.be(mood)
    with bench.running() as company:
        raised(company)
        bench.service.wait(lambda: bench.service.asked, "it was tried")
        begun = company.clock.monotonic()
        for _ in range(50):
            company.state(HERE)
        assert company.clock.monotonic() - begun < LIMIT, "it is not waited for"
        until(lambda: view(company).failed, "it reached nobody", 15.0)
        bench.service.be(Mood.WELL)
        leap(company, 2 * MINUTE)
        bench.service.wait_for("Not all was closed")


def test_a_test_does_not_wait_for_what_failed_while_it_was_asked_for(bench: Bench) -> None:
    with bench.running() as company:
        bench.digits()
        delivered(company, 1)
        a_letter_hangs(bench, company)
        ask(company, SendTest(soon(company), "me"))
        bench.service.refuses = "Not all was closed"
        bench.service.be(Mood.WELL)
        bench.digits(2)
        delivered(company, 2)
        assert view(company).failed >= 1, "and it may have been tried again since"


def test_a_service_that_refuses_the_connection_is_tried_again(bench: Bench) -> None:
    bench.with_way, bench.more = True, ()
    port = bench.service.port
    bench.service.port = 1
    with bench.running() as company:
        raised(company)
        until(lambda: view(company).failed, "it reached nobody", LIMIT)
        assert "reached nobody" in view(company).trouble
        assert port != 1 and bench.service.pushes == []


def test_one_way_of_two_is_enough_and_the_other_is_named_without_its_address(bench: Bench) -> None:
    bench.more = ("json://127.0.0.1:1/secret-path",)
    with bench.running() as company:
        bench.digits()
        delivered(company, 1)
        trouble = view(company).trouble
        assert "2nd (json)" in trouble and "secret" not in trouble


def test_the_echo_proves_that_it_was_received(bench: Bench) -> None:
    with bench.running() as company:
        digits = bench.digits()
        delivered(company, 1)
        assert view(company).proven_at is None and digits not in repr(view(company))
        assert digits not in repr(company.state(HERE))
        wrong = "0000" if digits != "0000" else "1111"
        assert not ask(company, EchoDigits(soon(company), wrong, "me")).right
        assert company.heard.of(EvidenceSeen) == []
        right = ask(company, EchoDigits(soon(company), f" {digits} ", "me"))
        assert isinstance(right, Echo) and right.right
        proof = company.heard.wait_for(EvidenceSeen, seat=names.LIVE_GATE)
        assert proof.item is Item.ALERTS and proof.good
        assert view(company).proven_at is not None
        assert not ask(company, EchoDigits(soon(company), digits, "me")).right, "good once"


def test_digits_cannot_be_guessed(bench: Bench) -> None:
    with bench.running() as company:
        digits = bench.digits()
        for n in range(5):
            wrong = f"{(int(digits) + 1 + n) % 10000:04d}"
            assert not ask(company, EchoDigits(soon(company), wrong, "me")).right
        assert not ask(company, EchoDigits(soon(company), digits, "me")).right


def test_an_answer_counts_for_live_only_where_the_way_was_proven(bench: Bench) -> None:
    with bench.running() as company:
        digits = bench.digits()
        raised(company)
        delivered(company, 2)
        answer(company, "all")
        assert view(company).acknowledged_at is None, "the page may have shown it"
        assert ask(company, EchoDigits(soon(company), digits, "me")).right
        raised(company, sentence="CBA/AUD is not all out.")
        delivered(company, 3)
        answer(company, "all")
        company.heard.wait_for(EvidenceSeen, seat=names.LIVE_GATE, times=2)


def test_other_ways_have_to_be_proven_anew(bench: Bench) -> None:
    with bench.running() as company:
        assert ask(company, EchoDigits(soon(company), bench.digits(), "me")).right
        delivered(company, 1)
    bench.more = ("json://127.0.0.1:1/",)
    with bench.running() as company:
        bench.digits(2)
        assert view(company).proven_at is None
        assert "confirmed" in view(company).trouble or "2nd (json)" in view(company).trouble


def test_by_mode_nothing_or_all_hangs_on_it_where_there_is_no_way(bench: Bench) -> None:
    bench.with_way = False
    with bench.running() as company:
        raised(company)
        leap(company, 2 * DAY, HOUR)
        assert view(company).holds == "" and view(company).ways == 0
    bench.mode = "live"
    with bench.running() as company:
        told = company.heard.wait_for(AlertsHealth, lambda m: bool(m.trouble), seat=names.DESK)
        assert told.trouble == "ALERT_URLS is not given"


def test_whoever_begins_anew_is_told_how_it_stands(bench: Bench) -> None:
    with bench.running() as company:
        company.tell(HERE, Introduce(names.DESK))
        company.heard.wait_for(AlertsHealth, seat=names.DESK, times=2)


def test_mismatches_and_doubts_become_alerts_and_end(bench: Bench) -> None:
    with bench.running() as company:
        bench.digits()
        compared(company, ("KLP-1",), ((BHP, "100 there, 0 here"),))
        leap(company, 2 * MINUTE + 10)
        assert "BHP/AUD: 100 there" in bench.service.wait_for("Mismatch with IB").text
        assert "KLP-1" in bench.service.wait_for("Fate of an order").text
        delivered(company, 3)
        compared(company)
        bench.service.wait_for("Mismatch with IB: over")
        bench.service.wait_for("Fate of an order not known: over")


def test_an_outage_that_a_restart_has_ended_is_told_to_nobody(bench: Bench) -> None:
    with bench.running() as company:
        bench.digits()
        raised(company, "VENUE_DOWN", "ib cannot be traded.", stands=True)
        leap(company, MINUTE)
    with bench.running() as company:
        compared(company)
        leap(company, 9 * MINUTE)
        outages = [each for each in view(company).incidents if each.code == "VENUE_DOWN"]
        assert [each.open for each in outages] == [False] and not outages[0].told
        assert not [push for push in bench.service.pushes if "out of reach" in push.title]


def test_what_nobody_says_any_more_after_a_restart_is_over(bench: Bench) -> None:
    with bench.running() as company:
        bench.digits()
        raised(company, "UNPROTECTED", f"Not protected: {BHP}.", stands=True)
        leap(company, 40)
        delivered(company, 2)
    with bench.running() as company:
        leap(company, 20 * MINUTE)
        assert any(each.code == "UNPROTECTED" and each.open for each in view(company).incidents)
        compared(company)
        leap(company, 11 * MINUTE)
        bench.service.wait_for("Not protected: over")


def test_the_watcher_is_told_every_five_minutes_what_stands_without_us(bench: Bench) -> None:
    bench.with_way, bench.watched = False, True
    with bench.running() as company:
        leap(company, 21)
        service = bench.service
        service.wait(lambda: service.pings, "the first ping")
        assert service.pings[0].well and "Stops at IB stand without Kelpie" in service.pings[0].note
        assert service.pings[0].note.startswith("Kelpie paper, ")
        until(lambda: "was told" in view(company).watcher, "it knows", LIMIT)
        # Nobody sits at the desk here: a second time in a row that is no good sign.
        leap(company, 300)
        service.wait(lambda: len(service.pings) >= 2, "the second ping")
        assert not service.pings[1].well and "did not answer" in service.pings[1].note


def test_amounts_are_hidden_where_that_is_wished(bench: Bench) -> None:
    bench.hide = True
    with bench.running() as company:
        bench.digits()
        raised(company, "DAILY_LOSS", "MAX_DAILY_LOSS is reached: A$1,234.00 of A$1,000.00.")
        raised(company, sentence="BHP/AUD of U1234567 is left, worth A$99.00.")
        push = bench.service.wait_for("Not all was closed")
        assert "99" not in push.text and "U***567" in push.text


def test_nothing_is_left_of_a_program_that_hangs_when_kelpie_stops(bench: Bench) -> None:
    bench.service.be(Mood.HANGS)
    with bench.running():
        bench.service.wait(lambda: bench.service.asked, "it is out")
        out = bench.couriers[0]._out
        assert out is not None
        pid = out[1].pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


def test_the_file_that_cannot_be_written_keeps_nobody_from_hearing(bench: Bench) -> None:
    bench.folder = bench.folder / "gone"
    bench.folder.mkdir()
    (bench.folder / "alerts.db").mkdir()
    with bench.running() as company:
        bench.digits()
        raised(company)
        bench.service.wait_for("Not all was closed")
