from __future__ import annotations

import io
import logging
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from loguru import logger

from config.logs import Logs, is_journal, start_logs

if TYPE_CHECKING:
    from loguru import Record

LIMIT = 10.0
SECRET = 'canary"secret\\with-everything-0123456789'


@pytest.fixture
def screen() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def logs(tmp_path: Path, screen: io.StringIO) -> Iterator[Logs]:
    logs = start_logs(tmp_path, mode="demo", level="INFO", secrets=[SECRET], screen=screen)
    yield logs
    logs.close()


def lines(folder: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in (folder / "telemetry.log").read_bytes().splitlines()]


def test_a_line_carries_what_was_bound(tmp_path: Path, logs: Logs) -> None:
    seat = logger.bind(seat="ib.orders", incarnation=3)
    seat.bind(correlation="01J", event="order.sent", price=Decimal("45.10")).info("sent {}", "one")
    (line,) = lines(tmp_path)
    assert datetime.fromisoformat(line.pop("ts")).utcoffset() == timedelta(0)
    assert line == {
        "level": "INFO",
        "event": "order.sent",
        "seat": "ib.orders",
        "incarnation": 3,
        "correlation": "01J",
        "mode": "demo",
        "text": "sent one",
        "extra": {"price": "45.10"},
    }
    human = (tmp_path / "kelpie.log").read_text()
    assert " ib.orders#3 sent one [01J]\n" in human


def test_the_screen_has_sydney_time_level_seat_and_text(logs: Logs, screen: io.StringIO) -> None:
    def in_summer(record: Record) -> None:
        record["time"] = datetime.fromisoformat("2026-01-31T20:05:06+00:00")

    logger.patch(in_summer).bind(seat="ledger").warning("hello")
    logger.debug("not told at this level")
    assert logs.flush(LIMIT)
    assert screen.getvalue() == "Sun 07:05:06 WARNING ledger         hello\n"


def test_no_sink_shows_a_secret_or_an_account(
    tmp_path: Path, logs: Logs, screen: io.StringIO
) -> None:
    later = "a-token-made-at-the-first-start-123456"
    logs.redact.add(later)
    try:
        raise ValueError(f"refused\nDU1234567 with {SECRET}")
    except ValueError:
        logger.bind(token=SECRET, account="U7654321", seat=later).exception("failed {}", later)
    logging.getLogger("some.library").error("key %s of DU1234567", SECRET)
    assert logs.flush(LIMIT)
    files = ((tmp_path / name).read_text() for name in ("kelpie.log", "telemetry.log"))
    for text in (screen.getvalue(), *files):
        assert "failed ***" in text and "DU***567" in text
        for hidden in ("canary", later, "1234567", "7654321"):
            assert hidden not in text


def test_a_line_for_programs_shows_no_secret_either_and_is_on_no_screen(
    tmp_path: Path, logs: Logs, screen: io.StringIO
) -> None:
    moment = datetime.fromisoformat("2026-01-31T20:05:06+00:00")
    logs.record({"ts": moment, "event": "order", "reason": f"201: of DU1234567 {SECRET}"})
    (line,) = lines(tmp_path)
    assert line == {
        "ts": "2026-01-31T20:05:06Z",
        "event": "order",
        "reason": "201: of DU***567 ***",
    }
    assert logs.flush(LIMIT)
    assert screen.getvalue() == "" and not (tmp_path / "kelpie.log").exists()


def test_an_exception_is_told_with_its_trace_but_not_on_the_screen(
    tmp_path: Path, logs: Logs, screen: io.StringIO
) -> None:
    quantity = "a value that no trace may print"
    try:
        int(f"{quantity[:1]}x")
    except ValueError:
        logger.exception("it broke")
    (line,) = lines(tmp_path)
    assert line["error"]["type"] == "ValueError"
    assert "test_logs.py" in line["error"]["trace"]
    assert "Traceback" in (tmp_path / "kelpie.log").read_text()
    assert logs.flush(LIMIT)
    assert screen.getvalue().count("\n") == 1 and "ValueError" in screen.getvalue()
    assert quantity not in (tmp_path / "kelpie.log").read_text()


