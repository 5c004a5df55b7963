"""The ledger on SQLite through peewee; the only package that imports it.

`lock_state_dir` comes first in a process, `open_book` gives the book.
"""

from adapters.store.bars import open_bars
from adapters.store.book import SqliteBook
from adapters.store.locks import StateLock, lock_state_dir
from adapters.store.opening import book_path, open_book

__all__ = ["SqliteBook", "StateLock", "book_path", "lock_state_dir", "open_bars", "open_book"]
