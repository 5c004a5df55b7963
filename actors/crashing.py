"""Arming the one point at which this process is to stop, so that a rehearsal can kill it there."""

from __future__ import annotations

from collections.abc import Mapping

from loguru import logger

from config.errors import CodedError
from config.modes import Mode
from runtime import crash_points


def arm_crash_point(environ: Mapping[str, str], mode: Mode) -> None:
    """Arm what the environment asks for; nothing where it asks for nothing.

    Raises:
        CodedError: `CRASH_POINT_UNKNOWN`, or `CRASH_POINT_IN_LIVE`: real money is never in a
            rehearsal.
    """
    asked = environ.get(crash_points.POINT_VARIABLE)
    try:
        armed = crash_points.wanted(environ)
    except crash_points.CrashPointUnknown as error:
        raise CodedError("CRASH_POINT_UNKNOWN", reason=error) from None
    if armed is None:
        return
    if mode is Mode.LIVE:
        raise CodedError("CRASH_POINT_IN_LIVE", asked=asked)
    logger.warning("This process stops itself when it reaches {}.", asked)
    crash_points.arm(armed)
