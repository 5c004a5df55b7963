"""`kelpie report shadow` and `kelpie report divergence`: what would have been, and how near."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from decimal import Decimal
from typing import Any

from actors.chosen import account_of
from adapters.store import book_path
from adapters.store.reading import reading
from adapters.store.shadow import read_divergence
from config.settings import Settings
from console.columns import fitted
from domain.divergence import Divergence, Pair
from domain.shadow import SHADOW

OK, FAILED = 0, 1
_FILLS = """
SELECT time_us, client_order_id, symbol, side, quantity, price FROM fills WHERE venue = ?
ORDER BY time_us, execution_key
"""
_POSITIONS = """
SELECT symbol, quantity, cost, realised_pnl FROM positions WHERE venue = ? ORDER BY symbol
"""
_COMMISSIONS = """
SELECT symbol, currency, amount FROM position_commissions WHERE venue = ? ORDER BY symbol, currency
"""


def add_shadow(kinds: Any) -> None:
    """Add both reports, which print pages of their own."""
    sentence = "what the shadow book of mode observe holds, did and made"
    shadow = kinds.add_parser("shadow", help=sentence, description=sentence)
    sentence = "how far the shadow beside and the real fills of a day lie apart"
    apart = kinds.add_parser("divergence", help=sentence, description=sentence)
    apart.add_argument(
        "--day", type=date.fromisoformat, help="as 2026-11-23, in Sydney; the newest"
    )
    for parser, page in ((shadow, _shadow), (apart, _divergence)):
        parser.add_argument("--json", action="store_true", help="print the facts as JSON")
        parser.set_defaults(call=_report_shadow, page=page)


def _report_shadow(arguments: argparse.Namespace) -> int:
    """Print one of them. Raises what reading raises."""
    status: int = arguments.page(arguments, Settings.load())
    return status


def _shadow(arguments: argparse.Namespace, settings: Settings) -> int:
    with reading(book_path(settings.state_dir, settings.mode, account_of(settings))) as link:
        fills, positions, costs = (
            link.execute(query, (SHADOW,)).fetchall()
            for query in (_FILLS, _POSITIONS, _COMMISSIONS)
        )
    paid: dict[str, list[str]] = {}
    for symbol, currency, amount in costs:
        paid.setdefault(symbol, []).append(f"{amount} {currency}")
    facts = {
        "fills": [dict(zip(_FILL_NAMES, row, strict=True)) for row in fills],
        "positions": [
            {
                "symbol": symbol,
                "quantity": quantity,
                "cost": cost,
                "realised_pnl": realised,
                "commissions": paid.get(symbol, []),
            }
            for symbol, quantity, cost, realised in positions
        ],
    }
    lines = [f"{len(fills)} fills in the shadow book; nothing of it was sent."]
    for row in facts["positions"]:
        cost = ", ".join(row["commissions"]) or "not known"
        lines += fitted(
            f"{row['symbol']}  {row['quantity']} held at a cost of {row['cost']}; realised "
            f"{row['realised_pnl']} before commissions of {cost}"
        )
    return _say(arguments, facts, lines)


_FILL_NAMES = ("time_us", "client_order_id", "symbol", "side", "quantity", "price")


def _divergence(arguments: argparse.Namespace, settings: Settings) -> int:
    book = book_path(settings.state_dir, settings.mode, account_of(settings))
    found = read_divergence(book.with_name("shadow.db"), arguments.day)
    if found is None:
        return _say(arguments, {"day": None, "orders": []}, ["No order lived in both worlds yet."])
    day, beyond = found
    facts = {
        "day": day.day.isoformat(),
        "judged": beyond is not None,
        "beyond": beyond or "",
        "slippage_bps": _text(day.slippage_bps),
        "missed_part": _text(day.missed_part),
        "commission_part": _text(day.commission_part),
        "orders": [_facts(pair) for pair in day.pairs],
    }
    judged = "not judged yet" if beyond is None else beyond or "within bounds"
    lines = [f"{day.day.isoformat()}: {judged}", *_figures(day)]
    for pair in day.pairs:
        lines += fitted(_line(pair), "  ")
    return _say(arguments, facts, lines)


def _figures(day: Divergence) -> list[str]:
    hundred = Decimal(100)
    told = (
        ("slippage", day.slippage_bps, Decimal(1), "basis points"),
        ("missed", day.missed_part, hundred, "%"),
        ("commission above its estimate", day.commission_part, hundred, "%"),
    )
    return [
        f"{name}: {'not known' if figure is None else f'{figure * unit:.1f} {word}'}"
        for name, figure, unit, word in told
    ]


def _line(pair: Pair) -> str:
    shadow = "nothing" if pair.shadow.price is None else f"at {pair.shadow.price:.4f}"
    real = "nothing" if pair.real.price is None else f"at {pair.real.price:.4f}"
    return (
        f"{pair.client_order_id} {pair.side} {pair.quantity} {pair.symbol}: shadow "
        f"{pair.shadow.filled} {shadow}, real {pair.real.filled} {real}"
    )


def _facts(pair: Pair) -> dict[str, Any]:
    return {
        "client_order_id": pair.client_order_id,
        "symbol": str(pair.symbol),
        "side": pair.side.value,
        "quantity": str(pair.quantity),
        "shadow_filled": str(pair.shadow.filled),
        "shadow_price": _text(pair.shadow.price),
        "shadow_commission": _text(pair.shadow.commission),
        "real_filled": str(pair.real.filled),
        "real_price": _text(pair.real.price),
        "real_commission": _text(pair.real.commission),
        "slippage_bps": _text(pair.slippage_bps),
    }


def _text(figure: Decimal | None) -> str | None:
    return None if figure is None else str(figure)


def _say(arguments: argparse.Namespace, facts: dict[str, Any], lines: list[str]) -> int:
    text = json.dumps(facts, indent=2) if arguments.json else "\n".join(lines)
    sys.stdout.write(text + "\n")
    return OK
