"""What this gateway does not serve: each request gets the error that TWS has for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from simulators.tws.fields import FieldReader
from simulators.tws.protocol import Reply, Request
from simulators.tws.routing import Handlers
from simulators.tws.session import Session

_HMDS = "Historical Market Data Service error message:"
_PROCESSING = "Error processing request.-'bX' : cause - "
_VALIDATING = "Error validating request.-'bX' : cause - "
_NO_FA = f"{_VALIDATING}FA data operations ignored for non FA customers."
_NO_EID = "Can't find EId with tickerId:{id}"

#: Request → does it begin with a version field, error code, text.
_REFUSED: dict[Request, tuple[bool, int, str]] = {
    Request.HISTOGRAM: (False, 162, f"{_HMDS}No data of type histogram is available"),
    Request.CANCEL_HISTOGRAM: (False, 300, _NO_EID),
    Request.SCANNER: (False, 322, f"{_PROCESSING}Scanners are not available"),
    Request.CANCEL_SCANNER: (True, 300, _NO_EID),
    Request.FUNDAMENTAL_DATA: (
        True,
        430,
        "The fundamentals data for the security specified is not available.Not allowed",
    ),
    Request.CANCEL_FUNDAMENTAL_DATA: (True, 300, _NO_EID),
    Request.IMPLIED_VOLATILITY: (True, 322, f"{_PROCESSING}Options are not listed"),
    Request.OPTION_PRICE: (True, 322, f"{_PROCESSING}Options are not listed"),
    Request.CANCEL_IMPLIED_VOLATILITY: (True, 300, _NO_EID),
    Request.CANCEL_OPTION_PRICE: (True, 300, _NO_EID),
    Request.EXERCISE_OPTIONS: (
        True,
        200,
        "No security definition has been found for the request",
    ),
    Request.OPTION_PARAMETERS: (
        False,
        200,
        "No security definition has been found for the request",
    ),
    Request.SMART_COMPONENTS: (False, 322, f"{_PROCESSING}Smart components are not available"),
    Request.NEWS_ARTICLE: (False, 10276, "News feed is not allowed."),
    Request.HISTORICAL_NEWS: (False, 10276, "News feed is not allowed."),
    Request.WSH_META_DATA: (False, 10276, "News feed is not allowed."),
    Request.WSH_EVENT_DATA: (False, 10276, "News feed is not allowed."),
    Request.CANCEL_WSH_META_DATA: (False, 300, _NO_EID),
    Request.CANCEL_WSH_EVENT_DATA: (False, 300, _NO_EID),
}

#: Requests without an id of their own; their error goes to -1.
_REFUSED_WITHOUT_ID: dict[Request, tuple[int, str]] = {
    Request.FA_DATA: (321, _NO_FA),
    Request.REPLACE_FA_DATA: (321, _NO_FA),
    Request.SCANNER_PARAMETERS: (322, f"{_PROCESSING}Scanners are not available"),
}


def handlers() -> Handlers:
    """Which requests are refused, or answered with an empty list."""
    routes: Handlers = {
        Request.SOFT_DOLLAR_TIERS: _no_soft_dollar_tiers,
        Request.NEWS_PROVIDERS: _no_news_providers,
        Request.USER_INFO: _no_white_branding,
        Request.SERVER_LOG_LEVEL: _accept_silently,
        Request.NEWS_BULLETINS: _accept_silently,
        Request.CANCEL_NEWS_BULLETINS: _accept_silently,
        # ib_insync sends it after each answer, and nobody ever saw an error for it.
        Request.CANCEL_HEAD_TIMESTAMP: _accept_silently,
    }
    for request, (has_version, code, text) in _REFUSED.items():
        routes[request] = _refuser(has_version, code, text)
    for request, (code, text) in _REFUSED_WITHOUT_ID.items():
        routes[request] = partial(_refuse_without_id, code, text)
    return routes


def _refuser(has_version: bool, code: int, text: str) -> Callable[[Session, FieldReader], None]:
    def refuse(session: Session, fields: FieldReader) -> None:
        if has_version:
            fields.skip()
        req_id = fields.integer()
        session.send_error(req_id, code, text.replace("{id}", str(req_id)))

    return refuse


def _refuse_without_id(code: int, text: str, session: Session, fields: FieldReader) -> None:
    session.send_error(-1, code, text)


def _no_soft_dollar_tiers(session: Session, fields: FieldReader) -> None:
    session.send([str(Reply.SOFT_DOLLAR_TIERS.value), str(fields.integer()), "0"])


def _no_news_providers(session: Session, fields: FieldReader) -> None:
    session.send([str(Reply.NEWS_PROVIDERS.value), "0"])


def _no_white_branding(session: Session, fields: FieldReader) -> None:
    session.send([str(Reply.USER_INFO.value), str(fields.integer()), ""])


def _accept_silently(session: Session, fields: FieldReader) -> None:
    """TWS answers nothing to these either."""
