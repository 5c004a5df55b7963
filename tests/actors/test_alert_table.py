"""The one table of alerts: held to the source from both sides, and each row sent for real."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.notify import program
from adapters.notify.courier import AT_ONCE, Courier, CourierOptions
from config.alert_table import OF_THE_VENUE, UNKNOWN, alert_table, rule_of
from config.redaction import Redaction
from domain.alert_letters import Letter, clean_by, of_end, of_one
from domain.alerting import AlertRule, begun, over, was_told
from simulators.ntfy.server import Mood, Ntfy, ntfy
from tests.domain.alerts import NOON
from tests.tree.waiting import until

HOUSE = Path(__file__).parents[2]
CODE = re.compile(r"[A-Z]{2,}(?:_[A-Z]+)+|[A-Z]{4,}")
#: Which argument of a call is the code.
RAISE = {"Alert": 2, "DataTrouble": 2, "UnknownInstrument": 0, "say": 0, "_say": None, "_tell": 0}
RAISE |= {"_alert": 0, "_report": 0, "_tell_once": 0, "_complain": 0}
#: Constants of these names that are none.
OTHERS = {"ORDER_NOT_KNOWN", "SYMBOLS_NOT_TRADABLE", "OTHER"}
#: Who makes alerts. One that is new here has its codes in the table, and its place in this list.
RAISERS = {
    "alert_delivery",
    "alert_keeping",
    "alerts",
    "backups",
    "desk",
    "desk_away",
    "desk_flattening",
    "desk_knowledge",
    "desk_limits",
    "instruments",
    "ledger_emergency",
    "ledger_money",
    "ledger_outage",
    "live_bars",
    "live_gate",
    "order_keeping",
    "outlook",
    "plan_day",
    "protection",
    "quotes",
    "resync",
    "starts",
    "trading",
    "year_end",
}


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for path in (*sorted((HOUSE / "actors").glob("*.py")), HOUSE / "adapters/ib/instruments.py"):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def raised(tree: ast.Module) -> set[str]:
    """The codes that a file gives to whatever makes an alert."""
    constants = _constants(tree)
    found: set[str] = set()
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        if name not in RAISE:
            continue
        place = RAISE[name]
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        for argument in given if place is None else given[place : place + 1]:
            found |= _codes(argument, constants)
    # Told by way of a variable.
    for name, codes in constants.items():
        if name in ("_WATCHED", "trouble", "code"):
            found |= codes
    return found - OTHERS


def _constants(tree: ast.Module) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            if len(names) != len(values):
                names, values = names[:1], [node.value]
            for name, value in zip(names, values, strict=True):
                codes = {
                    each.value
                    for each in ast.walk(value)
                    if isinstance(each, ast.Constant)
                    and isinstance(each.value, str)
                    and CODE.fullmatch(each.value)
                }
                for each in ast.walk(value):
                    codes |= found.get(each.id, set()) if isinstance(each, ast.Name) else set()
                found.setdefault(getattr(name, "id", ""), set()).update(codes)
    return found


def _codes(argument: ast.expr, constants: dict[str, set[str]]) -> set[str]:
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return {argument.value} if CODE.fullmatch(argument.value) else set()
    if isinstance(argument, ast.Call) and argument.args:
        return _codes(argument.args[0], constants)
    if isinstance(argument, ast.Name):
        return constants.get(argument.id, set())
    if isinstance(argument, ast.Attribute) and getattr(argument.value, "id", "") == "Rule":
        return {argument.attr}
    return set()


def test_every_code_that_is_raised_is_in_the_table_and_the_other_way_round() -> None:
    found: set[str] = set()
    for _, tree in sources():
        found |= raised(tree)
    table = set(alert_table()) - {OF_THE_VENUE, UNKNOWN}
    assert found - table == set(), "raised, and not in config/alerts.toml"
    assert table - found == set(), "in config/alerts.toml, and raised by nobody"


def test_all_who_make_alerts_are_known() -> None:
    makers = set()
    for path, tree in sources():
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        names = {getattr(call.func, "id", getattr(call.func, "attr", "")) for call in calls}
        if names & {"Alert", "DataTrouble", "say"} and path.parent.name == "actors":
            makers.add(path.stem)
    assert makers - {"narrator"} == RAISERS


def test_whoever_makes_an_alert_tells_all_who_listen() -> None:
    """By one name for the listeners; told to the narrator alone, it would reach nobody's pocket."""
    for path, _ in sources():
        text = path.read_text(encoding="utf-8")
        for line in text.splitlines():
            alone = "names.NARRATOR" in line and re.search(r"\balert\b|Alert\(", line)
            assert not alone, f"{path.name}: {line.strip()}"
            assert "(names.DESK, names.NARRATOR)" not in line, f"{path.name}: {line.strip()}"


