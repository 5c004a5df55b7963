"""Whatever a seat of the real tree is sent, it has a handler for.

The table says who is told what, by anybody's code. It is held to the tree from both sides: each
seat named in it must take the message, and whatever the seats were seen to handle in a run with
orders, a lost link and restarts must stand in it. A new message must get its row.
"""

from __future__ import annotations

import inspect
from pathlib import Path

from actors import lanes, messages, names
from actors.lanes import Message, RestartChild
from tests.tree.in_process import Tree, Venue, growing
from tests.tree.market import wait_for_open_market
from tests.tree.waiting import SOON, until

IB = names.IB
CONNECTION, QUOTES, HISTORY, ORDERS, RESYNC, BARS = names.of_venue(IB)[1:]
TRADERS = (names.DESK, names.PLAN_MONITOR, names.STRATEGIST)
READERS = (*TRADERS, names.NARRATOR)
_SUPERVISORS = (names.ROOT, IB, names.TRADING, names.CONSOLE)
_BY_EVERYBODY = {
    lanes.Stop,
    lanes.Inspect,
    lanes.TimerDue,
    lanes.TaskFailed,
    lanes.Wake,
    lanes.Command,
    Message,
}
"""What the base of every actor takes, and what is no message by itself."""

TOLD: dict[type[Message], tuple[str, ...]] = {
    lanes.ChildStarted: _SUPERVISORS,
    lanes.ChildExited: _SUPERVISORS,
    lanes.ChildWedged: _SUPERVISORS,
    lanes.RestartChild: _SUPERVISORS,
    lanes.Quarantined: (names.DESK, RESYNC),
    lanes.FactsPileUp: (names.DESK, CONNECTION),
    # The link: told at its opening, and again to whoever introduces itself.
    messages.LinkUp: (ORDERS, RESYNC, QUOTES, HISTORY, *READERS),
    messages.Introduce: (IB, CONNECTION, QUOTES, ORDERS, RESYNC),
    messages.LinkDown: (names.DESK, names.NARRATOR),
    messages.CircuitChanged: (names.DESK, names.NARRATOR),
    messages.VenueExposed: (IB,),
    messages.InstrumentKnown: (QUOTES, HISTORY, *READERS),
    messages.InstrumentFailed: (QUOTES, HISTORY, *READERS),
    messages.VenueSaid: (RESYNC, QUOTES),
    messages.FarmChanged: (names.DESK,),
    messages.Alert: (names.DESK, names.NARRATOR),
    messages.DataTrouble: (IB,),
    messages.DataFlows: (IB,),
    messages.AccountChanged: (names.DESK, names.NARRATOR),
    messages.PositionChanged: (RESYNC, names.DESK),
    # Quotes and bars.
    messages.QuoteUpdate: (QUOTES, *READERS),
    messages.Subscribe: (CONNECTION,),
    messages.Unsubscribe: (CONNECTION,),
    messages.Resubscribe: (QUOTES, HISTORY),
    messages.WantBars: (HISTORY,),
    messages.BarsReady: (HISTORY,),
    messages.FollowBars: (HISTORY,),
    messages.BarClosed: (names.STRATEGIST,),
    messages.BarsCame: (names.STRATEGIST,),
    messages.LoadPacing: (BARS,),
    messages.PacingLoaded: (HISTORY,),
    messages.FindCoverage: (BARS,),
    messages.CoverageFound: (HISTORY,),
    messages.KeepBars: (BARS,),
    messages.AnswerBars: (BARS,),
    messages.AskBars: (BARS, CONNECTION),
    messages.BarsCounted: (BARS,),
    messages.BarsAnswered: (HISTORY,),
    messages.BarUpdated: (HISTORY,),
    messages.BarsEnded: (HISTORY,),
    messages.GetBars: (BARS,),
    messages.GetSeries: (BARS,),
    # Proposing and admitting.
    messages.Propose: (names.DESK,),
    messages.Verdict: (names.PLAN_MONITOR, names.STRATEGIST),
    messages.ProposeCancel: (names.DESK,),
    messages.ProposeAmend: (names.DESK,),
    messages.ResolveOrder: (ORDERS,),
    messages.SetPaused: (names.DESK,),
    # The ledger.
    messages.RecordIntent: (names.LEDGER,),
    messages.IntentDurable: (ORDERS,),
    messages.IntentRefused: (names.DESK,),
    messages.RecordAmendment: (names.LEDGER,),
    messages.AmendmentDurable: (ORDERS,),
    messages.AmendmentRefused: (names.DESK,),
    messages.RecordAmended: (names.LEDGER,),
    messages.AmendmentSettled: (names.DESK,),
    messages.RecordTerms: (names.LEDGER,),
    messages.RecordCancel: (names.LEDGER,),
    messages.CancelDurable: (ORDERS,),
    messages.RecordState: (names.LEDGER,),
    messages.BookFill: (names.LEDGER,),
    messages.BookCommission: (names.LEDGER,),
    messages.RecordSetting: (names.LEDGER,),
    messages.RecordAudit: (names.LEDGER,),
    messages.OrderRecorded: (ORDERS, *READERS),
    messages.FillRecorded: READERS,
    messages.LoadBook: (names.LEDGER,),
    messages.BookLoaded: (CONNECTION, QUOTES, ORDERS, *READERS),
    messages.TakeSnapshot: (names.LEDGER,),
    messages.BookSnapshot: (RESYNC,),
    # Orders and the wire.
    messages.VenueFact: (ORDERS,),
    messages.PlaceOrder: (CONNECTION,),
    messages.AmendOrder: (CONNECTION,),
    messages.AmendHanded: (ORDERS,),
    messages.AmendNotSent: (ORDERS,),
    messages.AskPreview: (CONNECTION,),
    messages.PreviewCame: (names.DESK,),
    messages.CancelOrder: (CONNECTION,),
    messages.OrderHanded: (ORDERS,),
    messages.OrderNotSent: (ORDERS,),
    messages.CancelHanded: (ORDERS,),
    messages.CancelNotSent: (ORDERS,),
    # The venue's truth.
    messages.AskRound: (CONNECTION,),
    messages.RoundEnded: (RESYNC,),
    messages.RoundFed: (ORDERS,),
    messages.RenewLink: (CONNECTION,),
    messages.QueryOrder: (RESYNC,),
    messages.OrderJudged: (ORDERS,),
    messages.Reconciled: (names.DESK, IB, names.NARRATOR),
    messages.NotReconciled: (names.DESK, IB, names.NARRATOR),
    messages.ReconcileNow: (RESYNC,),
    # Questions of the console.
    messages.GetOrders: (names.LEDGER,),
    messages.GetOrder: (names.LEDGER,),
    messages.GetOrderDetail: (names.LEDGER,),
    messages.GetVerdict: (names.DESK,),
    messages.GetFills: (names.LEDGER,),
    messages.GetForeignFills: (names.LEDGER,),
    messages.GetQuotes: (QUOTES,),
    messages.GetDesk: (names.DESK,),
}