def test_libraries_are_heard_through_it_at_their_own_levels(
    tmp_path: Path, logs: Logs, screen: io.StringIO
) -> None:
    logging.getLogger("ib_insync.wrapper").info("openOrder: %s", "a very long repr")
    logging.getLogger("ib_insync.wrapper").warning("chatter")
    logging.getLogger("uvicorn.access").info("GET /")
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    logging.getLogger("ib_insync.Decoder").error("Error handling fields: 100%% {}")
    logging.getLogger("eventkit.event").warning("told")
    logging.getLogger("other").log(35, "a level of its own")
    assert [line["text"] for line in lines(tmp_path)] == [
        "Error handling fields: 100%% {}",
        "told",
        "a level of its own",
    ]
    assert [line["seat"] for line in lines(tmp_path)] == ["ib_insync", "eventkit", "other"]
    assert not logging.getLogger("ib_insync.wrapper").isEnabledFor(logging.WARNING)


def test_an_exception_that_a_library_swallowed_keeps_its_trace(tmp_path: Path, logs: Logs) -> None:
    try:
        raise KeyError("conId")
    except KeyError:
        logging.getLogger("ib_insync.Decoder").exception("Error for contractDetails:")
    (line,) = lines(tmp_path)
    assert line["error"]["type"] == "KeyError" and "test_logs.py" in line["error"]["trace"]


def test_what_is_no_json_is_told_all_the_same(tmp_path: Path, logs: Logs) -> None:
    logger.bind(big=2**70, broken="\ud800").info("odd \udcff")
    (line,) = lines_by_stdlib(tmp_path)
    assert line["extra"]["big"] == 2**70
    assert "odd" in (tmp_path / "kelpie.log").read_text()


def lines_by_stdlib(folder: Path) -> list[dict[str, Any]]:
    import json

    return [json.loads(line) for line in (folder / "telemetry.log").read_text().splitlines()]


def test_a_full_disk_stops_neither_the_logger_nor_the_screen(
    tmp_path: Path, logs: Logs, screen: io.StringIO
) -> None:
    for name in ("kelpie.log", "telemetry.log"):
        (tmp_path / name).symlink_to("/dev/full")
    for number in range(4):
        logger.info("line {}", number)
    assert logs.flush(LIMIT)
    text = screen.getvalue()
    assert [f"line {number}" in text for number in range(4)] == [True] * 4
    assert text.count("cannot be written") == 2


def test_a_screen_that_is_gone_is_no_failure(
    tmp_path: Path, logs: Logs, screen: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    screen.close()
    logger.info("still told")
    assert [line["text"] for line in lines(tmp_path)] == ["still told"]
    assert logs.flush(LIMIT), "the writer does not outlive a screen that is gone"
    assert capsys.readouterr().err == ""


def test_closing_gives_everything_back(tmp_path: Path, screen: io.StringIO) -> None:
    before = (list(logging.getLogger().handlers), logging.getLogger("ib_insync").level)
    logs = start_logs(tmp_path, mode="demo", screen=screen)
    assert logging.getLogger("ib_insync").level == logging.ERROR
    logs.close()
    assert (list(logging.getLogger().handlers), logging.getLogger("ib_insync").level) == before
    logger.info("to nobody")
    assert screen.getvalue() == ""


def test_the_journal_is_told_all_with_priorities_and_takes_the_place_of_the_file(
    tmp_path: Path,
) -> None:
    screen = io.StringIO()
    logs = start_logs(
        tmp_path, mode="demo", screen=screen, screen_level="WARNING", journal=True, secrets=["hush"]
    )
    logger.bind(seat="ib.orders", incarnation=3, correlation="KLP1").info("placed, hush")
    try:
        raise ValueError("odd")
    except ValueError as error:
        logger.opt(exception=error).error("broken")
    logs.close()
    first, *others = screen.getvalue().splitlines()
    assert first == "<6>ib.orders#3 placed, *** [KLP1]"
    assert others[0].startswith("<3>") and others[0].endswith(" broken")
    assert all(line.startswith("<3>") for line in others) and others[-1] == "<3>ValueError: odd"
    assert [entry.name for entry in tmp_path.iterdir()] == ["telemetry.log"], "nothing twice"


def test_the_journal_is_known_by_its_stream(tmp_path: Path) -> None:
    with (tmp_path / "journal").open("w") as stream:
        found = os.fstat(stream.fileno())
        told = f"{found.st_dev}:{found.st_ino}"
        assert is_journal({"JOURNAL_STREAM": told}, stream)
        assert not is_journal({"JOURNAL_STREAM": "1:1"}, stream)
        assert not is_journal({}, stream)
    assert not is_journal({"JOURNAL_STREAM": told}, io.StringIO())
