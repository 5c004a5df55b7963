"""The hook's own account of itself, and what hypothesis throws at it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.fill_schemas import FillOut
from console.schemas import OrderOut, PositionOut, QuoteOut
from tests.console.conftest import TOKEN, Grow, Plant
from tests.console.test_hook_trading import (
    FILL_FIELDS,
    ORDER,
    ORDER_FIELDS,
    POSITION_FIELDS,
    QUOTE_FIELDS,
)
from tests.console.trading import Market, trading_tree

ROUTES = {
    ("get", "/health/live"),
    ("get", "/health/ready"),
    ("get", "/tree"),
    ("get", "/actors"),
    ("get", "/actors/{name}"),
    ("post", "/actors/{name}/restart"),
    ("get", "/alerts"),
    ("post", "/alerts/test"),
    ("post", "/alerts/echo"),
    ("post", "/alerts/{id}/answer"),
    ("get", "/dead-letters"),
    ("post", "/dead-letters/{id}/release"),
    ("get", "/circuits"),
    ("post", "/circuits/{venue}/open"),
    ("post", "/circuits/{venue}/close"),
    ("get", "/venues"),
    ("get", "/quotes"),
    ("get", "/bars"),
    ("get", "/bars/{symbol}"),
    ("get", "/positions"),
    ("get", "/orders"),
    ("get", "/orders/{client_order_id}"),
    ("get", "/orders/{client_order_id}/explain"),
    ("post", "/orders"),
    ("post", "/orders/preview"),
    ("post", "/orders/groups"),
    ("patch", "/orders/{client_order_id}"),
    ("delete", "/orders/{client_order_id}"),
    ("post", "/orders/{client_order_id}/resolve"),
    ("get", "/plans"),
    ("get", "/plans/{plan_id}"),
    ("post", "/plans"),
    ("patch", "/plans/{plan_id}"),
    ("delete", "/plans/{plan_id}"),
    ("get", "/orders/foreign"),
    ("post", "/positions/{symbol}/adopt"),
    ("post", "/positions/{symbol}/dividend"),
    ("post", "/positions/{symbol}/resolve"),
    ("get", "/reconciliation"),
    ("get", "/fills"),
    ("get", "/fills/foreign"),
    ("get", "/account"),
    ("get", "/equity"),
    ("get", "/equity/history"),
    ("get", "/money/unexplained"),
    ("post", "/money/unexplained/{difference_id}"),
    ("get", "/money/cash"),
    ("get", "/money/accounts"),
    ("post", "/trading/pause"),
    ("post", "/trading/resume"),
    ("get", "/trading/flatten"),
    ("post", "/trading/flatten"),
    ("delete", "/trading/flatten"),
    ("get", "/test-order"),
    ("get", "/away"),
    ("post", "/away"),
    ("delete", "/away"),
    ("post", "/reconcile"),
    ("get", "/metrics"),
    ("get", "/outside-facts"),
    ("post", "/outside-facts"),
    ("get", "/checklist"),
    ("get", "/shadow"),
    ("post", "/trading/arm"),
    ("post", "/trading/disarm"),
    ("get", "/history/health"),
    ("get", "/risk"),
    ("post", "/risk/limits"),
    ("get", "/why-not/{symbol}"),
    ("get", "/overview"),
}
PROBES = ("/health/live", "/health/ready")


@pytest.fixture
def schema(grow: Grow) -> dict[str, Any]:
    answer = grow().hook.get("/openapi.json")
    assert answer.status_code == 200
    said: dict[str, Any] = answer.json()
    return said


def test_the_schema_names_every_route_and_no_other(schema: dict[str, Any]) -> None:
    assert {(verb, path) for path, verbs in schema["paths"].items() for verb in verbs} == ROUTES


def test_every_route_has_a_model_for_what_it_answers_and_for_its_problems(
    schema: dict[str, Any],
) -> None:
    for path, verbs in schema["paths"].items():
        for verb, route in verbs.items():
            taken = route["responses"].get("202") or route["responses"]["200"]
            if path == "/metrics":
                assert list(taken["content"]) == ["text/plain; version=1.0.0"]
            else:
                model = taken["content"]["application/json"]["schema"]
                assert "$ref" in model, (verb, path)
            problem = route["responses"]["4XX"]["content"]
            assert problem["application/problem+json"]["schema"]["$ref"].endswith("/Problem")
            assert "422" not in route["responses"]


def test_every_route_but_the_probes_says_that_it_wants_a_token(schema: dict[str, Any]) -> None:
    for path, verbs in schema["paths"].items():
        for verb, route in verbs.items():
            assert ("security" in route) == (path not in PROBES), (verb, path)


def test_the_models_have_the_fields_of_the_design() -> None:
    assert list(OrderOut.model_fields)[: len(ORDER_FIELDS)] == ORDER_FIELDS
    assert list(FillOut.model_fields)[: len(FILL_FIELDS)] == FILL_FIELDS
    assert list(PositionOut.model_fields)[: len(POSITION_FIELDS)] == POSITION_FIELDS
    assert list(QuoteOut.model_fields)[: len(QUOTE_FIELDS)] == QUOTE_FIELDS


@pytest.fixture
def market(plant: Plant, tmp_path: Any) -> Market:
    return trading_tree(plant, tmp_path)


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=6,
)
_bodies = st.one_of(
    _anything,
    st.fixed_dictionaries({}, optional={name: _anything for name in (*ORDER, "x")}),
    st.tuples(st.sampled_from([*ORDER, "stop_price", "client_order_id"]), _anything).map(
        lambda change: {**ORDER, change[0]: change[1]}
    ),
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
    database=None,
)
@given(body=_bodies)
def test_whatever_comes_as_an_order_gets_a_coded_4xx_and_nothing_stops(
    market: Market, body: Any
) -> None:
    # The venue is not open, so that even a good order is refused.
    with market.tree.hook.client(TOKEN) as client:
        answer = client.post(
            "/orders", content=json.dumps(body), headers={"content-type": "application/json"}
        )
        said = answer.json()
        assert 400 <= answer.status_code < 500, (body, said)
        assert answer.headers["content-type"] == "application/problem+json"
        assert said["code"]
        assert said["status"] == answer.status_code
        assert client.get("/orders").json() == {"items": []}
        assert client.get("/health/live").status_code == 200
    assert all(seat.incarnation == 1 for seat in market.tree.system.seats())


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
    database=None,
)
@given(body=st.binary(max_size=300))
def test_bytes_that_are_no_json_get_a_coded_4xx(market: Market, body: bytes) -> None:
    with market.tree.hook.client(TOKEN) as client:
        for path in ("/orders", "/trading/pause"):
            answer = client.post(path, content=body, headers={"content-type": "application/json"})
            allowed = (200,) if path == "/trading/pause" and body.strip() in (b"", b"{}") else ()
            assert answer.status_code in allowed or 400 <= answer.status_code < 500
            assert answer.json().get("code") or answer.status_code in allowed