def _all_messages() -> set[type[Message]]:
    kinds = {
        kind
        for module in (lanes, messages)
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Message)
    }
    return kinds - _BY_EVERYBODY


def test_every_message_has_its_row() -> None:
    assert _all_messages() == set(TOLD)


def _live(tree: Tree, venue: Venue) -> None:
    """Trade, take back, lose the link, restart a seat in the middle of the chain."""
    wait_for_open_market()
    tree.wait_until_ready()
    assert tree.propose("KLP-FILLED").status_code == 202
    tree.wait_for_state("KLP-FILLED", "FILLED")
    resting = {"type": "LIMIT", "limit_price": "1.00"}
    assert tree.propose("KLP-BACK", **resting).status_code == 202
    tree.wait_for_state("KLP-BACK", "WORKING")
    assert tree.call("PATCH", "/orders/KLP-BACK", {"limit_price": "1.10"}).status_code == 202
    until(lambda: "1.10" in str(tree.get("/orders/KLP-BACK")["limit_price"]), "it is changed")
    tree.system.tell(IB, RestartChild(ORDERS, "a test"))
    until(lambda: tree.incarnations()[RESYNC] > 1, "orders and resync start again")
    tree.wait_until_ready()
    assert tree.call("DELETE", "/orders/KLP-BACK").status_code == 202
    tree.wait_for_state("KLP-BACK", "CANCELLED")
    for name in (names.DESK, names.PLAN_MONITOR, names.STRATEGIST):
        tree.system.tell(names.TRADING, RestartChild(name, "a test"))
    tree.system.tell(names.CONSOLE, RestartChild(names.NARRATOR, "a test"))
    until(lambda: tree.incarnations()[names.NARRATOR] > 1, "the narrator starts again")
    assert venue.gateway is not None
    venue.gateway.kill()
    until(lambda: not tree.ready(), "the link is lost")
    venue.start()

    def reconciled() -> bool:
        """By resync's own word: the circuit may be open for a while yet."""
        state = tree.system.inspect(RESYNC).get(timeout=SOON)
        return state["reconciled_at"] is not None

    until(reconciled, "reconciled on the new link")
    until(tree.settled, "all facts are handled")


def test_every_seat_has_a_handler_for_whatever_it_is_told(tmp_path: Path, venue: Venue) -> None:
    venue.start()
    with growing(tmp_path, venue.port, STRATEGY="rules") as tree:
        _live(tree, venue)
        seats = {seat.name: seat for seat in tree.system.seats()}
        deaf = []
        for kind, told in TOLD.items():
            for name in told:
                occupant = seats[name].occupant
                assert occupant is not None, name
                if kind not in occupant._handlers:
                    deaf.append(f"{name}: {kind.__name__}")
        assert deaf == []
        unforeseen = [
            f"{seat.name}: {kind}"
            for seat in seats.values()
            for kind in seat.handled
            if kind not in {each.__name__ for each in _BY_EVERYBODY}
            and not any(each.__name__ == kind and seat.name in told for each, told in TOLD.items())
        ]
        assert sorted(unforeseen) == [], "told, and not in the table"
        assert [seat.last_error for seat in seats.values() if seat.last_error] == []
