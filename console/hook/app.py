"""The web application of the hook, put together from its routes."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from console.hook import actors, health, market, operations, resolving, trading
from console.hook.asking import Asking
from console.hook.problems import (
    PROBLEM_TYPE,
    on_crash,
    on_http_exception,
    refusal_of,
    refusal_response,
)
from console.schemas import Problem

_bearer = HTTPBearer(auto_error=False, description="The guard at the door checks it.")


class Json(JSONResponse):
    """JSON by orjson."""

    def render(self, content: Any) -> bytes:
        """Write it out."""
        return orjson.dumps(content)


class _App(FastAPI):
    """Says in its schema under which type problems are sent."""

    def openapi(self) -> dict[str, Any]:
        schema: dict[str, Any] = super().openapi()
        for verbs in schema["paths"].values():
            for route in verbs.values():
                for status in ("4XX", "5XX"):
                    response = route["responses"][status]
                    [model] = response["content"].values()
                    response["content"] = {PROBLEM_TYPE: model}
        return schema


async def _says_token(_: Annotated[object, Depends(_bearer)]) -> None:
    """Tell the schema that a token is needed."""


def build_app(asking: Asking) -> FastAPI:
    """Put the routes together. Without the guard around it, it lets anybody in."""
    app = _App(
        title="Kelpie's hook",
        version=asking.options.version,
        docs_url=None,
        redoc_url=None,
        default_response_class=Json,
        redirect_slashes=False,
        responses={"4XX": {"model": Problem}, "5XX": {"model": Problem}},
    )
    app.add_exception_handler(HTTPException, on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_bad_input)
    app.add_exception_handler(Exception, on_crash)
    app.include_router(health.routes(asking))
    for room in (actors, market, trading, resolving, operations):
        app.include_router(room.routes(asking), dependencies=[Depends(_says_token)])
    return app


async def _on_bad_input(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return refusal_response(refusal_of(list(error.errors())), request.url.path)
