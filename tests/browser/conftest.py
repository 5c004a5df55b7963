"""Pages in a real browser (Debian's Chromium), before a real tree and the simulated gateway.

Playwright keeps an event loop in the test's thread for as long as its browser lives: a test here
cannot call `asyncio.run`. The browser lives for one file of tests, so that others can.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    Locator,
    Page,
    Playwright,
    ViewportSize,
    sync_playwright,
)

from tests.pains.conftest import Stage
from tests.tree.in_process import Tree, Venue

CHROMIUM = Path("/usr/bin/chromium")
PHONE = ViewportSize(width=360, height=740)
DESK = ViewportSize(width=1280, height=800)
PAGE_LIMIT = 50_000
"""Bytes; no page is larger."""
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # A process kept ready for the next page would seem to be left behind by the test.
    "--disable-features=SpareRendererForSitePerProcess",
)


class Looker:
    """Somebody with a browser before a tree, and what the browser complained of."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        """What the console said: refused by the CSP, not found, not loaded."""
        self.elsewhere: list[str] = []
        """Requests to anything but the hook."""
        page.on("console", lambda said: self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda asked: self._asked(asked.url))

    def open(self, path: str, status: int = 200) -> Page:
        """Go there; the answer has that status."""
        answer = self.page.goto(self.url + path)
        assert answer is not None and answer.status == status, (path, answer)
        return self.page

    def text(self) -> str:
        """All that can be read on the page."""
        return self.page.inner_text("body")

    def wide(self) -> int:
        """By how many pixels the page is wider than the screen."""
        return int(
            self.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
        )

    def size(self) -> int:
        """Of the page as it was sent, in bytes."""
        answer = self.page.request.get(self.page.url)
        return len(answer.body())

    def holds(self) -> None:
        """What is true of every page: it fits, it is small, nothing is loaded from elsewhere."""
        assert self.wide() <= 0, f"{self.page.url} is {self.wide()} px too wide"
        assert self.size() < PAGE_LIMIT, f"{self.page.url} has {self.size()} bytes"
        assert self.complaints == []
        assert self.elsewhere == []

    def _asked(self, url: str) -> None:
        if not url.startswith((self.url, "data:")):
            self.elsewhere.append(url)


Looks = Callable[..., Looker]
"""`looks(tree, size=PHONE, token=None, scripts=False)`: open a browser before a tree."""


def press(what: Locator) -> None:
    """Press what leads to another page, and wait until that is there.

    The click alone waits for a page only if the browser has told of it by then: what is read
    next may be the page that was there before.
    """
    with what.page.expect_event("domcontentloaded"):
        what.click()


def launch(playwright: Playwright) -> Browser:
    """Chromium, without a window."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=list(_FLAGS))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for a file of tests; they are skipped where there is none."""
    if not CHROMIUM.exists():
        why = f"no browser at {CHROMIUM}: `apt install chromium` brings it"
        if os.environ.get("KELPIE_NEEDS_BROWSER") == "1":
            pytest.fail(why)
        pytest.skip(why)
    with sync_playwright() as playwright:
        launched = launch(playwright)
        # Its helpers (network, storage) start with its first page, and stay.
        first = launched.new_context()
        first.new_page().goto("data:text/html,<p>awake")
        first.close()
        yield launched
        launched.close()


@pytest.fixture
def looks(browser: Browser) -> Iterator[Looks]:
    """Sit down before a tree; every window is closed after the test."""
    opened = []

    def sit(
        tree: Tree, size: ViewportSize = PHONE, *, token: str | None = None, scripts: bool = False
    ) -> Looker:
        bearer = {"authorization": f"Bearer {token or tree.hook.read_token}"}
        context = browser.new_context(
            viewport=size, java_script_enabled=scripts, extra_http_headers=bearer
        )
        opened.append(context)
        return Looker(context.new_page(), tree.hook.url)

    yield sit
    for context in opened:
        context.close()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A venue that plays a scenario, and the trees that are grown against it."""
    folder = tmp_path / "venue"
    folder.mkdir()
    place = Stage(tmp_path, Venue(folder))
    yield place
    place.close()
