"""Refusals over HTTP: problem documents (RFC 9457) with a stable code.

What Kelpie refuses for reasons of its own has its words in `config/error_codes.toml`;
what is wrong with the request itself is said here.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import HTTPException
from loguru import logger
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import Request
from starlette.responses import Response

from config.errors import CodedError
from console.hook.doors import door_of
from console.hook.plain_page import HTML, refusal_page
from console.schemas import Problem

PROBLEM_TYPE = "application/problem+json"


class Refused(HTTPException):
    """A request is refused: status, stable code, one sentence, what to do."""

    def __init__(
        self,
        status: int,
        code: str,
        sentence: str,
        cure: str = "",
        *,
        client_order_id: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(
            status_code=status,
            detail=f"{sentence} {cure}".strip(),
            headers=dict(headers) if headers else None,
        )
        self.code = code
        self.client_order_id = client_order_id

    @classmethod
    def coded(
        cls, status: int, code: str, *, headers: Mapping[str, str] | None = None, **facts: object
    ) -> Refused:
        """Take the words from the table of codes."""
        row = CodedError(code, **facts)
        return cls(status, code, row.sentence, row.cure, headers=headers)


def problem_response(
    status: int,
    code: str,
    detail: str,
    instance: str,
    *,
    client_order_id: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Make the document; where people look, a page that says the same."""
    if door_of(instance).for_people:
        page = refusal_page(status, code, detail)
        return Response(page, status, dict(headers or {}), HTML)
    document = Problem(
        type=f"urn:kelpie:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        instance=instance,
        client_order_id=client_order_id,
    )
    body = document.model_dump(mode="json")
    if client_order_id is None:
        del body["client_order_id"]
    return Response(orjson.dumps(body), status, dict(headers or {}), PROBLEM_TYPE)


def refusal_response(refused: Refused, instance: str) -> Response:
    """Make the document of a refusal."""
    return problem_response(
        refused.status_code,
        refused.code,
        str(refused.detail),
        instance,
        client_order_id=refused.client_order_id,
        headers=refused.headers,
    )


_ROUTING = {
    404: ("NO_SUCH_ROUTE", "There is nothing at this path. GET /openapi.json lists the routes."),
    405: ("METHOD_NOT_ALLOWED", "This path does not take that method: see `Allow`."),
}


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Answer what a route, or the routing itself, refuses."""
    assert isinstance(error, StarletteHTTPException)
    if isinstance(error, Refused):
        return refusal_response(error, request.url.path)
    code, detail = _ROUTING.get(error.status_code, ("REQUEST_REFUSED", str(error.detail)))
    return problem_response(
        error.status_code, code, detail, request.url.path, headers=error.headers
    )


async def on_crash(request: Request, error: Exception) -> Response:
    """Answer a fault of ours: to the log with its stack, to the asker without."""
    logger.opt(exception=error).error("The hook failed at {}.", request.url.path)
    return problem_response(
        500,
        "HOOK_FAILED",
        "The hook failed on this request; trading is not touched by it. The log has the cause.",
        request.url.path,
    )


_BY_TYPE = {
    "missing": "FIELD_MISSING",
    "extra_forbidden": "FIELD_UNKNOWN",
    "enum": "FIELD_NOT_ALLOWED",
    "string_too_long": "FIELD_TOO_LONG",
    "string_pattern_mismatch": "FIELD_NOT_ALLOWED",
    "greater_than_equal": "NUMBER_OUT_OF_RANGE",
    "less_than_equal": "NUMBER_OUT_OF_RANGE",
}


def refusal_of(errors: list[dict[str, Any]]) -> Refused:
    """Name the first fault and count the others. The input itself is not repeated in full.

    A check of ours gives its own code by `PydanticCustomError`: its type in capitals.
    """
    first = errors[0]
    kind = str(first["type"])
    code = kind if kind.isupper() else _BY_TYPE.get(kind, "FIELD_WRONG_TYPE")
    where = ".".join(str(part) for part in first["loc"][1:]) or "the body"
    others = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
    seen = repr(first.get("input"))[:80]
    message = str(first["msg"]).rstrip(".")
    sentence = (
        f"{where} is missing{others}."
        if kind == "missing"
        else f"{where}: {message}, and {seen} was seen{others}."
    )
    return Refused(422, code, sentence, "GET /openapi.json has the shape of what this route takes.")
