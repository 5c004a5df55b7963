"""Bakes the calendar of the ASX into `domain/xasx.py`: `python -m config.calendars`.

The library that knows it brings pandas with it, so it is needed here alone, and by no process that
trades. Run it again with each new version of the library, and before the last year begins.
"""

from __future__ import annotations

import sys
import warnings
from datetime import date, time

_FIRST, _LAST = date(2026, 1, 1), date(2028, 12, 31)


def render() -> str:
    """The text of `domain/xasx.py`, by the library that is installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what its pandas thinks of it is not our affair
        import exchange_calendars

        # Without an end the library stops about a year from now.
        known = exchange_calendars.get_calendar("XASX", start=str(_FIRST), end=str(_LAST))
        sessions = {each.date() for each in known.sessions}
        closes = {
            each.date(): known.session_close(each).tz_convert(known.tz).time()
            for each in known.early_closes
        }
        opens = {known.session_open(each).tz_convert(known.tz).time() for each in known.sessions}
    if opens != {time(10)}:
        raise ValueError(f"the ASX opens at {opens}: the calendar can tell of one time alone")
    weekdays = {
        day
        for ordinal in range(_FIRST.toordinal(), _LAST.toordinal() + 1)
        if (day := date.fromordinal(ordinal)).weekday() < 5
    }
    if sessions - weekdays:
        raise ValueError(f"sessions at a weekend: {sorted(sessions - weekdays)}")
    lines = [
        '"""The calendar of the ASX. Made by `python -m config.calendars`; never edited by hand.',
        "",
        f"Source: exchange_calendars {exchange_calendars.__version__}, key XASX.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "from datetime import date, time",
        "",
        "from domain.calendar import ExchangeCalendar",
        "",
        "XASX = ExchangeCalendar(",
        '    name="XASX",',
        '    zone="Australia/Sydney",',
        "    opens=time(10, 0),",
        "    closes=time(16, 0),",
        f"    first={_date(_FIRST)},",
        f"    last={_date(_LAST)},",
        "    holidays=frozenset(",
        "        {",
        *(f"            {_date(day)}," for day in sorted(weekdays - sessions)),
        "        }",
        "    ),",
        "    early_closes={",
        *(
            f"        {_date(day)}: time({at.hour}, {at.minute}),"
            for day, at in sorted(closes.items())
        ),
        "    },",
        ")",
    ]
    return "\n".join(lines) + "\n"


def _date(day: date) -> str:
    return f"date({day.year}, {day.month}, {day.day})"


if __name__ == "__main__":
    sys.stdout.write(render())
