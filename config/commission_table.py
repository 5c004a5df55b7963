"""The table of commissions, read from `commissions.toml`, which has each row's source."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from domain.commissions import ChargedIn, CommissionTable, FeeRule, Liquidity, Tier


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _TierRow(_Strict):
    up_to: Decimal | None = Field(default=None, gt=0)
    rate: Decimal = Field(default=Decimal(0), ge=0, lt=1)
    per_unit: Decimal = Field(default=Decimal(0), ge=0)
    minimum: Decimal = Field(default=Decimal(0), ge=0)


class _RuleRow(_Strict):
    name: str
    venue: str
    kinds: tuple[str, ...] = Field(min_length=1)
    currency: str | None = None
    plan: str | None = None
    liquidity: Liquidity | None = None
    valid_from: date = Field(alias="from")
    charged_in: ChargedIn
    minimum_currency: str | None = None
    gst: Decimal = Field(ge=0, lt=1)
    cap: Decimal | None = Field(default=None, gt=0, lt=1)
    beside: str = ""
    source: str = Field(min_length=10)
    tiers: tuple[_TierRow, ...] = Field(min_length=1)


@cache
def commission_table() -> CommissionTable:
    """Read the table, once.

    Raises:
        pydantic.ValidationError: a row is none; the file belongs to the program.
    """
    text = files("config").joinpath("commissions.toml").read_text(encoding="utf-8")
    return table_of(tomllib.loads(text))


def table_of(read: dict[str, Any]) -> CommissionTable:
    """The rules of a TOML text that was read.

    Raises:
        pydantic.ValidationError: a row is none.
    """
    return CommissionTable(tuple(_rule(_RuleRow.model_validate(row)) for row in read["rule"]))


def _rule(row: _RuleRow) -> FeeRule:
    figures = row.model_dump(exclude={"tiers"})
    tiers = tuple(Tier(**tier.model_dump()) for tier in row.tiers)
    return FeeRule(**figures, tiers=tiers)
