from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from importlib.resources import files

import pytest

from config.errors import CodedError, error_codes
from domain.orders import OrderError, OrderRequest, OrderType, Side, check_request
from domain.symbols import Symbol


def test_every_code_is_unique_and_has_a_sentence_and_a_cure() -> None:
    text = files("config").joinpath("error_codes.toml").read_text()
    headings = Counter(re.findall(r"^\[(.+)\]$", text, flags=re.MULTILINE))
    assert set(headings) == set(error_codes())
    assert set(headings.values()) == {1}
    for row in error_codes().values():
        assert re.fullmatch(r"[A-Z][A-Z_]+", row.code)
        assert row.sentence.endswith((".", "}")), row.code
        assert row.cure.endswith("."), row.code
        assert row.exit in (None, 70, 76, 78), row.code


def test_a_refusal_says_its_code_its_sentence_and_what_to_do() -> None:
    error = CodedError("ORDER_TOO_LARGE", value="A$20,000", limit="A$10,000")
    assert error.code == "ORDER_TOO_LARGE"
    assert error.sentence == "The order is worth A$20,000, more than the A$10,000 allowed for one."
    assert error.cure in str(error) and "[ORDER_TOO_LARGE]" in str(error)
    assert error.facts == {"value": "A$20,000", "limit": "A$10,000"}


def test_an_unknown_code_or_a_missing_fact_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        CodedError("NO_SUCH_CODE")
    with pytest.raises(KeyError):
        CodedError("ORDER_TOO_LARGE", value=1)


def test_the_codes_of_an_impossible_order_are_in_the_table() -> None:
    def request(quantity: int, kind: OrderType, limit: int | None) -> OrderRequest:
        price = None if limit is None else Decimal(limit)
        return OrderRequest("KLP-1", Symbol("BHP", "AUD"), Side.BUY, Decimal(quantity), kind, price)

    seen = set()
    for wrong in (
        request(0, OrderType.MARKET, None),
        request(1, OrderType.LIMIT, None),
        request(1, OrderType.MARKET, 5),
        request(1, OrderType.LIMIT, -5),
    ):
        with pytest.raises(OrderError) as caught:
            check_request(wrong)
        seen.add(caught.value.code)
    assert len(seen) == 4
    assert seen <= set(error_codes())
