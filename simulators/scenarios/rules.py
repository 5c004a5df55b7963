"""Scenarios as they stand in their files: read, and checked before anything runs."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulators.habits import Habits
from simulators.scenarios import on_connections, on_markets, on_messages, on_orders
from simulators.scenarios.names import COMMON, MOMENTS, REPLIES, REQUESTS, field_positions
from simulators.scenarios.verbs import ArgumentError, Verb
from simulators.tws.data_habits import DataHabits

#: All verbs by name, in the order of the README.
VERBS: dict[str, Verb] = {
    **on_messages.VERBS,
    **on_connections.VERBS,
    **on_orders.VERBS,
    **on_markets.VERBS,
}

#: Where the scenarios of the house are.
FOLDER = Path(__file__).parent

#: `times` of a rule that never has enough.
ALWAYS = 0

_RULE_KEYS = (
    "name", "on", "match", "during", "nth", "times", "after_seconds", "every_seconds",
    "for_seconds", "do", "with",
)  # fmt: skip
_FILE_KEYS = ("title", "source", "story", "habits", "data", "rule")


class ScenarioError(ValueError):
    """A scenario cannot be used: which file, which rule, and what would be allowed."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: on these events, where they match, do this. Times in seconds of the gateway."""

    name: str
    on: tuple[str, ...]
    do: str
    given: Mapping[str, Any] = field(default_factory=dict)
    match: Mapping[str, str] = field(default_factory=dict)
    during: str | None = None
    nth: int = 1
    times: int = 1
    after_seconds: float = 0.0
    every_seconds: float | None = None
    for_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a gateway is to do wrong. `story` says what happens, and what right behaviour is."""

    name: str
    title: str
    source: str = ""
    story: str = ""
    rules: tuple[Rule, ...] = ()
    habits: Habits | None = None
    data_habits: DataHabits | None = None

    @classmethod
    def load(cls, where: Path | str) -> Scenario:
        """Read a file, or the scenario of the house that has this name.

        Raises:
            ScenarioError: there is no such file, or something in it is not allowed.
        """
        path = _find(where)
        try:
            return cls.parse(path.read_text(encoding="utf-8"), path.stem)
        except ScenarioError as fault:
            raise ScenarioError(f"{path.name}: {fault}") from None

    @classmethod
    def parse(cls, text: str, name: str = "scenario") -> Scenario:
        """Read the text of a scenario.

        Raises:
            ScenarioError: something in it is not allowed.
        """
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as fault:
            raise ScenarioError(f"not TOML: {fault}") from None
        _known(table, _FILE_KEYS, "the file")
        for key in ("title", "source", "story"):
            if not isinstance(table.get(key), str):
                raise ScenarioError(f"{key} is missing: it must be a text")
        rules = tuple(read_rule(row, number) for number, row in enumerate(table.get("rule", ()), 1))
        _check_references(rules)
        habits, data = table.get("habits"), table.get("data")
        try:
            return cls(
                name=name,
                title=table["title"],
                source=table["source"],
                story=table["story"].strip(),
                rules=rules,
                habits=None if habits is None else Habits.from_table(habits),
                data_habits=None if data is None else DataHabits.from_table(data),
            )
        except ValueError as fault:
            raise ScenarioError(str(fault)) from None


#: A gateway that does nothing wrong by itself, and is told what to do through its door.
UNSCRIPTED = Scenario("unscripted", "Nothing happens unless the door is told so")


def catalogue() -> list[Scenario]:
    """The scenarios of the house, by name.

    Raises:
        ScenarioError: one of them is not what it should be.
    """
    return [Scenario.load(path) for path in sorted(FOLDER.glob("*.toml"))]


def _find(where: Path | str) -> Path:
    for path in (Path(where), FOLDER / f"{where}.toml"):
        if path.is_file():
            return path
    raise ScenarioError(
        f"there is no scenario {str(where)!r}; --scenario list shows those there are"
    )


def read_rule(row: Mapping[str, Any], number: int = 1) -> Rule:
    """Read a rule as it stands in a file; `number` is its place there.

    Raises:
        ScenarioError: something in it is not allowed.
    """
    where = f"rule {number}"
    try:
        _known(row, _RULE_KEYS, "a rule")
        name = _text(row, "name", where)
        where = f"rule {number} ({name})"
        on = _events(row)
        do = _text(row, "do", None)
        if do not in VERBS:
            raise ScenarioError(f"do = {do!r}: it must be one of {_list(VERBS)}")
        verb = VERBS[do]
        if verb.needs_message and not all(is_message(event) for event in on):
            raise ScenarioError(f"{do} needs a message in hand: `on` must name requests or replies")
        for_seconds = _seconds(row, "for_seconds")
        every = _seconds(row, "every_seconds")
        after = _seconds(row, "after_seconds") or 0.0
        if verb.needs_message and (after or every is not None):
            raise ScenarioError(
                f"{do} acts on the message in hand: after_seconds and every_seconds are not "
                "allowed; `delay` is what sends it later"
            )
        _check_change(row, on)
        windowed = every is not None or (for_seconds is not None and verb.acts_often)
        return Rule(
            name=name,
            on=on,
            do=do,
            given=verb.check(row.get("with", {})),
            match=_match(row, on),
            during=_text(row, "during", "") or None,
            nth=_count(row, "nth", 1),
            times=_times(row, ALWAYS if windowed else 1),
            after_seconds=after,
            every_seconds=every,
            for_seconds=for_seconds,
        )
    except (ScenarioError, ArgumentError) as fault:
        raise ScenarioError(f"{where}: {fault}") from None


def is_message(event: str) -> bool:
    """The event is a message in hand, that can still be kept back or changed."""
    return event in REQUESTS or event in REPLIES


def _events(row: Mapping[str, Any]) -> tuple[str, ...]:
    named = row.get("on")
    events = (named,) if isinstance(named, str) else tuple(named or ())
    if not events:
        raise ScenarioError("on is missing: it must name an event, or several in a list")
    for event in events:
        if not (
            is_message(event)
            or event in MOMENTS
            or event.removeprefix("after ") in REQUESTS
            or event.startswith("end of ")
        ):
            raise ScenarioError(
                f"on = {event!r}: it must be one of {_list(MOMENTS)}, a request "
                f"({_list(REQUESTS)}) or `after` one, a reply ({_list(REPLIES)}), or "
                "`end of` a rule"
            )
    return events


def _match(row: Mapping[str, Any], on: tuple[str, ...]) -> dict[str, str]:
    wanted = row.get("match", {})
    for key in wanted:
        for event in on:
            allowed = (*COMMON, *field_positions(event.removeprefix("after ")))
            if key not in allowed:
                raise ScenarioError(f"match {key!r}: of {event} it must be one of {_list(allowed)}")
    return {key: str(value) for key, value in wanted.items()}


def _check_change(row: Mapping[str, Any], on: tuple[str, ...]) -> None:
    """What `set` and `repeat` change has to be a named field of every message they act on."""
    change = row.get("with", {}).get("change", {})
    for key in change if isinstance(change, Mapping) else ():
        for event in on:
            if key not in field_positions(event):
                known = _list(field_positions(event)) or "no named field"
                raise ScenarioError(f"change {key!r}: {event} has {known}")


def _check_references(rules: tuple[Rule, ...]) -> None:
    names = [rule.name for rule in rules]
    for number, rule in enumerate(rules, 1):
        where = f"rule {number} ({rule.name})"
        if names.count(rule.name) > 1:
            raise ScenarioError(f"{where}: another rule has the same name")
        mentioned = [event.removeprefix("end of ") for event in rule.on if event[:4] == "end "]
        if rule.during is not None:
            mentioned.append(rule.during)
        if rule.do == "end":
            mentioned.append(rule.given["rule"])
        for name in mentioned:
            if name not in names:
                raise ScenarioError(f"{where}: there is no rule {name!r}; there are {_list(names)}")


def _known(table: Mapping[str, Any], keys: tuple[str, ...], what: str) -> None:
    for key in table:
        if key not in keys:
            raise ScenarioError(f"{key!r} is unknown: {what} may have {_list(keys)}")


def _text(row: Mapping[str, Any], key: str, default: str | None) -> str:
    value = row.get(key, default)
    if not isinstance(value, str):
        raise ScenarioError(f"{key} is missing: it must be a text")
    return value


def _seconds(row: Mapping[str, Any], key: str) -> float | None:
    value = row.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise ScenarioError(f"{key} = {value!r}: it must be a number of seconds above 0")
    return float(value)


def _count(row: Mapping[str, Any], key: str, default: int) -> int:
    value = row.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ScenarioError(f"{key} = {value!r}: it must be a whole number from 1 on")
    return value


def _times(row: Mapping[str, Any], default: int) -> int:
    if row.get("times") == "always":
        return ALWAYS
    return _count(row, "times", 1) if "times" in row else default


def _list(names: Any) -> str:
    return ", ".join(names)
