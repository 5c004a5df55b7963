"""What a real process writes down for programs, and how it explains what it did and refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from console.telemetry_schemas import LINE
from simulators.broker import ACCOUNT
from tests.tree.home import Home
from tests.tree.in_process import Tree, Venue, growing
from tests.tree.market import wait_for_open_market
from tests.tree.truth import of_broker
from tests.tree.waiting import until


def lines_of(home: Home) -> list[dict[str, Any]]:
    """All of the telemetry so far; a last line that is not ended yet is left out."""
    text = (home.logs / "telemetry.log").read_bytes()
    return [orjson.loads(line) for line in text[: text.rfind(b"\n") + 1].splitlines()]


def of_trading(lines: list[dict[str, Any]], event: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["event"] == event and "level" not in line]


@pytest.mark.timeout(120)
def test_every_line_of_a_real_process_fits_the_schema_and_every_order_is_explained(
    home: Home,
) -> None:
    wait_for_open_market()
    first = home.start(STRATEGY="none")
    home.wait_until_ready()
    assert home.propose("KLP-1").status_code == 202
    home.wait_for_state("KLP-1", "FILLED")
    huge = home.propose("KLP-2", quantity="5000", type="LIMIT", limit_price="44.00")
    assert huge.json()["code"] == "ORDER_TOO_LARGE"

    executed = {each.execution_id for each in of_broker(home.books(), "KLP-1")}

    def charged() -> bool:
        fills = of_trading(lines_of(home), "fill")
        reported = [each for each in fills if each["commission_source"] == "reported"]
        return {each["execution_id"] for each in reported} == executed

    until(charged, "each commission is told")
    until(lambda: len(of_trading(lines_of(home), "decision")) == 2, "both decisions are told")
    lines = lines_of(home)
    for line in lines:
        LINE.validate_json(orjson.dumps(line), strict=True)
    assert {line["event"] for line in lines} >= {"decision", "order", "fill", "request"}
    kinds = {(line["kind"], line["code"]) for line in of_trading(lines, "request")}
    assert ("quotes", "") in kinds
    assert ACCOUNT not in (home.logs / "telemetry.log").read_text()
    _way_is_told(lines)
    _is_what_the_broker_has(home, lines)

    beside = home.command("explain", "KLP-1", "--json")
    assert beside.returncode == 0, beside.stderr
    assert orjson.loads(beside.stdout) == home.get("/orders/KLP-1/explain")
    assert home.call("GET", "/orders/KLP-9/explain").json()["code"] == "ORDER_NOT_KNOWN"
    first.kill()
    # The next day, without a Kelpie: an order of an earlier run, and a refusal.
    story = home.command("explain", "KLP-1")
    assert story.returncode == 0 and "Its bytes left for the venue." in story.stdout
    refused = home.command("explain", "KLP-2")
    assert refused.returncode == 0 and "ORDER_TOO_LARGE" in refused.stdout
    assert home.command("explain", "KLP-9").returncode == 1


def _way_is_told(lines: list[dict[str, Any]]) -> None:
    """From the quote to the commission, in this order, by the times that each hop took.

    The desk tells of an admission once its order has left: what is told before knows less.
    """
    charged = of_trading(lines, "fill")[-1]
    [ours] = [line for line in of_trading(lines, "decision") if line["admitted"]]
    hops = charged["hops"]
    known = {name: at for name, at in hops.items() if at is not None}
    untold = {"decided"}  # a person's proposal has no quote of its own
    if lines.index(charged) < lines.index(ours):
        untold |= {"quoted", "admitted"}
    assert set(hops) - set(known) <= untold
    assert list(known.values()) == sorted(known.values())
    assert ours["contract_id"].isdigit() and ours["exchange"] == "ASX"
    assert (ours["rate"], charged["rate"]) == ("1", "1")
    assert {line["correlation"] for line in of_trading(lines, "fill")} == {"KLP-1"}


def _is_what_the_broker_has(home: Home, lines: list[dict[str, Any]]) -> None:
    """The fills that are told of, and those of the story, are the broker's executions."""
    of_order = {each.execution_id for each in of_broker(home.books(), "KLP-1")}
    assert of_order
    assert {line["execution_id"] for line in of_trading(lines, "fill")} == of_order
    steps = home.get("/orders/KLP-1/explain")["steps"]
    assert {s["facts"]["execution_id"] for s in steps if s["what"] == "fill"} == of_order
    assert [s["what"] for s in steps][:2] == ["quote", "proposal"]


@pytest.fixture
def tree(tmp_path: Path, venue: Venue) -> Iterator[Tree]:
    """A tree that tells of nothing but what it must keep."""
    venue.start()
    with growing(tmp_path, venue.port, TELEMETRY_SAMPLE="0") as grown:
        yield grown


def test_without_any_sample_nothing_is_written_and_refusals_are_kept_all_the_same(
    tree: Tree,
) -> None:
    wait_for_open_market()
    tree.wait_until_ready()
    assert tree.propose("KLP-1").status_code == 202
    tree.wait_for_state("KLP-1", "FILLED")
    assert tree.propose("KLP-2", quantity="5000", limit_price="44.00", type="LIMIT").is_error
    until(lambda: tree.call("GET", "/orders/KLP-2/explain").status_code == 200, "it is kept")
    told = tree.get("/orders/KLP-2/explain")
    assert (told["outcome"], told["steps"][-1]["what"]) == ("REFUSED", "refusal")
    assert "ORDER_TOO_LARGE" in told["summary"]
    story = tree.get("/orders/KLP-1/explain")
    words = [step["what"] for step in story["steps"]]
    for word in ("quote", "proposal", "sizing", "admission", "intent", "state", "fill"):
        assert word in words, story
    assert all(step["entry"] is not None for step in story["steps"][words.index("intent") :])
    assert tree.lines == []
