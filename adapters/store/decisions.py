"""A decision of the desk as plain JSON: kept in the entry of the intent, or with the refusals."""

from __future__ import annotations

from typing import Any

from domain.decisions import Decision
from domain.orders import OrderRequest
from domain.quotes import Quote


def content_of(decision: Decision) -> dict[str, Any]:
    """A decision as JSON has it: amounts and times as text, what is not known as null."""
    return {
        "at": decision.at.isoformat(),
        "proposed_at": decision.proposed_at and decision.proposed_at.isoformat(),
        "proposer": decision.proposer,
        "reason": decision.reason,
        "symbol": str(decision.request.symbol),
        "venue": decision.venue,
        "asked": _terms(decision.asked),
        "decided": _terms(decision.request),
        "attached": list(decision.attached),
        "quote": None if decision.quote is None else _seen(decision.quote),
        "value": _text(decision.value),
        "base_currency": decision.base_currency,
        "price": _text(decision.price),
        "rate": _text(decision.rate),
        "remark": decision.remark,
        "gates": [
            {
                "gate": word.gate,
                "open": word.open,
                "sentence": word.sentence,
                "figures": [list(figure) for figure in word.figures],
            }
            for word in decision.words
        ],
        "code": decision.code,
        "sentence": decision.sentence,
        "cure": decision.cure,
    }


def _terms(request: OrderRequest) -> dict[str, Any]:
    return {
        "side": request.side.value,
        "quantity": str(request.quantity),
        "type": request.type.value,
        "limit_price": _text(request.limit_price),
        "stop_price": _text(request.stop_price),
        "tif": request.tif.value,
        "purpose": request.purpose.value,
    }


def _seen(quote: Quote) -> dict[str, Any]:
    return {
        "time": quote.time.isoformat(),
        "bid": quote.bid,
        "ask": quote.ask,
        "last": quote.last,
        "bid_size": quote.bid_size,
        "ask_size": quote.ask_size,
        "data_type": quote.data_type.value,
        "halted": quote.halted,
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)
