"""The emergency file: what is acknowledged is there, what is torn is not, no room is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.book import BookError
from adapters.emergency import EmergencyCancel, EmergencyEnd, EmergencyIntent, EmergencySetting
from adapters.store import open_emergency
from adapters.store.emergency import SIZE, EmergencyFile
from domain.orders import Order, OrderState, OrderType, Purpose, Side, Tif
from tests.store.material import NOON, intent

ROOT = Path(__file__).parents[2]

WITHIN_A_LIMIT = """
import resource, sys
from pathlib import Path
from adapters.store import open_emergency
from adapters.store.emergency import SIZE
from tests.store.test_emergency import leaving
resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE, SIZE))
file = open_emergency(Path(sys.argv[1]))
for number in range(20):
    file.append(leaving(f"X-{number}"))
print(len(file.records))
"""

LEAVE_FOR_EVER = """
import itertools, sys
from pathlib import Path
from adapters.store import open_emergency
from tests.store.test_emergency import leaving
file = open_emergency(Path(sys.argv[1]))
for number in itertools.count():
    file.append(leaving(f"X-{number}"))
    print(number, flush=True)
    if number % 50 == 49:
        file.clear()
        print("cleared", flush=True)
"""


def leaving(name: str, **terms: object) -> EmergencyIntent:
    order = intent(name, side=Side.SELL)
    request = replace(order.request, purpose=Purpose.EXIT, **terms)  # type: ignore[arg-type]
    return EmergencyIntent((replace(order, request=request),), f"why {name}", "the disk is full")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "book" / "emergency.intents"


@pytest.fixture
def file(path: Path) -> EmergencyFile:
    return open_emergency(path)


def ids(file: EmergencyFile) -> list[str]:
    found = []
    for record in file.records:
        orders: tuple[Order, ...] = record.orders if isinstance(record, EmergencyIntent) else ()
        found += [order.client_order_id for order in orders]
    return found


def test_what_is_written_comes_back_to_the_last_term(file: EmergencyFile, path: Path) -> None:
    several = (*leaving("X-1").orders, *leaving("X-2", oca_group="G", parent="P").orders)
    records = (
        EmergencyIntent(several, "c", "full"),
        leaving("X-3", type=OrderType.MARKET, limit_price=None, market_tif=Tif.IOC, plan="K-1"),
        EmergencyEnd("X-1", OrderState.CANCELLED, "taken back", NOON),
        EmergencyEnd("X-2", OrderState.REJECTED, None, NOON),
        EmergencySetting("paused", "", "a person", "back again", NOON),
        EmergencyCancel("X-3", "a person", NOON),
    )
    for record in records:
        file.append(record)
    assert file.records == records
    file.close()
    assert open_emergency(path).records == records


def test_it_takes_no_new_block_and_keeps_its_size(file: EmergencyFile, path: Path) -> None:
    before = path.stat()
    assert before.st_size == SIZE
    assert before.st_blocks * 512 >= SIZE, "its blocks are there from the start"
    for number in range(50):
        file.append(leaving(f"X-{number}"))
    file.clear()
    after = path.stat()
    assert (after.st_size, after.st_blocks) == (before.st_size, before.st_blocks)
    assert after.st_mode & 0o777 == 0o600


def test_it_is_written_where_no_file_may_grow(path: Path) -> None:
    open_emergency(path).close()
    child = subprocess.run(
        [sys.executable, "-c", WITHIN_A_LIMIT, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert child.stdout == "20\n"
    assert len(ids(open_emergency(path))) == 20


def test_whatever_is_cut_off_the_last_record_only_that_one_is_lost(
    file: EmergencyFile, path: Path
) -> None:
    file.append(leaving("X-1"))
    start = _used(path)
    file.append(leaving("X-2"))
    whole = path.read_bytes()
    end = _used(path)
    assert end > start
    for cut in range(start, end):
        path.write_bytes(whole[:cut] + bytes(SIZE - cut))
        torn = open_emergency(path)
        assert ids(torn) == ["X-1"], cut
        # And the file goes on behind what is whole.
        torn.append(leaving("X-3"))
        torn.close()
        again = open_emergency(path)
        assert ids(again) == ["X-1", "X-3"], cut
        again.close()


def _used(path: Path) -> int:
    return len(path.read_bytes().rstrip(b"\0"))


def test_a_flipped_bit_is_never_read_as_an_order(file: EmergencyFile, path: Path) -> None:
    file.append(leaving("X-1"))
    file.append(leaving("X-2"))
    content = bytearray(path.read_bytes())
    content[content.index(b"X-1")] ^= 1
    path.write_bytes(content)
    torn = open_emergency(path)
    assert (ids(torn), torn.torn) == ([], True)


def test_what_was_cleared_never_comes_back(file: EmergencyFile, path: Path) -> None:
    # Of one length: each new record ends where an old one began.
    for name in ("X-1", "X-2", "X-3"):
        file.append(leaving(name))
    used = path.read_bytes()
    file.clear()
    assert file.records == ()
    file.append(leaving("X-4"))
    file.close()
    # Had the power gone while the zeros were written: the first record alone is new.
    new = path.read_bytes()
    cut = _used(path)
    path.write_bytes(new[:cut] + used[cut:])
    assert ids(open_emergency(path)) == ["X-4"]


def test_a_full_file_refuses_and_loses_nothing(file: EmergencyFile, path: Path) -> None:
    written = 0
    with pytest.raises(BookError, match=r"emergency file .* is full") as caught:
        for number in range(5000):
            file.append(leaving(f"X-{number:04}"))
            written += 1
    assert caught.value.code == "DISK_FULL"
    assert written > 1500
    assert len(ids(open_emergency(path))) == written
    assert file.usable, "a shorter record may still find room"
    file.clear()
    file.append(leaving("again"))


def test_one_that_was_never_finished_is_made_ready_anew(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(bytes(1000))
    open_emergency(path).append(leaving("X-1"))
    assert path.stat().st_size == SIZE
    assert ids(open_emergency(path)) == ["X-1"]


def test_after_a_failure_it_takes_nothing_more(file: EmergencyFile, path: Path) -> None:
    file.append(leaving("X-1"))
    good = os.dup(file._descriptor)
    full = os.open("/dev/full", os.O_RDWR)
    os.dup2(full, file._descriptor)
    for _ in range(2):
        with pytest.raises(BookError) as caught:
            file.append(leaving("X-2"))
        assert caught.value.code == "DISK_FULL"
        os.dup2(good, file._descriptor)  # even where the disk would take it again
        assert not file.usable
    assert ids(open_emergency(path)) == ["X-1"]
    file.clear()
    assert file.usable, "written anew from the start, and synced"
    file.append(leaving("X-3"))
    assert ids(open_emergency(path)) == ["X-3"]
    for descriptor in (good, full):
        os.close(descriptor)


@pytest.mark.parametrize("acknowledged", [1, 30, 75])
def test_killed_at_any_moment_what_was_acknowledged_is_there(path: Path, acknowledged: int) -> None:
    open_emergency(path).close()
    child = subprocess.Popen(
        [sys.executable, "-c", LEAVE_FOR_EVER, str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(acknowledged)]
    finally:
        child.kill()
        child.wait(timeout=30)
    lines += child.stdout.read().splitlines(keepends=True)
    child.stdout.close()
    told = [line.strip() for line in lines if line.endswith("\n")]
    since = told[len(told) - told[::-1].index("cleared") :] if "cleared" in told else told
    found = ids(open_emergency(path))
    # One may be there that was not told yet; or all are cleared, and that was not told yet.
    expected = [f"X-{number}" for number in since]
    cleared = bool(since) and int(since[-1]) % 50 == 49 and found == []
    assert cleared or found[: len(expected)] == expected
    assert cleared or len(found) <= len(expected) + 1
