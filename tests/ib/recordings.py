"""The recorded messages, and a receiver as it stands in a link to put them through."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from adapters.ib.decoder import KelpieDecoder
from adapters.ib.identity import OrderIdentities
from adapters.ib.quotes import Level1
from adapters.ib.receiver import Receiver
from adapters.ib.requests import Requests
from domain.venue import VenueNotice
from runtime.clocks import SystemClock
from tests.ib.messages import BHP
from tests.ib.recorder import Recorder

RECORDINGS = Path(__file__).resolve().parents[2].parent / "shared/fixtures/recorded_messages.json"
ACCOUNT_VALUES = RECORDINGS.with_name("account_values_aud.json")

here = pytest.mark.skipif(
    not RECORDINGS.exists(), reason="the recorded messages (../shared/fixtures) are not here"
)


def recorded() -> list[Any]:
    recorded: list[Any] = json.loads(RECORDINGS.read_text()) if RECORDINGS.exists() else []
    return recorded


class _Opening:
    def __init__(self) -> None:
        self.accounts: tuple[str, ...] = ()
        self.has_id = False

    def next_id_came(self) -> None:
        self.has_id = True

    def accounts_came(self, accounts: tuple[str, ...]) -> None:
        self.accounts = accounts

    def error_came(self, notice: VenueNotice) -> None: ...


class Stage:
    """A receiver as it stands in a link, with one subscription and one request of each id."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, request: object, calls: list[Any] | None = None
    ) -> None:
        self.loop = loop
        self.calls = calls or []
        """All callbacks that the official client makes of the message."""
        self.sink = Recorder()
        self.opening = _Opening()
        self.requests = Requests(loop)
        self.identities = OrderIdentities(100)
        self.receiver = Receiver(
            self.sink,
            SystemClock(),
            self.requests,
            self.identities,
            ZoneInfo("Australia/Sydney"),
            self.opening,
        )
        self.receiver.account = "DU1234567"
        self.request = request
        self.decoder = KelpieDecoder(
            self.receiver, self.receiver.failed, self.receiver.execution_time
        )
        self.decoder.serverVersion = 176
        if isinstance(request, int):
            self.level = Level1(BHP)
            self.receiver.levels[request] = self.level

    async def answer(self, key: object, fields: list[str]) -> list[Any]:
        rows = self.requests.begin(key, 5)
        self.decoder.interpret(fields)
        if not rows.done():
            self.requests.end(key)
        return await rows
