"""The ledger on SQLite through peewee; the only package that imports it."""
