"""Ports for what is started later: nobody else is given them in between.

A port that is merely found to be free may be found so by two tests, each of which then waits for
its own program to listen there. So each process of a test run has a row of ports to itself.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from functools import cache
from itertools import cycle

_ROW = 200
#: Below the ports that the system itself hands out.
_ROWS = range(20_000, 32_000, _ROW)


def free_port() -> int:
    """One that nobody listens at now, and that nobody else will be given."""
    for port in _row():
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("there is no end to the ports of this process")


@cache
def _row() -> Iterator[int]:
    """This process's ports, round and round: one that was given comes again as late as can be."""
    first = _claimed()
    return cycle(range(first, first + _ROW))


def _claimed() -> int:
    """The first port of a row that no other process on this machine has claimed.

    The claim is a name of the kernel's, which ends with the process however that ends.
    """
    for offset in range(len(_ROWS)):
        first = _ROWS[(os.getpid() + offset) % len(_ROWS)]
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0kelpie's tests have {first}")
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return first
    raise AssertionError("all ports for tests are claimed")


_claims: list[socket.socket] = []
