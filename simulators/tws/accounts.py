"""Accounts and positions: the lists with their ends, and what is sent again on a change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from runtime.interface import Clock
from simulators.broker_interface import Broker
from simulators.tws import encode
from simulators.tws.account_values import NEVER_HELD, AccountValue, account_values
from simulators.tws.data_habits import DataHabits
from simulators.tws.fields import FieldReader
from simulators.tws.protocol import Reply, Request
from simulators.tws.routing import Handlers
from simulators.tws.session import Session

#: Summaries that one client may have open at a time (error 322 above it).
MAX_SUMMARIES = 2

_REPLACED = (
    2100,
    "New account data requested from TWS. API client has been unsubscribed from account data.",
)

_LEDGER_TAGS = frozenset(NEVER_HELD) | frozenset(
    {
        "AccountOrGroup",
        "Currency",
        "CashBalance",
        "TotalCashBalance",
        "StockMarketValue",
        "UnrealizedPnL",
        "RealizedPnL",
        "NetLiquidationByCurrency",
        "ExchangeRate",
    }
)


@dataclass(slots=True)
class _Interest:
    """What one session wants to hear of the account, and what it was told last."""

    updates: bool = False
    positions: bool = False
    summaries: dict[int, list[str]] = field(default_factory=dict)
    multi: dict[int, bool] = field(default_factory=dict)
    told: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def news(self, stream: str, row: AccountValue) -> bool:
        """The row differs from what this stream was told; from now on it was told."""
        key = (stream, row.tag, row.currency)
        if self.told.get(key) == row.value:
            return False
        self.told[key] = row.value
        return True


class AccountDesk:
    """Answers requests about the account. `time_zone` is that of the gateway's operator."""

    def __init__(
        self, broker: Broker, clock: Clock, time_zone: str, habits: Callable[[], DataHabits]
    ) -> None:
        self._broker = broker
        self._clock = clock
        self._habits = habits
        self._zone = ZoneInfo(time_zone)
        self._interests: dict[Session, _Interest] = {}
        self._moved: set[int] = set()
        self._updated_at = clock.monotonic()

    def handlers(self) -> Handlers:
        """Which requests are answered here."""
        return {
            Request.MANAGED_ACCOUNTS: self._managed_accounts,
            Request.ACCOUNT_UPDATES: self._account_updates,
            Request.POSITIONS: self._positions,
            Request.CANCEL_POSITIONS: self._cancel_positions,
            Request.POSITIONS_MULTI: self._positions_multi,
            Request.CANCEL_POSITIONS_MULTI: _nothing_to_cancel,
            Request.ACCOUNT_SUMMARY: self._summary,
            Request.CANCEL_ACCOUNT_SUMMARY: self._cancel_summary,
            Request.ACCOUNT_UPDATES_MULTI: self._updates_multi,
            Request.CANCEL_ACCOUNT_UPDATES_MULTI: self._cancel_updates_multi,
            Request.FAMILY_CODES: self._family_codes,
        }

    def forget(self, session: Session) -> None:
        """A session is over."""
        self._interests.pop(session, None)

    def position_moved(self, con_id: int) -> None:
        """A trade changed this position; those who listen hear of it on the next beat."""
        self._moved.add(con_id)

    def beat(self) -> None:
        """Send what is due: positions that moved, and changed values."""
        now = self._clock.monotonic()
        due = now - self._updated_at >= self._habits().account_update_seconds
        if due:
            self._updated_at = now
        if not self._interests or not (due or self._moved):
            return
        moved, self._moved = self._moved, set()
        values = account_values(self._broker)
        held = [p for p in self._broker.positions() if due or p.instrument.con_id in moved]
        for session, interest in self._interests.items():
            if interest.positions:
                for row in held:
                    if row.instrument.con_id in moved:
                        session.send(encode.position(self._broker.account, row, session.version))
            if interest.updates:
                self._send_values(session, interest, values)
                for row in held:
                    session.send(encode.portfolio_value(self._broker.account, row, session.version))
                session.send(self._time())
            if due:
                for req_id, tags in interest.summaries.items():
                    self._send_summary(session, interest, req_id, tags, values)
            for req_id, ledger_only in interest.multi.items():
                self._send_multi(session, interest, req_id, ledger_only, values)

    def _interest(self, session: Session) -> _Interest:
        return self._interests.setdefault(session, _Interest())

    def _is_ours(self, session: Session, req_id: int, account: str) -> bool:
        if account in ("", self._broker.account):
            return True
        session.send_error(
            req_id,
            321,
            f"Error validating request.-'bR' : cause - Invalid account code '{account}'.",
        )
        return False

    def _managed_accounts(self, session: Session, fields: FieldReader) -> None:
        session.send(encode.simple(Reply.MANAGED_ACCOUNTS, self._broker.account))

    def _account_updates(self, session: Session, fields: FieldReader) -> None:
        fields.skip()
        subscribe, account = fields.flag(), fields.text().strip()
        interest = self._interest(session)
        if not subscribe:
            interest.updates = False
            return
        if not self._is_ours(session, -1, account):
            return
        if self._habits().account_updates_once:
            self._unsubscribe_others(session)
        interest.updates = True
        for key in [key for key in interest.told if key[0] == "updates"]:
            del interest.told[key]
        self._send_values(session, interest, account_values(self._broker))
        for held in self._broker.positions():
            session.send(encode.portfolio_value(self._broker.account, held, session.version))
        session.send(self._time())
        session.send(encode.simple(Reply.ACCOUNT_DOWNLOAD_END, self._broker.account))

    def _unsubscribe_others(self, session: Session) -> None:
        for other, interest in self._interests.items():
            if other is not session and interest.updates:
                interest.updates = False
                other.send_error(-1, *_REPLACED)

    def _send_values(
        self, session: Session, interest: _Interest, values: list[AccountValue]
    ) -> None:
        for row in values:
            if interest.news("updates", row):
                session.send(
                    [
                        str(Reply.ACCOUNT_VALUE.value),
                        "2",
                        row.tag,
                        row.value,
                        row.currency,
                        self._broker.account,
                    ]
                )

    def _time(self) -> list[str]:
        local = self._clock.now().astimezone(self._zone)
        return encode.simple(Reply.ACCOUNT_TIME, f"{local:%H:%M}")

    def _positions(self, session: Session, fields: FieldReader) -> None:
        self._interest(session).positions = True
        for held in self._broker.positions():
            session.send(encode.position(self._broker.account, held, session.version))
        session.send(encode.simple(Reply.POSITION_END))

    def _cancel_positions(self, session: Session, fields: FieldReader) -> None:
        self._interest(session).positions = False

    def _positions_multi(self, session: Session, fields: FieldReader) -> None:
        fields.skip()
        req_id, account = fields.integer(), fields.text().strip()
        if not self._is_ours(session, req_id, account):
            return
        for held in self._broker.positions():
            session.send(encode.position_multi(req_id, self._broker.account, held, session.version))
        session.send(encode.simple(Reply.POSITION_MULTI_END, req_id))

    def _summary(self, session: Session, fields: FieldReader) -> None:
        fields.skip()
        req_id, group, tags = fields.integer(), fields.text().strip(), fields.text()
        interest = self._interest(session)
        if req_id not in interest.summaries and len(interest.summaries) >= MAX_SUMMARIES:
            session.send_error(
                req_id,
                322,
                "Error processing request.-'bU' : cause - Maximum number of account summary "
                "requests exceeded",
            )
            return
        if group.lower() != "all":
            session.send_error(
                req_id, 321, f"Error validating request.-'bU' : cause - Invalid group '{group}'"
            )
            return
        interest.summaries[req_id] = [tag.strip() for tag in tags.split(",") if tag.strip()]
        values = account_values(self._broker)
        self._send_summary(session, interest, req_id, interest.summaries[req_id], values)
        session.send(encode.simple(Reply.ACCOUNT_SUMMARY_END, req_id))

    def _send_summary(
        self,
        session: Session,
        interest: _Interest,
        req_id: int,
        tags: list[str],
        values: list[AccountValue],
    ) -> None:
        ledger = next((t.removeprefix("$LEDGER") for t in tags if t.startswith("$LEDGER")), None)
        for row in values:
            if row.tag in _LEDGER_TAGS:
                wanted = ledger in (":ALL", f":{row.currency}") or (
                    ledger == "" and row.currency == "BASE"
                )
            else:
                wanted = row.tag in tags
            if row.tag == "AccruedCash" in tags and row.currency == self._broker.base_currency:
                wanted = True  # the one tag that is in both lists
            if wanted and interest.news(f"summary {req_id}", row):
                session.send(
                    encode.simple(
                        Reply.ACCOUNT_SUMMARY,
                        req_id,
                        self._broker.account,
                        row.tag,
                        row.value,
                        row.currency,
                    )
                )

    def _cancel_summary(self, session: Session, fields: FieldReader) -> None:
        fields.skip()
        req_id = fields.integer()
        interest = self._interest(session)
        interest.summaries.pop(req_id, None)
        for key in [key for key in interest.told if key[0] == f"summary {req_id}"]:
            del interest.told[key]

    def _updates_multi(self, session: Session, fields: FieldReader) -> None:
        fields.skip()
        req_id, account = fields.integer(), fields.text().strip()
        fields.skip()  # the model
        ledger_only = fields.flag()
        if not self._is_ours(session, req_id, account):
            return
        interest = self._interest(session)
        interest.multi[req_id] = ledger_only
        values = account_values(self._broker)
        self._send_multi(session, interest, req_id, ledger_only, values)
        session.send(encode.simple(Reply.ACCOUNT_UPDATE_MULTI_END, req_id))

    def _send_multi(
        self,
        session: Session,
        interest: _Interest,
        req_id: int,
        ledger_only: bool,
        values: list[AccountValue],
    ) -> None:
        for row in values:
            wanted = not ledger_only or row.tag in _LEDGER_TAGS or row.tag == "NetLiquidation"
            if wanted and interest.news(f"multi {req_id}", row):
                session.send(
                    encode.simple(
                        Reply.ACCOUNT_UPDATE_MULTI,
                        req_id,
                        self._broker.account,
                        "",
                        row.tag,
                        row.value,
                        row.currency,
                    )
                )

    def _cancel_updates_multi(self, session: Session, fields: FieldReader) -> None:
        fields.skip()
        req_id = fields.integer()
        interest = self._interest(session)
        interest.multi.pop(req_id, None)
        for key in [key for key in interest.told if key[0] == f"multi {req_id}"]:
            del interest.told[key]

    def _family_codes(self, session: Session, fields: FieldReader) -> None:
        session.send([str(Reply.FAMILY_CODES.value), "1", self._broker.account, ""])


def _nothing_to_cancel(session: Session, fields: FieldReader) -> None:
    """The list was complete when it was asked for; there is no stream to end."""
