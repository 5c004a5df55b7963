"""The settings of costs and of foreign currency, as the desk is told them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from actors.chosen import cost_options
from config.entries import SettingsError
from config.settings import Settings


def load(**environ: str) -> Settings:
    return Settings.load(environ, env_file=None)


def test_by_default_the_gates_are_shut_tight() -> None:
    options = cost_options(load())
    assert options.max_round_trip == Decimal("0.01")
    assert (options.borrow, options.plan) == ("refuse", "fixed")
    assert options.table is not None and options.fx_spread_bps == 2


def test_what_the_owner_has_chosen_reaches_the_desk() -> None:
    given = load(
        COMMISSION_PLAN="Tiered",
        COMMISSION_OVERRIDES="us_fixed.minimum=0.35, asx_fixed.gst = 0",
        MAX_ROUND_TRIP_COST="0.5",
        BORROW_CURRENCY="convert",
    )
    options = cost_options(given)
    assert (options.plan, options.borrow) == ("tiered", "convert")
    assert options.max_round_trip == Decimal("0.005")
    assert options.table is not None
    rules = {rule.name: rule for rule in options.table.rules}
    assert rules["us_fixed"].tier().minimum == Decimal("0.35")
    assert rules["asx_fixed"].gst == 0


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("COMMISSION_OVERRIDES", "us_fixed.minimum", "RULE.FIGURE=NUMBER"),
        ("COMMISSION_OVERRIDES", "us_fixed.minimum=cheap", "no number"),
        ("COMMISSION_OVERRIDES", "us_fixed.minimum=-1", "not 0 or above"),
        ("COMMISSION_OVERRIDES", "us_fixed.minimum=NaN", "not 0 or above"),
        ("COMMISSION_OVERRIDES", "nasdaq.minimum=1", "there is no rule nasdaq"),
        ("COMMISSION_OVERRIDES", "us_fixed.colour=1", "colour is none of"),
        ("COMMISSION_OVERRIDES", "us_fixed.cap=1,us_fixed.cap=2", "there twice"),
        ("MAX_ROUND_TRIP_COST", "0", ""),
        ("MAX_ROUND_TRIP_COST", "NaN", ""),
        ("BORROW_CURRENCY", "yes", ""),
        ("COMMISSION_PLAN", "free", ""),
        ("FX_SPREAD_BPS", "-1", ""),
    ],
)
def test_a_wrong_one_is_refused_with_its_name(name: str, value: str, why: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(**{name: value})
    assert name in str(caught.value) and why in str(caught.value)
