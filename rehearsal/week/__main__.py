"""`make week`: trading days with nothing wrong in them, and the report of both accounts.

Exit status: 0 every number is the broker's own, 1 one differs, 2 wrongly called.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from loguru import logger

from rehearsal.week.course import Week


def main(argv: Sequence[str] | None = None) -> int:
    """Live through it, write the report, print it."""
    options = _parser().parse_args(argv)
    logger.remove()
    disk = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="kelpie-", dir=disk))
    try:
        report = Week(options.seed, folder, options.days).run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "report.json").write_bytes(report.as_json())
    (options.out / "report.txt").write_text(report.as_text(), encoding="utf-8")
    print(report.as_text(), end="")
    return 1 if report.differences() else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make week", description="Live through trading days with nothing wrong in them."
    )
    parser.add_argument("--seed", type=int, default=1, help="of the market (%(default)s)")
    parser.add_argument(
        "--days", type=int, choices=range(1, 6), default=5, help="how many (%(default)s)"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("build/week"), help="where the report goes"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
