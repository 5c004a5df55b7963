"""The forms of the pages over a real desk and ledger: what they do, and what they say they did."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from actors import names
from actors.messages import LinkDown, NotReconciled
from console.hook.visitors import csrf_of
from tests.console.conftest import READ_TOKEN, TOKEN, Plant
from tests.console.test_hook_trading import ORDER
from tests.console.trading import Market, trading_tree
from tests.tree.hanging import hanging
from tests.tree.waiting import until

CLOSE = "/see/close-everything"


@dataclass(frozen=True)
class Owner:
    """A browser whose device may do all."""

    market: Market

    def see(self, path: str, token: str = TOKEN) -> str:
        with self.market.tree.hook.client(token) as client:
            return client.get(path).text

    def send(self, path: str, **fields: str) -> httpx.Response:
        form = {"csrf": csrf_of(TOKEN), **fields}
        with self.market.tree.hook.client(TOKEN) as client:
            client.follow_redirects = True
            return client.post(path, data=form)

    def code(self) -> str:
        """Of what the page shows that it would do."""
        asked = r'name="confirm" value="([^"]+)"'
        found = until(lambda: re.search(asked, self.see(CLOSE)), "the page asks for a word")
        assert found is not None
        return found[1]

    def paused(self) -> bool:
        with self.market.tree.hook.client(TOKEN) as client:
            return bool(client.get("/account").json().get("paused"))


@pytest.fixture
def owner(plant: Plant, tmp_path: Path, request: pytest.FixtureRequest) -> Owner:
    """Of a tree that holds 4 BHP, with an order that works; `param` are the hook's limits."""
    limits = getattr(request, "param", {})
    market = trading_tree(plant, tmp_path / "state", **limits)
    market.open()
    with market.tree.hook.client(TOKEN) as client:
        body = {**ORDER, "client_order_id": "KLP-OWNERS"}
        until(lambda: client.post("/orders", json=body).status_code == 202, "the order is taken")
        market.fill("KLP-OWNERS", 4, "45.00")
    return Owner(market)


def test_a_pause_that_was_made_is_not_called_nothing(owner: Owner) -> None:
    """The link goes down between the two taps: nothing can be sold, and trading is paused."""
    code = owner.code()
    owner.market.tree.system.tell(
        names.DESK, LinkDown(names.IB, 1, "REFUSED", "The gateway is gone.", None)
    )
    owner.market.settle()
    answer = owner.send("/do/close-everything", confirm=code, pause="1")
    assert owner.paused()
    assert answer.status_code == 409
    assert "Nothing was done" not in answer.text
    assert "Nothing was closed" in answer.text and "New trades are paused" in answer.text


def test_where_nothing_was_paused_it_says_that_nothing_was_done(owner: Owner) -> None:
    code = owner.code()
    owner.market.tree.system.tell(
        names.DESK, LinkDown(names.IB, 1, "REFUSED", "The gateway is gone.", None)
    )
    owner.market.settle()
    answer = owner.send("/do/close-everything", confirm=code)
    assert answer.status_code == 409 and "Nothing was done" in answer.text
    assert not owner.paused()


def test_who_may_only_look_is_given_no_code_though_there_is_doubt(owner: Owner) -> None:
    unsure = NotReconciled(names.IB, 1, "LIST_NOT_ENDED", "open orders did not end")
    owner.market.tree.system.tell(names.DESK, unsure)
    owner.market.settle()
    assert 'name="confirm"' in owner.see(CLOSE)
    seen = owner.see(CLOSE, READ_TOKEN)
    assert "open orders did not end" in seen
    assert 'name="confirm"' not in seen and "<button" not in seen
    assert "This device may not do that" in seen


def test_one_that_runs_is_confirmed_on_the_page_when_that_comes_to_be_needed(owner: Owner) -> None:
    """Begun on a calm day, it waits for a word since the lists are in doubt: there is a button."""
    begun = owner.send("/do/close-everything", confirm=owner.code())
    assert "Under way" in begun.text and "<button" not in begun.text
    unsure = NotReconciled(names.IB, 1, "LIST_NOT_ENDED", "open orders did not end")
    owner.market.tree.system.tell(names.DESK, unsure)
    owner.market.settle()
    seen = owner.see(CLOSE)
    assert "Under way" in seen and "open orders did not end" in seen
    assert 'name="confirm"' not in owner.see(CLOSE, READ_TOKEN)
    said = owner.send("/do/close-everything", confirm=owner.code()).text
    assert "Under way" in said and 'name="confirm"' not in said


# Something hangs: for how long a seat is waited for is as for an owner.
_hangs = pytest.mark.parametrize(
    "owner", [{"answer_seconds": 1.0, "page_seconds": 1.5}], indirect=True, ids=["hangs"]
)


@_hangs
def test_a_look_that_could_not_tell_what_traded_is_none(owner: Owner) -> None:
    """Else what traded before it would never be told as news."""
    with owner.market.tree.hook.client(TOKEN) as client:
        until(
            lambda: "kelpie-looked" in client.get("/").headers.get("set-cookie", ""),
            "a look counts",
        )
        with hanging(owner.market.tree.system, names.LEDGER):
            assert "set-cookie" not in client.get("/").headers


@_hangs
def test_a_pause_that_nobody_confirms_holds_up_no_closing(owner: Owner) -> None:
    """The book hangs: it is asked for all the same, and is carried out once the book goes on."""
    code = owner.code()
    with hanging(owner.market.tree.system, names.LEDGER):
        answer = owner.send("/do/close-everything", confirm=code, pause="1")
        assert answer.status_code == 503 and "This is not confirmed" in answer.text
        assert "Whether new trades are paused is not confirmed" in answer.text
        until(lambda: "Under way" in owner.see(CLOSE), "the desk has taken it up")
    until(owner.paused, "and the pause is there too")
