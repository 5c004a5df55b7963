"""The start of a link, step by step, each with its own time limit and its own name when it fails.

Connect → version → accounts and first order id (in either order) → the account is the right one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from adapters.ib.client import KelpieClient
from adapters.venue import LinkError
from config.modes import money_of_account, money_of_port
from config.redaction import Redaction
from config.settings import DEFAULT_SYMBOLS, Settings
from domain.symbols import Symbol
from domain.venue import VenueNotice

_CLIENT_ID_IN_USE = 326
_HIDE = Redaction()


@dataclass(frozen=True, slots=True)
class IBLinkOptions:
    """Where the gateway is and what it must be.

    `account` None takes the only one there is; `paper` None takes either kind.
    `exchange_preference` is route/listing of Australian shares, `instrument_types` what may be
    traded; `known_symbols` are those that a misspelt one is held against. `zone` is where the
    gateway's zone-less times are read. `delayed_data` asks for delayed quotes where there are no
    live ones; they come marked as such. `limit_messages` holds the link to what IB takes in a
    second; False only where the gateway counts nothing, to measure.
    """

    host: str
    port: int
    client_id: int
    account: str | None = None
    paper: bool | None = None
    exchange_preference: str = "SMART/ASX"
    instrument_types: tuple[str, ...] = ("STK", "ETF", "CASH")
    known_symbols: tuple[Symbol, ...] = ()
    zone: str = "Australia/Sydney"
    delayed_data: bool = False
    step_seconds: float = 10.0
    history_seconds: float = 60.0
    limit_messages: bool = True

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the settings name it, for whoever trades and whoever looks alike."""
        return cls(
            host=settings.ib_host,
            port=settings.ib_port,
            client_id=settings.ib_client_id,
            account=settings.ib_account_id,
            paper=settings.ib_paper,
            exchange_preference=settings.ib_exchange,
            instrument_types=settings.ib_allowed_instrument_types,
            known_symbols=(*settings.allowed_symbols, *map(Symbol.parse, DEFAULT_SYMBOLS)),
            zone=settings.ib_time_zone,
            delayed_data=settings.market_data == "delayed",
            step_seconds=settings.connect_step_seconds,
        )


class LinkOpening:
    """Follows one attempt to open."""

    def __init__(self, options: IBLinkOptions) -> None:
        self._options = options
        self._failure: LinkError | None = None
        self._moved: asyncio.Event = asyncio.Event()
        self._version: int | None = None
        self._has_next_id = False
        self.done = False
        self.connection_time = ""
        self.accounts: tuple[str, ...] = ()

    def greeted(self, version: int, connection_time: str) -> None:
        """The gateway named its version."""
        self._version = version
        self.connection_time = connection_time
        self._moved.set()

    def next_id_came(self) -> None:
        """The gateway named the first order id."""
        self._has_next_id = True
        self._moved.set()

    def accounts_came(self, accounts: tuple[str, ...]) -> None:
        """The gateway named the accounts of its login."""
        self.accounts = accounts
        self._moved.set()

    def error_came(self, notice: VenueNotice) -> None:
        """An error that concerns nobody else: of these one ends the attempt."""
        if notice.code == _CLIENT_ID_IN_USE and not self.done:
            self.fail(
                LinkError(
                    "CLIENT_ID_IN_USE",
                    f"Client id {self._options.client_id} is in use at the gateway. Another "
                    "program has it, or the last connection has not been let go yet; stop the "
                    "one, or wait for the other. Orders belong to this id, so it stays.",
                )
            )

    def fail(self, error: LinkError) -> None:
        """The attempt is over; the first reason counts."""
        self._failure = self._failure or error
        self._moved.set()

    async def run(self, client: KelpieClient) -> tuple[int, str]:
        """All steps; the server's version and the account.

        Raises:
            LinkError: with the step that failed as its cause.
        """
        await self._connect(client)
        await self._step(
            lambda: self._version is not None,
            "NO_VERSION",
            "took the connection but did not say its version. It may hang: restart it.",
        )
        await self._step(
            lambda: bool(self.accounts),
            "NO_ACCOUNTS",
            "did not name its accounts. It may not be logged in, or wait for a click.",
        )
        await self._step(
            lambda: self._has_next_id,
            "NO_NEXT_VALID_ID",
            "did not name the first order id. It may not be logged in, or wait for a click.",
        )
        account = self._check_account()
        self.done = True
        return self._version or 0, account

    async def _connect(self, client: KelpieClient) -> None:
        options = self._options
        where = f"{options.host}:{options.port}"
        try:
            async with asyncio.timeout(options.step_seconds):
                await client.open_socket(options.host, options.port, options.client_id)
        except TimeoutError:
            raise LinkError(
                "CONNECT_TIMEOUT",
                f"Nothing at {where} answered within {options.step_seconds:g} s. Check IB_HOST "
                "and the network between.",
            ) from None
        except OSError as error:
            raise LinkError(
                "REFUSED",
                f"Nobody takes connections at {where} ({error.strerror or error}). Start TWS or "
                "IB Gateway, allow API clients in its settings, and check IB_PORT.",
            ) from None

    async def _step(self, is_done: Callable[[], bool], cause: str, sentence: str) -> None:
        try:
            async with asyncio.timeout(self._options.step_seconds):
                while not is_done() and self._failure is None:
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            where = f"{self._options.host}:{self._options.port}"
            raise LinkError(cause, f"The gateway at {where} {sentence}") from None
        if self._failure is not None:
            raise self._failure

    def _check_account(self) -> str:
        wanted, there = self._options.account, self.accounts
        if wanted is None and len(there) > 1:
            raise _wrong(
                "WRONG_ACCOUNT",
                f"The gateway has {len(there)} accounts. Name one of them in IB_ACCOUNT_ID.",
            )
        account = wanted or there[0]
        if account not in there:
            raise _wrong(
                "WRONG_ACCOUNT",
                f"The gateway's login does not hold account {account}, but {', '.join(there)}. "
                "Correct IB_ACCOUNT_ID, or log the gateway in with the other user.",
            )
        self._check_money(account)
        return account

    def _check_money(self, account: str) -> None:
        """The account, the port and the settings must speak of the same kind of money."""
        options, money = self._options, money_of_account(account)
        if options.paper is None:
            return
        wanted = "paper" if options.paper else "live"
        if money is None:
            raise _wrong(
                "ACCOUNT_OF_NO_KIND",
                f"Account {account} begins like none that Kelpie knows, so nobody can say whether "
                "it holds real money. Nothing is traded in it.",
            )
        if money != wanted:
            raise _wrong(
                "WRONG_MODE",
                f"Account {account} is a {money} account, and the settings ask for {wanted} "
                "trading. Correct MODE and IB_PAPER, or IB_PORT.",
            )
        of_port = money_of_port(options.port)
        if of_port not in (None, money):
            raise _wrong(
                "WRONG_MODE",
                f"Port {options.port} is a gateway's {of_port} port, but its login holds the "
                f"{money} account {account}. Log it in the other way, or correct IB_PORT.",
            )


def _wrong(cause: str, sentence: str) -> LinkError:
    # Shown where no token is asked for: no account number in full.
    return LinkError(cause, _HIDE(sentence))
