"""peewee's view of the tables that are not hot; `migrations` makes them, in plain SQL.

The models belong to no database: a query names its own when it is run.
"""

from __future__ import annotations

from peewee import AutoField, CompositeKey, IntegerField, Model, TextField

from adapters.store.columns import DecimalText, UtcMicros


class Identity(Model):
    """Whose book it is: one row, for ever."""

    id = IntegerField(primary_key=True)
    mode = TextField()
    account_hash = TextField()
    account_masked = TextField()
    created = UtcMicros(column_name="created_us")

    class Meta:
        """Names the table."""

        table_name = "identity"


class Position(Model):
    """The managed position of a symbol at a venue."""

    venue = TextField()
    symbol = TextField()
    quantity = DecimalText()
    cost = DecimalText()
    realised_pnl = DecimalText()
    opened = UtcMicros(column_name="opened_us")

    class Meta:
        """Names the table."""

        table_name = "positions"
        primary_key = CompositeKey("venue", "symbol")


class PositionCommission(Model):
    """What the fills of a symbol at a venue have cost, by currency."""

    venue = TextField()
    symbol = TextField()
    currency = TextField()
    amount = DecimalText()

    class Meta:
        """Names the table."""

        table_name = "position_commissions"
        primary_key = CompositeKey("venue", "symbol", "currency")


class Setting(Model):
    """A durable switch."""

    key = TextField(primary_key=True)
    value = TextField()
    changed = UtcMicros(column_name="changed_us")

    class Meta:
        """Names the table."""

        table_name = "settings"


class Audit(Model):
    """Something a person or the process did."""

    id = AutoField()
    at = UtcMicros(column_name="at_us")
    who = TextField()
    what = TextField()
    detail = TextField()

    class Meta:
        """Names the table."""

        table_name = "audit"


TABLES: tuple[type[Model], ...] = (Identity, Position, PositionCommission, Setting, Audit)
