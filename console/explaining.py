"""`kelpie explain ORDER`: how an order came about, or why a proposal was refused.

Read from the book itself, so that it works beside a running Kelpie and without one. Exit status 0
when it was told, 1 when nothing is known of it, 76 for a damaged book, 78 for wrong settings.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from zoneinfo import ZoneInfo

from actors.chosen import account_of
from adapters.book import BookError
from adapters.store import book_path, refusals_path
from adapters.store.connection import Coded
from adapters.store.explaining import explain
from adapters.store.reading import reading
from adapters.store.refusals import read_refusal
from config.entries import SettingsError
from config.settings import Settings
from console.explain_schemas import ExplanationOut
from console.story import story_of, story_of_refusal
from runtime.arguments import Arguments

OK, UNKNOWN, DAMAGED, WRONG_SETTINGS = 0, 1, 76, 78
_SYDNEY = ZoneInfo("Australia/Sydney")
_WIDTH = 78


def main(argv: Sequence[str]) -> int:
    """Run the command."""
    parser = Arguments(
        prog="kelpie explain",
        description="Tell how an order came about: the quote, who proposed it, how it was sized, "
        "what each gate said, its intent, what the venue said, its fills, what they cost, and "
        "the entries of the book that say so; or why a proposal was refused. It works for orders "
        "of earlier runs, and whether Kelpie runs or not.",
        epilog="Exit status: 0 told, 1 nothing is known of it.",
    )
    parser.add_argument("order", metavar="ORDER", help="the client order id")
    parser.add_argument("--json", action="store_true", help="print the facts as JSON")
    arguments = parser.parse_args(argv)
    try:
        settings = Settings.load()
        book = book_path(settings.state_dir, settings.mode, account_of(settings))
        story = read_story(book, arguments.order)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return WRONG_SETTINGS
    except BookError as error:
        print(f"{error} [{error.code}]", file=sys.stderr)
        return DAMAGED if error.code == "DAMAGED" else UNKNOWN
    if story is None:
        print(
            f"Nothing is known of {arguments.order}: the book has no such order, and no refusal "
            "of this id is kept. `kelpie status` shows the last orders. [ORDER_NOT_KNOWN]",
            file=sys.stderr,
        )
        return UNKNOWN
    print(story.model_dump_json(indent=2) if arguments.json else "\n".join(page(story)))
    return OK


def read_story(book: Path, client_order_id: str) -> ExplanationOut | None:
    """The story of an order of this book, or of a proposal that was refused; None for neither.

    Raises:
        BookError: the book, or the refusals beside it, cannot be read.
    """
    with reading(book) as link, Coded(book):
        told = explain(link, client_order_id)
    if told is not None:
        return story_of(told)
    refused = read_refusal(refusals_path(book), client_order_id)
    return None if refused is None else story_of_refusal(client_order_id, refused)


def page(story: ExplanationOut) -> list[str]:
    """The story for a person: times in Sydney, with the day where it changes."""
    lines = [story.client_order_id, *wrap(story.summary, _WIDTH)]
    if story.decided_with not in ("", story.client_order_id):
        lines.append(f"It left with {story.decided_with}, and was decided with it.")
    if story.related:
        lines += wrap(f"Left with it: {', '.join(story.related)}.", _WIDTH)
    day = ""
    for step in story.steps:
        at = step.at.astimezone(_SYDNEY)
        if day != f"{at:%a %d %b %Y}":
            day = f"{at:%a %d %b %Y}"
            lines += ["", f"{day} (Sydney)"]
        entry = f" [entry {step.entry}]" if step.entry is not None else ""
        first, *rest = wrap(f"{step.text}{entry}", _WIDTH - 14)
        lines.append(f"{at:%H:%M:%S}.{at.microsecond // 1000:03}  {first}")
        lines += [f"{'':14}{each}" for each in rest]
    return lines
