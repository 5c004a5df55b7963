"""Scenarios of the house whose story goes on when the test has seen enough, not when time is up.

What happens within a window of some seconds is not always seen within it, on a machine that has
more to do. So the test opens and closes the window itself, by the door of the gateway.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tests.pains.hurried import hurried

_NEVER = 'on = "start"\nnth = 2\n'
"""A gateway starts once."""
_LONG = "for_seconds = 3600\n"
_TIMES = re.compile(r"^(on|match|nth|times|after_seconds|for_seconds) = .*\n", re.MULTILINE)
_NAME = re.compile(r'^name = "(.*)"$', re.MULTILINE)
_DELAY = re.compile(r'^do = "delay"\nwith = .*\n', re.MULTILINE)


def by_hand(
    folder: Path,
    name: str,
    *,
    fired: Sequence[str] = (),
    held: Sequence[str] = (),
    times: float = 1.0,
) -> str:
    """A copy of the scenario in `folder`; its path. What is timed still takes `times` less.

    The rules `fired` act when the test fires them (`control.fire`), and last until it ends them.
    Those `held` keep back until they are ended what they delay in the story.
    """
    text = Path(hurried(folder, name, times)).read_text("utf-8")
    head, *rules = re.split(r"^(?=\[\[rule\]\])", text, flags=re.MULTILINE)
    told = dict(zip(_NAME.findall(text), rules, strict=True))
    for each in fired:
        lasts = _LONG if "for_seconds" in told[each] else ""
        told[each] = f"{_TIMES.sub('', told[each]).rstrip()}\n{_NEVER}{lasts}\n"
    for each in held:
        assert _DELAY.search(told[each]), f"{each} delays something"
        told[each] = _DELAY.sub(f'do = "hold"\n{_LONG}', told[each])
    copy = folder / f"{name}.toml"
    copy.write_text("".join([head, *told.values()]), "utf-8")
    return str(copy)
