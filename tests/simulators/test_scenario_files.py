"""Scenarios as files: those of the house load, and what is wrong with one is said by its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulators.scenarios.names import MOMENTS, REPLIES, REQUESTS
from simulators.scenarios.rules import FOLDER, VERBS, Scenario, ScenarioError, catalogue

PAINS_WITH_A_GATEWAY = {*range(1, 22)}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_every_scenario_of_the_house_loads(path: Path) -> None:
    scenario = Scenario.load(path)
    assert scenario == Scenario.load(path.stem)
    assert scenario.name == path.stem
    assert scenario.title and scenario.source and "Right: " in scenario.story.replace("\n", " ")
    assert scenario.rules or scenario.habits or scenario.data_habits


def test_every_pain_has_a_scenario_of_its_number() -> None:
    numbers = set()
    for scenario in catalogue():
        found = re.match(r"pain_(\d\d)_", scenario.name)
        if found:
            assert scenario.source == f"pain {int(found.group(1))}"
            numbers.add(int(found.group(1)))
    assert numbers == PAINS_WITH_A_GATEWAY


HEAD = 'title = "T"\nsource = "S"\nstory = "X"\n'
RULE = HEAD + '[[rule]]\nname = "n"\non = "placeOrder"\ndo = "drop"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = ", "not TOML"),
        ('title = "T"', "source is missing"),
        (HEAD + "extra = 1", "'extra' is unknown: the file may have title"),
        (HEAD + "[habits]\nnothing = 1", "there is no habit 'nothing'"),
        (HEAD + "[data]\nnothing = 1", "[data] nothing: unknown"),
        (HEAD + '[[rule]]\non = "start"', "rule 1 (rule 1): do is missing: it must be a text"),
        (RULE.replace("placeOrder", "placeOrders"), "rule 1 (n): on = 'placeOrders': it must be"),
        (RULE.replace('"drop"', '"dorp"'), "do = 'dorp': it must be one of drop, delay"),
        (RULE.replace("placeOrder", "start"), "drop needs a message in hand"),
        (RULE + "after_seconds = 1", "drop acts on the message in hand"),
        (RULE + "for_seconds = 0", "for_seconds = 0: it must be a number of seconds above 0"),
        (RULE + "nth = 0", "nth = 0: it must be a whole number from 1 on"),
        (RULE + 'times = "often"', "times = 'often'"),
        (RULE + "match = { status = 1 }", "match 'status': of placeOrder it must be one of"),
        (RULE + 'during = "m"', "there is no rule 'm'; there are n"),
        (RULE + '[[rule]]\nname = "n"\non = "start"\ndo = "close"', "another rule has the same"),
        (RULE.replace('"placeOrder"', '["placeOrder", "end of m"]'), "drop needs a message"),
        (RULE.replace("drop", "delay"), "delay needs seconds: a number of seconds"),
        (RULE + "with = { x = 1 }", "drop takes no 'x': it takes nothing"),
        (
            RULE.replace("drop", "set") + "with = { change = { status = 1 } }",
            "change 'status': placeOrder has order_id",
        ),
        (
            RULE.replace("drop", "connectivity_lost") + "with = { restored = 1103 }",
            "restored = 1103: it must be one of 1101, 1102",
        ),
        (
            RULE.replace("drop", "reorder") + 'with = { order = ["execution"] }',
            "order = ['execution']: it must be a list of replies",
        ),
        (
            RULE.replace("drop", "change_habits") + "with = { habits = { nothing = 1 } }",
            "there is no habit 'nothing'",
        ),
        (
            RULE.replace("drop", "fill") + 'with = { fraction = "half" }',
            "fraction = 'half': it must be a number",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as refusal:
        Scenario.load(path)
    assert str(refusal.value).startswith("mine.toml: ")
    assert said in str(refusal.value)


def test_an_unknown_name_says_how_to_see_the_known() -> None:
    with pytest.raises(ScenarioError, match="--scenario list"):
        Scenario.load("nothing_like_it")


def test_the_readme_has_every_event_and_every_verb() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for name in (*MOMENTS, *REQUESTS, *REPLIES):
        assert f"`{name}`" in readme, f"{name} is not in the README"
    rows = {row.split("|")[1].strip(" `"): row for row in readme.splitlines() if row[:3] == "| `"}
    for verb in VERBS.values():
        assert verb.help in rows[verb.name]
        for argument in verb.arguments:
            assert f"`{argument}`" in rows[verb.name], f"{verb.name}: {argument}"
