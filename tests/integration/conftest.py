"""Tests against a real gateway: not even collected unless they are asked for."""

from __future__ import annotations

import os

#: Set to 1: ask the gateway that IB_HOST, IB_PORT and IB_ACCOUNT_ID name.
SWITCH = "KELPIE_INTEGRATION"

collect_ignore_glob = [] if os.environ.get(SWITCH) == "1" else ["test_*.py"]
