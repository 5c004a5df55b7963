"""What a busy owner does over the hook: orders, brackets, changes, cancels, and asking again.

The seed decides what is wished for; prices come from Kelpie's own quotes. Whoever was cut off in
the middle of an order sends the very same one again to the next run, as a careful client does.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any

import httpx

#: Seconds. IB takes fifty messages a second, and what is queued behind them proves little.
_BETWEEN_WISHES = 0.05
#: So often at most the owner looks at the same page: the hook answers fifty requests a second.
_LOOK_SECONDS = 0.4
_CENT = Decimal("0.01")
_MOST_OPEN = 25
_WISHES = ("rest", "take", "sell", "bracket", "amend", "cancel", "look", "reconcile")
_WEIGHTS = (24, 22, 14, 10, 16, 16, 4, 2)


class Load(threading.Thread):
    """Wishes one after the other, until it is told to stop or nobody answers any more."""

    def __init__(self, owner: Owner) -> None:
        super().__init__(name="load")
        self._owner = owner
        self._over = threading.Event()
        self.failure: BaseException | None = None
        self.start()

    def run(self) -> None:
        """Wish on; a process that is gone ends it, anything else is kept as a failure."""
        try:
            self._owner.connect()
            while not self._over.wait(_BETWEEN_WISHES):
                self._owner.wish()
        except httpx.TransportError:
            return
        except BaseException as failure:
            self.failure = failure
        finally:
            self._owner.disconnect()

    def stop(self) -> None:
        """Wish for nothing more; what is being asked is waited for."""
        self._over.set()
        self.join()
        if self.failure is not None:
            raise self.failure


class Owner:
    """What one owner knows and wants, over all runs of Kelpie."""

    def __init__(self, seed: int, url: str, token_file: Path) -> None:
        self._chance = random.Random(seed)
        self._url = url
        self._token_file = token_file
        self._client: httpx.Client | None = None
        self._number = 0
        self._seen: dict[str, tuple[float, list[dict[str, Any]]]] = {}
        """Pages, with the monotonic time at which they were looked at."""
        self._on_hold: set[str] = set()
        """Symbols that this run takes no entries in: the fate of an order is not proven."""
        self._unanswered: list[dict[str, Any]] = []
        """Orders that were asked for and of which no answer came."""
        self.answers: Counter[str] = Counter()
        """By wish and what became of it."""

    def connect(self) -> None:
        """Begin to speak to a run of Kelpie."""
        self._seen.clear()
        self._on_hold.clear()
        token = self._token_file.read_text().strip()
        self._client = httpx.Client(
            base_url=self._url,
            timeout=5.0,
            trust_env=False,
            headers={"authorization": f"Bearer {token}"},
        )

    def disconnect(self) -> None:
        """Speak to it no more."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def wish(self) -> None:
        """One wish; the first ones of a run repeat what the last run left unanswered.

        Raises:
            httpx.TransportError: nobody answers any more.
        """
        if self._unanswered:
            self._place("again", self._unanswered.pop())
            return
        what = self._chance.choices(_WISHES, _WEIGHTS)[0]
        wishes: dict[str, Callable[[], None]] = {
            "rest": self._rest,
            "take": self._take,
            "sell": self._sell,
            "bracket": self._bracket,
            "amend": self._amend,
            "cancel": self._cancel,
            "look": self._look,
            "reconcile": self._reconcile,
        }
        wishes[what]()

    def ask_again(self) -> None:
        """Repeat what was left unanswered, and nothing else."""
        self.connect()
        try:
            while self._unanswered:
                self._place("again", self._unanswered.pop())
        finally:
            self.disconnect()

    # -- new orders ----------------------------------------------------------------------

    def _rest(self) -> None:
        quote = self._quote()
        if quote is None or len(self._open()) >= _MOST_OPEN:
            self._cancel()
            return
        away = Decimal(self._chance.randint(2, 30)) / 1000
        price = (quote["bid"] * (1 - away)).quantize(_CENT)
        self._place("rest", self._buy(quote["symbol"], price))

    def _take(self) -> None:
        quote = self._quote()
        if quote is not None:
            price = (quote["ask"] * Decimal("1.002")).quantize(_CENT, ROUND_CEILING)
            self._place("take", self._buy(quote["symbol"], price))

    def _sell(self) -> None:
        held = [each for each in self._get("/positions") if Decimal(each["managed"]) > 0]
        if not held:
            self._take()
            return
        position = self._chance.choice(held)
        body = {
            "client_order_id": self._fresh(),
            "symbol": position["symbol"],
            "side": "SELL",
            "quantity": position["managed"],
            "type": "MARKET",
        }
        self._place("sell", body)

    def _bracket(self) -> None:
        quote = self._quote()
        if quote is None or len(self._open()) >= _MOST_OPEN:
            self._cancel()
            return
        near = self._chance.random() < 0.5
        price = (quote["ask"] if near else quote["bid"] * Decimal("0.985")).quantize(_CENT)
        body = self._buy(quote["symbol"], price)
        body["protection"] = {"stop_price": str((price * Decimal("0.95")).quantize(_CENT))}
        body["target"] = {"limit_price": str((price * Decimal("1.05")).quantize(_CENT))}
        self._place("bracket", body)

    def _buy(self, symbol: str, price: Decimal) -> dict[str, Any]:
        value = self._chance.randint(600, 4000)
        return {
            "client_order_id": self._fresh(),
            "symbol": symbol,
            "side": "BUY",
            "quantity": str(int(value / price) + 1),
            "type": "LIMIT",
            "limit_price": str(price),
        }

    def _place(self, wish: str, body: dict[str, Any]) -> None:
        self._unanswered.append(body)
        answer = self._call("POST", "/orders", body)
        self._unanswered.remove(body)
        if self._note(wish, answer) == "SYMBOL_ON_HOLD":
            self._on_hold.add(body["symbol"])

    # -- changes -------------------------------------------------------------------------

    def _amend(self) -> None:
        working = [each for each in self._open() if each["type"] == "LIMIT"]
        if not working:
            self._rest()
            return
        order = self._chance.choice(working)
        steps = self._chance.choice((-3, -2, -1, 1, 2))
        price = Decimal(order["limit_price"]) + steps * _CENT
        body = {"limit_price": str(price)}
        path = f"/orders/{order['client_order_id']}"
        self._note("amend", self._call("PATCH", path, body))

    def _cancel(self) -> None:
        working = self._open()
        if working:
            path = f"/orders/{self._chance.choice(working)['client_order_id']}"
            self._note("cancel", self._call("DELETE", path))

    # -- looking -------------------------------------------------------------------------

    def _look(self) -> None:
        for path in ("/fills", "/positions"):
            self._get(path)

    def _reconcile(self) -> None:
        self._note("reconcile", self._call("POST", "/reconcile", {}))

    def _quote(self) -> dict[str, Any] | None:
        fresh = [
            {**each, "bid": Decimal(str(each["bid"])), "ask": Decimal(str(each["ask"]))}
            for each in self._get("/quotes")
            if each["bid"]
            and each["ask"]
            and not each["stale"]
            and each["symbol"] not in self._on_hold
        ]
        return self._chance.choice(fresh) if fresh else None

    def _open(self) -> list[dict[str, Any]]:
        newest = self._get("/orders")
        return [each for each in newest if each["state"] in ("WORKING", "HELD")]

    def _get(self, path: str) -> list[dict[str, Any]]:
        at, items = self._seen.get(path, (-math.inf, []))
        if time.monotonic() - at < _LOOK_SECONDS:
            return items
        answer = self._call("GET", path)
        if answer.status_code != 200:
            self._note("look", answer)
            return []
        items = list(answer.json()["items"])
        self._seen[path] = time.monotonic(), items
        return items

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        assert self._client is not None
        return self._client.request(method, path, json=body)

    def _note(self, wish: str, answer: httpx.Response) -> str:
        """Count it; the code of a refusal, empty when it was taken."""
        if answer.is_success:
            self.answers[f"{wish} taken"] += 1
            return ""
        told = "json" in answer.headers.get("content-type", "")
        code = str(answer.json().get("code", "?")) if told else "?"
        self.answers[f"{wish} refused {answer.status_code} {code}"] += 1
        return code

    def _fresh(self) -> str:
        self._number += 1
        return f"KLP-{self._number:05d}"
