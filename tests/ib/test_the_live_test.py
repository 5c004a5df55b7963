"""The test against a real paper account, itself on trial against the simulated gateway."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.books import read_books
from tests.simulators.gateway_process import ROOT, gateway_process

ACCOUNT = "DU9000001"


def run_it(port: int, **switches: str) -> str:
    environ = {"PATH": os.environ["PATH"], "IB_PORT": str(port), "IB_ACCOUNT_ID": ACCOUNT}
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/integration"]
    done = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={**environ, **switches},
        capture_output=True,
        text=True,
    )
    return done.stdout


def test_it_is_off_unless_it_is_asked_for() -> None:
    assert "no tests ran" in run_it(1)


def test_it_places_nothing_without_its_second_switch(tmp_path: Path) -> None:
    with gateway_process(tmp_path, "--market", "still") as gateway:
        said = run_it(gateway.port, KELPIE_INTEGRATION="1")
    assert "2 passed, 1 skipped" in said, said
    assert read_books(tmp_path).orders == ()


def test_with_both_switches_it_places_one_share_and_takes_it_back(tmp_path: Path) -> None:
    with gateway_process(tmp_path, "--market", "still") as gateway:
        said = run_it(gateway.port, KELPIE_INTEGRATION="1", KELPIE_INTEGRATION_PLACES="1")
    assert "3 passed" in said, said
    books = read_books(tmp_path)
    [order] = books.orders
    assert order.status == "Cancelled"
    assert order.request.quantity == 1
    assert order.filled == 0
    assert books.executions == ()


@pytest.mark.parametrize("account", ["U1234567", ""])
def test_it_refuses_an_account_that_is_not_paper(account: str, tmp_path: Path) -> None:
    with gateway_process(tmp_path, "--market", "still") as gateway:
        said = run_it(
            gateway.port,
            KELPIE_INTEGRATION="1",
            KELPIE_INTEGRATION_PLACES="1",
            IB_ACCOUNT_ID=account,
        )
    assert "3 failed" in said, said
    assert read_books(tmp_path).orders == ()
