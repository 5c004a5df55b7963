"""`kelpie init` on the command line.

Exit status: 0 `.env` was written, 1 it was not for what was found, 64 wrongly called, 73 it cannot
be written, 130 the person left.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from adapters.ib import library
from config.entries import SettingsError, entry_of, shown
from config.reading import SETTINGS_FILE
from config.redaction import Redaction
from config.settings import Settings
from console.doctor.telling import as_json
from console.init import env_file, questions
from console.init.asking import Asker, GaveUp, Nobody, Person, Stopped, wrapped
from console.init.choices import Choices
from console.init.env_file import Draft
from console.init.interview import Learnt, interview
from console.init.outlook import Next, ahead
from console.init.places import USUAL_PORTS
from runtime.arguments import WRONGLY_CALLED, Arguments
from runtime.clocks import SystemClock

WRITTEN, NOT_WRITTEN, WRONG_USE, CANNOT_WRITE, LEFT = 0, 1, WRONGLY_CALLED, 73, 130

_FLAGS = {
    "mode": ("MODE", "demo, observe or paper"),
    "gateway": ("HOST:PORT", "where IB Gateway or TWS listens; a HOST alone is looked at"),
    "account": ("NUMBER", "the account, as it stands in the gateway's title"),
    "purse": ("SUM", "what Kelpie may use of it, in the base currency"),
    "symbols": ("LIST", "what may be traded: BHP/AUD,VAS/AUD"),
    "largest-order": ("SUM", "the largest single order"),
    "daily-loss": ("SUM", "the loss of a day at which it opens nothing more"),
    "alert": ("URL", "where alerts go: Apprise URLs with commas, or none; with --yes not tried"),
    "watcher": ("URL", "the watcher outside of this machine, or none"),
}


def _parser() -> argparse.ArgumentParser:
    parser = Arguments(
        prog="kelpie init",
        description="Ask what Kelpie needs to know, look at the gateway, and write .env in this "
        "folder (or the file that KELPIE_SETTINGS names). It places nothing. Every answer may be "
        "given here instead; run again, it starts from what is set.",
        epilog="Exit status: 0 .env was written, 1 it was not for what was found, 64 wrongly "
        "called, 73 it cannot be written, 130 you left. Until the end nothing is changed; an "
        ".env that was there is kept beside the new one as .env.before-….",
    )
    for name, (metavar, words) in _FLAGS.items():
        parser.add_argument(f"--{name}", metavar=metavar, help=words)
    parser.add_argument(
        "--ports",
        type=_ports,
        default=USUAL_PORTS,
        metavar="LIST",
        help=f"at which ports a gateway is looked for ({','.join(map(str, USUAL_PORTS))})",
    )
    parser.add_argument(
        "--yes", action="store_true", help="ask nothing: take these answers and the defaults"
    )
    parser.add_argument(
        "--anyway",
        action="store_true",
        help="with --yes: write though the gateway has a fault, or is not there",
    )
    parser.add_argument("--json", action="store_true", help="with --yes: tell it as JSON")
    return parser


def _ports(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and 1 <= int(part) <= 65535 for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of ports, as 4002,7497 is")
    return tuple(map(int, parts))


def main(argv: Sequence[str] | None = None) -> int:
    """Ask, look, write; the exit status."""
    options = _parser().parse_args(argv)
    given = {n: v for n in _FLAGS if (v := getattr(options, n.replace("-", "_"))) is not None}
    if (wrong := _wrongly_called(options, given)) is not None:
        print(wrong, file=sys.stderr)
        return WRONG_USE
    if options.yes:
        say = (lambda text: None) if options.json else _say
        asker: Asker = Nobody(given, say, anyway=options.anyway)
    else:
        asker = Person(given, _read, _say, questions.MOST)
    path = Path(os.environ.get(SETTINGS_FILE) or ".env")
    try:
        return init(path, asker, os.environ, ports=options.ports, as_program=options.json)
    except Stopped:
        print(f"\nLeft. Nothing was changed{_as_it_was(path)}.", file=sys.stderr)
        return LEFT
    except GaveUp as end:
        if options.json:
            _print_json({"written": None, "why": str(end), "findings": _told(end)})
        print(f"Nothing was written. {_HIDE(str(end))}", file=sys.stderr)
        return NOT_WRITTEN if end.findings else WRONG_USE
    except OSError as error:
        print(f"{path} cannot be written, and is as it was: {error}.", file=sys.stderr)
        return CANNOT_WRITE


_HIDE = Redaction()


def _wrongly_called(options: argparse.Namespace, given: dict[str, str]) -> str | None:
    if options.json and not options.yes:
        return "--json is for --yes: questions and JSON do not go together."
    if options.anyway and not options.yes:
        return "--anyway is for --yes: a person is asked."
    if options.yes or sys.stdin.isatty():
        return None
    missing = " ".join(f"--{name} {_FLAGS[name][0]}" for name in _FLAGS if name not in given)
    return (
        "kelpie init asks questions, and nobody is at a terminal here. Say --yes to take the "
        f"defaults; not given so far: {missing or 'nothing'}."
    )


def init(
    path: Path,
    asker: Asker,
    environ: Mapping[str, str],
    *,
    ports: Sequence[int] = USUAL_PORTS,
    as_program: bool = False,
) -> int:
    """Ask, look at these ports, and write the file; 0.

    Raises:
        Stopped, GaveUp: nothing was written, and what was there is as it was.
        OSError: the same.
    """
    clock = SystemClock()
    try:
        choices = Choices.of(env_file.read(path), environ)
    except UnicodeDecodeError:
        raise GaveUp(f"{path} is no text. Put it aside, and say this again.") from None
    _greet(path, choices, asker)
    try:
        library.use(choices.current("IB_LIBRARY") or library.LIBRARIES[0])
        learnt = interview(choices, asker, clock, ports)
        now = clock.now()
        kept = _write(path, choices, now)
    except (SettingsError, library.LibraryMissing) as error:
        raise GaveUp(str(error)) from None
    settings = _as_it_would_run(choices, asker)
    if told := learnt.alerts.keep_proof(settings):
        asker.say(told)
    coming = ahead(settings, learnt.market.instruments, now)
    if as_program:
        _print_json(_as_json(path, kept, choices, learnt, coming))
    else:
        _tell_end(path, kept, choices, settings, learnt, coming, asker)
    return WRITTEN


def _write(path: Path, choices: Choices, now: datetime) -> Path | None:
    """Where the old file is kept, if there was one.

    Raises:
        SettingsError: the answers contradict each other.
    """
    meant = choices.settings()
    draft = Draft(path, env_file.render(choices.asked, choices.before, meant, now))
    try:
        settings = Settings.load({}, env_file=draft.path)
        if settings.model_dump() != meant.model_dump():
            raise GaveUp("An answer does not come back from the file as it was given.")
        return draft.put(now)
    finally:
        draft.discard()


def _as_it_would_run(choices: Choices, asker: Asker) -> Settings:
    """With what the environment says over the file, where the two go together."""
    try:
        return choices.effective()
    except SettingsError as error:
        asker.say(f"CAREFUL: with what the environment says Kelpie would not start. {error}")
        return choices.settings()


def _greet(path: Path, choices: Choices, asker: Asker) -> None:
    asker.say(
        f"Kelpie asks at most {questions.MOST} questions and writes {path.absolute()}. Enter takes "
        "what stands in brackets; Ctrl-C leaves everything as it is. No order is placed."
    )
    wrong = choices.wrong_before()
    if choices.before.values:
        asker.say(f"It starts from what {path} says; that file is kept.")
    for fault in wrong:
        asker.say(f"{path} has a wrong entry, which does not count now. {fault}")
    choices.forget(*(fault.name for fault in wrong))


def _as_it_was(path: Path) -> str:
    return f"; {path} is as it was" if path.exists() else f", and there is no {path}"


# -- the end -----------------------------------------------------------------------------


def _tell_end(
    path: Path,
    kept: Path | None,
    choices: Choices,
    settings: Settings,
    learnt: Learnt,
    coming: Sequence[Next],
    asker: Asker,
) -> None:
    beside = f"; what was there is now {kept.name}" if kept is not None else ""
    asker.show(["", *wrapped(f"Written: {path.absolute()}{beside}.")])
    for name, text in choices.shadowed().items():
        said = shown(text, entry_of(Settings.model_fields[name.lower()]))
        asker.say(f"CAREFUL: the environment says {name}={said}, and that wins over the file.")
    for remark in learnt.remarks:
        asker.say(f"CAREFUL: {remark}")
    for trip in (each for each in learnt.trips if not each.passes):
        asker.say(f"CAREFUL: {trip.sentence(settings.max_round_trip_cost)}")
    asker.show(["", "What happens next (Sydney time)"])
    for each in coming:
        asker.show(wrapped(each.line(), "  "))
    asker.show(["", "What to do next"])
    for command, sentence in _commands():
        asker.show([f"  {command}", f"      {sentence}"])


def _commands() -> list[tuple[str, str]]:
    program = program_words()
    return [
        ("make run" if program != "kelpie" else "kelpie run", "start it; Ctrl-C stops it in order"),
        (f"{program} status", "one page: is it well, what needs you"),
        (f"{program} phone", "see it on your phone; docs/phone.md says how that reaches here"),
        (f"{program} doctor", "look at the gateway again, best while it trades"),
    ]


def program_words() -> str:
    """How this program was called: `kelpie`, or Python and the file of the checkout."""
    if Path(sys.argv[0]).name == "kelpie":
        return "kelpie"
    return f"{os.path.relpath(sys.executable)} {os.path.relpath(sys.argv[0])}"


def _as_json(
    path: Path, kept: Path | None, choices: Choices, learnt: Learnt, coming: Sequence[Next]
) -> dict[str, object]:
    fields = Settings.model_fields
    return {
        "written": str(path.absolute()),
        "kept": None if kept is None else str(kept),
        "settings": {n: shown(v, entry_of(fields[n.lower()])) for n, v in choices.asked.items()},
        "overruled_by_environment": sorted(choices.shadowed()),
        "gateway": None if learnt.gateway is None else _HIDE(learnt.gateway.sentence()),
        "account_worth": _text(learnt.account.worth if learnt.account else None),
        "round_trips": [
            {
                "symbol": str(trip.symbol),
                "value": str(trip.value),
                "cost": _text(trip.cost),
                "percent": _text(trip.percent),
                "passes": trip.passes,
                "passes_from": _text(trip.passing_value),
            }
            for trip in learnt.trips
        ],
        "findings": [as_json(finding) for finding in learnt.market.findings],
        "remarks": learnt.remarks,
        "next": [
            {"at": None if each.at is None else each.at.isoformat(), "sentence": each.sentence}
            for each in coming
        ],
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _told(end: GaveUp) -> list[dict[str, object]]:
    return [as_json(finding) for finding in end.findings]


def _read(prompt: str) -> str:
    return input(prompt)


def _say(text: str) -> None:
    print(text, flush=True)


def _print_json(said: object) -> None:
    print(json.dumps(said, indent=2, ensure_ascii=False))
