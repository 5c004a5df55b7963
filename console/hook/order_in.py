"""An order as it comes in over HTTP: read exactly, or refused with a code.

Numbers are decimals from the first character on and never pass through a float; what is not
finite, or larger than any order could be, is refused here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from console.hook.problems import Refused
from domain.amendments import Wanted
from domain.order_groups import OrderGroup, Protection, bracket, one_cancels_all
from domain.orders import OrderError, OrderRequest, OrderType, Purpose, Side, Tif, check_request
from domain.symbols import Symbol, SymbolError

_NUMBER = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,9})?", re.ASCII)
_LARGEST = Decimal(10) ** 12
_PLACES = 10


def _exact(value: object) -> Decimal:
    """Take a decimal from a JSON string or number.

    Raises:
        PydanticCustomError: `FIELD_WRONG_TYPE`, `NUMBER_NOT_FINITE` or `NUMBER_OUT_OF_RANGE`.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise PydanticCustomError("FIELD_WRONG_TYPE", "A number or a string of digits is wanted")
    text = str(value).strip()
    if text.lower().lstrip("+-") in ("nan", "snan", "inf", "infinity"):
        raise PydanticCustomError("NUMBER_NOT_FINITE", "It is not a finite number")
    if not _NUMBER.fullmatch(text):
        raise PydanticCustomError("FIELD_WRONG_TYPE", "A number or a string of digits is wanted")
    number = Decimal(text)
    if number.is_zero():
        return Decimal(0)
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    if number.adjusted() > _LARGEST.adjusted() or abs(number) > _LARGEST or exponent < -_PLACES:
        raise PydanticCustomError(
            "NUMBER_OUT_OF_RANGE", "At most 10^12, with at most 10 places after the point"
        )
    return Decimal(format(number, "f"))


def _symbol(value: object) -> Symbol:
    try:
        if isinstance(value, str):
            return Symbol.parse(value)
    except SymbolError:
        pass
    raise PydanticCustomError(
        "SYMBOL_NOT_A_SYMBOL", "A symbol is written SYMBOL/CCY, as BHP/AUD or AUD/USD"
    )


def _spelt(text: str) -> str:
    return str(_symbol(text))


Exact = Annotated[
    Decimal,
    BeforeValidator(_exact),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}]}),
]
ReadSymbol = Annotated[
    Symbol, BeforeValidator(_symbol), WithJsonSchema({"type": "string", "examples": ["BHP/AUD"]})
]

SymbolText = Annotated[str, AfterValidator(_spelt)]
"""A symbol in a query, `BHP-AUD` or `BHP/AUD`."""


ORDER_ID = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$"


class CurrencyPurpose(StrEnum):
    """What an order in a pair of currencies is for; of shares every order is a trade."""

    TRADE = "TRADE"
    CONVERT = "CONVERT"


class ProtectionIn(BaseModel):
    """The stop under an entry; with a limit price it is a stop-limit."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    stop_price: Exact
    limit_price: Exact | None = None


class TargetIn(BaseModel):
    """Where an entry is left with a gain."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    limit_price: Exact


