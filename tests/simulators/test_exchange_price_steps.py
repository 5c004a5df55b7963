from decimal import Decimal

import pytest

from simulators.listings import ASX_STEPS, FX_JPY_STEPS, FX_STEPS, LISTINGS
from simulators.price_steps import PriceSteps

ASX = PriceSteps(ASX_STEPS)


@pytest.mark.parametrize(
    ("price", "allowed"),
    [
        ("0.099", True),
        ("0.0995", False),
        ("0.100", True),
        ("0.101", False),
        ("0.105", True),
        ("1.995", True),
        ("1.996", False),
        ("2.00", True),
        ("2.005", False),
        ("2.01", True),
        ("45.123", False),
        ("0", False),
        ("-1", False),
    ],
)
def test_a_price_conforms_to_the_step_of_its_band(price: str, allowed: bool) -> None:
    assert ASX.conforms(Decimal(price)) is allowed


@pytest.mark.parametrize(
    ("price", "below", "above"),
    [
        ("0.099", "0.098", "0.1"),
        ("0.1", "0.099", "0.105"),
        ("1.995", "1.99", "2"),
        ("2", "1.995", "2.01"),
    ],
)
def test_steps_change_at_the_edges_of_the_bands(price: str, below: str, above: str) -> None:
    units = ASX.to_units(Decimal(price))
    assert ASX.to_price(ASX.down(units)) == Decimal(below)
    assert ASX.to_price(ASX.up(units)) == Decimal(above)


def test_currencies_have_half_pips_and_yen_half_cents() -> None:
    assert PriceSteps(FX_STEPS).conforms(Decimal("0.65405"))
    assert not PriceSteps(FX_STEPS).conforms(Decimal("0.65402"))
    assert PriceSteps(FX_JPY_STEPS).conforms(Decimal("152.405"))
    assert not PriceSteps(FX_JPY_STEPS).conforms(Decimal("152.402"))


def test_synthetic_prices_are_rounded_onto_the_grid() -> None:
    assert ASX.to_price(ASX.floor(2.0199)) == Decimal("2.01")
    assert ASX.to_price(ASX.ceil(2.0101)) == Decimal("2.02")
    assert ASX.to_price(ASX.ceil(2.01)) == Decimal("2.01")
    assert ASX.to_price(ASX.nearest(0.1031)) == Decimal("0.105")
    assert ASX.to_price(ASX.floor(0.0001)) == Decimal("0.001")


def test_every_band_is_listed_and_ids_are_unique() -> None:
    shares = [listing for listing in LISTINGS if not listing.is_currency]
    assert len(shares) >= 16 and len(LISTINGS) - len(shares) >= 11
    assert any(s.reference_price < Decimal("0.10") for s in shares)
    assert any(Decimal("0.10") < s.reference_price < 2 for s in shares)
    assert len({listing.instrument.con_id for listing in LISTINGS}) == len(LISTINGS)
