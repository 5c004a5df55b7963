"""A weekend on which nobody logs the gateway in, on virtual time: the broker's books judge."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from actors import names
from actors.lanes import Message
from actors.mailbox import Envelope
from actors.messages import CancelHanded, GetAway, OrderRecorded, Propose, SetAway, Verdict
from adapters.store.reading import reading
from domain.away import AwayView, Then
from domain.orders import OrderRequest, OrderState, OrderType, Side, Tif
from domain.symbols import Symbol
from rehearsal.gateway import Gateway
from rehearsal.kelpie import Kelpie
from runtime.virtual_loop import Host, Lane, VirtualLoop
from runtime.virtual_network import Network
from simulators.books import Books, read_books
from simulators.broker import ACCOUNT
from simulators.tws.wire_history import read_wire_log

SYDNEY = ZoneInfo("Australia/Sydney")
BHP, VAS = Symbol("BHP", "AUD"), Symbol("VAS", "AUD")
THURSDAY = datetime(2026, 12, 3, 15, 0, tzinfo=SYDNEY)
SETTINGS = {
    "MODE": "paper",
    "IB_ACCOUNT_ID": ACCOUNT,
    "STRATEGY": "none",
    "ALLOWED_SYMBOLS": f"{BHP},{VAS}",
    "HEARTBEAT_SECONDS": "120",
    "HEARTBEAT_DEADLINE_SECONDS": "10",
    "QUOTE_STALE_AFTER_SECONDS": "900",
    "ENTRY_PREVIEWS": "false",
    "PLAN_STOP": "20",
    "PLAN_TARGET": "45",
    "PLAN_LATEST_AGE_MINUTES": "20000",
    "PLAN_TRAIL_AFTER": "0",
}
_BEAT, _LONG_BEAT = 10.0, 300.0
"""Seconds between two looks of the market: while something happens, and while nothing does."""
_AWHILE = 120.0


class Weekend:
    """From Thursday afternoon on: a real gateway's books, and a Kelpie that may be killed."""

    def __init__(self, folder: Path) -> None:
        self.loop, self._beat = VirtualLoop(7), _BEAT
        self._fate = Lane(self.loop, Host("fate"), "fate").context()
        asyncio.set_event_loop(self.loop)
        network = Network(self.loop, 7)
        self._folder = folder / "gateway"
        self.gateway = Gateway(
            self.loop,
            network,
            self._folder,
            THURSDAY,
            seed=7,
            port=4002,
            asx_hours=True,
            beat_seconds=lambda: self._beat,
            listed=(BHP, VAS),
        )
        self._pace(_BEAT)
        self.kelpie = Kelpie(self.loop, network, folder / "kelpie", THURSDAY, 4002, 7, SETTINGS)
        self.gateway.boot()
        self.kelpie.boot()

    def close(self) -> None:
        self.kelpie.close()
        self.gateway.close()
        self.loop.close()

    def until(self, day: int, clock: str) -> None:
        """Live on to an hour in Sydney of a day of December 2026."""
        hour, minute = map(int, clock.split(":"))
        at = datetime(2026, 12, day, hour, minute, tzinfo=SYDNEY)
        seconds = (at - THURSDAY).total_seconds()
        if seconds - self.loop.time() > 2 * _AWHILE:
            self._pace(_LONG_BEAT)
            self.loop.run_until(seconds - _AWHILE)
            self._pace(_BEAT)
        self.loop.run_until(seconds)

    def _pace(self, beat: float) -> None:
        self._beat = beat
        self.gateway.broker.exchange.slow_down(beat)
        if self.gateway.alive:
            self.loop.call_soon(self.gateway.hurry, context=self._fate)

    def kill_at(self, moment: Callable[[Message], bool], kill: Callable[[], None]) -> None:
        """SIGKILL the moment the next such message is on its way to its seat."""

        def look(_: str, envelope: Envelope) -> None:
            if moment(envelope.message):
                self.kelpie.system.on_put = lambda *_: None
                self.loop.call_soon(kill, context=self._fate)

        self.kelpie.system.on_put = look

    def off_until(self, day: int, clock: str) -> None:
        """The power is gone up to then, and so is the time that it takes to live through."""
        self.pass_by(30.0)
        self.kelpie.kill()
        self.gateway.kill()
        self.until(day, clock)

    def pass_by(self, seconds: float) -> None:
        self.loop.run_until(self.loop.time() + seconds)

    def propose(self, name: str, symbol: Symbol, *, limit: str = "", tif: Tif = Tif.DAY) -> Verdict:
        """A purchase of 60, at the market or at a part of its price; the desk's word on it."""
        con_id = next(i.con_id for i in self.gateway.broker.instruments() if i.symbol == symbol)
        ask = self.gateway.broker.top(con_id).ask
        assert ask is not None
        price = (ask * Decimal(limit or "1.003")).quantize(Decimal("0.01"))
        order = OrderRequest(name, symbol, Side.BUY, Decimal(60), OrderType.LIMIT, price, tif=tif)
        deadline = self.kelpie.clock.monotonic() + 10.0
        answer = self.kelpie.ask(names.DESK, Propose(deadline, order, "owner", "a test"))
        self.pass_by(10.0)
        assert isinstance(answer.value, Verdict)
        return answer.value

    def away(self) -> AwayView:
        answer = self.kelpie.ask(names.DESK, GetAway())
        self.pass_by(1.0)
        assert isinstance(answer.value, AwayView)
        return answer.value

    def leaves(self, then: Then) -> None:
        """The owner says: from Saturday to Thursday."""
        since = datetime(2026, 12, 5, 8, 0, tzinfo=SYDNEY)
        until = datetime(2026, 12, 10, 8, 0, tzinfo=SYDNEY)
        deadline = self.kelpie.clock.monotonic() + 10.0
        message = SetAway(deadline, since, until, then, "owner", "a journey")
        answer = self.kelpie.ask(names.DESK, message)
        self.pass_by(2.0)
        assert isinstance(answer.value, AwayView) and answer.value.away is not None

    # -- the broker's truth --------------------------------------------------------------

    @property
    def books(self) -> Books:
        return read_books(self._folder)

    def held(self) -> int:
        return sum(int(each.quantity) for each in self.books.positions.values())

    def status(self, name: str) -> str:
        orders = {each.request.order_ref: each.status for each in self.books.orders}
        return orders.get(name, "")

    def stops(self) -> int:
        """How much a stop at the broker would sell of what is held."""
        orders = self.books.orders
        held = {o.request.con_id for o in orders if o.request.order_ref == "KLP-HELD"}
        return sum(
            int(each.request.quantity - each.filled)
            for each in orders
            if each.request.con_id in held
            and each.request.type is OrderType.STOP
            and each.request.side is Side.SELL
            and each.status in ("PreSubmitted", "Submitted")
        )

    def flattened(self) -> list[str]:
        refs = read_wire_log(self._folder / "wire.jsonl").orders_per_ref()
        assert set(refs.values()) == {1}, "nothing is sent twice"
        return [name for name in refs if name.startswith("KLP-F-")]

    def audited(self) -> list[tuple[str, str]]:
        with reading(self.kelpie.book) as link:
            rows = link.execute("SELECT who, what FROM audit ORDER BY id").fetchall()
        return [(who, what) for who, what in rows]


