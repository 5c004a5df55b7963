"""The ledger on SQLite through peewee; the only package that imports it.

`lock_state_dir` comes first in a process, `open_book` gives the book.
"""

from adapters.store.alerts import alerts_path, open_alerts
from adapters.store.backup import newest_backup
from adapters.store.bars import open_bars
from adapters.store.book import SqliteBook
from adapters.store.emergency import open_emergency
from adapters.store.locks import StateLock, lock_state_dir
from adapters.store.opening import book_path, open_book
from adapters.store.refusals import open_refusals, refusals_path
from adapters.store.shadow import open_shadow
from adapters.store.uptime import open_uptime

__all__ = [
    "SqliteBook",
    "StateLock",
    "alerts_path",
    "book_path",
    "lock_state_dir",
    "newest_backup",
    "open_alerts",
    "open_bars",
    "open_book",
    "open_emergency",
    "open_refusals",
    "open_shadow",
    "open_uptime",
    "refusals_path",
]
