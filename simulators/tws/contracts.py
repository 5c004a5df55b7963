"""Contracts: finding what a client describes, its details, trading hours and price steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from runtime.interface import Clock
from simulators.broker_interface import Broker
from simulators.model import (
    Instrument,
)
from simulators.model import Session as TradingSession
from simulators.tws import encode
from simulators.tws.data_habits import DataHabits
from simulators.tws.fields import FieldReader
from simulators.tws.protocol import Reply, Request
from simulators.tws.requests import ContractQuery
from simulators.tws.routing import Handlers
from simulators.tws.session import Session

#: How many days of trading hours contract details announce.
DAYS_OF_HOURS = 6

_NOT_FOUND = "No security definition has been found for the request"


class ContractError(ValueError):
    """No instrument, or more than one, answers a description (error 200)."""


class ContractBook:
    """All instruments that the broker lists, by what clients call them."""

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        self.all = tuple(instruments)
        self._by_id = {instrument.con_id: instrument for instrument in self.all}

    def by_id(self, con_id: int) -> Instrument:
        """The instrument with this contract id; it must be listed."""
        return self._by_id[con_id]

    def find(self, query: ContractQuery) -> list[Instrument]:
        """Every instrument that the description fits."""
        if query.sec_id_type:
            return [
                instrument
                for instrument in self.all
                if query.sec_id_type.upper() == "ISIN" and instrument.isin == query.sec_id
            ]
        if query.con_id:
            known = self._by_id.get(query.con_id)
            return [known] if known is not None and _trades_on(known, query.exchange) else []
        return [instrument for instrument in self.all if _fits(instrument, query)]

    def resolve(self, query: ContractQuery) -> Instrument:
        """The one instrument that is meant.

        Raises:
            ContractError: with the text of error 200.
        """
        found = self.find(query)
        if not found:
            raise ContractError(_NOT_FOUND)
        if len(found) > 1:
            name = query.local_symbol or query.symbol
            raise ContractError(f"The contract description specified for {name} is ambiguous.")
        return found[0]

    def matching(self, pattern: str) -> list[Instrument]:
        """Instruments whose symbol begins with the pattern, or whose name holds it."""
        wanted = pattern.strip().upper()
        if not wanted:
            return []
        return [
            instrument
            for instrument in self.all
            if instrument.symbol.base.startswith(wanted) or wanted in instrument.long_name.upper()
        ][:16]


def _trades_on(instrument: Instrument, exchange: str) -> bool:
    return exchange in ("", *instrument.valid_exchanges, instrument.exchange)


def _fits(instrument: Instrument, query: ContractQuery) -> bool:
    return (
        bool(query.symbol or query.local_symbol)
        and query.symbol in ("", instrument.symbol.base)
        and query.sec_type in ("", instrument.sec_type)
        and query.currency in ("", instrument.symbol.currency)
        and query.local_symbol in ("", instrument.local_symbol)
        and query.trading_class in ("", instrument.trading_class)
        and query.primary_exchange in ("", instrument.exchange)
        and _trades_on(instrument, query.exchange)
    )


def hours_text(
    sessions: Sequence[TradingSession], first: date, days: int, zone: str, *, liquid: bool
) -> str:
    """Hours as TWS writes them, `20260909:0959-20260909:1611;20260912:CLOSED;…`.

    Each session stands under the day on which it opens, in the instrument's zone; the first may
    have opened the day before. A day on which one only ends has no entry of its own. The wire
    knows whole minutes: a part of one is cut off.
    """
    where = ZoneInfo(zone)
    by_day: dict[date, list[str]] = {first + timedelta(days=n): [] for n in range(days)}
    last = first + timedelta(days=days)
    ended_on = set()
    for session in sorted(sessions, key=lambda session: session.opens):
        begin, end = (session.opens, session.closes) if liquid else session.trading
        opens, ends = begin.astimezone(where), end.astimezone(where)
        if opens.date() < last and ends.date() >= first:
            text = f"{opens:%Y%m%d:%H%M}-{ends:%Y%m%d:%H%M}"
            by_day.setdefault(opens.date(), []).append(text)
            ended_on.add(ends.date())
    return ";".join(
        ",".join(windows) if windows else f"{day:%Y%m%d}:CLOSED"
        for day, windows in sorted(by_day.items())
        if windows or day not in ended_on
    )


class ContractDesk:
    """Answers requests about contracts."""

    def __init__(
        self, broker: Broker, book: ContractBook, clock: Clock, habits: Callable[[], DataHabits]
    ) -> None:
        self._broker = broker
        self._book = book
        self._clock = clock
        self._habits = habits

    def handlers(self) -> Handlers:
        """Which requests are answered here."""
        return {
            Request.CONTRACT_DETAILS: self._details,
            Request.MATCHING_SYMBOLS: self._matching,
            Request.MARKET_RULE: self._market_rule,
        }

    def _details(self, session: Session, fields: FieldReader) -> None:
        fields.skip()
        req_id = fields.integer()
        query = ContractQuery.read(fields)
        fields.skip()  # includeExpired
        query = replace(query, sec_id_type=fields.text().strip(), sec_id=fields.text().strip())
        found = self._book.find(query)
        if not found:
            session.send_error(req_id, 200, _NOT_FOUND)
            return
        no_time_zone = self._habits().no_time_zone
        for instrument in found:
            exchange = query.exchange or instrument.valid_exchanges[0]
            trading, liquid = self._hours(instrument)
            shown = replace(instrument, time_zone_id="") if no_time_zone else instrument
            session.send(
                encode.contract_details(req_id, shown, exchange, trading, liquid, session.version)
            )
        session.send(encode.simple(Reply.CONTRACT_DETAILS_END, req_id))

    def _hours(self, instrument: Instrument) -> tuple[str, str]:
        zone = instrument.time_zone_id
        today = self._clock.now().astimezone(ZoneInfo(zone)).date()
        sessions = self._broker.sessions(instrument.con_id, DAYS_OF_HOURS)
        trading = hours_text(sessions, today, DAYS_OF_HOURS, zone, liquid=False)
        return trading, hours_text(sessions, today, DAYS_OF_HOURS, zone, liquid=True)

    def _matching(self, session: Session, fields: FieldReader) -> None:
        req_id, pattern = fields.integer(), fields.text()
        found = self._book.matching(pattern)
        session.send(encode.symbol_samples(req_id, found, session.version))

    def _market_rule(self, session: Session, fields: FieldReader) -> None:
        rule_id = fields.integer()
        for instrument in self._book.all:
            if instrument.market_rule_id == rule_id:
                session.send(encode.market_rule(rule_id, instrument.price_steps))
                return
        session.send_error(
            -1, 321, f"Error validating request.-'cs' : cause - Invalid market rule id {rule_id}"
        )
