"""Scenarios of the house played faster: the same story, in the seconds that a test has."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

_TIMES = re.compile(r"\b(after_seconds|for_seconds|repeat_seconds|seconds) = ([0-9.]+)")


def hurried(folder: Path, name: str, times: float) -> str:
    """A copy of the scenario in `folder` that takes so many times less; its path."""
    text = files("simulators.scenarios").joinpath(f"{name}.toml").read_text("utf-8")
    copy = folder / f"{name}.toml"
    copy.write_text(_TIMES.sub(lambda m: f"{m[1]} = {float(m[2]) / times:g}", text), "utf-8")
    return str(copy)
