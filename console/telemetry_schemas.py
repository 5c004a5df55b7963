"""What a line of `telemetry.log` holds: the one source of docs/telemetry.md and of its test.

`python -m console.telemetry_schemas > docs/telemetry.md` writes the document.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter

Amount = Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?([eE][+-]?\d+)?$")]
"""An exact decimal, as text."""


class Line(BaseModel):
    """What every line about trading has."""

    model_config = ConfigDict(extra="forbid")

    ts: datetime = Field(description="When it was written (UTC).")
    mode: str = Field(description="demo, observe, paper or live.")
    correlation: str = Field(description="The id that runs from the decision to the ledger.")
    venue: str
    symbol: str = Field(description="SYMBOL/CCY.")
    contract_id: str | None = Field(description="The venue's own number of the instrument.")
    exchange: str | None = Field(description="Its primary exchange, as the venue names it.")


class Hops(BaseModel):
    """When an order passed each station on its way (UTC); null where that is not known, or not yet.

    All but `filled` and `commission` are taken where it happens; these two when the ledger has it.
    The desk tells of an admission once its order has left, so an early line may lack the first.
    """

    model_config = ConfigDict(extra="forbid")

    quoted: datetime | None = Field(description="The quote it was decided on was received.")
    decided: datetime | None = Field(description="The proposer made up its mind.")
    admitted: datetime | None = Field(description="The desk decided.")
    durable: datetime | None = Field(description="`orders` took it up: its intent was on disk.")
    sent: datetime | None = Field(description="Its bytes had left.")
    acknowledged: datetime | None = Field(description="The venue's first word on it was heard.")
    filled: datetime | None = Field(description="Its first fill was booked.")
    commission: datetime | None = Field(description="Its first commission was booked.")


class HopMicros(BaseModel):
    """Microseconds from one station to the next that is known; null where either is not."""

    model_config = ConfigDict(extra="forbid")

    decided: int | None
    admitted: int | None
    durable: int | None
    sent: int | None
    acknowledged: int | None
    filled: int | None
    commission: int | None


class Seen(BaseModel):
    """The quote by which it was decided."""

    model_config = ConfigDict(extra="forbid")

    bid: float | None
    ask: float | None
    last: float | None
    data_type: Literal["LIVE", "DELAYED", "FROZEN"]
    time: datetime


class DecisionLine(Line):
    """One proposal, admitted or refused by the desk."""

    event: Literal["decision"]
    client_order_id: str
    proposer: str
    reason: str
    side: Literal["BUY", "SELL"]
    purpose: str
    type: str
    asked_quantity: Amount = Field(description="As it was proposed.")
    quantity: Amount = Field(description="As the gates saw it.")
    admitted: bool
    code: str = Field(description="Of the refusal; empty when it was admitted.")
    gates: dict[str, bool] = Field(description="Each gate that was asked, and whether it is open.")
    value: Amount | None = Field(description="The worst that it can cost, in `base_currency`.")
    base_currency: str
    price: Amount | None = Field(description="What the value was reckoned with.")
    rate: Amount | None = Field(description="Base currency for one unit of the symbol's.")
    commission: Amount | None = Field(description="As it was reckoned beforehand.")
    commission_currency: str | None
    commission_source: Literal["table", "preview", "none"] = Field(
        description="table: by the dated rule; preview: the venue was asked; none: not known."
    )
    quote: Seen | None


class OrderLine(Line):
    """An order whose state has changed since it was on its way, with its way so far."""

    event: Literal["order"]
    client_order_id: str
    venue_order_id: str | None
    side: Literal["BUY", "SELL"]
    purpose: str
    type: str
    quantity: Amount
    filled: Amount
    state: str
    reason: str | None
    hops: Hops
    hop_micros: HopMicros


class FillLine(Line):
    """A fill, its correction, or news of its commission."""

    event: Literal["fill"]
    client_order_id: str
    execution_id: str
    revision: int
    news: Literal["fill", "revised"] = Field(
        description="revised: a correction, or its commission."
    )
    side: Literal["BUY", "SELL"]
    quantity: Amount
    price: Amount
    currency: str
    traded_at: datetime = Field(description="By the venue's clock (UTC).")
    executed_on: str = Field(description="The exchange that it traded at.")
    liquidity: str
    commission: Amount | None
    commission_currency: str | None
    commission_source: Literal["reported", "none"] = Field(
        description="reported: the venue said so, of this revision; none: not yet."
    )
    commission_rate: Amount | None = Field(
        description="Base currency for one unit of the commission's; null where none was told."
    )
    rate: Amount | None = Field(
        description="Base currency for one unit of `currency`; null where none was told."
    )
    rate_source: str | None = Field(description="base, quote, account and so on.")
    hops: Hops
    hop_micros: HopMicros


class RequestLine(Line):
    """A request for data, and what came of it."""

    event: Literal["request"]
    kind: Literal["quotes", "bars"]
    what: str = Field(description="The series of bars; empty for quotes.")
    micros: int = Field(description="Microseconds from the asking to the first answer.")
    items: int = Field(description="Bars that came, or 1 for the first quote.")
    code: str = Field(description="Why nothing came; empty when something did.")


class Failure(BaseModel):
    """An exception."""

    model_config = ConfigDict(extra="forbid")

    type: str
    text: str
    trace: str


class LogLine(BaseModel):
    """What the process said of itself; any `event` that is none of the others."""

    model_config = ConfigDict(extra="forbid")

    ts: datetime
    level: str
    event: str
    seat: str | None
    incarnation: int | None
    correlation: str | None
    mode: str | None
    text: str
    extra: dict[str, Any] = Field(description="Whatever else was bound.")
    error: Failure | None = None


_OF_TRADING: dict[str, type[BaseModel]] = {
    "decision": DecisionLine,
    "order": OrderLine,
    "fill": FillLine,
    "request": RequestLine,
}


def _tag(line: Any) -> str:
    event = line.get("event") if isinstance(line, dict) else None
    return event if event in _OF_TRADING and "level" not in line else "log"


LINE: TypeAdapter[Any] = TypeAdapter(
    Annotated[
        Annotated[DecisionLine, Tag("decision")]
        | Annotated[OrderLine, Tag("order")]
        | Annotated[FillLine, Tag("fill")]
        | Annotated[RequestLine, Tag("request")]
        | Annotated[LogLine, Tag("log")],
        Discriminator(_tag),
    ]
)
"""Validates one line."""

_INTRODUCTION = """# telemetry.log

