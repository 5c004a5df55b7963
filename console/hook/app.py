"""The web application of the hook, put together from its routes."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from console.hook import (
    actors,
    alerts,
    away,
    bars,
    circuits,
    corporate_actions,
    dead_letters,
    dividends,
    flattening,
    health,
    live,
    market,
    money,
    operations,
    outside,
    overview,
    pairing,
    plans,
    resolving,
    risk,
    trading,
    trial_order,
    truth,
    uptime,
)
from console.hook.asking import Asking
from console.hook.keys import Keyring
from console.hook.problems import (
    PROBLEM_TYPE,
    Refused,
    on_crash,
    on_http_exception,
    refusal_of,
    refusal_response,
)
from console.pages import answering, closing, now, pausing, quiet, style
from console.pages import health as health_page
from console.pages import live as live_page
from console.pages import money as money_page
from console.pages import orders as orders_page
from console.pages import trades as trades_page
from console.schemas import Problem

_bearer = HTTPBearer(auto_error=False, description="The guard at the door checks it.")


class Json(JSONResponse):
    """JSON by orjson."""

    def render(self, content: Any) -> bytes:
        """Write it out."""
        return orjson.dumps(content)


class _App(FastAPI):
    """Says in its schema under which type problems are sent, and that a body is an object."""

    def openapi(self) -> dict[str, Any]:
        schema: dict[str, Any] = super().openapi()
        for verbs in schema["paths"].values():
            for verb, route in verbs.items():
                for status in ("4XX", "5XX"):
                    response = route["responses"][status]
                    [model] = response["content"].values()
                    response["content"] = {PROBLEM_TYPE: model}
                if "requestBody" in route:
                    _describe_body(route["requestBody"], needed=verb != "delete")
        return schema


def _describe_body(body: dict[str, Any], *, needed: bool) -> None:
    """Say what the guard and the routes take: an object, if an empty one, and never `null`."""
    body["required"] = needed
    for each in body["content"].values():
        kinds = [kind for kind in each["schema"].get("anyOf", ()) if kind != {"type": "null"}]
        if len(kinds) == 1:
            each["schema"] = kinds[0]


async def _says_token(_: Annotated[object, Depends(_bearer)]) -> None:
    """Tell the schema that a token is needed."""


async def _knows_query(request: Request) -> None:
    """Refuse a parameter that the route does not know: a misspelt filter would filter nothing."""
    route = request.scope["route"]
    assert isinstance(route, APIRoute)
    known = {each.alias for each in route.dependant.query_params}
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        raise Refused.coded(422, "PARAMETER_UNKNOWN", name=repr(unknown[0][:40]))


def build_app(asking: Asking, keyring: Keyring) -> FastAPI:
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
    app.include_router(pairing.routes(keyring))
    # `/orders/foreign` is none of the orders that `trading` finds by their names.
    for room in (
        *(overview, actors, alerts, dead_letters, circuits, market, money, bars, truth),
        *(
            trading,
            plans,
            resolving,
            corporate_actions,
            dividends,
            flattening,
            away,
            trial_order,
            operations,
            outside,
            live,
            risk,
            uptime,
        ),
    ):
        app.include_router(
            room.routes(asking), dependencies=[Depends(_says_token), Depends(_knows_query)]
        )
    for each in (
        *(now, money_page, trades_page, orders_page, quiet, health_page, live_page),
        *(pausing, closing, answering, style),
    ):
        app.include_router(each.routes(asking))
    return app


async def _on_bad_input(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return refusal_response(refusal_of(list(error.errors())), request.url.path)
