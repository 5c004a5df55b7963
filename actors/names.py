"""The names of the seats."""

ROOT = "root"
LEDGER = "ledger"
GATEWAY = "gateway"
"""The embedded gateway's keeper; in demo only."""
TRADING = "trading"
DESK = "trading.desk"
PLAN_MONITOR = "trading.plan_monitor"
STRATEGIST = "trading.strategist"
CONSOLE = "console"
HOOK = "console.hook"
NARRATOR = "console.narrator"
"""Tells the story on the screen."""


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