@pytest.fixture
def weekend(tmp_path: Path) -> Iterator[Weekend]:
    place = Weekend(tmp_path)
    yield place
    place.close()


def _on_a_thursday(weekend: Weekend, then: Then) -> None:
    """60 BHP held under their stop, a bid in another share, and the owner goes away."""
    weekend.until(3, "15:05")
    assert weekend.propose("KLP-HELD", BHP).admitted
    assert weekend.propose("KLP-REST", VAS, limit="0.95", tif=Tif.GTC).admitted
    weekend.pass_by(60.0)
    assert weekend.status("KLP-HELD") == "Filled"
    assert weekend.status("KLP-REST") == "Submitted"
    assert (weekend.held(), weekend.stops()) == (60, 60)
    weekend.leaves(then)
    weekend.off_until(4, "09:50")
    weekend.gateway.boot()
    weekend.kelpie.boot()


def _over_the_weekend(weekend: Weekend) -> None:
    """The box is off from Friday evening on; then Kelpie is there, and no login is made."""
    weekend.until(4, "16:25")
    weekend.off_until(8, "09:25")
    weekend.kelpie.boot()
    weekend.pass_by(60.0)
    assert weekend.away().missed is not None


def _somebody_logs_in(weekend: Weekend, day: int) -> None:
    weekend.until(day, "09:30")
    weekend.gateway.boot()
    weekend.until(day, "10:30")


