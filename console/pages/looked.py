"""Since when a device has not looked: kept by the device itself, in a cookie of two times.

So each of several devices has its own, nothing is written down here, and looking changes nothing.
The page asks for itself anew every so often; only a look after a pause is a new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

COOKIE = "kelpie-looked"
_PAUSE = timedelta(minutes=10)
_A_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Looks:
    """What the device remembers; UTC, to the second."""

    before: datetime | None
    """The end of the look before this one; None where it has not looked before."""
    last: datetime
    """When this look was last renewed."""

    def keep(self, answer: Response) -> None:
        """Have the device remember."""
        before = "" if self.before is None else int(self.before.timestamp())
        answer.set_cookie(
            COOKIE,
            f"{before}.{int(self.last.timestamp())}",
            max_age=_A_YEAR,
            path="/",
            httponly=True,
            # A link in an alert opens the page as well: a strict one would not come with it.
            samesite="lax",
        )


def look(request: Request, now: datetime) -> Looks:
    """Take this look for a new one, or for the last one still going on.

    What the device says is believed only as far as it can be: no time that is none, nor a later
    one than now.
    """
    before, _, last = request.cookies.get(COOKIE, "").partition(".")
    ended = _time(last, now)
    if ended is None:
        return Looks(None, now)
    if now - ended > _PAUSE:
        return Looks(ended, now)
    return Looks(_time(before, now), now)


def _time(text: str, now: datetime) -> datetime | None:
    if not (text.isascii() and text.isdigit() and len(text) <= 11):
        return None
    at = datetime.fromtimestamp(int(text), UTC)
    return at if at <= now else None
