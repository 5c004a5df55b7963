"""The pictures of the pages in the docs, made anew: `python -m tests.browser.pictures`.

Into `docs/pictures`, or the folder that is given. They are of a real tree before the simulated
gateway, on a phone of 360 × 740.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from loguru import logger
from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import PHONE, launch
from tests.browser.full_book import a_good_month
from tests.pains.conftest import Stage
from tests.tree.in_process import Tree, Venue

_PAGES = {"now": "/", "money": "/see/money", "trades": "/see/trades"}
_HERE = Path(__file__).parents[2] / "docs" / "pictures"


def take_pictures(browser: Browser, tree: Tree, folder: Path) -> list[Path]:
    """One PNG of each page, as it is when it is opened."""
    bearer = {"authorization": f"Bearer {tree.hook.token}"}
    context = browser.new_context(
        viewport=PHONE,
        device_scale_factor=1.5,
        color_scheme="light",
        java_script_enabled=False,
        extra_http_headers=bearer,
    )
    taken = []
    for name, path in _PAGES.items():
        page = context.new_page()
        page.goto(tree.hook.url + path)
        taken.append(folder / f"{name}.png")
        # Written here: Playwright would leave the threads behind that write for it.
        taken[-1].write_bytes(page.screenshot())
    context.close()
    return taken


def main(folder: Path) -> None:
    """Make all of them."""
    logger.remove()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        (Path(made) / "venue").mkdir()
        stage = Stage(Path(made), Venue(Path(made) / "venue"))
        try:
            with sync_playwright() as playwright, a_good_month(stage) as (tree, _):
                browser = launch(playwright)
                for path in take_pictures(browser, tree, folder):
                    print(path)
                browser.close()
        finally:
            stage.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else _HERE)
