"""A circuit that a person holds open keeps entries out, and nothing else; it outlives the process.

What was sent is read from the gateway's own record of the wire.
"""

from __future__ import annotations

from pathlib import Path

from actors import names
from tests.tree.in_process import Tree, Venue, growing
from tests.tree.waiting import until


def _hold(tree: Tree, verb: str, reason: str = "a trial") -> dict[str, object]:
    answer = tree.call("POST", f"/circuits/ib/{verb}", {"reason": reason})
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert isinstance(said, dict)
    return said


def _refused(tree: Tree, name: str) -> str:
    answer = tree.propose(name)
    assert answer.status_code == 409, answer.text
    assert "circuit is forced-open" in answer.json()["detail"]
    return str(answer.json()["code"])


def test_it_gates_entries_and_no_exit_cancel_read_or_reconnect(
    tmp_path: Path, venue: Venue
) -> None:
    venue.start()
    with growing(tmp_path, venue.port) as tree:
        tree.wait_until_ready()
        assert tree.get("/circuits")["items"][0]["state"] == "closed"
        assert tree.propose("KLP-1").status_code == 202
        tree.wait_for_state("KLP-1", "FILLED")
        tree.wait_until_held("20")
        rests = {"type": "LIMIT", "limit_price": "10.00", "tif": "GTC"}
        assert tree.propose("KLP-2", **rests).status_code == 202
        tree.wait_for_state("KLP-2", "WORKING")

        said = _hold(tree, "open")
        assert (said["state"], said["beneath"], said["forced"]) == (
            "forced-open",
            "closed",
            "a trial",
        )
        assert _refused(tree, "KLP-3") == "VENUE_NOT_TRADABLE"
        assert tree.propose("KLP-4", side="SELL").status_code == 202
        tree.wait_for_state("KLP-4", "FILLED")
        assert tree.call("DELETE", "/orders/KLP-2").status_code == 202
        tree.wait_for_state("KLP-2", "CANCELLED")

        rounds = tree.system.inspect(names.resync(names.IB)).get(timeout=10)["rounds"]
        assert tree.call("POST", "/reconcile").status_code == 202
        until(
            lambda: tree.system.inspect(names.resync(names.IB)).get(timeout=10)["rounds"] > rounds,
            "the lists were read",
        )
        venue.gateway.kill()  # type: ignore[union-attr]
        venue.start()
        until(
            lambda: (
                tree.incarnations()[names.connection(names.IB)] > 1
                and tree.desk().venues[0].connected
            ),
            "connected again",
        )
        until(lambda: not tree.ready() and tree.desk().venues[0].reconciled, "reconciled, and held")
        assert _refused(tree, "KLP-5") == "VENUE_NOT_TRADABLE"
        assert venue.wire().orders_per_ref() == {"KLP-1": 1, "KLP-2": 1, "KLP-4": 1}


def test_it_outlives_the_process_until_a_person_lets_go(tmp_path: Path, venue: Venue) -> None:
    venue.start()
    with growing(tmp_path, venue.port) as tree:
        tree.wait_until_ready()
        _hold(tree, "open", "over night")
    with growing(tmp_path, venue.port) as tree:
        until(lambda: tree.desk().venues[0].reconciled, "reconciled")
        [circuit] = tree.get("/circuits")["items"]
        assert (circuit["state"], circuit["forced"]) == ("forced-open", "over night")
        assert _refused(tree, "KLP-1") == "VENUE_NOT_TRADABLE"
        assert _hold(tree, "close")["state"] == "closed"
        tree.wait_until_ready()
        assert tree.propose("KLP-2").status_code == 202
        tree.wait_for_state("KLP-2", "FILLED")
    with growing(tmp_path, venue.port) as tree:
        tree.wait_until_ready()
        assert tree.get("/circuits")["items"][0]["state"] == "closed"
