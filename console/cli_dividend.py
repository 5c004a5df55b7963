"""`kelpie dividend SYMBOL EXDATE AMOUNT`: when a share goes ex dividend, as its company says."""

from __future__ import annotations

import argparse
import json
import sys
from urllib.parse import quote

from console.client import HookClient, find_access


def add_dividend(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `dividend`."""
    parser.description = (
        "Tell when a share goes ex dividend. The exchange ends its resting orders the evening "
        "before: that is no alarm then, and the stop is back in the pre-open, lowered by the "
        "dividend where EX_DIVIDEND_STOPS says so. A later word replaces an earlier one."
    )
    parser.add_argument("symbol", metavar="SYMBOL", help="as BHP/AUD")
    parser.add_argument("ex_date", metavar="EXDATE", help="as 2026-11-24, at its exchange")
    parser.add_argument("amount", metavar="AMOUNT", help="of one share, in its currency: 0.85")


def dividend(arguments: argparse.Namespace) -> int:
    """Have it written down."""
    symbol = quote(arguments.symbol.replace("/", "-"), safe="")
    body = {"ex_date": arguments.ex_date, "amount": arguments.amount}
    with HookClient(find_access(arguments.url, arguments.token_file, effects=True)) as hook:
        said = hook.post(f"/positions/{symbol}/dividend", body)
    if arguments.json:
        sys.stdout.write(json.dumps(said, indent=2) + "\n")
    else:
        words = f"{said['symbol']} goes ex a dividend of {said['amount']} on {said['ex_date']}."
        sys.stdout.write(words + "\n")
    return 0
