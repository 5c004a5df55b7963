"""The course of the week: a market, a gateway with its nightly restart, Kelpie, and its owner.

All of Kelpie is as in production, with the rule as its strategist, its limits and its protection
on. The owner converts some cash once and has everything left on the last afternoon.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from actors import names
from actors.messages import Flatten, GetRisk, Propose, SetPaused
from adapters.store.reading import reading
from domain.orders import OrderRequest, OrderType, Purpose, Side
from domain.risk_views import RiskView
from domain.symbols import Symbol
from rehearsal.gateway import Gateway
from rehearsal.kelpie import Answer, Kelpie
from rehearsal.week.accounts import (
    Figure,
    costs,
    exposures,
    refusals,
    results,
    standing,
)
from rehearsal.week.report import WeekReport
from runtime.virtual_loop import Host, Lane, VirtualLoop
from runtime.virtual_network import Network
from simulators.books import Books, read_books
from simulators.broker import ACCOUNT

SYDNEY = ZoneInfo("Australia/Sydney")
MONDAY = datetime(2026, 11, 23, 9, 30, tzinfo=SYDNEY)
"""Five trading days in a row, none of them a half one."""
PORT = 4002
SYMBOLS = (Symbol("BHP", "AUD"), Symbol("CBA", "AUD"), Symbol("VAS", "AUD"))
PAIR = Symbol("AUD", "USD")
#: Near stops and targets, so that a few days see many entries and exits, and limits so tight
#: that the rule runs into them. Everything else is as Kelpie comes.
SETTINGS = {
    "MODE": "paper",
    "IB_ACCOUNT_ID": ACCOUNT,
    "ALLOWED_SYMBOLS": ",".join(map(str, (*SYMBOLS, PAIR))),
    "HEARTBEAT_SECONDS": "20",
    "HEARTBEAT_DEADLINE_SECONDS": "10",
    "ODD_LOTS": "allow",
    "PURSE": "6000",
    "MAX_DAILY_LOSS": "120",
    "MAX_FEES_PER_DAY": "90",
    "PLAN_STOP": "1",
    "PLAN_TARGET": "1.5",
    "PLAN_TRAIL_AFTER": "0.5",
    "PLAN_TRAIL_DISTANCE": "0.8",
    "PLAN_LATEST_AGE_MINUTES": "240",
}
_OPENS, _CLOSES = time(9, 55), time(16, 15)
_BEAT, _NIGHT_BEAT = 6.0, 60.0
"""Seconds between two looks of the market and at it."""
_LOOK_SECONDS = 300.0
_RESTART, _RESTART_SECONDS = time(23, 45), 120.0
_CONVERTS, _LEAVES, _EVENING = time(10, 20), time(15, 20), time(17, 0)
_WITHIN = 10.0


class Week:
    """Built from a seed, a folder that is its disk, and how many days it has; used once."""

    def __init__(self, seed: int, folder: Path, days: int = 5) -> None:
        self.seed = seed
        self.days = days
        self.loop = VirtualLoop(seed)
        asyncio.set_event_loop(self.loop)
        network = Network(self.loop, seed)
        self.gateway = Gateway(
            self.loop,
            network,
            folder / "gateway",
            MONDAY,
            seed=seed,
            port=PORT,
            asx_hours=True,
            beat_seconds=self._beat,
            listed=(*SYMBOLS, PAIR),
        )
        self.kelpie = Kelpie(
            self.loop, network, folder / "kelpie", MONDAY, PORT, seed, SETTINGS, telemetry=_forget
        )
        self._context = Lane(self.loop, Host("fate"), "fate").context()
        self._books_folder = folder / "gateway"
        self._evenings: list[tuple[date, list[Figure]]] = []
        self._restarts = 0
        self._most = Decimal(0)
        """The highest that Kelpie's own gate said to be at stake, orders at their worst."""

    def run(self) -> WeekReport:
        """Live through it."""
        self.gateway.boot()
        self.kelpie.boot()
        self._look()
        for day in range(self.days):
            self._plan_day(day)
            self.loop.run_until(self._moment(day, _EVENING))
            with reading(self.kelpie.book) as link:
                figures = standing(link, self._books())
            self._evenings.append((self._day(day).date(), figures))
        report = self._report()
        self.kelpie.close()
        self.gateway.close()
        self.loop.close()
        return report

    def _report(self) -> WeekReport:
        books = self._books()
        with reading(self.kelpie.book) as link:
            _, exposure = max(exposures(link, books), key=lambda each: each[1].ours)
            return WeekReport(
                seed=self.seed,
                evenings=self._evenings,
                results=results(link, books),
                costs=costs(link),
                exposure=exposure,
                at_stake=self._most,
                refusals=refusals(self.kelpie.book),
                orders=len(books.orders),
                restarts=self._restarts,
            )

    # -- the plan ------------------------------------------------------------------------

    def _plan_day(self, day: int) -> None:
        for when in (_OPENS, _CLOSES):
            self._at(self._moment(day, when), self._pace)
        self._at(self._moment(day, _RESTART), self._restart)
        if day == 0:
            self._at(self._moment(day, _CONVERTS), self._convert)
        if day == self.days - 1:
            self._at(self._moment(day, _LEAVES), self._leave)

    def _day(self, day: int) -> datetime:
        return MONDAY + timedelta(days=day)

    def _moment(self, day: int, when: time) -> float:
        at = datetime.combine(self._day(day).date(), when, SYDNEY)
        return (at - MONDAY).total_seconds()

    def _at(self, when: float, call: Callable[[], object]) -> None:
        self.loop.call_at(when, call, context=self._context)

    # -- what happens --------------------------------------------------------------------

    def _beat(self) -> float:
        now = (MONDAY + timedelta(seconds=self.loop.time())).time()
        return _BEAT if _OPENS <= now < _CLOSES else _NIGHT_BEAT

    def _pace(self) -> None:
        self.gateway.broker.exchange.slow_down(self._beat())

    def _restart(self) -> None:
        gateway = self.gateway
        name = gateway.inside(gateway.stage.do, "nightly_restart", {})
        self._restarts += 1
        ends = self.loop.time() + _RESTART_SECONDS
        self._at(ends, lambda: gateway.inside(gateway.stage.forget, name))

    def _convert(self) -> None:
        """Some dollars for others: cash for cash, which no position and no flatten knows of."""
        con_id = next(i.con_id for i in self.gateway.broker.instruments() if i.symbol == PAIR)
        bid = self.gateway.broker.top(con_id).bid
        assert bid is not None
        order = OrderRequest(
            "KLP-CONVERT",
            PAIR,
            Side.SELL,
            Decimal(5000),
            OrderType.LIMIT,
            bid - Decimal("0.001"),
            purpose=Purpose.CONVERT,
        )
        within = self.kelpie.clock.monotonic() + _WITHIN
        self.kelpie.ask(names.DESK, Propose(within, order, "owner", "dollars are wanted"))

    def _leave(self) -> None:
        """Paused first, or the rule would buy again."""
        self.kelpie.tell(names.DESK, SetPaused(True, "owner", "the week is over"))
        within = self.kelpie.clock.monotonic() + _WITHIN
        self.kelpie.ask(names.DESK, Flatten(within, (), "owner", "the week is over"))

    def _look(self) -> None:
        """What the gate of exposure says is at stake, every five minutes."""
        self.kelpie.ask(names.DESK, GetRisk(), self._looked)
        self._at(self.loop.time() + _LOOK_SECONDS, self._look)

    def _looked(self, answer: Answer) -> None:
        if isinstance(answer.value, RiskView) and answer.value.ours is not None:
            self._most = max(self._most, answer.value.ours)

    def _books(self) -> Books:
        return read_books(self._books_folder)


def _forget(*_: object) -> None:
    """The lines of telemetry are another test's; the file beside the book is what is read here."""
