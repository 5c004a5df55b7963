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
from actors.system import NobodyThere
from tests.tree.in_process import Tree, Venue, growing
from tests.tree.market import wait_for_open_market
from tests.tree.waiting import SOON, until

IB = names.IB
CONNECTION, QUOTES, HISTORY, ORDERS, RESYNC, BARS = names.of_venue(IB)[1:]
TRADERS = (names.DESK, names.PROTECTION, names.PLAN_MONITOR, names.STRATEGIST)
READERS = (*TRADERS, names.NARRATOR, names.TELEMETRY)
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
    lanes.Quarantined: (names.DESK, RESYNC, names.ALERTS),
    lanes.Released: (names.DESK, RESYNC, names.ALERTS),
    lanes.FactsPileUp: (names.DESK, CONNECTION),
    # The link: told at its opening, and again to whoever introduces itself.
    messages.LinkUp: (ORDERS, RESYNC, QUOTES, HISTORY, *READERS, names.LIVE_GATE),
    messages.Introduce: (
        IB,
        CONNECTION,
        QUOTES,
        ORDERS,
        RESYNC,
        names.STARTS,
        names.LIVE_GATE,
        names.PROTECTION,
        names.ALERTS,
    ),
    messages.LinkDown: (names.DESK, names.NARRATOR, names.STARTS, names.LIVE_GATE),
    messages.CircuitChanged: (names.DESK, names.NARRATOR),
    messages.ForceCircuit: (IB,),
    messages.VenueExposed: (IB,),
    messages.InstrumentKnown: (QUOTES, HISTORY, *READERS, names.LIVE_GATE),
    messages.InstrumentFailed: (QUOTES, HISTORY, *READERS, names.LIVE_GATE),
    messages.VenueSaid: (RESYNC, QUOTES),
    messages.FarmChanged: (names.DESK,),
    messages.Alert: names.HEAR_ALERTS,
    messages.AlertsHealth: (names.DESK,),
    messages.AlertsTold: (names.ALERTS,),
    messages.AnswerAlert: (names.ALERTS,),
    messages.SendTest: (names.ALERTS,),
    messages.EchoDigits: (names.ALERTS,),
    messages.GetAlerts: (names.ALERTS,),
    messages.AlertsBegin: (names.DESK,),
    messages.DataTrouble: (IB,),
    messages.DataFlows: (IB,),
    messages.AccountChanged: (names.DESK, names.NARRATOR, names.LIVE_GATE),
    messages.PositionChanged: (RESYNC, names.DESK),
    # Quotes and bars.
    messages.QuoteUpdate: (QUOTES, *TRADERS, names.NARRATOR),
    messages.Subscribe: (CONNECTION,),
    messages.Unsubscribe: (CONNECTION,),
    messages.Resubscribe: (QUOTES, HISTORY),
    messages.WantBars: (HISTORY,),
    messages.BarsReady: (HISTORY, names.STRATEGIST, names.YEAR_END),
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
    messages.Verdict: (names.PROTECTION, names.PLAN_MONITOR, names.STRATEGIST),
    messages.ProposeCancel: (names.DESK,),
    messages.ProposeAmend: (names.DESK,),
    messages.ResolveOrder: (ORDERS,),
    messages.SetPaused: (names.DESK,),
    messages.TightenLimits: (names.DESK,),
    messages.AdoptPosition: (names.DESK,),
    messages.SetAway: (names.DESK,),
    messages.EndAway: (names.DESK,),
    messages.GetAway: (names.DESK,),
    messages.GetTrialOrder: (names.DESK,),
    messages.Flatten: (names.DESK,),
    messages.EndFlatten: (names.DESK,),
    messages.GetFlatten: (names.DESK,),
    messages.Standing: (names.DESK, names.LIVE_GATE),
    messages.EndSafeMode: (names.STARTS,),
    # The way to live trading.
    messages.EvidenceSeen: (names.LIVE_GATE,),
    messages.ClockSeen: (names.LIVE_GATE,),
    messages.LimitsChanged: (names.LIVE_GATE,),
    messages.Arm: (names.LIVE_GATE,),
    messages.Disarm: (names.LIVE_GATE,),
    messages.ArmingChanged: (names.DESK,),
    messages.GetChecklist: (names.LIVE_GATE,),
    messages.ShadowAdmitted: (),  # only where a shadow is kept beside
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
    messages.RecordAdoption: (names.LEDGER,),
    messages.PositionAdopted: READERS,
    messages.PositionRestated: READERS,
    messages.RecordSplit: (names.LEDGER,),
    messages.ResolveAction: (names.PROTECTION,),
    messages.TellDividend: (names.PROTECTION,),
    messages.RecordPlan: (names.LEDGER,),
    messages.PlanRecorded: (names.DESK, names.PROTECTION, names.PLAN_MONITOR, names.NARRATOR),
    messages.ChangePlan: (names.PLAN_MONITOR,),
    messages.LeavePlan: (names.PROTECTION, names.PLAN_MONITOR),
    messages.GuardChanged: (names.DESK, names.PLAN_MONITOR, names.NARRATOR),
    messages.VenueListed: (names.PROTECTION,),
    messages.GetPlans: (names.LEDGER,),
    messages.GetPlan: (names.LEDGER,),
    messages.BookHealth: (names.DESK,),
    messages.RecordSetting: (names.LEDGER,),
    messages.RecordOutside: (names.LEDGER,),
    messages.LoadOutside: (names.LEDGER,),
    messages.OutsideLoaded: (names.YEAR_END,),
    messages.GetOutside: (names.LEDGER,),
    messages.RecordAudit: (names.LEDGER,),
    messages.OrderRecorded: (ORDERS, *READERS),
    messages.FillRecorded: READERS,
    messages.LoadBook: (names.LEDGER,),
    messages.BookLoaded: (
        IB,
        CONNECTION,
        QUOTES,
        ORDERS,
        *TRADERS,
        names.NARRATOR,
        names.LIVE_GATE,
    ),
    messages.RatesTold: (names.LEDGER,),
    messages.CashTold: (names.LEDGER,),
    messages.RecordEquity: (names.LEDGER,),
    messages.TypeCash: (names.LEDGER,),
    messages.EndQuarantine: (names.LEDGER,),
    messages.GetQuarantine: (names.LEDGER,),
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
    # For the record.
    messages.DecisionMade: (names.TELEMETRY,),
    messages.OrderAnswered: (names.TELEMETRY,),
    messages.DataAnswered: (names.TELEMETRY,),
    messages.GetRefusal: (names.TELEMETRY,),
    messages.VenueStood: (names.UPTIME,),
    messages.GetUptime: (names.UPTIME,),
    messages.GetExplanation: (names.LEDGER,),
    # The venue's truth.
    messages.AskRound: (CONNECTION,),
    messages.RoundEnded: (RESYNC,),
    messages.RoundFed: (ORDERS,),
    messages.RenewLink: (CONNECTION,),
    messages.QueryOrder: (RESYNC,),
    messages.OrderJudged: (ORDERS,),
    messages.Reconciled: (
        *(names.DESK, IB, names.NARRATOR, names.STARTS),
        *(names.LIVE_GATE, names.ALERTS),
    ),
    messages.NotReconciled: (names.DESK, IB, names.NARRATOR, names.LIVE_GATE, names.ALERTS),
    messages.ReconcileNow: (RESYNC,),
    # Questions of the console.
    messages.GetOrders: (names.LEDGER,),
    messages.GetOrder: (names.LEDGER,),
    messages.GetOrderDetail: (names.LEDGER,),
    messages.GetVerdict: (names.DESK,),
    messages.GetFills: (names.LEDGER,),
    messages.GetSwitch: (names.LEDGER,),
    messages.GetForeignFills: (names.LEDGER,),
    messages.GetAdoption: (names.LEDGER,),
    messages.GetCashDifference: (names.LEDGER,),
    messages.GetCashDifferences: (names.LEDGER,),
    messages.GetEquity: (names.LEDGER,),
    messages.GetTrades: (names.LEDGER,),
    messages.GetBalances: (names.LEDGER,),
    messages.GetReconciliation: (RESYNC,),
    messages.GetQuotes: (QUOTES,),
    messages.GetDesk: (names.DESK,),
    messages.GetRisk: (names.DESK,),
    messages.GetWhyNot: (names.DESK,),
    messages.GetSignal: (names.STRATEGIST,),
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
    assert tree.call("PATCH", "/orders/KLP-BACK", {"limit_price": "1.02"}).status_code == 202
    until(lambda: "1.02" in str(tree.get("/orders/KLP-BACK")["limit_price"]), "it is changed")
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
    lost = tree.incarnations()[RESYNC]
    venue.gateway.kill()
    until(lambda: tree.incarnations()[RESYNC] > lost, "the link is lost, and resync begins anew")
    venue.start()

    def reconciled() -> bool:
        """By resync's own word: the circuit may be open for a while yet."""
        try:
            state = tree.system.inspect(RESYNC).get(timeout=SOON)
        except NobodyThere:
            return False  # it ends with the try before
        return state["reconciled_at"] is not None

    until(reconciled, "reconciled on the new link")
    until(tree.settled, "all facts are handled")


def test_every_seat_has_a_handler_for_whatever_it_is_told(tmp_path: Path, venue: Venue) -> None:
    venue.start()
    with growing(
        tmp_path, venue.port, STRATEGY="rules", PROTECT_ENTRIES="true", PLAN_TARGET="20"
    ) as tree:
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
