"""How questions are asked: of a person at a terminal, or of the words on the command line."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from console.doctor.findings import Finding
from console.doctor.telling import PLACES, lines_of

WIDTH = 78

Answer = TypeVar("Answer")
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `name` is that of its flag, `default` what Enter takes."""

    name: str
    title: str
    reason: str
    default: str
    hidden: bool = False
    """Whether the default is a secret, which is not shown."""
    secret: bool = False
    """Whether an answer is one."""


class BadAnswer(Exception):
    """An answer that cannot be taken; the text says why, in one sentence or two.

    `instead` is what was meant, where that is clear: Enter takes it.
    """

    def __init__(self, sentence: str, instead: str = "") -> None:
        super().__init__(sentence)
        self.instead = instead


@dataclass(frozen=True, slots=True)
class Taken(Generic[Answer]):
    """An answer, and what is wrong with the gateway all the same."""

    value: Answer | None
    """None where there is no going on with it."""
    findings: tuple[Finding, ...] = ()
    places: Sequence[str] = PLACES
    """Where the cures may have to be applied."""


class Stopped(Exception):
    """Nothing further is asked: the person left, or nobody was there to answer."""


class GaveUp(Exception):
    """Without a person it ends here; `findings` are the faults, none where an answer was wrong."""

    def __init__(self, sentence: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(sentence)
        self.findings = tuple(findings)


class Asker(Protocol):
    """Who gets the answers."""

    attended: bool
    """A person is there, who can look, decide and try again."""
    given: Mapping[str, str]
    """The answers on the command line, by the names of the questions."""

    def say(self, text: str = "") -> None:
        """Tell something, wrapped to the width of the page."""
        ...

    def show(self, lines: Sequence[str]) -> None:
        """The same, for lines that are made already."""
        ...

    def ask(self, question: Question, take: Callable[[str], Taken[Answer]]) -> Answer:
        """Ask until `take` is content with the answer; what it gives.

        Raises:
            Stopped: the person ended it.
            GaveUp: nobody is there to answer again.
        """
        ...


def wrapped(text: str, indent: str = "") -> list[str]:
    """Lines of a paragraph."""
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]


class Person:
    """Somebody at a terminal. Words that were given as flags are not asked for again."""

    attended = True

    def __init__(
        self, given: Mapping[str, str], read: Callable[[str], str], write: Say, most: int
    ) -> None:
        """`read` shows its text and gives a line; it raises EOFError at the end."""
        self.given = given
        self._read = read
        self._write = write
        self._most = most
        self._number = 0
        self.answers = 0
        """How many lines the person has entered."""

    def say(self, text: str = "") -> None:
        """Tell something."""
        self.show(wrapped(text))

    def show(self, lines: Sequence[str]) -> None:
        """Tell these lines."""
        for line in lines:
            self._write(line)

    def ask(self, question: Question, take: Callable[[str], Taken[Answer]]) -> Answer:
        """Ask until the answer can be taken."""
        self._number += 1
        self._write("")
        self._write(f"{self._number} of {self._most}  {question.title}")
        self.show(wrapped(question.reason, "  "))
        text: str | None = self.given.get(question.name)
        if text is not None:
            self._write(f"  --{question.name} says: {'(hidden)' if question.secret else text}")
        while True:
            answer = self._line(question) if text is None else text
            text = None
            try:
                taken = take(answer)
            except BadAnswer as bad:
                self.show(wrapped(str(bad), "  "))
                question = replace(question, default=bad.instead or question.default)
                continue
            if taken.value is not None and not taken.findings:
                return taken.value
            for finding in taken.findings:
                self.show(lines_of(finding, taken.places))
            on = ", `on` goes on all the same" if taken.value is not None else ""
            self._write(f"  Enter tries again{on}; or another answer.")
            words = self._entered("  [try again] > ")
            if words.lower() == "on" and taken.value is not None:
                return taken.value
            text = words or answer

    def _line(self, question: Question) -> str:
        shown = "as it is" if question.hidden and question.default else question.default
        return self._entered(f"  [{shown}] > ") or question.default

    def _entered(self, prompt: str) -> str:
        try:
            line = self._read(prompt)
        except (EOFError, KeyboardInterrupt):
            raise Stopped from None
        self.answers += 1
        return line.strip()


class Nobody:
    """The flags and the defaults are all the answers there are."""

    attended = False

    def __init__(self, given: Mapping[str, str], write: Say, *, anyway: bool) -> None:
        """`anyway`: go on where a person could, whatever fault was found."""
        self.given = given
        self._write = write
        self._anyway = anyway
        self.findings: list[Finding] = []
        """The faults that were put up with."""

    def say(self, text: str = "") -> None:
        """Tell something."""
        self.show(wrapped(text))

    def show(self, lines: Sequence[str]) -> None:
        """Tell these lines."""
        for line in lines:
            self._write(line)

    def ask(self, question: Question, take: Callable[[str], Taken[Answer]]) -> Answer:
        """Take the flag, else the default."""
        answer = self.given.get(question.name, question.default)
        try:
            taken = take(answer)
        except BadAnswer as bad:
            shown = "" if question.secret or not answer else f" {answer}"
            raise GaveUp(f"--{question.name}{shown}: {bad}") from None
        for finding in taken.findings:
            self.show(lines_of(finding, taken.places))
        if taken.value is None or (taken.findings and not self._anyway):
            said = " ".join(finding.sentence for finding in taken.findings)
            raise GaveUp(f"--{question.name} {answer}: {said}", taken.findings)
        self.findings += taken.findings
        return taken.value
