"""`kelpie drill`: five things break before your eyes, on a demo of its own, and are healed.

Exit status: 0 all five were seen broken and healed, and nothing was lost or twice; 1 not so;
64 wrongly called; 78 the settings are wrong, or the mode is not demo; 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from config.entries import SettingsError
from config.errors import CodedError
from config.modes import Mode
from config.settings import Settings
from rehearsal.drill.breakages import five
from rehearsal.drill.course import Outcome, Seen, go
from rehearsal.drill.demo import Demo
from runtime.arguments import Arguments

_OK, _FAILED, _WRONG_SETTINGS, _INTERRUPTED = 0, 1, 78, 130
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(argv: Sequence[str], program: Path) -> int:
    """Run it; `program` is the file that starts Kelpie."""
    arguments = _parser().parse_args(argv)
    try:
        _only_in_demo()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return _WRONG_SETTINGS
    except CodedError as error:
        print(error, file=sys.stderr)
        return error.exit or _FAILED
    # With --json the way of it goes to the other stream, so that a program can read the end.
    stream = sys.stderr if arguments.json else sys.stdout

    def tell(line: str) -> None:
        print(line, file=stream, flush=True)

    try:
        outcome = _drilled(program, arguments.keep, tell)
    except KeyboardInterrupt:
        tell("Interrupted: the drill's own demo is ended; it had only simulated money.")
        return _INTERRUPTED
    if arguments.json:
        print(json.dumps(_facts(outcome), indent=2))
    else:
        tell("")
        for line in table(outcome):
            tell(line)
    return _OK if outcome.good else _FAILED


def _parser() -> argparse.ArgumentParser:
    parser = Arguments(
        prog="kelpie drill",
        description="Break five things before your eyes, within three minutes: the gateway is "
        "gone, the quotes are silent, an order is not answered, Kelpie is killed, the disk is "
        "full. For each: what Kelpie says, what is refused meanwhile, what stands in the broker's "
        "own books, and how it is well again. It starts a demo of its own, with simulated money, "
        "in a folder that is removed afterwards; whatever else runs is not touched. Only where "
        "MODE is demo.",
        epilog="Exit status: 0 all five were seen broken and healed, and nothing was lost or "
        "twice; 1 not so; 78 the settings are wrong, or the mode is not demo.",
    )
    parser.add_argument("--json", action="store_true", help="print what was seen as JSON")
    parser.add_argument(
        "--keep",
        type=_empty,
        metavar="FOLDER",
        help="leave there what the demo made: its book and logs, the broker's books and wire log",
    )
    return parser


def _empty(text: str) -> Path:
    folder = Path(text).resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise argparse.ArgumentTypeError(f"{folder} is there already, and not an empty folder")
    return folder


def _only_in_demo() -> None:
    """Raises `CodedError` (`DRILL_NOT_HERE`) elsewhere, `SettingsError` where nobody can tell."""
    mode = Settings.load().mode
    if mode is not Mode.DEMO:
        raise CodedError("DRILL_NOT_HERE", mode=mode.value)


def _drilled(program: Path, keep: Path | None, tell: Callable[[str], None]) -> Outcome:
    def end(number: int, frame: object) -> NoReturn:
        for each in _ENDS:
            signal.signal(each, signal.SIG_IGN)  # what was started is ended in peace
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in _ENDS}
    try:
        with _place(keep) as folder:
            demo = Demo(folder, program)
            try:
                return go(demo, tell)
            finally:
                demo.close()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _place(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="kelpie-drill-") as folder:
        yield Path(folder)


def table(outcome: Outcome) -> list[str]:
    """What a person reads at the end."""
    good = sum(each.good for each in outcome.seen)
    lines = [f"{good}/{len(five())} seen broken and healed in {outcome.seconds:.0f} s"]
    lines += [_row(each) for each in outcome.seen]
    lines += [f"  NOT DONE {each.title}" for each in five()[len(outcome.seen) :]]
    if outcome.trouble:
        lines.append(f"It could not be gone through to its end: {outcome.trouble}")
    if outcome.wrong:
        lines.append("By the broker's own books:")
        lines += [f"  WRONG {each}" for each in outcome.wrong]
    elif outcome.judged:
        lines.append("By the broker's own books nothing is lost, and nothing is twice.")
    else:
        lines.append("The broker's books were not compared.")
    return lines


def _row(seen: Seen) -> str:
    noticed, healed = _seconds(seen.noticed_seconds), _seconds(seen.healed_seconds)
    mark = "ok" if seen.good else "NOT OK"
    row = f"  {mark:<6} {seen.title:<25} noticed {noticed:>6}, well again {healed:>6}"
    return f"{row}: {seen.trouble}" if seen.trouble else row


def _seconds(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.1f} s"


def _facts(outcome: Outcome) -> dict[str, object]:
    return {
        "good": outcome.good,
        "seconds": round(outcome.seconds, 1),
        "trouble": outcome.trouble,
        "judged": outcome.judged,
        "wrong": outcome.wrong,
        "breakages": [
            {
                "name": each.name,
                "title": each.title,
                "broken": each.broken,
                "healed": each.healed,
                "said": each.said,
                "refused_code": each.refused_code,
                "refused": each.refused,
                "stands": each.stands,
                "well": each.well,
                "noticed_seconds": each.noticed_seconds,
                "healed_seconds": each.healed_seconds,
                "trouble": each.trouble,
            }
            for each in outcome.seen
        ],
    }
