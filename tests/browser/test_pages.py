"""Now, Money, Trades and Orders in a real browser: a book empty, full, hostile, and huge."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

from playwright.sync_api import Browser, Dialog

from adapters.store import open_book
from domain.orders import Order, OrderRequest, OrderState, OrderType, Side
from runtime.clocks import SystemClock
from simulators.broker import ACCOUNT
from tests.browser.conftest import DESK, PAGE_LIMIT, PHONE, Looker, Looks
from tests.browser.full_book import a_good_month, write_past
from tests.browser.pictures import take_pictures
from tests.pains.acts import buy
from tests.pains.conftest import Stage
from tests.tree.in_process import BHP
from tests.tree.market import wait_for_open_market

PATHS: tuple[str, ...] = (
    "/",
    "/see/money",
    "/see/money?span=week",
    "/see/money?span=year",
    "/see/trades",
)
PATHS += ("/see/orders",)
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
THUMB = 44
"""Pixels: the least height of what is pressed."""


def test_an_empty_book(stage: Stage, looks: Looks) -> None:
    stage.play()
    with stage.tree() as tree:
        tree.wait_until_ready()
        for looker in (looks(tree, PHONE), looks(tree, DESK)):
            for path in PATHS:
                looker.open(path)
                looker.holds()
            assert "No order works or is held." in looker.text()
            looker.open("/")
            assert "Nothing is held." in looker.text()
            looker.open("/see/trades")
            assert "No trade yet." in looker.text()
            looker.open("/see/trades/KLP-NOBODYS", status=404)
            assert "Nothing is known of this order" in looker.page.inner_text("h1")
            assert looker.wide() <= 0


def test_a_full_book(stage: Stage, looks: Looks, browser: Browser, tmp_path: Path) -> None:
    with a_good_month(stage) as (tree, past):
        for looker in (looks(tree, DESK), looks(tree, PHONE)):
            for path in (*PATHS, "/see/trades/KLP-NEW-BHP"):
                looker.open(path)
                looker.holds()
                _is_for_thumbs(looker)
                _amounts_are_whole(looker)
            assert "All of it is filled." in looker.text()
            looker.open("/see/orders")
            assert "KLP-RESTS" in looker.page.locator("section[aria-labelledby=open]").inner_html()
            looker.open("/")
            holding = looker.page.inner_text("section[aria-labelledby=holdings] tbody tr")
            assert "BHP/AUD" in holding
            assert re.search(r"protected: stop A\$\d+\.\d\d", holding)
        # What says how it is, what is held and whether it is protected are on the first screen.
        box = looker.page.locator(".pairs .good").last.bounding_box()
        nav = looker.page.locator("nav").bounding_box()
        assert box is not None and nav is not None
        assert box["y"] + box["height"] < nav["y"]
        new = ["KLP-NEW-BHP", "KLP-NEW-CBA", "KLP-NEW-VAS"]
        _all_trades_are_found(looker, [*new, *reversed(past)])
        # The pictures in the docs are made in this way: `python -m tests.browser.pictures`.
        taken = take_pictures(browser, tree, tmp_path)
        assert [path.name for path in taken] == ["now.png", "money.png", "trades.png"]
        for picture in taken:
            assert picture.read_bytes().startswith(b"\x89PNG")
            assert picture.stat().st_size < 150_000


def _is_for_thumbs(looker: Looker) -> None:
    pressed = looker.page.locator("nav a, button, .choices a, .to, summary, .back a")
    small = pressed.evaluate_all(
        "(all, least) => all.filter(a => a.getBoundingClientRect().height < least)"
        ".map(a => a.innerText)",
        THUMB,
    )
    assert small == []


def _amounts_are_whole(looker: Looker) -> None:
    """No usual amount is broken over two lines."""
    broken = looker.page.locator(".pairs td, .thirds td").evaluate_all(
        """all => all.map(cell => cell.firstChild).filter(text => {
            const range = document.createRange();
            range.selectNodeContents(text);
            return /A\\$/.test(text.textContent) && range.getClientRects().length > 1;
        }).map(text => text.textContent)"""
    )
    assert broken == []


def _all_trades_are_found(looker: Looker, names: list[str]) -> None:
    """From page to page, each once, newest first."""
    seen: list[str] = []
    looker.open("/see/trades")
    while True:
        assert looker.size() < PAGE_LIMIT
        links = looker.page.locator("tbody a").evaluate_all("all => all.map(a => a.pathname)")
        seen += [str(link).rpartition("/")[2] for link in links]
        older = looker.page.locator("a[rel=next]")
        if not older.count():
            break
        looker.open(older.get_attribute("href") or "")
    assert seen == names


def test_hostile_words_are_only_words(stage: Stage, looks: Looks) -> None:
    write_past(stage.folder, trades=2, days=5, reason=HOSTILE)
    _doubtful(stage, "KLP-DOUBT", HOSTILE)
    stage.play()
    with stage.tree() as tree:
        tree.wait_until_ready()
        said = {"reason": HOSTILE}
        assert tree.call("POST", "/trading/pause", said).status_code == 200
        looker = looks(tree, scripts=True)
        asked: list[str] = []

        def ask(dialog: Dialog) -> None:
            asked.append(dialog.message)
            dialog.dismiss()

        looker.page.on("dialog", ask)
        for path in (*PATHS, "/see/trades/KLP-PAST-0001", "/see/trades/KLP-DOUBT"):
            looker.open(path)
            looker.holds()
            assert looker.page.locator("script, img").count() == 0
        looker.open("/")
        assert HOSTILE in looker.text()
        looker.open(f"/see/trades/{HOSTILE.replace('/', '%2F')}", status=404)
        looker.open(f"/see/trades?before={HOSTILE[:60]}")
        assert "No older trade." in looker.text()
        assert asked == []
        assert looker.elsewhere == []


def test_very_large_amounts_fit(stage: Stage, looks: Looks) -> None:
    write_past(stage.folder, trades=30, scale=Decimal(10_000_000))
    stage.play()
    with stage.tree() as tree:
        tree.wait_until_ready()
        looker = looks(tree)
        for path in (*PATHS, "/see/trades/KLP-PAST-0029"):
            looker.open(path)
            looker.holds()
        looker.open("/see/money")
        assert re.search(r"A\$[\d.]+ tn", looker.page.text_content(".chart") or "")


def test_what_nobody_knows_comes_first_with_what_to_do(stage: Stage, looks: Looks) -> None:
    _doubtful(stage, "KLP-DOUBT", "the link was lost while it was sent")
    stage.play()
    with stage.tree() as tree:
        tree.wait_until_ready()
        looker = looks(tree)
        looker.open("/see/orders")
        assert looker.page.locator("section").first.inner_text().startswith("Needs you")
        assert "kelpie resolve KLP-DOUBT --absent" in looker.text()
        looker.open("/")
        assert looker.page.inner_text(".level") == "Needs you"
        assert "kelpie resolve KLP-DOUBT" in looker.text()


def _doubtful(stage: Stage, name: str, reason: str) -> None:
    """An order of yesterday of which nobody knows what became of it."""
    clock = SystemClock()
    book = open_book(stage.folder / "state", "paper", ACCOUNT, clock)
    request = OrderRequest(
        name, BHP, Side.BUY, Decimal(20), OrderType.LIMIT, limit_price=Decimal(30)
    )
    try:
        at = clock.now()
        book.record_intent(Order(request, "ib", OrderState.INTENDED, created_at=at), name)
        book.record_state(name, OrderState.SENT, at, sent_at=at)
        book.record_state(name, OrderState.UNKNOWN, at, reason=reason)
    finally:
        book.close()


def test_since_this_device_last_looked(stage: Stage, looks: Looks) -> None:
    wait_for_open_market()
    stage.play()
    # No plan grows too old meanwhile.
    with stage.tree(watched=False, PLAN_LATEST_AGE_MINUTES="600") as tree:
        tree.wait_until_ready()
        mine, another = looks(tree), looks(tree)
        mine.open("/")
        assert "This device has not looked before." in mine.text()
        mine.open("/")
        assert "This device has not looked before." in mine.text(), "the same look goes on"
        buy(tree, "KLP-MEANWHILE")
        tree.leap(11 * 60)
        mine.open("/")
        since = mine.page.inner_text("section[aria-labelledby=since]")
        assert "1 trade" in since
        assert "Bought 20 BHP/AUD" in since
        another.open("/")
        assert "This device has not looked before." in another.text()
        tree.leap(11 * 60)
        mine.open("/")
        assert "No trade, no new alert, no restart." in mine.text()
