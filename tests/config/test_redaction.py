from __future__ import annotations

import html
import json
from collections.abc import Callable

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from config.redaction import Redaction


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("account DU1234567 is ready", "account DU***567 is ready"),
        ("U1234567,F7654321;I12345678", "U***567,F***321;I***678"),
        ("acct=DF998877.", "acct=DF***877."),
        ('{"a":"first\\nDU1234567"}', '{"a":"first\\nDU***567"}'),
        ('{"a":"\\u001bU1234567"}', '{"a":"\\u001bU***567"}'),
        ("KLP-01JDU1234567ABCDEFGHJKMNPQ stays", "KLP-01JDU1234567ABCDEFGHJKMNPQ stays"),
        ("BHP/AUD 45.12 U12 F1 4001 DU", "BHP/AUD 45.12 U12 F1 4001 DU"),
    ],
)
def test_account_numbers_are_shown_by_their_ends(text: str, shown: str) -> None:
    assert Redaction()(text) == shown


def test_a_secret_that_holds_another_is_hidden_whole() -> None:
    redact = Redaction(["abcd", "abcdefgh"])
    assert redact("x abcdefgh y abcd z") == "x *** y *** z"
    assert Redaction([""])("nothing hidden") == "nothing hidden"


@pytest.mark.parametrize("write", [escape, html.escape])
def test_a_secret_is_not_found_in_the_page_that_tells_it(write: Callable[[str], str]) -> None:
    """Templates and the plain pages spell quotes differently."""
    for secret in ("it's-a-secret", 'so "quoted" & <odd>', "plain-and-simple"):
        assert Redaction([secret])(f"<p>{write(secret)}</p>") == "<p>***</p>"


@given(st.text(min_size=8).filter(lambda text: text.strip("*0123456789\\u ") != ""))
def test_a_secret_is_not_found_in_the_json_that_tells_it(secret: str) -> None:
    redact = Redaction([secret])
    told = {"text": secret}
    assert json.loads(redact(json.dumps(told))) == {"text": "***"}
    assert json.loads(redact(orjson.dumps(told).decode())) == {"text": "***"}


def test_the_newer_paper_accounts_are_hidden_too() -> None:
    assert Redaction()("account DUQ200898.") == "account DUQ***898."