@pytest.mark.timeout(120)
def test_wound_down_before_a_login_that_nobody_makes(weekend: Weekend) -> None:
    _on_a_thursday(weekend, Then.WIND_DOWN)
    weekend.until(4, "09:58")
    assert (weekend.held(), weekend.status("KLP-REST")) == (60, "Submitted"), "not yet"
    weekend.until(4, "10:05")
    refused = weekend.propose("KLP-NEW", BHP)
    assert (refused.admitted, refused.code) == (False, "AWAY"), refused
    assert "Sun 06 Dec 17:00" in refused.sentence
    assert weekend.status("KLP-REST") in ("Cancelled", "ApiCancelled")
    weekend.until(4, "13:58")
    assert (weekend.held(), weekend.stops()) == (60, 60) and weekend.flattened() == []

    # Killed in the middle: the cancel of the stop has left, and nothing is sold yet.
    weekend.kill_at(lambda m: isinstance(m, CancelHanded), weekend.kelpie.kill)
    weekend.until(4, "14:03")
    assert not weekend.kelpie.alive
    assert (weekend.held(), weekend.stops()) == (60, 0) and weekend.flattened() == []
    weekend.kelpie.boot()
    weekend.until(4, "14:20")
    assert (weekend.held(), weekend.stops()) == (0, 0)
    assert len(weekend.flattened()) == 1, "sold once"
    assert weekend.audited().count(("away", "setting")) == 2, "one wish, begun and ended"
    assert weekend.propose("KLP-AGAIN", VAS).code == "AWAY", "it survives the kill"

    _over_the_weekend(weekend)
    _somebody_logs_in(weekend, 8)  # after all, and before the owner is back
    assert weekend.away().missed is None
    assert weekend.propose("KLP-BACK", BHP).admitted
    weekend.pass_by(60.0)
    assert weekend.status("KLP-BACK") == "Filled"
    assert len(weekend.flattened()) == 1, "and nothing of it is sold by an old wish"
    assert weekend.held() == 60


def _stop_is_gone(message: Message) -> bool:
    if not isinstance(message, OrderRecorded):
        return False
    order = message.order
    return order.request.type is OrderType.STOP and order.state is OrderState.CANCELLED


@pytest.mark.timeout(120)
def test_what_cannot_be_left_in_time_is_guarded_again_and_not_sold_later(weekend: Weekend) -> None:
    _on_a_thursday(weekend, Then.WIND_DOWN)
    weekend.until(4, "13:58")
    # The gateway dies when the stop has been taken back; all is there again after the close.
    weekend.kill_at(_stop_is_gone, weekend.gateway.kill)
    weekend.until(4, "14:02")
    assert not weekend.gateway.alive and (weekend.held(), weekend.stops()) == (60, 0)
    weekend.off_until(4, "16:20")
    weekend.gateway.boot()
    weekend.kelpie.boot()
    weekend.until(4, "16:24")
    assert (weekend.held(), weekend.stops(), weekend.flattened() == []) == (60, 60, True)
    _over_the_weekend(weekend)
    _somebody_logs_in(weekend, 8)
    assert (weekend.held(), weekend.stops()) == (60, 60)


@pytest.mark.timeout(120)
def test_exits_only_keeps_what_is_held_under_its_stop(weekend: Weekend) -> None:
    _on_a_thursday(weekend, Then.EXITS_ONLY)
    weekend.until(4, "09:58")
    assert weekend.status("KLP-REST") == "Submitted"
    weekend.until(4, "10:05")
    assert weekend.propose("KLP-NEW", BHP).code == "AWAY"
    assert weekend.status("KLP-REST") in ("Cancelled", "ApiCancelled")
    weekend.until(4, "16:20")
    assert (weekend.held(), weekend.stops()) == (60, 60) and weekend.flattened() == []
    _over_the_weekend(weekend)
    assert (weekend.held(), weekend.stops()) == (60, 60), "it stands while nobody is there"
    weekend.off_until(10, "09:25")
    weekend.kelpie.boot()
    _somebody_logs_in(weekend, 10)  # the owner, who is back
    assert weekend.away().away is None
    assert weekend.propose("KLP-BACK", VAS).admitted


@pytest.mark.timeout(120)
def test_nothing_changes_nothing(weekend: Weekend) -> None:
    _on_a_thursday(weekend, Then.NOTHING)
    weekend.until(4, "14:30")
    assert weekend.status("KLP-REST") == "Submitted"
    assert weekend.propose("KLP-NEW", BHP, limit="0.95").admitted
    assert weekend.flattened() == [] and weekend.held() == 60
