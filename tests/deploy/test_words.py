"""What the page about the home server and the alert rules tell people to type is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import supervisor
from console.install.layout import Layout
from tests.deploy.watching import ALERTS, DEPLOY

ROOT = DEPLOY.parent
PAGE = ROOT / "docs/home-server.md"
_TYPED = re.compile(r"(?:`|^ {4})(?:sudo |docker compose exec kelpie )*kelpie ([a-z][a-z-]*)", re.M)


def commands() -> set[str]:
    return {word for path in (PAGE, ALERTS) for word in _TYPED.findall(path.read_text())}


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_command_that_is_named_can_be_typed(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        supervisor.main([command, "--help"])
    assert ended.value.code == 0, command
    assert "usage" in capsys.readouterr().out


def test_enough_of_them_were_found() -> None:
    assert {"status", "resume", "restore", "doctor", "flatten"} <= commands()


def test_the_places_that_are_named_are_those_of_the_installation() -> None:
    text = PAGE.read_text()
    layout = Layout(Path("/"))
    for path in (layout.settings, layout.secrets, layout.state, layout.logs, layout.command):
        assert str(path) in text, path
    assert f"{layout.current}/lib/deploy/" in text
    for name in re.findall(r"`((?:prometheus|grafana)/[\w.]+)`", text):
        assert (DEPLOY / name).is_file(), name
    for link in re.findall(r"\]\(([\w-]+\.md)\)", text):
        assert (ROOT / "docs" / link).is_file(), link
