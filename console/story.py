"""How an order came about, or a refusal: from what is written down to a story, step by step.

Pure. Each step says what happened in a sentence, when, and by which entry of the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from adapters.book import Entry, Explanation
from console.explain_schemas import ExplanationOut, GateOut, StepOut

Json = Mapping[str, Any]

REFUSED = "REFUSED"
_STATES = {
    "SENT": "Its bytes left for the venue.",
    "WORKING": "The venue has it, and it works.",
    "HELD": "The venue holds it until it may work.",
    "FILLED": "All of it is filled.",
    "CANCELLED": "It is cancelled.",
    "REJECTED": "The venue refused it.",
    "EXPIRED": "It expired.",
    "NOT_SENT": "Not a byte of it left.",
    "UNKNOWN": "Nobody knows how it stands at the venue.",
}


def story_of(told: Explanation) -> ExplanationOut:
    """The way of an order, from the quote to the ledger."""
    decision = told.decision
    steps = list(_decided(decision)) if decision is not None else []
    if decision is None:
        why = "How the desk came to it was not written down."
        steps.append(_step(told.created_at, "decision", why, {}))
    for entry in told.entries:
        steps += _SAY.get(entry.kind, _plain)(entry)
    return ExplanationOut(
        client_order_id=told.client_order_id,
        outcome=told.state.value,
        venue=told.venue,
        symbol=str(told.symbol),
        summary=_summary(told),
        decided_with=told.decided_with,
        related=list(told.related),
        gates=_gates(decision),
        steps=steps,
    )


def story_of_refusal(client_order_id: str, decision: Json) -> ExplanationOut:
    """The way of a proposal up to the gate that was shut."""
    return ExplanationOut(
        client_order_id=client_order_id,
        outcome=REFUSED,
        venue=decision["venue"],
        symbol=decision["symbol"],
        summary=f"Refused: {decision['sentence']} {decision['cure']} [{decision['code']}]",
        decided_with=client_order_id,
        related=list(decision["attached"]),
        gates=_gates(decision),
        steps=list(_decided(decision)),
    )


def _summary(told: Explanation) -> str:
    first = next((e.detail for e in told.entries if e.kind == "intent"), {})
    terms = _terms(first) if first else "an order"
    reasons = [e.detail.get("reason") for e in told.entries if e.kind == "state"]
    reason = next((each for each in reversed(reasons) if each), "")
    why = f": {reason}" if reason else ""
    return f"{terms} {told.symbol} at {told.venue} is {told.state.value}{why}."


def _gates(decision: Json | None) -> list[GateOut]:
    said = decision["gates"] if decision is not None else []
    return [
        GateOut(
            gate=each["gate"],
            open=each["open"],
            sentence=each["sentence"],
            figures=[(name, value) for name, value in each["figures"]],
        )
        for each in said
    ]


# -- up to the decision ------------------------------------------------------------------


def _decided(decision: Json) -> Iterator[StepOut]:
    at = datetime.fromisoformat(decision["at"])
    symbol = decision["symbol"]
    quote = decision["quote"]
    if quote is None:
        yield _step(at, "quote", f"There was no quote of {symbol}.", {})
    else:
        prices = f"{_price(quote['bid'])} bid, {_price(quote['ask'])} asked"
        text = f"{symbol} was quoted {prices}, last {_price(quote['last'])} ({quote['data_type']})."
        yield _step(datetime.fromisoformat(quote["time"]), "quote", text, quote)
    proposed = decision["proposed_at"]
    asked = decision["asked"]
    text = f"{decision['proposer']} proposed {_terms(asked)} {symbol}: {decision['reason']}."
    when = at if proposed is None else datetime.fromisoformat(proposed)
    yield _step(when, "proposal", text, asked)
    decided = decision["decided"]
    if decided != asked:
        yield _step(at, "sizing", f"The desk made of it {_terms(decided)}.", decided)
    for gate in decision["gates"]:
        figures = ", ".join(f"{name} {value}" for name, value in gate["figures"])
        how = "open" if gate["open"] else "shut"
        told = f"{gate['gate']} {how}: {gate['sentence']}"
        yield _step(at, "gate", f"{told} ({figures})" if figures else told, gate)
    if decision["code"]:
        text = f"Refused: {decision['sentence']} {decision['cure']} [{decision['code']}]"
        yield _step(at, "refusal", text, {"code": decision["code"]})
        return
    rate = f", at {decision['rate']} for one {symbol.rpartition('/')[2]}"
    worth = f"{decision['value'] or 'an unknown sum in'} {decision['base_currency']}"
    text = f"Admitted: it can cost {worth} at the worst{rate if decision['rate'] else ''}."
    reckoned = {name: decision[name] for name in ("value", "base_currency", "price", "rate")}
    yield _step(at, "admission", text, reckoned)


def _terms(said: Json) -> str:
    prices = [
        f"{word} {said[name]}"
        for word, name in (("limit", "limit_price"), ("stop", "stop_price"))
        if said.get(name) is not None
    ]
    parts = (said["side"], said["quantity"], said["type"], *prices, said["tif"], said["purpose"])
    return " ".join(parts)


def _price(price: float | None) -> str:
    return "nothing" if price is None else f"{price:g}"


# -- from the intent on ------------------------------------------------------------------


def _intent(entry: Entry) -> list[StepOut]:
    return [_of(entry, f"Its intent is on disk: {_terms(entry.detail)}.")]


def _nothing(entry: Entry) -> list[StepOut]:
    """A word whose meaning is an entry of its own."""
    return []


def _preview(entry: Entry) -> list[StepOut]:
    detail = entry.detail
    cost = detail["commission"] or detail["maximum"] or "an unknown commission"
    warning = f" It warns: {detail['warning']}" if detail["warning"] else ""
    return [_of(entry, f"The venue foretold {cost} {detail['currency']} for it.{warning}")]


def _estimate(entry: Entry) -> list[StepOut]:
    detail = entry.detail
    cost = f"{detail['commission']} {detail['currency']}"
    return [_of(entry, f"It was reckoned to cost {cost}, by {detail['rule']}.")]


def _plan(entry: Entry) -> list[StepOut]:
    detail = entry.detail
    levels = ", ".join(
        f"{word} {detail[name]}"
        for word, name in (("stop", "stop"), ("target", "target"), ("for the day", "day_stop"))
        if detail.get(name) is not None
    )
    text = f"Its plan, version {detail['version']}, is {detail['state']} over {detail['lot']}"
    return [_of(entry, f"{text}: {levels or 'no levels'} ({detail['reason']}).")]


def _state(entry: Entry) -> list[StepOut]:
    detail = entry.detail
    to, reason = detail["to"], detail["reason"]
    if detail["from"] == to and not reason:
        if detail["pending_change"] == "CANCEL":
            return [_of(entry, "It is to be cancelled.")]
        return []
    text = _STATES.get(to, f"It is {to}.")
    if detail["venue_order_id"] and to in ("WORKING", "HELD"):
        text += f" The venue's number of it is {detail['venue_order_id']}."
    if reason:
        text += f" {reason}"
    step = _of(entry, text)
    sent_at = detail["sent_at"]
    if to == "SENT" and sent_at:
        step = step.model_copy(update={"at": datetime.fromisoformat(sent_at)})
    return [step]


def _changed(entry: Entry) -> list[StepOut]:
    detail = entry.detail
    was, terms = _plain_terms(detail["from"]), _plain_terms(detail["to"])
    return [_of(entry, f"Its terms, {was}, became {terms}: {detail['why']}.")]


def _amendment(entry: Entry) -> list[StepOut]:
    detail = entry.detail
    was, terms = _plain_terms(detail["was"]), _plain_terms(detail)
    name = detail["amendment_id"]
    return [_of(entry, f"{name} wants {was} changed to {terms}; that is on disk.")]


def _amended(entry: Entry) -> list[StepOut]:
    detail = entry.detail
    reason = f": {detail['reason']}" if detail["reason"] else ""
    return [_of(entry, f"{detail['amendment_id']} is {detail['to']}{reason}.")]


def _plain_terms(said: Json) -> str:
    names = (("quantity", ""), ("limit_price", "limit "), ("stop_price", "stop "))
    return ", ".join(f"{word}{said[name]}" for name, word in names if said.get(name) is not None)


def _fill(entry: Entry) -> list[StepOut]:
    detail = entry.detail
    traded = f"{detail['side']} {detail['quantity']} at {detail['price']} on {detail['exchange']}"
    text = f"Traded: {traded} ({detail['execution_id']}, {detail['time']} by the venue)."
    return [_of(entry, text + _booked(detail))]


def _correction(entry: Entry) -> list[StepOut]:
    detail = entry.detail
    traded = f"{detail['quantity']} at {detail['price']}"
    if detail["quantity"] == "0":
        text = f"The venue took {detail['execution_key']} back: it never traded."
    else:
        text = f"The venue corrected {detail['execution_key']}: it is {traded}."
    return [_of(entry, text + _booked(detail))]


def _commission(entry: Entry) -> list[StepOut]:
    detail = entry.detail
    cost = f"{detail['commission']} {detail['currency']}"
    text = f"The venue charged {cost} for {detail['execution_id']}."
    return [_of(entry, text + _booked(detail))]


def _rate(entry: Entry) -> list[StepOut]:
    detail = entry.detail
    of = {"fills": "a fill", "commissions": "a commission"}[detail["table"]]
    return [_of(entry, f"The rate of {of} became known: {_rate_of(detail)}.")]


def _rate_of(detail: Json) -> str:
    return f"{detail['rate']} of the base currency for one ({detail['rate_source']})"


def _booked(detail: Json) -> str:
    """How it stands in the ledger of money: each posting, and the rate of conversion."""
    posted = [f"{p[7]} {p[6]} from {p[5]} to {p[4]}" for p in detail.get("postings", ())]
    text = f" Posted: {'; '.join(posted)}." if posted else ""
    if "rate" not in detail or detail["rate_source"] == "base":
        return text
    if detail["rate"] is None:
        return f"{text} No rate to the base currency was known."
    return f"{text} Rate: {_rate_of(detail)}."


def _plain(entry: Entry) -> list[StepOut]:
    """Of a kind that has no words of its own."""
    facts = ", ".join(f"{name} {value}" for name, value in entry.detail.items() if value)
    return [_of(entry, f"{entry.kind}: {facts}".rstrip(": "))]


_SAY: dict[str, Callable[[Entry], list[StepOut]]] = {
    "intent": _intent,
    "execution_word": _nothing,
    "commission_word": _nothing,
    "preview": _preview,
    "estimate": _estimate,
    "plan": _plan,
    "state": _state,
    "terms": _changed,
    "amendment": _amendment,
    "amended": _amended,
    "fill": _fill,
    "correction": _correction,
    "commission": _commission,
    "rate": _rate,
}


def _of(entry: Entry, text: str) -> StepOut:
    return StepOut(
        at=entry.at, what=entry.kind, text=text, entry=entry.seq, facts=dict(entry.detail)
    )


def _step(at: datetime, what: str, text: str, facts: Json) -> StepOut:
    return StepOut(at=at, what=what, text=text, entry=None, facts=dict(facts))
