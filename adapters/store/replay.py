"""The book computed from its journal alone, to be held against its tables.

Each kind of row says what it did; what follows from fills (an order's filled quantity, positions,
commissions by position) is added up at the end. A later `restating` begins everything anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any

import orjson

from adapters.store.average_cost import NOTHING, Holding, after_adoption, after_fill, after_split
from adapters.store.columns import micros, moment
from adapters.store.equity import TABLES as CURVE
from adapters.store.facts import AFTER, TABLES
from adapters.store.orders import pending_with
from adapters.store.postings import COLUMNS as POSTING
from adapters.store.postings import decimal_sum
from domain.exact import EXACT, plain
from domain.orders import Purpose, Side
from domain.terms import AmendmentState

Row = dict[str, Any]
Key = tuple[Any, ...]

_KEYS = {table.name: table.key for table in TABLES}
_TERMS = ("quantity", "limit_price", "stop_price")
_TRADE = ("revision", "execution_id", "side", "quantity", "price", "exchange", "liquidity")
_RATE = ("rate", "rate_source", "rate_us")
_NEW_ORDER = (
    *("venue", "symbol", "side", *_TERMS, "type", "tif", "purpose", "state", "parent"),
    *("oca_group", "market_tif", "plan", "venue_order_id", "pending_change", "reason"),
)


class Replay:
    """Takes the rows of a journal in order; `finish` adds up what follows from them."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[Key, Row]] = {}
        """By table and key, the columns as they should be stored."""
        self.not_known: Counter[str] = Counter()
        """Kinds of rows of which nothing is known here, so that they changed none of the tables."""
        self._begin()

    def take(self, at: int, kind: str, subject: str, correlation: str, detail: str) -> None:
        """The next row, as stored.

        Raises:
            KeyError: it speaks of something that was never written.
        """
        do = _KINDS.get(kind)
        if do is None:
            self.not_known[kind] += 1
            return
        said = orjson.loads(detail)
        for posted in said.pop("postings", ()):
            row = dict(zip(POSTING, posted, strict=True))
            self._put("postings", {"id": self._next("postings"), "booked_us": at, **row})
        do(self, at, subject, correlation, said)

    def finish(self) -> None:
        """Add up the fills."""
        self._add_up_orders()
        self._add_up_positions()
        self._add_up_commissions()
        self._add_up_postings()

    def _begin(self) -> None:
        self.tables = {name: {} for name in _KEYS}

    def _put(self, table: str, row: Row) -> None:
        self.tables[table][tuple(row[name] for name in _KEYS[table])] = row

    def _order(self, name: str) -> Row:
        return self.tables["orders"][name,]

    # -- what each kind did --------------------------------------------------------------

    def _restating(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        self._begin()

    def _restated(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        self._put(subject, detail)

    def _identity(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        self._put("identity", {"id": 1, "created_us": at, **detail})

    def _setting(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        self._put("settings", {"key": subject, "changed_us": at, **detail})

    def _audit(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        self._put("audit", {"id": self._next("audit"), "at_us": at, **detail})

    def _intent(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        row = {name: detail.get(name) for name in _NEW_ORDER}
        times = {f"{name}_us": _micros(detail.get(f"{name}_at")) for name in ("sent", "updated")}
        whose = {"client_order_id": subject, "created_us": at, "correlation": correlation}
        self._put("orders", {**row, **times, **whose, "amending": None})

    def _preview(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        self._put("previews", {"client_order_id": subject, **detail})

    def _estimate(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        self._put("estimates", {"client_order_id": subject, **detail})

    def _state(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        order = self._order(subject)
        order |= {"state": detail["to"], "pending_change": detail["pending_change"]}
        said = {name: detail[name] for name in ("reason", "venue_order_id")}
        said["sent_us"] = _micros(detail["sent_at"])
        order |= {name: value for name, value in said.items() if value is not None}
        order["updated_us"] = at

    def _terms(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        order = self._order(subject)
        order |= {name: detail["to"][name] for name in _TERMS}
        order["updated_us"] = at

    def _amendment(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        was = {f"was_{name}": value for name, value in detail.pop("was").items()}
        empty = {"sent_us": None, "settled_us": None}
        row = {"client_order_id": subject, "created_us": at, **detail, **was, **empty}
        self._put("amendments", row)
        self._amend(subject, detail["amendment_id"], at)

    def _amended(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        amendment = self.tables["amendments"][subject, detail["amendment_id"]]
        settled = AmendmentState(detail["to"]).is_settled
        amendment |= {"state": detail["to"], "settled_us": at if settled else None}
        said = {"reason": detail["reason"], "sent_us": _micros(detail["sent_at"])}
        amendment |= {name: value for name, value in said.items() if value is not None}
        if settled:
            self._amend(subject, None, at)

    def _amend(self, name: str, amendment_id: str | None, at: int) -> None:
        order = self._order(name)
        pending = pending_with(amendment_id, order["pending_change"])
        order |= {"amending": amendment_id, "pending_change": pending, "updated_us": at}

    def _fill(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        order = self._order(subject)
        row = _trade(detail) | {"client_order_id": subject, "symbol": order["symbol"]}
        row |= {name: detail.get(name) for name in _RATE}
        self._put("fills", row)
        self.tables["foreign_executions"].pop((row["venue"], row["execution_key"]), None)
        order["updated_us"] = at

    def _correction(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        fill = self.tables["fills"][detail["venue"], detail["execution_key"]]
        said = _trade(detail)
        if said["venue_order_id"] is None:
            del said["venue_order_id"]
        fill |= said
        self._order(fill["client_order_id"])["updated_us"] = at

    def _foreign(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        names = {name: detail[name] for name in ("client_order_id", "symbol")}
        self._put("foreign_executions", _trade(detail) | names)

    def _execution_word(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        time = _micros(detail.pop("time"))
        row = {"id": self._next("execution_words"), "execution_key": subject, **detail}
        self._put("execution_words", row | {"time_us": time, "booked_us": at})

    def _commission_word(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        detail["amount"] = detail.pop("commission")
        row = {"id": self._next("commission_words"), "execution_key": subject, **detail}
        self._put("commission_words", row | {"booked_us": at})

    def _commission(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        detail["amount"] = detail.pop("commission")
        self._put("commissions", detail | {"booked_us": at})

    def _adoption(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        time = _micros(detail.pop("time"))
        self._put("adoptions", {**detail, "time_us": time})

    def _split(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        time = _micros(detail.pop("time"))
        self._put("splits", {**detail, "time_us": time})

    def _plan(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        before = self.tables["plans"].get((subject, detail["version"] - 1))
        if before is not None:
            before["newest"] = 0
        self._put("plans", {**detail, "at_us": at, "newest": 1})

    def _outside_fact(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        self._put("outside_facts", {"fact_id": subject, "time_us": at, **detail})

    def _rate(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        row = self.tables[detail["table"]][detail["venue"], subject]
        row |= {name: detail[name] for name in _RATE}

    def _cash_difference(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        untyped = {"typed_us": None, "who": None, "note": None}
        self._put(
            "cash_differences", {"difference_id": subject, "time_us": at, **untyped, **detail}
        )

    def _cash_typed(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        self.tables["cash_differences"][subject,] |= {**detail, "typed_us": at}

    def _equity(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        for table, rows in detail.items():
            for values in rows:
                self._put(table, dict(zip(CURVE[table], values, strict=True)))

    def _postings(self, at: int, subject: str, correlation: str, detail: Row) -> None:
        """What was posted stands in the row, as in many others."""

    def _next(self, table: str) -> int:
        """The number that SQLite gives the next row; none is ever taken out of these tables."""
        return len(self.tables[table]) + 1

    # -- what follows from them ----------------------------------------------------------

    def _add_up_orders(self) -> None:
        orders = self.tables["orders"]
        zero = Decimal(0)
        with localcontext(EXACT):
            sums = {name: (zero, zero) for (name,) in orders}
            for fill in self.tables["fills"].values():
                filled, value = sums[fill["client_order_id"]]
                quantity = Decimal(fill["quantity"])
                value += quantity * Decimal(fill["price"])
                sums[fill["client_order_id"]] = filled + quantity, value
        for (name,), order in orders.items():
            filled, value = sums[name]
            order |= {"filled": str(plain(filled)), "filled_value": str(plain(value))}

    def _add_up_positions(self) -> None:
        held: dict[Key, Holding] = {}
        fills = self.tables["fills"].values()
        for fill in fills:
            fill |= dict(zip(AFTER, _texts(NOTHING), strict=True))
            held[fill["venue"], fill["symbol"]] = NOTHING
        moves = [*filter(self._makes_position, fills), *self.tables["adoptions"].values()]
        moves += self.tables["splits"].values()
        for row in sorted(moves, key=_place_in_time):
            place = row["venue"], row["symbol"]
            before = held.get(place)
            after = _after(None if before is NOTHING else before, row)
            held[place] = after
            row |= dict(zip(AFTER, _texts(after), strict=True))
        columns = ("quantity", "cost", "realised_pnl", "opened_us")
        for (venue, symbol), holding in held.items():
            row = dict(zip(columns, _texts(holding), strict=True))
            self._put("positions", {"venue": venue, "symbol": symbol, **row})

    def _makes_position(self, fill: Row) -> bool:
        """What only converts cash makes none."""
        purpose = self._order(fill["client_order_id"])["purpose"]
        return bool(purpose != Purpose.CONVERT.value)

    def _add_up_commissions(self) -> None:
        sums: dict[Key, Decimal] = {}
        with localcontext(EXACT):
            for key, commission in self.tables["commissions"].items():
                fill = self.tables["fills"].get(key)
                if fill is not None:
                    place = fill["venue"], fill["symbol"], commission["currency"]
                    amount = Decimal(commission["amount"])
                    sums[place] = sums.get(place, Decimal(0)) + amount
        for place, total in sums.items():
            whose = dict(zip(_KEYS["position_commissions"], place, strict=True))
            self._put("position_commissions", {**whose, "amount": str(plain(total))})

    def _add_up_postings(self) -> None:
        sums: dict[Key, str] = {}
        for posted in self.tables["postings"].values():
            amount = posted["amount"]
            for account, moved in ((posted["debit"], amount), (posted["credit"], f"-{amount}")):
                place = posted["venue"], account, posted["currency"]
                sums[place] = decimal_sum(sums.get(place, "0"), moved)
        for place, total in sums.items():
            whose = dict(zip(_KEYS["balances"], place, strict=True))
            self._put("balances", {**whose, "amount": total})


_KINDS: dict[str, Callable[[Replay, int, str, str, Row], None]] = {
    "restating": Replay._restating,
    "restated": Replay._restated,
    "identity": Replay._identity,
    "setting": Replay._setting,
    "audit": Replay._audit,
    "intent": Replay._intent,
    "preview": Replay._preview,
    "estimate": Replay._estimate,
    "state": Replay._state,
    "terms": Replay._terms,
    "amendment": Replay._amendment,
    "amended": Replay._amended,
    "fill": Replay._fill,
    "correction": Replay._correction,
    "foreign": Replay._foreign,
    "execution_word": Replay._execution_word,
    "commission_word": Replay._commission_word,
    "commission": Replay._commission,
    "adoption": Replay._adoption,
    "split": Replay._split,
    "plan": Replay._plan,
    "outside_fact": Replay._outside_fact,
    "rate": Replay._rate,
    "cash_difference": Replay._cash_difference,
    "cash_typed": Replay._cash_typed,
    "equity": Replay._equity,
    "postings": Replay._postings,
}


def _place_in_time(row: Row) -> tuple[int, str]:
    """As `positions` has it: a time, and then an execution's key or the other's id."""
    name = next(name for name in ("execution_key", "adoption_id", "split_id") if name in row)
    return row["time_us"], row[name]


def _after(before: Holding | None, row: Row) -> Holding:
    """What a fill, an adoption or a split leaves."""
    time = moment(row["time_us"])
    if "split_id" in row:
        return after_split(before, Decimal(row["new"]), Decimal(row["old"]), time)
    quantity = Decimal(row["quantity"])
    if "adoption_id" in row:
        price = None if row["price"] is None else Decimal(row["price"])
        return after_adoption(before, quantity, price, time)
    return after_fill(before, Side(row["side"]), quantity, Decimal(row["price"]), time)


def _trade(detail: Row) -> Row:
    row = {name: detail[name] for name in (*_TRADE, "venue", "execution_key", "venue_order_id")}
    return row | {"time_us": _micros(detail["time"])}


def _micros(text: str | None) -> int | None:
    return None if text is None else micros(datetime.fromisoformat(text))


def _texts(held: Holding) -> tuple[str, str, str, int]:
    return str(held.quantity), str(held.cost), str(held.realised), micros(held.opened_at)
