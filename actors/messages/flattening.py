"""Everything out, by a person: asking for it, looking at it, ending it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from actors.lanes import Command, Lane, Message
from domain.symbols import Symbol


@dataclass(frozen=True, slots=True)
class Flatten(Command):
    """To the desk, from a person: take back what works, and leave what is held.

    Answered with a `domain.flatten.FlattenView`, or with a `Verdict` that refuses it. Asked again
    while it runs it is harmless; other symbols join those.
    """

    symbols: tuple[Symbol, ...]
    """None named means all."""
    who: str
    reason: str
    confirmation: str = ""
    """The code that came with a preview of exactly this."""
    preview_only: bool = False
    in_two_steps: bool = False
    """Whatever the state of things, only what was shown is done, and only by its code."""


@dataclass(frozen=True, slots=True)
class EndFlatten(Command):
    """To the desk, from a person: try no further. What was sent stands. Answered as `Flatten`."""

    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class GetFlatten(Message):
    """To the desk. Answered with a `domain.flatten.FlattenView`: what runs, or what ran last."""

    lane: ClassVar[Lane] = Lane.QUERY
