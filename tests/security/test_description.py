"""The hook held against its own description, over a real socket, by schemathesis.

Each route is asked what its description allows and what it forbids, with its key, without one and
with a wrong one, and each of its answers is held to what is described: status, type, shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok

from console.hook.doors import PROBES
from tests.tree.conftest import venue as venue
from tests.tree.in_process import Tree, Venue, growing

EXAMPLES = 4
MEANING = (
    "/orders",
    "/plans",
    "/fills",
    "/positions/",
    "/bars/",
    "/why-not/",
    "/outside-facts",
    "/test-order",
)
"""Below these a request may be of the right shape and still mean nothing that can be done: no such
symbol, a quantity of nothing, a stop beyond the price. There what is right may be refused."""
MORE_MEANING = ("POST /risk/limits", "POST /trading/arm", "POST /trading/flatten", "POST /away")


class Key:
    """Puts a token on each request, so that the checks know how to leave it out."""

    token = ""

    def get(self, case: Any, context: Any) -> str:
        """Have it."""
        return self.token

    def set(self, case: Any, data: str, context: Any) -> None:
        """Put it on."""
        case.headers["Authorization"] = f"Bearer {data}"


@pytest.fixture
def tree(tmp_path: Path, venue: Venue) -> Iterator[Tree]:
    venue.start("--market", "still")
    with growing(tmp_path, venue.port) as grown:
        grown.wait_until_ready()
        yield grown


def _checks(label: str) -> list[Any]:
    """All there are, but for what cannot be asked there."""
    every = {check.__name__: check for check in CHECKS.get_all()}
    path = label.partition(" ")[2]
    if path.startswith(MEANING) or label in MORE_MEANING:
        every.pop("positive_data_acceptance")
    return list(every.values())


def _asking(operation: Any, mode: GenerationMode, found: dict[str, str]) -> Callable[[], None]:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        try:
            case.call_and_validate(checks=_checks(operation.label))
        except FailureGroup as group:
            for each in group.exceptions:
                name = f"{operation.label}: {type(each).__name__}"
                found.setdefault(name, f"{each}\n{case.as_curl_command()}")

    return ask


@pytest.mark.timeout(180)
def test_it_does_what_it_says_of_itself(tree: Tree) -> None:
    headers = {"authorization": f"Bearer {tree.hook.read_token}"}
    schema = schemathesis.openapi.from_url(f"{tree.hook.url}/openapi.json", headers=headers)
    key = type("KeyOfThisTree", (Key,), {"token": tree.hook.token})
    schema.auth()(key)
    before = tree.incarnations()
    found: dict[str, str] = {}
    asked = 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                _asking(operation, mode, found)()
                asked += 1
            except Unsatisfiable:
                # Nothing can be wrong about a request that takes nothing.
                assert operation.path in PROBES and mode is GenerationMode.NEGATIVE
    assert asked > 100
    assert not found, "\n\n".join(f"{name}\n{what}" for name, what in found.items())
    for path in schema.raw_schema["paths"]:
        for method in ("PUT", "TRACE", "PROPFIND"):
            answer = tree.call(method, path.replace("{", "").replace("}", ""), {})
            assert (answer.status_code, "allow" in answer.headers) == (405, True), (method, path)
    # Some of them end an actor on purpose (`restart`), none by a fault.
    assert tree.incarnations().keys() == before.keys()
    assert tree.lost_facts() == []
    assert tree.call("GET", "/health/live").status_code == 200
