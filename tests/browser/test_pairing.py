"""A phone is paired in a real browser, without scripts; another site then tries its cookie."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from console.hook.keys import PLAIN_COOKIE
from console.phones import Phones
from console.scopes import Grade
from tests.browser.conftest import PHONE, press
from tests.tree.home import free_port
from tests.tree.in_process import growing
from tests.tree.waiting import SOON


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A browser that knows nothing yet."""
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    yield context.new_page()
    context.close()


@contextmanager
def another_site(html: str) -> Iterator[str]:
    """Serve this page under another name of this machine: another site, to a browser."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = html.encode()
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://localhost:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join(SOON)
        server.server_close()


def test_a_link_is_opened_confirmed_and_the_page_is_there(page: Page, tmp_path: Path) -> None:
    with growing(tmp_path, free_port()) as tree:
        url = tree.hook.url
        refused = page.goto(url)
        assert refused is not None and refused.status == 401
        assert "kelpie phone" in page.inner_text("main")
        phones = Phones(tmp_path / "state", wait=True)
        secret = phones.invite("Ann", Grade.PAUSE, https=False, now=tree.clock.now())
        page.goto(f"{url}/pair?link={secret}")
        assert "Ann" in page.inner_text("main")
        press(page.get_by_role("button", name="Pair this device"))
        assert page.url == f"{url}/"
        assert page.locator("nav a").count() > 3
        cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
        assert cookies[PLAIN_COOKIE]["sameSite"] == "Lax"
        assert all(cookie["httpOnly"] for cookie in cookies.values())
        again = page.goto(f"{url}/pair?link={secret}")
        assert again is not None and again.status == 410
        _let_another_site_try(page, url)
        phones.revoke("Ann")
        shut = page.goto(url)
        assert shut is not None and shut.status == 401
        assert "has ended" in page.inner_text("main")


def _let_another_site_try(page: Page, url: str) -> None:
    html = (
        f'<form method="post" action="{url}/do/pause"><input name="csrf" value="x">'
        f'<button>Win</button></form><a href="{url}/">an alert</a>'
        f'<iframe src="{url}/"></iframe><img src="{url}/">'
    )
    with another_site(html) as site:
        page.goto(site)
        inside = page.frames[1]
        assert inside.locator("nav a").count() == 0, "a page of ours stands in a frame of theirs"
        with page.expect_response(f"{url}/do/pause") as answered:
            page.get_by_role("button", name="Win").click()
        assert answered.value.status == 403
        assert "ORIGIN_NOT_ALLOWED" in page.inner_text("main")
        # A link to it opens, as the one in an alert must.
        page.goto(site)
        press(page.get_by_role("link", name="an alert"))
        assert page.url == f"{url}/" and page.locator("nav a").count() > 3