`LOG_DIR/telemetry.log` is for programs: one JSON object a line, UTF-8, the newest last. At 20 MB it
becomes `telemetry.log.1.gz`, and so on to `.10.gz`. Secrets and account numbers are never in it.

A line with a `level` is what the process said of itself (`kelpie.log` has the same for persons).
Every other line is one of trading, by its `event`. `TELEMETRY_SAMPLE` is the share of these that is
written: all lines with one `correlation`, or none of them. Amounts are text, exact; times are
RFC 3339 in UTC. Durations between hops are taken from the wall clock, and null where it was set
back in between.

This page is made by `python -m console.telemetry_schemas`, from the schema by which a test
validates every line that a running tree writes.
"""


def render() -> str:
    """The document."""
    parts = [_INTRODUCTION]
    models: list[type[BaseModel]] = [*_OF_TRADING.values(), Hops, HopMicros, Seen]
    models += [LogLine, Failure]
    for model in models:
        words = " ".join((model.__doc__ or "").split())
        parts.append(f"## {model.__name__}\n\n{words}\n\n| Field | Type | What |\n|---|---|---|")
        schema = model.model_json_schema(ref_template="{model}")
        rows = (_row(name, said) for name, said in schema["properties"].items())
        parts[-1] += "\n" + "\n".join(rows) + "\n"
    whole = json.dumps(LINE.json_schema(), indent=1, sort_keys=True)
    parts.append(f"## The schema\n\nFor programs, in JSON Schema:\n\n```json\n{whole}\n```\n")
    return "\n".join(parts)


def _row(name: str, said: dict[str, Any]) -> str:
    return f"| `{name}` | {_type(said)} | {said.get('description', '')} |"


def _type(said: dict[str, Any]) -> str:
    if "anyOf" in said:
        return " or ".join(_type(each) for each in said["anyOf"])
    if "$ref" in said:
        return f"[{said['$ref']}](#{said['$ref'].lower()})"
    if "const" in said:
        return f"`{said['const']}`"
    if "enum" in said:
        return ", ".join(f"`{each}`" for each in said["enum"])
    if said.get("pattern"):
        return "decimal"
    return {"date-time": "time"}.get(said.get("format", ""), str(said.get("type", "any")))


if __name__ == "__main__":
    print(render(), end="")
