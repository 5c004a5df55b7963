"""Why nothing is bought just now, in one sentence: what keeps back most of the symbols."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from console.owner.words import sentence, short, sydney
from domain.permits import Condition, Hold
from domain.risk_views import SignalView, WhyNotView
from domain.symbols import Symbol
from domain.views import InstrumentView

_CLOSED = ("MARKET_CLOSED", "MARKET_IN_AUCTION")


@dataclass(frozen=True, slots=True)
class Quiet:
    """One symbol: what its gates say, and the strategist; None where there is no strategist."""

    symbol: Symbol
    gates: WhyNotView
    signal: SignalView | None


@dataclass(frozen=True, slots=True)
class _Reason:
    code: str
    sentence: str
    symbol: Symbol


def quiet(
    holds: Sequence[Hold],
    symbols: Sequence[Quiet],
    instruments: Sequence[InstrumentView],
    now: datetime,
) -> str:
    """What holds everywhere, else the reason of most symbols and of how many."""
    everywhere = [hold for hold in holds if hold.condition is not Condition.OBSERVE]
    if everywhere:
        return sentence(short(everywhere[0].sentence))
    reasons = [_reason(each) for each in symbols]
    shut = [reason for reason in reasons if reason is not None]
    if not symbols:
        return "No symbol may be traded (ALLOWED_SYMBOLS)."
    if len(shut) < len(symbols):
        free = next(e.symbol for e, r in zip(symbols, reasons, strict=True) if r is None)
        return f"Nothing holds it back: there is a signal to buy {free}."
    codes = [reason.code for reason in shut]
    most = max(dict.fromkeys(codes), key=codes.count)
    first = next(reason for reason in shut if reason.code == most)
    return _said(first, codes.count(most), len(symbols), instruments, now)


def _reason(symbol: Quiet) -> _Reason | None:
    """The first gate that is shut, else the strategist's word; None: it would buy."""
    for gate in symbol.gates.gates:
        if not gate.word.open:
            return _Reason(gate.word.gate, gate.word.sentence, symbol.symbol)
    if symbol.signal is None:
        told = "there is no strategist (STRATEGY=none): orders come from you alone"
        return _Reason("NO_STRATEGIST", told, symbol.symbol)
    if symbol.signal.wants:
        return None
    # How many seconds it waits yet makes no other reason of it.
    code = re.sub(r"\d+", "", symbol.signal.sentence)
    return _Reason(code, symbol.signal.sentence, symbol.symbol)


def _said(
    reason: _Reason, many: int, total: int, instruments: Sequence[InstrumentView], now: datetime
) -> str:
    share = "" if total == 1 else f" ({'all' if many == total else many} of {total} symbols)"
    share = share.replace("(all of", "(all")
    if reason.code in _CLOSED:
        return f"{_closed(reason.symbol, instruments, now)}{share}."
    told = re.sub(r"^it ", "Kelpie ", reason.sentence)
    return f"{sentence(told).rstrip('.')}{share}."


def _closed(symbol: Symbol, instruments: Sequence[InstrumentView], now: datetime) -> str:
    market = next((each for each in instruments if each.symbol == symbol), None)
    if market is None or not market.exchange:
        return f"The market of {symbol} is not open"
    opens = f" until {sydney(market.next_open, now)}" if market.next_open is not None else ""
    return f"{market.exchange} does not trade{opens}"
