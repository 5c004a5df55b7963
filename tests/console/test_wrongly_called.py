"""Every command tells a wrong call apart from whatever it has to say: 64, and how it is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.cli import add_commands
from runtime.arguments import WRONGLY_CALLED, Arguments
from supervisor import main


def over_the_hook() -> list[tuple[str, ...]]:
    """The commands that speak to a running Kelpie."""
    commands = Arguments().add_subparsers()
    add_commands(commands)
    return [(name,) for name in commands.choices]


COMMANDS = [
    *over_the_hook(),
    *(("run",), ("ib-sim",), ("init",), ("doctor",), ("phone",), ("drill",), ("explain",)),
    *(("statement", "check"), ("report", "pnl"), ("limits", "--reset"), ("backup",)),
    *(
        ("restore",),
        ("upgrade",),
        ("rollback",),
        ("ledger", "dump"),
        ("ledger", "verify"),
        ("panic",),
        (),
    ),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_wrong_call_is_64(
    words: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        main([*words, "--no-such-option"])
    assert left.value.code == WRONGLY_CALLED
    assert "usage: kelpie" in capsys.readouterr().err
    assert not list(tmp_path.iterdir()), "nothing was begun"


@pytest.mark.parametrize(
    "words",
    [
        ("limits", "MAX_ORDER_VALUE"),
        ("import", "closes"),
        ("alerts", "answer"),
        ("alerts", "confirm", "12"),
        ("away", "2026-12-18"),
    ],
    ids=" ".join,
)
def test_so_is_what_only_the_command_itself_can_judge(words: tuple[str, ...]) -> None:
    assert main(list(words)) == WRONGLY_CALLED