def test_ib_s_own_codes_have_one_row_and_an_unknown_one_is_told_all_the_same() -> None:
    assert rule_of("IB354").title == alert_table()[OF_THE_VENUE].title
    assert rule_of("IB354").code == "IB354" and not rule_of("IB354").own
    assert rule_of("NEVER_HEARD_OF").title == alert_table()[UNKNOWN].title


@pytest.mark.parametrize("code", list(alert_table()))
def test_each_row_is_in_words_for_an_owner(code: str) -> None:
    rule = alert_table()[code]
    for text in (rule.stands, rule.if_nothing, rule.to_do):
        assert text.endswith(".") and text[0].isupper() | text.startswith("`"), text
        for word in ("actor", "mailbox", "ledger", "epoch", "incarnation", "exception"):
            assert word not in text.lower().split(), text
    assert not rule.title.endswith(".")


def test_every_row_arrives_over_apprise_and_a_real_socket() -> None:
    clean = clean_by(Redaction(["s3cret-topic"]), hide_amounts=True)
    letters: list[Letter] = []
    expected: list[AlertRule] = []
    for number, rule in enumerate(alert_table().values(), start=1):
        sentence = f"{rule.code} in DU1234567, worth A$1,234.50, by s3cret-topic."
        incident = begun(number, rule, "ib", "", sentence, "", NOON)
        ended = over(was_told(incident, NOON), f"{rule.code} is over in DU1234567.", NOON)
        pair = (
            of_one(f"a{number}", "paper", incident, clean),
            of_end(f"e{number}", "paper", ended, clean),
        )
        letters += pair
        expected.append(rule)
    with ntfy() as service:
        courier = Courier(CourierOptions((service.url,), pause_seconds=0))
        for number in range(0, len(letters), AT_ONCE):
            batch = letters[number : number + AT_ONCE]
            courier.send(str(number), batch)
            delivery = until(courier.outcome, "it came back", every=0.05)
            assert delivery is not None
            assert delivery.arrived == {each.id for each in batch} and delivery.failed == ()
        assert len(service.pushes) == len(letters)
        pushes = iter(service.pushes)
        for rule in expected:
            begins, ends = next(pushes), next(pushes)
            assert begins.title == f"Kelpie paper · {rule.level} · {rule.title}"
            assert ends.title == f"Kelpie paper · OK · {rule.title}: over"
            for words in (rule.stands, rule.if_nothing, rule.to_do):
                assert words in begins.text
            for each in (begins, ends):
                text = f"{each.title}\n{each.text}"
                assert "1234567" not in text and "DU***567" in text, "an account number"
                assert "1,234" not in text and "s3cret" not in text
                assert len(each.title) <= 100 and len(each.text.encode()) <= 2000, "it fits"
                assert "(Sydney)" in each.text
            loud = {"WAKE": "max", "TODAY": "high", "FYI": "default"}[rule.level]
            assert begins.priority == loud and ends.priority == "default"


def taken_out(service: Ntfy, letters: list[dict[str, str]]) -> dict[str, Any]:
    """What the program says of an errand with these letters."""
    told = {"errand": "E", "urls": [service.url], "pause": 0.0, "letters": letters}
    done = subprocess.run(
        [sys.executable, program.__file__],
        input=json.dumps(told),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_a_letter_that_is_never_taken_does_not_hold_up_those_behind_it() -> None:
    letters = [
        {"id": name, "title": name, "body": "words", "level": "WAKE"}
        for name in ("poison", "second", "third")
    ]
    with ntfy() as service:
        service.refuses = "poison"
        came = taken_out(service, letters)
        assert came["arrived"] == {"poison": [], "second": [1], "third": [1]}
        assert [each.title for each in service.pushes] == ["second", "third"]
        service.be(Mood.FAILS)
        asked = service.asked
        came = taken_out(service, letters)
        assert (came["arrived"]["third"], came["failed"]) == ([], [[1, "ntfy"]])
        assert service.asked == asked + 2, "given up after two in a row"
