"""The calendar of the ASX. Made by `python -m config.calendars`; never edited by hand.

Source: exchange_calendars 4.13.2, key XASX.
"""

from __future__ import annotations

from datetime import date, time

from domain.calendar import ExchangeCalendar

XASX = ExchangeCalendar(
    name="XASX",
    zone="Australia/Sydney",
    opens=time(10, 0),
    closes=time(16, 0),
    first=date(2026, 1, 1),
    last=date(2028, 12, 31),
    holidays=frozenset(
        {
            date(2026, 1, 1),
            date(2026, 1, 26),
            date(2026, 4, 3),
            date(2026, 4, 6),
            date(2026, 6, 8),
            date(2026, 12, 25),
            date(2026, 12, 28),
            date(2027, 1, 1),
            date(2027, 1, 26),
            date(2027, 3, 26),
            date(2027, 3, 29),
            date(2027, 6, 14),
            date(2027, 12, 27),
            date(2027, 12, 28),
            date(2028, 1, 3),
            date(2028, 1, 26),
            date(2028, 4, 14),
            date(2028, 4, 17),
            date(2028, 4, 25),
            date(2028, 6, 12),
            date(2028, 12, 25),
            date(2028, 12, 26),
        }
    ),
    early_closes={
        date(2026, 12, 24): time(14, 10),
        date(2026, 12, 31): time(14, 10),
        date(2027, 12, 24): time(14, 10),
        date(2027, 12, 31): time(14, 10),
        date(2028, 12, 22): time(14, 10),
        date(2028, 12, 29): time(14, 10),
    },
)
