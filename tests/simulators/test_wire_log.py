"""The wire log: what it keeps, when it is on disk, and what it answers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from runtime.clocks import SystemClock
from simulators.tws.wire_history import read_wire_log
from simulators.tws.wire_log import WireLog, WireLogMode, parts
from tests.simulators.raw_client import place_order


class HandClock(SystemClock):
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(1_800_000_000 + self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds


def test_rates_are_the_peak_of_any_second_of_one_session(tmp_path: Path) -> None:
    clock = HandClock()
    log = WireLog(tmp_path / "w", clock)
    log.note(0, None, "started")
    for session, times in ((1, [0.0, 0.5, 0.9, 1.0, 1.4]), (2, [0.9, 0.95])):
        for clock.seconds in times:
            log.incoming(session, 5, ["49", "1"])
    log.outgoing(1, 5, ["49", "1", "0"])
    log.close()
    history = read_wire_log(tmp_path / "w")
    assert history.peak_rate(5) == history.peak_rate() == 4
    assert history.peak_rate(6) == 0
    assert history.counts(incoming=True) == {49: 7}
    assert history.counts(incoming=False) == {49: 1}


def test_open_sockets_per_client_and_a_kill_closes_them(tmp_path: Path) -> None:
    for _ in range(2):  # neither start saw its clients go
        log = WireLog(tmp_path / "w", HandClock())
        log.note(0, None, "started")
        _connect(log, 1, 5)
        _connect(log, 2, 6)
        log.note(1, 5, "disconnected")
        _connect(log, 3, 5)
        log.close()
    history = read_wire_log(tmp_path / "w")
    assert history.peak_open_sockets(5) == history.peak_open_sockets(6) == 1
    assert (history.connects(5), history.connects()) == (4, 6)
    log = WireLog(tmp_path / "w", HandClock())
    _connect(log, 4, 5)
    log.close()
    assert read_wire_log(tmp_path / "w").peak_open_sockets(5) == 2


def _connect(log: WireLog, session: int, client_id: int) -> None:
    log.note(session, None, "accepted")
    log.note(session, client_id, "connected")


def test_a_second_order_is_told_from_a_change(tmp_path: Path) -> None:
    log = WireLog(tmp_path / "w", HandClock())
    for order_id, order_ref in ((1, "A"), (1, "A"), (2, "B"), (3, "A")):
        log.incoming(1, 5, place_order(order_id, order_ref=order_ref))
    log.incoming(2, 6, place_order(1, order_ref="C"))
    log.close()
    history = read_wire_log(tmp_path / "w")
    assert [(p.order_id, p.is_modification) for p in history.placements("A")] == [
        (1, False),
        (1, True),
        (3, False),
    ]
    assert history.orders_per_ref() == {"A": 2, "B": 1, "C": 1}
    assert history.placements("D") == []


def test_an_order_is_on_disk_before_it_is_acted_on(tmp_path: Path) -> None:
    log = WireLog(tmp_path / "w", HandClock())
    log.incoming(1, 5, place_order(1, order_ref="A"))
    assert [p.order_ref for p in read_wire_log(tmp_path / "w").placements("A")] == ["A"]
    log.outgoing(1, 5, ["3", "1", "Submitted"])
    assert read_wire_log(tmp_path / "w").counts(incoming=False) == {}
    log.flush()
    assert read_wire_log(tmp_path / "w").counts(incoming=False) == {3: 1}
    log.close()


def test_a_line_cut_short_by_a_kill_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "w"
    path.write_bytes(b'{"t":"2026-09-09T00:00:00+00:00","m":1,"s":1,"c":5,"d":"in","id"')
    log = WireLog(path, HandClock())
    log.note(0, None, "started")
    log.incoming(1, 5, ["49", "1"])
    log.close()
    history = read_wire_log(path)
    assert history.torn_lines == 1
    assert history.counts(incoming=True) == {49: 1}
    assert [note.event for note in history.notes] == ["started"]


def test_ticks_may_be_counted_alone(tmp_path: Path) -> None:
    log = WireLog(tmp_path / "w", HandClock(), mode=WireLogMode.ORDERS)
    assert not log.wants_ticks
    log.count_ticks(1, 5, 1, 3)
    log.count_ticks(1, 5, 1, 4)
    log.settle()
    log.close()
    assert read_wire_log(tmp_path / "w").counts(incoming=False) == {1: 7}


def test_off_writes_nothing(tmp_path: Path) -> None:
    log = WireLog(tmp_path / "w", HandClock(), mode=WireLogMode.OFF)
    log.incoming(1, 5, ["49", "1"])
    log.close()
    assert not (tmp_path / "w").exists()


def test_parts_are_bounded_and_read_in_order(tmp_path: Path) -> None:
    clock = HandClock()
    log = WireLog(tmp_path / "w", clock, max_bytes=300, keep=2)
    for clock.seconds in range(30):
        log.incoming(1, 5, ["49", str(int(clock.seconds))])
        log.flush()
    log.close()
    assert len(parts(tmp_path / "w")) <= 3
    kept = [int(m.fields[1]) for m in read_wire_log(tmp_path / "w").messages]
    assert kept == list(range(kept[0], 30))
    assert 0 < kept[0] < 29