class OrderTermsIn(BaseModel):
    """An order. `quantity` in shares, or in units of the base currency of a pair."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    symbol: ReadSymbol
    side: Side
    quantity: Exact
    type: OrderType
    limit_price: Exact | None = None
    stop_price: Exact | None = None
    tif: Tif = Tif.DAY

    def request(self, client_order_id: str) -> OrderRequest:
        """Make it an order of the house.

        Raises:
            Refused: it is no order at all; the code says why.
        """
        request = OrderRequest(
            client_order_id=client_order_id,
            symbol=self.symbol,
            side=self.side,
            quantity=self.quantity,
            type=self.type,
            limit_price=self.limit_price,
            stop_price=self.stop_price,
            tif=self.tif,
        )
        try:
            check_request(request)
        except OrderError as error:
            raise Refused(422, error.code, str(error)) from None
        return request


class OrderIn(OrderTermsIn):
    """An order; with a protection or a target it is a bracket, and leaves as one piece."""

    client_order_id: str | None = Field(
        default=None,
        pattern=ORDER_ID,
        description="Yours, to make sending it again harmless; made when it is left out.",
    )
    protection: ProtectionIn | None = None
    target: TargetIn | None = None
    purpose: CurrencyPurpose = Field(
        default=CurrencyPurpose.TRADE,
        description="Of an order in a pair of currencies: TRADE opens or leaves a lot, which "
        "counts, is guarded and leaves with a flatten; CONVERT is cash for cash, and makes none.",
    )

    def group(self, client_order_id: str) -> OrderGroup:
        """Make it an order of the house, with those that leave with it.

        Raises:
            Refused: it is no order at all; the code says why.
        """
        request = self.request(client_order_id)
        if self.purpose is CurrencyPurpose.CONVERT:
            request = replace(request, purpose=Purpose.CONVERT)
            if self.protection is not None or self.target is not None:
                raise Refused.coded(422, "CONVERT_TAKES_NO_PLAN")
        if self.protection is None and self.target is None:
            return OrderGroup(request, ())
        protection = None
        if self.protection is not None:
            protection = Protection(self.protection.stop_price, self.protection.limit_price)
        target = self.target.limit_price if self.target is not None else None
        try:
            group = bracket(request, protection, target)
            for child in group.attached:
                check_request(child)
        except OrderError as error:
            raise Refused(422, error.code, str(error)) from None
        return group


class GroupIn(BaseModel):
    """Orders of which one cancels the others."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    oca_group: str | None = Field(
        default=None,
        pattern=ORDER_ID,
        description="The group's name, yours to make sending it again harmless.",
    )
    orders: list[OrderTermsIn]

    def group(self, name: str) -> OrderGroup:
        """Make it a group of the house.

        Raises:
            Refused: it is no group at all; the code says why.
        """
        requests = [order.request(f"{name}-{n}") for n, order in enumerate(self.orders, 1)]
        try:
            return one_cancels_all(name, requests)
        except OrderError as error:
            raise Refused(422, error.code, str(error)) from None


class AmendIn(BaseModel):
    """What is to be changed of an order; what is left out stays."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    limit_price: Exact | None = None
    stop_price: Exact | None = None
    quantity: Exact | None = None
    amendment_id: str | None = Field(
        default=None,
        pattern=ORDER_ID,
        description="Yours, to make sending it again harmless.",
    )

    def wanted(self) -> Wanted:
        """Make it a wish of the house.

        Raises:
            Refused: it names nothing.
        """
        wanted = Wanted(self.quantity, self.limit_price, self.stop_price)
        if wanted == Wanted():
            raise Refused.coded(422, "AMENDMENT_NOT_WANTED")
        return wanted


def parsed(symbol: str | None) -> Symbol | None:
    """Make a checked text a symbol."""
    return None if symbol is None else Symbol.parse(symbol)


class _ExactRequest(Request):
    """A request whose JSON keeps its decimals."""

    async def json(self) -> Any:
        read = parse(await self.body())
        if not isinstance(read, dict):
            raise Refused(422, "BODY_NOT_AN_OBJECT", "The body is JSON, but not an object.")
        return read


class ExactRoute(APIRoute):
    """A route whose body is read by `parse`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's own."""
        handler = super().get_route_handler()

        async def exact(request: Request) -> Response:
            return await handler(_ExactRequest(request.scope, request.receive))

        return exact


def parse(body: bytes) -> Any:
    """Read JSON, strictly: no NaN, no name twice, decimals exact.

    Raises:
        Refused: `BODY_NOT_JSON`, `NUMBER_NOT_FINITE` or `FIELD_TWICE`.
    """
    try:
        return json.loads(
            body.decode("utf-8"),
            parse_float=_decimal,
            parse_int=_decimal,
            parse_constant=_not_finite,
            object_pairs_hook=_once,
        )
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)[:120]
        raise Refused(400, "BODY_NOT_JSON", f"The body is not JSON: {reason}.") from None


def _decimal(text: str) -> Decimal | str:
    # What no decimal can hold stays text, for the field's own check to refuse.
    return Decimal(text) if _NUMBER.fullmatch(text) else text


def _not_finite(text: str) -> NoReturn:
    raise Refused(422, "NUMBER_NOT_FINITE", f"{text} is not a finite number.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise Refused(422, "FIELD_TWICE", "A name stands twice in the body, so one would be lost.")
    return read
