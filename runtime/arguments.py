"""What a program is called with, and the exit status by which it says that it was called wrongly.

argparse's own status for that is 2, which a state of things has here (`kelpie status`).
"""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

WRONGLY_CALLED = 64
"""EX_USAGE of sysexits."""


class Arguments(argparse.ArgumentParser):
    """argparse's parser, and those of its commands, with that exit status."""

    def error(self, message: str) -> NoReturn:
        """Say how it is called, and end."""
        self.print_usage(sys.stderr)
        self.exit(WRONGLY_CALLED, f"{self.prog}: error: {message}\n")
