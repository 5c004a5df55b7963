"""Since when a device has not looked: each for itself, and no cookie is simply believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from starlette.requests import Request
from starlette.responses import Response

from console.pages.looked import COOKIE, look

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=8)


def asked(cookie: str | None) -> Request:
    headers = [] if cookie is None else [(b"cookie", f"{COOKIE}={cookie}".encode())]
    return Request({"type": "http", "headers": headers})


def kept(cookie: str | None, now: datetime) -> str:
    """What the device has after a look."""
    answer = Response()
    look(asked(cookie), now).keep(answer)
    [(_, header)] = [each for each in answer.raw_headers if each[0] == b"set-cookie"]
    assert b"HttpOnly" in header
    assert b"SameSite=lax" in header
    return header.decode().partition("=")[2].partition(";")[0]


def test_a_look_lasts_while_the_page_asks_for_itself() -> None:
    first = kept(None, NOW)
    assert look(asked(first), NOW + timedelta(seconds=30)).before is None
    still = kept(first, NOW + timedelta(minutes=5))
    again = kept(still, NOW + timedelta(minutes=14))
    assert look(asked(again), NOW + timedelta(minutes=15)).before is None


def test_after_a_pause_it_is_a_new_look_and_says_when_the_last_one_ended() -> None:
    ended = NOW + timedelta(minutes=5)
    cookie = kept(kept(None, NOW), ended)
    assert look(asked(cookie), LATER).before == ended
    # And still so while this look goes on.
    assert look(asked(kept(cookie, LATER)), LATER + timedelta(minutes=2)).before == ended


@pytest.mark.parametrize(
    "cookie",
    (
        *("", ".", "x.y", "-5.-5", "1e9.1e9", "99999999999.99999999999", "٣.٣", "1" * 5000),
        *("<script>.<script>", "0.99999999999999999999"),
    ),
)
def test_what_is_no_time_or_a_later_one_is_a_first_look(cookie: str) -> None:
    request = Request({"type": "http", "headers": [(b"cookie", f"{COOKIE}={cookie}".encode())]})
    assert look(request, NOW).before is None
