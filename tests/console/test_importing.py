"""`kelpie import`: files of a person's own, checked whole, written once by a running Kelpie."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.store.outside import outside_facts
from adapters.store.reading import reading
from console.cli import main as kelpie
from console.importing import ImportRefused, facts_of
from tests.console.conftest import READ_TOKEN, TOKEN, Plant
from tests.console.trading import Market, trading_tree

Says = Callable[..., tuple[int, str]]

PARCELS = "symbol,acquired,quantity,cost\nBHP/AUD,2019-05-06,100,3210.55\n"


@pytest.fixture
def market(plant: Plant, tmp_path: Path) -> Market:
    return trading_tree(plant, tmp_path)


@pytest.fixture
def says(market: Market, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Says:
    """`kelpie …` at a terminal: exit status, and all that was printed."""
    token = tmp_path / "hook.token"
    token.write_text(TOKEN)
    token.chmod(0o600)

    def said(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        status = kelpie([*words, "--url", market.tree.hook.url, "--token-file", str(token)])
        printed = capsys.readouterr()
        return status, printed.out + printed.err

    return said


def test_a_file_is_in_the_book_once_however_often_it_is_imported(
    says: Says, tmp_path: Path
) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(PARCELS + PARCELS.splitlines()[1] + "\n")
    assert says("import", "parcels", str(file), "--dry-run")[1].startswith("2 facts, and nothing")
    assert says("import", "parcels", str(file)) == (0, "2 facts are in the book, 2 of them new.\n")
    assert says("import", "parcels", str(file)) == (0, "2 facts are in the book, 0 of them new.\n")
    status, said = says("import", "list")
    assert status == 0 and said.count("cost 3210.55, quantity 100  (mine.csv)") == 2

    first, second = (line.split()[0] for line in said.splitlines())
    assert first != second, "two rows that say the same are two parcels"
    assert says("import", "withdraw", first)[0] == 0
    assert says("import", "withdraw", first) == (0, "1 facts are in the book, 0 of them new.\n")
    status, said = says("import", "withdraw", "PARCEL-9")
    assert status == 1 and "has no fact PARCEL-9" in said
    [book] = tmp_path.rglob("ledger.db")
    with reading(book) as link:
        facts = outside_facts(link)
        audit = [row[0] for row in link.execute("SELECT detail FROM audit WHERE what = 'import'")]
    assert [fact.kind.value for fact in facts] == ["PARCEL", "PARCEL", "WITHDRAWN"]
    assert audit == ["2 of 2 facts from mine.csv are new", "1 of 1 facts from a person are new"]


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("parcels", "", "has the columns none"),
        ("parcels", "symbol,acquired,quantity\n", "wanted are symbol, acquired, quantity, cost"),
        ("parcels", "symbol,acquired,quantity,cost,mood\n", "mood"),
        ("parcels", "symbol,acquired,quantity,cost\n", "has no rows"),
        ("parcels", PARCELS + "BHP/AUD,2019-05-06,-1,3\n", "Line 3 of a.csv: quantity '-1'"),
        ("parcels", PARCELS + "BHP/AUD,6/5/2019,1,3\n", "Line 3 of a.csv: day '6/5/2019'"),
        ("parcels", PARCELS + "BHP,2019-05-06,1,3\n", "is not a symbol"),
        ("parcels", PARCELS + "BHP/AUD,2019-05-06,1\n", "as many fields as there are columns"),
        ("parcels", PARCELS + "BHP/AUD,2019-05-06,1,2,3\n", "as many fields as there are"),
        (
            "dividends",
            "symbol,paid,currency,company_rate\nBHP/AUD,2026-09-25,AUD,0.3\n",
            "goes with a franked amount",
        ),
        (
            "dividends",
            "symbol,paid,currency,franked,company_rate\nBHP/AUD,2026-09-25,AUD,70,30\n",
            "company_rate 30 is none",
        ),
    ],
)
def test_a_file_that_is_wrong_is_refused_whole(kind: str, text: str, words: str) -> None:
    with pytest.raises(ImportRefused, match="(?s)" + words):
        facts_of(text.splitlines(keepends=True), kind, "a.csv")


def test_a_rate_of_the_company_gives_the_credit() -> None:
    text = (
        "symbol,paid,currency,gross,franked,company_rate\nBHP/AUD,2026-09-25,AUD,70.00,70.00,0.30\n"
    )
    [fact] = facts_of(text.splitlines(keepends=True), "dividends", "a.csv")
    assert fact.detail["credit"] == "30.00"


def test_nothing_is_written_of_a_file_that_is_wrong(says: Says, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(PARCELS + "BHP/AUD,never,1,2\n")
    status, said = says("import", "parcels", str(file))
    assert status == 1 and said.startswith("Nothing was imported. Line 3 of mine.csv")
    assert says("import", "list") == (0, "")
    assert says("import", "parcels", str(tmp_path / "none.csv"))[0] == 1


def test_the_hook_takes_all_or_none_and_says_why(market: Market) -> None:
    parcel = {
        "id": "P-1",
        "kind": "PARCEL",
        "day": "2019-05-06",
        "symbol": "BHP/AUD",
        "detail": {"quantity": "1", "cost": "2"},
    }
    wrong = parcel | {"id": "P-2", "day": "then"}
    other = parcel | {"detail": {"quantity": "9", "cost": "2"}}
    with market.tree.hook.client(TOKEN) as client:

        def post(*items: object) -> tuple[int, str]:
            answer = client.post("/outside-facts", json={"source": "s", "items": items})
            said = answer.json()
            return answer.status_code, said.get("code") or f"{said['recorded']} {said['new']}"

        assert post(parcel, wrong) == (422, "FACT_WRONG")
        assert post(parcel, other) == (409, "FACT_ID_TAKEN")
        assert client.get("/outside-facts").json() == {"items": []}
        assert post(parcel) == (200, "1 1")
        assert post(parcel) == (200, "1 0")
        assert post(other) == (409, "FACT_ID_TAKEN")
        assert post()[0] == 422
    with market.tree.hook.client(READ_TOKEN) as client:
        answer = client.post("/outside-facts", json={"source": "s", "items": [parcel]})
        assert answer.json()["code"] == "TOKEN_ONLY_READS"
