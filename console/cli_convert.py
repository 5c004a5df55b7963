"""`kelpie convert SYMBOL SIDE QTY`: cash for cash, after looking at what it costs."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from console.client import HookClient, find_access

_OK, _FAILED = 0, 1


def add_convert(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `convert`."""
    parser.description = (
        "Convert cash of one currency into another: `kelpie convert AUD/USD SELL 5000` gives "
        "A$5,000 for US dollars, BUY the other way round; the quantity is in the currency on the "
        "left. It makes no position: it has no plan and no stop, and `kelpie flatten` leaves the "
        "cash where it is. For a lot that Kelpie is to guard and leave again, place a trade. What "
        "it costs is asked first; below about US$25,000 it fills at a worse price."
    )
    parser.add_argument("symbol", metavar="SYMBOL", help="as AUD/USD")
    parser.add_argument("side", metavar="SIDE", choices=("BUY", "SELL"), help="BUY or SELL")
    parser.add_argument("quantity", metavar="QTY", help="in the currency on the left")
    parser.add_argument("--limit", help="the worst price; the market's where left out")
    parser.add_argument("--dry-run", action="store_true", help="only say what it would cost")
    parser.add_argument("--yes", action="store_true", help="do it without asking")


def convert(arguments: argparse.Namespace) -> int:
    """Ask what it costs, show that, and have it done."""
    body: dict[str, Any] = {
        "symbol": arguments.symbol,
        "side": arguments.side,
        "quantity": arguments.quantity,
        "type": "MARKET" if arguments.limit is None else "LIMIT",
        "purpose": "CONVERT",
    }
    if arguments.limit is not None:
        body["limit_price"] = arguments.limit
    with HookClient(find_access(arguments.url, arguments.token_file, effects=True)) as hook:
        said = hook.post("/orders/preview", body)
        if not said["would_be_taken"]:
            sys.stderr.write(f"{said['detail']} [{said['code']}]\n")
            return _FAILED
        if not arguments.dry_run:
            if not arguments.yes and not _confirmed(body, said):
                sys.stderr.write("Nothing was converted.\n")
                return _FAILED
            said = hook.post("/orders", body)
    if arguments.json:
        sys.stdout.write(json.dumps(said, indent=2, ensure_ascii=False) + "\n")
    elif arguments.dry_run:
        sys.stdout.write(_page(body, said) + "\n")
    else:
        sys.stdout.write(
            f"Asked for: {said['client_order_id']} is {said['state']}. `kelpie status` shows what "
            "becomes of it.\n"
        )
    return _OK


def _confirmed(body: dict[str, Any], said: Any) -> bool:
    page = _page(body, said)
    if not sys.stdin.isatty():
        sys.stderr.write(page + "\nSay --yes to have it done without being asked.\n")
        return False
    sys.stderr.write(page + "\nDo it? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _page(body: dict[str, Any], said: Any) -> str:
    left, _, right = body["symbol"].upper().replace("-", "/").partition("/")
    gives, gets = (right, left) if body["side"] == "BUY" else (left, right)
    at = f"at {body['limit_price']} or better" if "limit_price" in body else "at the market"
    lines = [
        f"It would convert {gives} into {gets}: {body['side']} {body['quantity']} {left}, {at}."
    ]
    preview = said["preview"]
    amount = None if preview is None else preview["commission"] or preview["maximum"]
    cost = "not said" if amount is None else f"{amount} {preview['currency']}"
    lines.append(f"  commission  {cost}, as the venue says")
    return "\n".join(lines)
