"""Text in the 46 columns of a phone's terminal, whatever is in it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

WIDTH = 46


def fitted(text: str, indent: str = "", hanging: str = "  ") -> list[str]:
    """Lines of at most 46 columns, broken between words; what goes on is indented by `hanging`.

    What is no printing character becomes a blank: a venue's text must move no cursor.
    """
    lines, line = [], indent
    empty = True
    for word in _words(text, WIDTH - columns(indent + hanging)):
        gap = "" if empty else " "
        if not empty and columns(line) + 1 + columns(word) > WIDTH:
            lines.append(line)
            line, gap = indent + hanging, ""
        line, empty = line + gap + word, False
    return [*lines, line] if not empty else lines


def columns(text: str) -> int:
    """How many columns of a terminal it takes: wide characters two, combining ones none."""
    return sum(_column(character) for character in text)


def _column(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Me", "Mn", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _words(text: str, most: int) -> Iterator[str]:
    """Words of at most so many columns; a longer one in pieces."""
    printing = "".join(each if each.isprintable() else " " for each in text)
    for word in printing.split():
        piece = ""
        for character in word:
            if columns(piece + character) > most:
                yield piece
                piece = ""
            piece += character
        yield piece
