"""A plugin for pytest: the adapter speaks through ib_async from here on."""

from __future__ import annotations

from adapters.ib import library

library.use("ib_async")
