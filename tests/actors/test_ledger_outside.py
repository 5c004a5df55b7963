"""What is told from outside while the disk does not write waits for it, and is written once."""

from __future__ import annotations

from actors import names
from actors.messages import BookHealth, GetOutside, RecordOutside
from tests.actors.conftest import LIMIT
from tests.actors.disk_world import LARGE, LEDGER, Disk, disk, keeping
from tests.store.story import told_by_file
from tests.tree.waiting import until

__all__ = ["disk"]


def test_facts_from_outside_wait_for_the_disk(disk: Disk) -> None:
    fact = told_by_file()
    with keeping(disk) as company:
        company.state(LEDGER)
        disk.fill_up()
        company.put(LEDGER, LARGE, RecordOutside((fact,), "owner"))
        company.heard.wait_for(BookHealth, lambda health: bool(health.trouble), seat=names.DESK)
        asked = company.system.ask(LEDGER, GetOutside((fact.id,)), sender="test")
        assert asked.get(timeout=LIMIT) == (), "nobody is told that it is there"
        # Sent again meanwhile, as whoever was refused does.
        company.put(LEDGER, RecordOutside((fact,), "owner"))
        disk.free()
        until(lambda: disk.count("outside_facts") == 1, "it is written", LIMIT)
        asked = company.system.ask(LEDGER, GetOutside((fact.id,)), sender="test")
        assert asked.get(timeout=LIMIT) == (fact,)
        assert disk.rows("SELECT count(*) FROM audit WHERE what = 'import'") == [(1,)], "once"
