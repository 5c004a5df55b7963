"""Message numbers and server versions of the TWS API, as far as this gateway knows them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum

#: The range that this gateway speaks. From 177 on the layouts change again.
MIN_SERVER_VERSION = 157
MAX_SERVER_VERSION = 176

# Where layouts change inside that range.
VERSION_FRACTIONAL_SIZES = 163
VERSION_SIZE_RULES = 164
VERSION_ADVANCED_REJECT = 166
VERSION_MANUAL_ORDER_TIME = 169
VERSION_PEG_OFFSETS = 170
VERSION_ISSUER_ID = 176


class Request(IntEnum):
    """From client to gateway."""

    MARKET_DATA = 1
    CANCEL_MARKET_DATA = 2
    PLACE_ORDER = 3
    CANCEL_ORDER = 4
    OPEN_ORDERS = 5
    ACCOUNT_UPDATES = 6
    EXECUTIONS = 7
    IDS = 8
    CONTRACT_DETAILS = 9
    MARKET_DEPTH = 10
    CANCEL_MARKET_DEPTH = 11
    NEWS_BULLETINS = 12
    CANCEL_NEWS_BULLETINS = 13
    SERVER_LOG_LEVEL = 14
    AUTO_OPEN_ORDERS = 15
    ALL_OPEN_ORDERS = 16
    MANAGED_ACCOUNTS = 17
    FA_DATA = 18
    REPLACE_FA_DATA = 19
    HISTORICAL_DATA = 20
    EXERCISE_OPTIONS = 21
    SCANNER = 22
    CANCEL_SCANNER = 23
    SCANNER_PARAMETERS = 24
    CANCEL_HISTORICAL_DATA = 25
    CURRENT_TIME = 49
    REAL_TIME_BARS = 50
    CANCEL_REAL_TIME_BARS = 51
    FUNDAMENTAL_DATA = 52
    CANCEL_FUNDAMENTAL_DATA = 53
    IMPLIED_VOLATILITY = 54
    OPTION_PRICE = 55
    CANCEL_IMPLIED_VOLATILITY = 56
    CANCEL_OPTION_PRICE = 57
    GLOBAL_CANCEL = 58
    MARKET_DATA_TYPE = 59
    POSITIONS = 61
    ACCOUNT_SUMMARY = 62
    CANCEL_ACCOUNT_SUMMARY = 63
    CANCEL_POSITIONS = 64
    START_API = 71
    POSITIONS_MULTI = 74
    CANCEL_POSITIONS_MULTI = 75
    ACCOUNT_UPDATES_MULTI = 76
    CANCEL_ACCOUNT_UPDATES_MULTI = 77
    OPTION_PARAMETERS = 78
    SOFT_DOLLAR_TIERS = 79
    FAMILY_CODES = 80
    MATCHING_SYMBOLS = 81
    DEPTH_EXCHANGES = 82
    SMART_COMPONENTS = 83
    NEWS_ARTICLE = 84
    NEWS_PROVIDERS = 85
    HISTORICAL_NEWS = 86
    HEAD_TIMESTAMP = 87
    HISTOGRAM = 88
    CANCEL_HISTOGRAM = 89
    CANCEL_HEAD_TIMESTAMP = 90
    MARKET_RULE = 91
    PNL = 92
    CANCEL_PNL = 93
    PNL_SINGLE = 94
    CANCEL_PNL_SINGLE = 95
    HISTORICAL_TICKS = 96
    TICK_BY_TICK = 97
    CANCEL_TICK_BY_TICK = 98
    COMPLETED_ORDERS = 99
    WSH_META_DATA = 100
    CANCEL_WSH_META_DATA = 101
    WSH_EVENT_DATA = 102
    CANCEL_WSH_EVENT_DATA = 103
    USER_INFO = 104


class Reply(IntEnum):
    """From gateway to client."""

    TICK_PRICE = 1
    TICK_SIZE = 2
    ORDER_STATUS = 3
    ERROR = 4
    OPEN_ORDER = 5
    ACCOUNT_VALUE = 6
    PORTFOLIO_VALUE = 7
    ACCOUNT_TIME = 8
    NEXT_VALID_ID = 9
    CONTRACT_DETAILS = 10
    EXECUTION = 11
    MARKET_DEPTH = 12
    MARKET_DEPTH_L2 = 13
    MANAGED_ACCOUNTS = 15
    HISTORICAL_DATA = 17
    TICK_GENERIC = 45
    TICK_STRING = 46
    CURRENT_TIME = 49
    REAL_TIME_BAR = 50
    CONTRACT_DETAILS_END = 52
    OPEN_ORDER_END = 53
    ACCOUNT_DOWNLOAD_END = 54
    EXECUTION_END = 55
    SNAPSHOT_END = 57
    MARKET_DATA_TYPE = 58
    COMMISSION_REPORT = 59
    POSITION = 61
    POSITION_END = 62
    ACCOUNT_SUMMARY = 63
    ACCOUNT_SUMMARY_END = 64
    POSITION_MULTI = 71
    POSITION_MULTI_END = 72
    ACCOUNT_UPDATE_MULTI = 73
    ACCOUNT_UPDATE_MULTI_END = 74
    FAMILY_CODES = 78
    SYMBOL_SAMPLES = 79
    DEPTH_EXCHANGES = 80
    TICK_REQUEST_PARAMETERS = 81
    NEWS_PROVIDERS = 85
    HEAD_TIMESTAMP = 88
    HISTORICAL_DATA_UPDATE = 90
    MARKET_RULE = 93
    PNL = 94
    PNL_SINGLE = 95
    HISTORICAL_TICKS = 96
    HISTORICAL_TICKS_BID_ASK = 97
    HISTORICAL_TICKS_LAST = 98
    TICK_BY_TICK = 99
    SOFT_DOLLAR_TIERS = 77
    ORDER_BOUND = 100
    COMPLETED_ORDER = 101
    COMPLETED_ORDER_END = 102
    USER_INFO = 107


#: Messages that carry market data; a log may count them without keeping them.
TICKS = frozenset({Reply.TICK_PRICE, Reply.TICK_SIZE, Reply.TICK_GENERIC, Reply.TICK_STRING})

_VERSION_RANGE = re.compile(r"^v(\d{1,4})(?:\.\.(\d{1,4}))?(?: .*)?$", re.DOTALL)


def negotiate(text: str) -> int | None:
    """Choose the server version for a client's range, `v157..176` or `v100..157 +PACEAPI`.

    None where there is none in common. Version 158 is never chosen: ib_insync writes the field
    *duration* from 158 on and reads it from 159 on.

    Raises:
        ValueError: the text is no range.
    """
    match = _VERSION_RANGE.match(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is no range of versions")
    lowest = int(match.group(1))
    highest = int(match.group(2) or match.group(1))
    chosen = min(highest, MAX_SERVER_VERSION)
    if chosen == 158:
        chosen = 157
    return chosen if chosen >= max(lowest, MIN_SERVER_VERSION) else None


_WITHOUT_VERSION_FIELD = frozenset({3, 20, 22})


def request_id(fields: Sequence[str]) -> int:
    """Where an error about a request is to be addressed: its request or order id, or -1."""
    try:
        message_id = int(fields[0])
        versionless = message_id in _WITHOUT_VERSION_FIELD or message_id >= 78
        return int(fields[1 if versionless else 2])
    except (IndexError, ValueError):
        return -1
