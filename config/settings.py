"""Every setting of Kelpie, typed, with its unit, its limits and a sentence.

Read once at the start, from the environment and from `.env`; the environment wins.
All wrong entries are reported together.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic import ValidationInfo as Info
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from config import modes, order_rules, values
from config.entries import (
    Entry,
    Origin,
    Row,
    SettingsError,
    as_text,
    entry_of,
    faults_of,
    shown,
)
from config.modes import Mode
from config.values import wrong
from domain.symbols import CASH_CURRENCIES, Symbol

DEFAULT_SYMBOLS = ("BHP/AUD", "CBA/AUD", "VAS/AUD", "AUD/USD")
_SECONDS = "above 0, to 3600"
_RANDOM = "$(openssl rand -hex 32)"


class Settings(BaseSettings):
    """What the owner has chosen. Made by `Settings.load`; it never changes afterwards."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, validate_default=True
    )
    _origins: dict[str, Origin] = PrivateAttr(default_factory=dict)

    mode: Annotated[
        values.Modes, Entry("What is done with orders.", "demo, observe, paper or live", "paper")
    ] = Mode.DEMO
    active_exchange: Annotated[
        values.Exchanges, Entry("The exchanges to trade at.", "IB", "IB")
    ] = ("IB",)
    ib_host: Annotated[
        values.Host, Entry("Where TWS or IB Gateway runs.", "a host name or address", "127.0.0.1")
    ] = "127.0.0.1"
    ib_port: Annotated[
        values.Port,
        Entry(
            "The gateway's API port. Unless given: 14002 in demo, 4002 in paper, 4001 in live; "
            "observe must be told.",
            "1 to 65535, of the mode's own kind (4001 and 7496 are live, 4002 and 7497 paper)",
            "4002",
            unit="TCP port",
        ),
    ]
    ib_client_id: Annotated[
        values.ClientId,
        Entry(
            "The API client number. Orders belong to it, so it stays the same for ever. "
            "Not 0, which would take over the orders placed by hand.",
            "1 to 2147483647",
            "17",
        ),
    ] = 17
    ib_account_id: Annotated[
        values.Account | None,
        Entry(
            "The account to trade in. Needed in paper and live.",
            "DU or DF and digits for paper money; U, F or I and digits for real money",
            "DU1234567",
            account=True,
        ),
    ] = None
    ib_paper: Annotated[
        bool,
        Entry(
            "Whether the account holds paper money. Unless given: true, but false in live and "
            "at a live port.",
            "true or false, in agreement with the mode, the port and the account",
            "true",
        ),
    ]
    ib_base_currency: Annotated[
        values.Currency,
        Entry("The currency in which money is counted.", ", ".join(sorted(CASH_CURRENCIES)), "AUD"),
    ] = "AUD"
    ib_exchange: Annotated[
        values.Route,
        Entry("How shares are routed, and where listed.", "ROUTE, or ROUTE/LISTING", "SMART/ASX"),
    ] = "SMART/ASX"
    allowed_symbols: Annotated[
        values.Symbols,
        Entry("All that may be traded.", "SYMBOL/CCY, with commas", ",".join(DEFAULT_SYMBOLS)),
    ] = tuple(map(Symbol.parse, DEFAULT_SYMBOLS))
    strategy: Annotated[
        values.Strategy, Entry("Who proposes trades.", "rules or none", "rules")
    ] = "rules"
    client_order_prefix: Annotated[
        values.Prefix,
        Entry(
            "How the ids of Kelpie's orders begin; by it they are told from others.",
            "2 to 6 capitals or digits",
            "KLP",
        ),
    ] = "KLP"
    max_order_value: Annotated[
        Decimal,
        Field(gt=0, allow_inf_nan=False),
        Entry("The largest single order.", "above 0", "10000", unit="base currency (A$)"),
    ] = Decimal(10000)
    market_orders: order_rules.MarketOrders = "marketable_limit"
    max_slippage_bps: order_rules.MaxSlippageBps = Decimal(50)
    odd_lots: order_rules.OddLots = "refuse"
    idealpro_minimum_usd: order_rules.IdealproMinimumUsd = Decimal(25_000)
    entry_previews: order_rules.EntryPreviews = True
    preview_above: order_rules.PreviewAbove = Decimal("0.5")
    state_dir: Annotated[
        Path, Entry("Where the book and the tokens are kept.", "a folder", "./state")
    ] = Path("state")
    log_dir: Annotated[Path, Entry("Where the logs are written.", "a folder", "./logs")] = Path(
        "logs"
    )
    log_level: Annotated[
        values.Level,
        Entry("How much the logs tell.", "DEBUG, INFO, WARNING or ERROR", "INFO"),
    ] = "INFO"
    hook_token: Annotated[
        values.Token | None,
        Entry(
            "Opens the whole hook. Unless given, one is made in STATE_DIR/hook.token.",
            "at least 32 characters",
            _RANDOM,
            secret=True,
        ),
    ] = None
    hook_read_token: Annotated[
        values.Token | None,
        Entry(
            "Opens what only reads. Unless given, one is made in STATE_DIR/hook.read.token.",
            "at least 32 characters, another than HOOK_TOKEN",
            _RANDOM,
            secret=True,
        ),
    ] = None
    hook_host: Annotated[
        values.Host,
        Entry(
            "Where the hook listens.",
            "a loopback address; any other only with HOOK_TOKEN and HOOK_READ_TOKEN given",
            "127.0.0.1",
        ),
    ] = "127.0.0.1"
    hook_port: Annotated[
        values.AnyPort,
        Entry("The hook's port; 0 takes any free one.", "0 to 65535", "8765", unit="TCP port"),
    ] = 8765
    quote_stale_after_seconds: Annotated[
        values.Seconds, Entry("An older quote is stale.", _SECONDS, "15", unit="seconds")
    ] = 15.0
    heartbeat_seconds: Annotated[
        values.Seconds, Entry("How often the gateway is asked.", _SECONDS, "5", unit="seconds")
    ] = 5.0
    heartbeat_deadline_seconds: Annotated[
        values.Seconds,
        Entry("After so long without an answer the link is lost.", _SECONDS, "5", unit="seconds"),
    ] = 5.0
    connect_step_seconds: Annotated[
        values.Seconds,
        Entry("The longest for one step of connecting.", _SECONDS, "20", unit="seconds"),
    ] = 20.0
    command_deadline_seconds: Annotated[
        values.Seconds,
        Entry("An order that waited longer is not sent.", _SECONDS, "10", unit="seconds"),
    ] = 10.0

    @classmethod
    def load(
        cls, environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env")
    ) -> Settings:
        """Read the settings from `environ` (the process's own by default) and a file.

        Names that are no setting are passed over; an empty value counts as not given.

        Raises:
            SettingsError: with every wrong entry, in the order of the settings.
        """
        environment = EnvSettingsSource(cls)
        environment.env_vars = _given(os.environ if environ is None else environ)
        chosen = environment()
        filed = DotEnvSettingsSource(cls, env_file=env_file)() if env_file else {}
        try:
            settings = cls(**(filed | chosen))
        except ValidationError as error:
            raise SettingsError(faults_of(error, cls.model_fields)) from None
        settings._origins.update(dict.fromkeys(filed, Origin.DOTENV))
        settings._origins.update(dict.fromkeys(chosen, Origin.ENVIRONMENT))
        return settings

    def describe(self) -> list[Row]:
        """Tell every setting as it is now, in their order, without secrets."""
        rows = []
        for name, field in type(self).model_fields.items():
            entry, text = entry_of(field), as_text(getattr(self, name))
            origin = self._origins.get(name, Origin.DEFAULT)
            rows.append(Row(name.upper(), shown(text, entry), entry, origin))
        return rows

    def secrets(self) -> tuple[str, ...]:
        """Give what no log may ever show."""
        fields = (getattr(self, name) for name in type(self).model_fields)
        return tuple(value.get_secret_value() for value in fields if isinstance(value, SecretStr))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_others: PydanticBaseSettingsSource,
        **_named: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take nothing but what `load` has read, so that each value's origin is known."""
        return (init_settings,)

    @model_validator(mode="before")
    @classmethod
    def _fill_by_mode(cls, given: dict[str, Any]) -> dict[str, Any]:
        try:
            mode = Mode(str(given.get("mode", Mode.DEMO)).strip().lower())
        except ValueError:
            mode = Mode.DEMO  # the wrong mode is a fault of its own
        filled = dict(given)
        if mode in modes.DEFAULT_PORTS:
            filled.setdefault("ib_port", modes.DEFAULT_PORTS[mode])
        at_live_port = str(filled.get("ib_port")) in map(str, modes.LIVE_PORTS)
        observes_live = mode is Mode.OBSERVE and at_live_port
        filled.setdefault("ib_paper", not (mode is Mode.LIVE or observes_live))
        return filled

    # Each check sees those fields before it that are right: one wrong entry hides no other.

    @field_validator("ib_port")
    @classmethod
    def _port_fits_mode(cls, port: int, info: Info) -> int:
        mode = info.data.get("mode")
        if mode is not None and (sentence := modes.port_contradiction(mode, port)):
            raise wrong(sentence, str(modes.DEFAULT_PORTS.get(mode, "")))
        return port

    @field_validator("ib_account_id")
    @classmethod
    def _account_fits(cls, account: str | None, info: Info) -> str | None:
        mode = info.data.get("mode")
        if account is None and mode in (Mode.PAPER, Mode.LIVE):
            raise wrong(f"MODE={mode} needs the account named", modes.example_account(mode))
        if account is not None and mode is not None:
            port = info.data.get("ib_port")
            if sentence := modes.account_contradiction(mode, port, account):
                raise wrong(sentence, modes.example_account(mode))
        return account

    @field_validator("ib_paper")
    @classmethod
    def _paper_fits(cls, paper: bool, info: Info) -> bool:
        mode, port = info.data.get("mode"), info.data.get("ib_port")
        account = info.data.get("ib_account_id")
        if mode and (sentence := modes.paper_contradiction(mode, port, account, paper)):
            raise wrong(sentence, str(not paper).lower())
        return paper

    @field_validator("hook_read_token")
    @classmethod
    def _tokens_differ(cls, token: SecretStr | None, info: Info) -> SecretStr | None:
        if token is not None and token == info.data.get("hook_token"):
            raise wrong("it is the same as HOOK_TOKEN, so a reader could trade")
        return token

    @field_validator("hook_host")
    @classmethod
    def _open_hook_has_tokens(cls, host: str, info: Info) -> str:
        given = all(info.data.get(name) for name in ("hook_token", "hook_read_token"))
        if not _is_loopback(host) and not given:
            raise wrong(
                "others than this machine could reach the hook there, and HOOK_TOKEN and "
                "HOOK_READ_TOKEN are not both given"
            )
        return host


def _given(environ: Mapping[str, str]) -> dict[str, str | None]:
    return {name.lower(): value for name, value in environ.items() if value != ""}


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
