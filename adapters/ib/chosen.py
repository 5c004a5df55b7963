"""What the owner has chosen, as a link to the gateway is told it."""

from __future__ import annotations

from adapters.ib.opening import IBLinkOptions
from config.settings import DEFAULT_SYMBOLS, Settings
from domain.symbols import Symbol


def link_options(settings: Settings, *, limit_messages: bool = True) -> IBLinkOptions:
    """Where the gateway is, what it must be, and how instruments are found there."""
    return IBLinkOptions(
        host=settings.ib_host,
        port=settings.ib_port,
        client_id=settings.ib_client_id,
        account=settings.ib_account_id,
        paper=settings.ib_paper,
        order_prefix=settings.client_order_prefix,
        exchange_preference=settings.ib_exchange,
        instrument_types=settings.ib_allowed_instrument_types,
        known_symbols=(*settings.allowed_symbols, *map(Symbol.parse, DEFAULT_SYMBOLS)),
        zone=settings.ib_time_zone,
        delayed_data=settings.market_data == "delayed",
        step_seconds=settings.connect_step_seconds,
        limit_messages=limit_messages,
    )
