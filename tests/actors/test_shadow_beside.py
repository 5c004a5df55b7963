"""The shadow beside: it follows what becomes of the real orders, and begins again where it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from actors import names
from actors.messages import (
    BookLoaded,
    EvidenceSeen,
    FillRecorded,
    LoadBook,
    OrderRecorded,
    ShadowAdmitted,
)
from actors.shadow_beside import ShadowBeside
from actors.shadow_watch import ShadowOptions
from adapters.book import Fill, ManagedPosition
from adapters.store.shadow import open_shadow, read_divergence
from domain.admission import Admission
from domain.checklist import Item
from domain.divergence import Bounds, Divergence
from domain.orders import Order, OrderState, Side, Tif
from tests.actors.company import Company, gathered
from tests.actors.test_shadow_orders import BHP, ESTIMATE, known, quoted, request
from tests.store.material import NOON
from tests.tree.waiting import until

HERE, LEDGER, GATE = names.SHADOW, names.LEDGER, names.LIVE_GATE
D = Decimal


@contextmanager
def beside(folder: Path) -> Iterator[Company]:
    build = {
        HERE: lambda s, seat: ShadowBeside(
            s,
            seat,
            options=ShadowOptions(("ib",), 15.0, {}),
            open_file=lambda: open_shadow(folder / "shadow.db"),
            bounds=Bounds(),
        )
    }
    others = (LEDGER, GATE, names.connection("ib"), names.quotes("ib"))
    with gathered(build, *others) as company:
        company.heard.wait_for(LoadBook, seat=LEDGER)
        known(company, HERE)
        yield company


def admitted(company: Company, name: str = "K-1", **more: object) -> Order:
    asked = request(name, **more)  # type: ignore[arg-type]
    admission = Admission(asked, "ib", D(900), "AUD", D(45), estimate=ESTIMATE)
    company.tell(HERE, ShadowAdmitted(admission))
    return Order.intended(asked, "ib", NOON)


def really(company: Company, order: Order, quantity: str, price: str) -> None:
    """It filled in truth, and the commission is known."""
    fill = Fill(
        execution_id=f"X-{order.client_order_id}",
        execution_key=f"X-{order.client_order_id}",
        client_order_id=order.client_order_id,
        venue_order_id="1",
        symbol=BHP,
        side=Side.BUY,
        quantity=D(quantity),
        price=D(price),
        time=NOON,
        exchange="ASX",
        liquidity="removed",
        commission=D("6.60"),
        commission_currency="AUD",
        commission_final=True,
        venue="ib",
        revision=0,
    )
    position = ManagedPosition(BHP, "ib", D(quantity), D(price), NOON, D(0), ())
    company.tell(HERE, FillRecorded(fill, position, True))


def told(folder: Path) -> Divergence:
    found = read_divergence(folder / "shadow.db", None)
    assert found is not None
    return found[0]


def test_what_is_taken_back_in_truth_is_taken_back_here(tmp_path: Path) -> None:
    with beside(tmp_path) as company:
        quoted(company, seat=HERE)
        order = admitted(company, limit_price=D(40))
        company.tell(HERE, OrderRecorded(replace(order, state=OrderState.CANCELLED)))
        quoted(company, seat=HERE, bid=39.0, ask=39.1, last=39.0)
        assert company.state(HERE)["open"] == []
    assert told(tmp_path).pairs[0].shadow.filled == 0


def test_what_filled_in_truth_may_not_fill_here_and_the_other_way_round(tmp_path: Path) -> None:
    with beside(tmp_path) as company:
        real = admitted(company, "K-REAL", limit_price=D(40))
        really(company, real, "20", "40")
        company.tell(HERE, OrderRecorded(replace(real, state=OrderState.FILLED)))
        quoted(company, seat=HERE)
        assert company.state(HERE)["open"] == ["K-REAL"], "it would wait there yet"
        admitted(company, "K-SHADOW")
        one = {pair.client_order_id: pair for pair in told(tmp_path).pairs}
        assert one["K-REAL"].shadow.filled == 0
        assert one["K-REAL"].real.filled == 20
        assert one["K-SHADOW"].missed == 20
        assert told(tmp_path).missed_part == 1


@pytest.mark.parametrize(("price", "good"), [("45.03", True), ("45.30", False)])
def test_the_next_day_the_live_gate_hears_once_how_the_last_one_was(
    tmp_path: Path, price: str, good: bool
) -> None:
    with beside(tmp_path) as company:
        quoted(company, seat=HERE)
        really(company, admitted(company), "20", price)
        company.leap(3600.0)
        assert company.heard.of(EvidenceSeen) == []
        company.leap(14 * 3600.0)
        seen = company.heard.wait_for(EvidenceSeen, seat=GATE)
        assert (seen.item, seen.good) == (Item.DIVERGENCE, good)
        company.leap(3600.0)
        until(lambda: read_divergence(tmp_path / "shadow.db", None), "it is written")
        assert len(company.heard.of(EvidenceSeen)) == 1
    found = read_divergence(tmp_path / "shadow.db", NOON.date())
    assert found is not None and bool(found[1]) is not good


def test_after_a_restart_an_order_goes_on_from_where_it_was_in_the_shadow(tmp_path: Path) -> None:
    with beside(tmp_path) as company:
        quoted(company, seat=HERE, size=5.0)
        order = admitted(company, tif=Tif.GTC)
    order = replace(order, state=OrderState.WORKING, filled=D(20))
    with beside(tmp_path) as company:
        company.tell(HERE, BookLoaded((order,), (), ()))
        quoted(company, seat=HERE, size=500.0)
    [pair] = told(tmp_path).pairs
    assert pair.shadow.filled == 20 and pair.day == NOON.date()
    assert pair.shadow.commission is None, "by what it is charged nobody knows any more"


def test_a_damaged_file_is_kept_aside_and_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "shadow.db").write_text("no database at all, but long enough to be looked at" * 99)
    with beside(tmp_path) as company:
        quoted(company, seat=HERE)
        admitted(company)
    assert told(tmp_path).pairs[0].shadow.filled == 20
    assert (tmp_path / "shadow.db.damaged").exists()
