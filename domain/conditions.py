"""Which states of things hold, by one consistent view, and how each is said to a person.

What each of them allows stands in `domain.permits`.
"""

from __future__ import annotations

from domain.figures import DeskFigures
from domain.permits import Condition, Hold
from domain.symbols import Symbol


def holding(symbol: Symbol, figures: DeskFigures) -> tuple[Hold, ...]:
    """All states that hold for an order in this symbol."""
    return (*holding_everywhere(figures), *_of_symbol(symbol, figures))


def holding_everywhere(figures: DeskFigures) -> tuple[Hold, ...]:
    """Those that hold for every symbol of the venue."""
    return (*_of_the_house(figures), *_of_venue(figures))


def _of_the_house(figures: DeskFigures) -> list[Hold]:
    holds = []
    if figures.observing:
        holds.append(
            Hold(
                Condition.OBSERVE,
                "OBSERVING",
                "Kelpie only observes: no order is sent in this mode.",
                "Entries and exits go into the shadow book; MODE=paper trades paper money.",
            )
        )
    if figures.safe_mode is not None:
        holds.append(_safe_mode(figures, figures.safe_mode))
    if figures.disarmed:
        holds.append(
            Hold(
                Condition.DISARMED,
                "DISARMED",
                f"No new positions: {figures.disarmed}.",
                "`kelpie checklist` shows what is left; once nothing is, `kelpie arm` on the box "
                "arms it. Exits, stops and cancels go on.",
            )
        )
    if figures.paused:
        holds.append(
            Hold(
                Condition.PAUSED,
                "PAUSED",
                f"New orders are paused: {figures.paused_reason}.",
                "Resume with `kelpie resume` when you want new positions again.",
            )
        )
    if figures.away:
        holds.append(
            Hold(
                Condition.AWAY,
                "AWAY",
                f"No new positions: {figures.away}.",
                "`kelpie away` shows it; `kelpie away --cancel` when somebody can log the gateway "
                "in after all. Exits, stops and cancels go on.",
            )
        )
    if figures.facts_waiting:
        holds.append(
            Hold(
                Condition.FALLING_BEHIND,
                "FALLING_BEHIND",
                f"{figures.facts_waiting} facts wait to be handled, so what is known is old.",
                "Wait until they are; `kelpie actors` shows where they wait.",
            )
        )
    if not figures.standing_known:
        holds.append(
            Hold(
                Condition.STANDING_NOT_KNOWN,
                "STANDING_NOT_KNOWN",
                "Whether this start is in safe mode has not been said yet.",
                "Try again in a moment; `kelpie actors starts` shows who should say it.",
            )
        )
    if figures.unheard:
        holds.append(
            Hold(
                Condition.UNHEARD,
                "ALERTS_NOT_DELIVERED",
                f"No new positions while nobody would hear of trouble: {figures.unheard}.",
                "`kelpie alerts` says what is missing, and `kelpie alerts test` sends one: the "
                "next that arrives ends this. Exits, stops and cancels go on.",
            )
        )
    return holds


def _safe_mode(figures: DeskFigures, cause: str) -> Hold:
    why = cause.rstrip(".") or "Kelpie ended uncleanly again and again"
    if figures.venue_reconciled and not figures.venue_mismatch:
        return Hold(
            Condition.SAFE_MODE_RECONCILED,
            "SAFE_MODE",
            f"No new positions in safe mode: {why}.",
            "Find out what went wrong, then `kelpie resume --end-safe-mode`. Exits, stops and "
            "cancels go on.",
        )
    # What was not compared yet may differ.
    differs = figures.venue_mismatch or f"{figures.venue} is not reconciled"
    return Hold(
        Condition.SAFE_MODE_MISMATCH,
        "SAFE_MODE_MISMATCH",
        f"In safe mode nothing is sent while there may be a mismatch with {figures.venue}: "
        f"{differs.rstrip('.')}.",
        "Settle it (`kelpie reconcile` lists what differs); a cancel by your own hand goes, and "
        "so does `kelpie flatten` once you have confirmed it.",
    )


def _of_venue(figures: DeskFigures) -> list[Hold]:
    holds = []
    if figures.announced:
        holds.append(
            Hold(
                Condition.ANNOUNCED,
                "ANNOUNCED_RESTART",
                f"{figures.venue} is {figures.announced}.",
                "Wait until then; exits and cancels go on. IB_WINDOWS says which windows count.",
            )
        )
    why = figures.venue_reason.rstrip(".")
    if not figures.venue_reconciled:
        connected = figures.venue_connected
        holds.append(
            Hold(
                Condition.NOT_RECONCILED if connected else Condition.NOT_CONNECTED,
                "VENUE_NOT_TRADABLE",
                f"{figures.venue} cannot be traded now: {why}.",
                "Wait until it is ready again; `kelpie status` says why and when it is tried.",
            )
        )
    if not figures.circuit_closed:
        holds.append(
            Hold(
                Condition.CIRCUIT_OPEN,
                "VENUE_NOT_TRADABLE",
                f"{figures.venue} takes no new positions: {why}.",
                "Wait until its circuit has closed; exits and cancels go on.",
            )
        )
    return holds


def _of_symbol(symbol: Symbol, figures: DeskFigures) -> list[Hold]:
    holds = []
    if figures.symbol_blocked:
        holds.append(
            Hold(
                Condition.SYMBOL_RED,
                "SYMBOL_ON_HOLD",
                f"{symbol} is on hold: {figures.symbol_blocked}.",
                "Look at it with `kelpie status`; it is released when IB and the ledger agree.",
            )
        )
    if figures.flattening:
        holds.append(
            Hold(
                Condition.FLATTENING,
                "FLATTENING",
                f"{symbol} is being taken out just now, as {figures.flattening} asked.",
                "Wait until that is done; `kelpie flatten --show` says how far it is.",
            )
        )
    # Of an instrument that nobody has described there can be no quote: that is said instead.
    missing = "quote" if figures.price is None else "exchange rate" if figures.rate is None else ""
    if missing and figures.instrument is not None:
        # Not even with a limit: nothing is opened on data that is old, delayed or one-sided.
        holds.append(
            Hold(
                Condition.DATA_STALE,
                "NO_FRESH_QUOTE" if missing == "quote" else "NO_RATE",
                f"There is no fresh {missing} for {symbol}, so its value is not known.",
                "Wait for the market's data; `kelpie status` shows how old it is.",
            )
        )
    return holds
