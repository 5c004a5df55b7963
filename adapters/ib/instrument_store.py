"""What IB has said of instruments and of price steps, kept on disk so that a start need not ask.

One JSON file, written anew beside the old one and put in its place. It is not forced to the disk:
whatever is lost of it is asked for again, and the event loop must not wait. A file that cannot be
read is left out in the same way. It belongs to one account's folder, for a simulated gateway has
contract ids of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import orjson

from domain.symbols import Symbol, SymbolError
from domain.venue import InstrumentDetails, PriceStep, TradingSession

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class ContractFields:
    """What names a contract to IB, beside the route; never told beyond the adapter."""

    con_id: int
    sec_type: str
    symbol: str
    currency: str
    primary_exchange: str
    local_symbol: str
    trading_class: str


@dataclass(frozen=True, slots=True)
class Description:
    """An instrument as IB described it, and when."""

    details: InstrumentDetails
    contract: ContractFields
    asked: str
    """How it was asked for (`SMART/ASX`): under another route it may be another contract."""
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class Rule:
    """A market rule, and when IB gave it."""

    steps: tuple[PriceStep, ...]
    heard_at: datetime


class InstrumentStore:
    """All that is known, in memory, and on disk where there is a path."""

    def __init__(
        self, path: Path | None = None, warn: Callable[[str], None] = lambda _: None
    ) -> None:
        """Read the file; one that is damaged counts as none, and `warn` is told of it."""
        self._path = path
        self._warn = warn
        self._written = True
        self._instruments: dict[Symbol, Description] = {}
        self._rules: dict[int, Rule] = {}
        if path is not None:
            self._read(path)

    def symbols(self) -> Iterable[Symbol]:
        """All that were ever described."""
        return self._instruments.keys()

    def instrument(self, symbol: Symbol, asked: str) -> Description | None:
        """What was last heard of an instrument that was asked for in this way."""
        known = self._instruments.get(symbol)
        return known if known is not None and known.asked == asked else None

    def rule(self, number: int) -> Rule | None:
        """What was last heard of a market rule."""
        return self._rules.get(number)

    def keep(self, described: Description) -> None:
        """Take the place of what was known of the instrument."""
        self._instruments[described.details.symbol] = described
        self._write()

    def keep_rule(self, number: int, rule: Rule) -> None:
        """Take the place of what was known of the rule; on disk with the next instrument."""
        self._rules[number] = rule

    def _read(self, path: Path) -> None:
        try:
            file = orjson.loads(path.read_bytes())
            content = file["content"]
            if file["checksum"] != _checksum(content):
                # One wrong digit in a contract id would be an order for something else.
                raise ValueError("its checksum is wrong")
            if content["format"] != _FORMAT:
                return
            rules = {int(each["number"]): _rule(each) for each in content["rules"]}
            known = [_description(each) for each in content["instruments"]]
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, InvalidOperation, SymbolError) as error:
            self._warn(f"{path} cannot be read and is begun anew: {error!r}")
            return
        self._rules = rules
        self._instruments = {each.details.symbol: each for each in known}

    def _write(self) -> None:
        if self._path is None:
            return
        content = {
            "format": _FORMAT,
            "rules": [
                {"number": number, "steps": _steps_out(rule.steps), "heard_at": rule.heard_at}
                for number, rule in self._rules.items()
            ],
            "instruments": [_description_out(each) for each in self._instruments.values()],
        }
        fresh = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            plain = orjson.loads(orjson.dumps(content))
            file = {"checksum": _checksum(plain), "content": plain}
            fresh.write_bytes(orjson.dumps(file, option=orjson.OPT_INDENT_2))
            fresh.chmod(0o600)
            fresh.replace(self._path)
        except OSError as error:
            if self._written:  # once, not with each instrument
                self._warn(f"{self._path} cannot be written; the next start asks anew: {error}")
            self._written = False
        else:
            self._written = True


def _checksum(content: Any) -> str:
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _description_out(described: Description) -> dict[str, Any]:
    details = described.details
    return {
        "symbol": str(details.symbol),
        "name": details.name,
        "kind": details.kind,
        "exchange": details.exchange,
        "time_zone": details.time_zone,
        "price_steps": _steps_out(details.price_steps),
        "lot": str(details.lot),
        "sessions": details.sessions,
        "contract": described.contract,
        "asked": described.asked,
        "heard_at": described.heard_at,
    }


def _description(row: dict[str, Any]) -> Description:
    details = InstrumentDetails(
        symbol=Symbol.parse(row["symbol"]),
        name=str(row["name"]),
        kind=str(row["kind"]),
        exchange=str(row["exchange"]),
        time_zone=str(row["time_zone"]),
        price_steps=_steps(row["price_steps"]),
        lot=Decimal(row["lot"]),
        sessions=tuple(_session(each) for each in row["sessions"]),
        contract_id=str(row["contract"]["con_id"]),
    )
    if not details.price_steps or details.lot <= 0:
        raise ValueError(f"{details.symbol} has no price steps or no lot")
    contract = ContractFields(**row["contract"])
    if not isinstance(contract.con_id, int) or contract.con_id <= 0:
        raise ValueError(f"{details.symbol} has no contract id")
    return Description(details, contract, str(row["asked"]), _time(row["heard_at"]))


def _session(row: dict[str, str | None]) -> TradingSession:
    opens, closes = row["opens"], row["closes"]
    if opens is None or closes is None:
        raise ValueError("a session without its times")
    liquid_opens, liquid_closes = row["liquid_opens"], row["liquid_closes"]
    return TradingSession(
        _time(opens),
        _time(closes),
        None if liquid_opens is None else _time(liquid_opens),
        None if liquid_closes is None else _time(liquid_closes),
    )


def _rule(row: dict[str, Any]) -> Rule:
    return Rule(_steps(row["steps"]), _time(row["heard_at"]))


def _steps_out(steps: Iterable[PriceStep]) -> list[list[str]]:
    return [[str(step.low_edge), str(step.increment)] for step in steps]


def _steps(rows: list[list[str]]) -> tuple[PriceStep, ...]:
    steps = tuple(PriceStep(Decimal(edge), Decimal(increment)) for edge, increment in rows)
    if any(step.increment <= 0 for step in steps):
        raise ValueError("a price step that is not above zero")
    return steps


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    return at.astimezone(UTC)
