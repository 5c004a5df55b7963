"""The names of the seats."""

ROOT = "root"
LEDGER = "ledger"
STARTS = "starts"
"""Counts the starts of the process, and what becomes of each."""
LIVE_GATE = "live_gate"
"""Keeps live trading shut until it may be opened."""
GATEWAY = "gateway"
"""The embedded gateway's keeper; in demo only."""
TRADING = "trading"
DESK = "trading.desk"
PLAN_MONITOR = "trading.plan_monitor"
PROTECTION = "trading.protection"
"""Sees to it that a stop stands at the venue over whatever is held."""
STRATEGIST = "trading.strategist"
CONSOLE = "console"
HOOK = "console.hook"
NARRATOR = "console.narrator"
"""Tells the story on the screen."""
TELEMETRY = "console.telemetry"
"""Writes down for programs what was decided, sent, filled and asked for; keeps refusals."""
BACKUPS = "console.backups"
"""Has the book backed up every so often."""
YEAR_END = "console.year_end"
"""Stores the closing prices of each 30 June."""
ALERTS = "console.alerts"
"""Sees to it that a person hears what is said of alerts, wherever that person is."""
ALERT_READERS = (NARRATOR, ALERTS)
"""Whoever raises an alert tells it to these."""
HEAR_ALERTS = (DESK, *ALERT_READERS)
"""Those, and the desk, which shows what stands at each venue."""

UPTIME = "console.uptime"
"""Remembers by the hour how the venues stood."""


def connection(venue: str) -> str:
    """The seat that owns the link of a venue (`ib` or `gemini`)."""
    return f"{venue}.connection"


def quotes(venue: str) -> str:
    """The seat that keeps a venue's quotes."""
    return f"{venue}.quotes"


def history(venue: str) -> str:
    """The seat that fetches a venue's bars."""
    return f"{venue}.history"


def bars(venue: str) -> str:
    """The seat that keeps a venue's bars on disk."""
    return f"{venue}.bars"


def orders(venue: str) -> str:
    """The seat that keeps a venue's orders."""
    return f"{venue}.orders"


def resync(venue: str) -> str:
    """The seat that holds the ledger against the venue's truth."""
    return f"{venue}.resync"


SHADOW = "trading.shadow"
"""Has every order live in the shadow beside, and compares."""
SHADOW_ORDERS = orders("shadow")
"""Fills by quotes what mode *observe* would have sent."""


def parent_of(name: str) -> str:
    """The seat of its supervisor: what stands before the last dot, else the root."""
    return name.rpartition(".")[0] or ROOT


def of_venue(venue: str) -> tuple[str, ...]:
    """The seats of a venue, in the order of their start."""
    return (
        venue,
        connection(venue),
        quotes(venue),
        history(venue),
        orders(venue),
        resync(venue),
        bars(venue),
    )


IB = "ib"
"""The venue, and the seat of its supervisor."""
