"""From a template and facts to a page: the layout, and how amounts and times are written.

Whatever comes from outside is escaped by the templates, and account numbers are hidden in all of
it. Times are shown in Sydney with the day, amounts with their currency; what is not known says so,
and is never shown as nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from config.redaction import Redaction
from console.owner.words import NOT_KNOWN, SYDNEY, gain, listed, money, number, price, venue_name

if TYPE_CHECKING:
    from console.hook.asking import Asking
    from console.hook.visitors import Visitor

T = TypeVar("T")
REFRESH_SECONDS = 30
"""How often a page asks for itself anew, unless it says otherwise."""
LARGEST_BYTES = 50_000
"""No page is larger: it comes over a phone's link within a second."""
PAGES = (
    ("/", "Now"),
    ("/see/money", "Money"),
    ("/see/trades", "Trades"),
    ("/see/orders", "Orders"),
    ("/see/quiet", "Why quiet"),
    ("/see/health", "Health"),
    ("/see/live", "Live"),
)
"""The navigation, in its order: path and title."""


def page(
    template: str,
    visitor: Visitor,
    facts: Mapping[str, Any],
    *,
    asking: Asking,
    title: str,
    here: str,
    as_of: datetime | None = None,
    warning: str = "",
    refresh: int | None = REFRESH_SECONDS,
    status: int = 200,
) -> HTMLResponse:
    """Make a page of a template in `templates/`, which gets each of `facts` by its name.

    Args:
        template: `now.html` and so on; it extends `layout.html`.
        visitor: who looks; templates get as `may` which of LOOK, PAUSE and TRADE are allowed,
            and as `csrf` what each form carries in the field of that name.
        facts: what the template shows.
        asking: of the hook; gives the mode and the clock.
        title: of the page, as its first heading says.
        here: the path in `PAGES` under which it belongs.
        as_of: when the oldest of its facts was known, aware; just now unless given.
        warning: who has not answered, and from when what is shown of it is (`remembered.py`).
        refresh: seconds after which the page asks for itself anew; None: never.
        status: of the answer.
    """
    now = asking.clock.now()
    html = _ENVIRONMENT.get_template(template).render(
        **facts,
        visitor=visitor,
        may=frozenset(scope.name for scope in visitor.scopes),
        csrf=visitor.csrf,
        mode=asking.options.mode,
        title=title,
        here=here,
        pages=PAGES,
        as_of=as_of or now,
        warning=warning,
        now=now,
        refresh=refresh,
    )
    return HTMLResponse(_hide_accounts(html), status)


def fitting(answers: Iterable[HTMLResponse]) -> HTMLResponse:
    """The first of them that is small enough, made one by one; else the last."""
    for answer in answers:
        if len(answer.body) < LARGEST_BYTES:
            break
    return answer


# -- how things are written --------------------------------------------------------------


def tone(amount: Decimal | str | None) -> str:
    """The class of a figure: `up`, `down` or none. Its sign says the same without colour."""
    if amount is None or not Decimal(amount):
        return ""
    return "up" if Decimal(amount) > 0 else "down"


def exact(value: float) -> Decimal:
    """A price as the shortest decimal that is that float."""
    return Decimal(repr(value))


def commands(text: str) -> Markup:
    """A sentence in which `commands` stand between backticks; all of it is escaped."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup().join(
        Markup("<code>{}</code>").format(part) if place % 2 else part
        for place, part in enumerate(parts)
    )


def moment(at: datetime | str | None) -> str:
    """`Mon 23 Nov 11:06:05`, in Sydney."""
    return NOT_KNOWN if at is None else f"{_sydney(at):%a %-d %b %H:%M:%S}"


def minute(at: datetime | str | None) -> str:
    """`Mon 23 Nov 11:06`, in Sydney."""
    return NOT_KNOWN if at is None else f"{_sydney(at):%a %-d %b %H:%M}"


def day(at: datetime | str | None) -> str:
    """`Mon 23 Nov 2026`, in Sydney."""
    return NOT_KNOWN if at is None else f"{_sydney(at):%a %-d %b %Y}"


def month(name: str) -> str:
    """`Nov 2026`, of `2026-11`."""
    return f"{date.fromisoformat(name + '-01'):%b %Y}"


def clock(at: datetime) -> str:
    """`11:06`, in Sydney."""
    return f"{_sydney(at):%H:%M}"


def clock_exactly(at: datetime) -> str:
    """`11:06:05.123`, in Sydney."""
    local = _sydney(at)
    return f"{local:%H:%M:%S}.{local.microsecond // 1000:03}"


def by_day(things: Sequence[T], name: str) -> list[tuple[str, list[T]]]:
    """Stretches of things with the Sydney day of each; `name` is that of their time."""
    stretches = groupby(things, key=lambda each: day(getattr(each, name)))
    return [(found, list(some)) for found, some in stretches]


def shortened(text: str, most: int = 400) -> str:
    """Its first characters; a page has no room for more."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def ago(at: datetime, now: datetime) -> str:
    """`2 s ago`, `5 min ago`, `3 h ago`, `2 days ago`."""
    return f"{span((now - at).total_seconds())} ago"


def span(seconds: float) -> str:
    """`2 s`, `5 min`, `3 h`, `2 days`: the largest unit of which there are two, or one second."""
    for size, word in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {word}"
    return f"{max(0, int(seconds))} s"


def _sydney(at: datetime | str) -> datetime:
    moment_ = datetime.fromisoformat(at) if isinstance(at, str) else at
    return moment_.astimezone(SYDNEY)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("console.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    for write in (
        *(money, gain, price, number, listed, venue_name, tone, exact, commands),
        *(moment, minute, day, month, clock, clock_exactly, by_day, ago, span, shortened),
    ):
        environment.filters[write.__name__] = write
    return environment


_ENVIRONMENT = _environment()
_hide_accounts = Redaction()
