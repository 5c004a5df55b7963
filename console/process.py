"""The main job as a process: settings, logs, locks, tokens; then the tree until its end.

What is planted, and by which program the embedded gateway and the back-up are started, is given:
the tree itself is `supervisor.root`.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from loguru import logger

from actors import names
from actors.backups import BackupOptions
from actors.base import Actor
from actors.chosen import account_of, schedule
from actors.crashing import arm_crash_point
from actors.gateway import GatewayOptions
from actors.instruments import EXIT_SETTINGS
from actors.lifetime import live
from actors.seat import Seat
from actors.system import ActorSystem
from actors.venue import LINK_BACKOFF
from adapters.book import BookError
from adapters.ib import library
from adapters.starts import StartsFile, StartsUnreadable
from adapters.store import book_path, lock_state_dir, newest_backup
from adapters.store.drill import last_drill
from config.entries import SettingsError
from config.errors import CodedError
from config.logs import Logs, is_journal, start_logs
from config.modes import Mode
from config.settings import Settings
from console import tokens
from console.greeting import greeting, where_to_look
from console.herald import Herald
from console.hook import HookOptions
from console.telemetry import Write
from domain.backoff import Backoff
from domain.calendar import ExchangeCalendar
from domain.starts import delay_of_start
from domain.xasx import XASX
from runtime.arguments import Arguments
from runtime.loop_lag import EVERY_SECONDS
from runtime.notify import ServiceManager, service_manager
from runtime.threads import ThreadRuntime

EXIT_STATE_IN_USE = 75
_VERSION = "0.1.0"
_REMEMBER_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class TreeOptions:
    """What the tree needs beside the settings."""

    hook: HookOptions | None
    """None where nobody is to look in over HTTP."""
    gateway: GatewayOptions | None
    say: Callable[[str], None]
    backups: BackupOptions | None = None
    """How the book is backed up; None where it is not."""
    year_end: bool = True
    """Store the closing prices of each 30 June; False where no tax is ever reported."""
    uptime: bool = True
    """Remember by the hour how the venues stood; False where nobody looks at it."""
    telemetry: Write | None = None
    """Where what was decided, sent, filled and asked for is written down; None where it is not."""
    where_to_look: Sequence[str] = ()
    link_backoff: Backoff = LINK_BACKOFF
    limit_messages: bool = True
    """Hold the link to what IB takes in a second; False only to measure."""
    list_seconds: float = 10.0
    """The longest for one of the venue's lists to end."""
    bars_seconds: float = 60.0
    """The longest for one request of history."""
    lag_seconds: float = EVERY_SECONDS
    """How often the lag of the link's loop is measured."""
    watch_seconds: float = 5.0
    """How often the desk looks at those limits that shut by themselves."""
    calendars: Mapping[str, ExchangeCalendar] = field(default_factory=lambda: {"ASX": XASX})
    """By exchange: what the venue's announced hours are held against."""
    strategist: Callable[[ActorSystem, Seat], Actor] | None = None
    """Sits on the strategist's seat in place of the small rule."""


Plant = Callable[[ActorSystem, Settings, TreeOptions], None]
"""Starts the tree; returns at once."""


@dataclass(frozen=True, slots=True)
class Program:
    """What is run: the file that starts it, the tree, and who has the last word on its options."""

    file: Path
    plant: Plant
    adjust: Callable[[TreeOptions], TreeOptions]


def run(words: Sequence[str], program: Program) -> int:
    """Start the tree and keep it until a signal or its own end; the exit code."""
    parser = Arguments(prog="kelpie run", description="Start Kelpie and trade.")
    parser.add_argument(
        "--asx-hours",
        action="store_true",
        help="demo: the embedded market keeps real ASX hours, not hours round the clock",
    )
    parser.add_argument(
        "--scenario",
        metavar="FILE",
        help="demo: what the embedded gateway does wrong, as `kelpie ib-sim` takes it; its ready "
        "file names the port by which it is told more",
    )
    arguments = parser.parse_args(words)
    manager = service_manager(os.environ)
    try:
        settings = Settings.load()
        library.use(settings.ib_library)
        arm_crash_point(os.environ, settings.mode)
    except (SettingsError, library.LibraryMissing, CodedError) as error:
        print(error, file=sys.stderr)
        return EXIT_SETTINGS
    logs = start_logs(
        settings.log_dir,
        mode=settings.mode,
        level=settings.log_level,
        secrets=settings.secrets(),
        screen_level="WARNING",
        journal=is_journal(os.environ, sys.stderr),
    )
    try:
        lock = lock_state_dir(settings.state_dir)
    except BookError as error:
        logger.critical("{}", error)
        logs.close()
        return EXIT_STATE_IN_USE
    try:
        return _keep(settings, logs, program, manager, arguments)
    finally:
        lock.release()
        logs.close()


def _keep(
    settings: Settings,
    logs: Logs,
    program: Program,
    manager: ServiceManager | None,
    arguments: argparse.Namespace,
) -> int:
    runtime = ThreadRuntime()
    if manager is not None:
        _wait_after_early_deaths(settings, manager, runtime.clock.now())
    system = ActorSystem(runtime)
    given = [
        t.get_secret_value() if t else None for t in (settings.hook_token, settings.hook_read_token)
    ]
    try:
        keys = tokens.read_or_make(settings.state_dir, *given)
    except (tokens.TokenFileError, OSError) as error:
        logger.critical("{}", error)
        return EXIT_SETTINGS
    for key in (keys.full, keys.read):
        logs.redact.add(key)
    gateway = None
    if settings.mode is Mode.DEMO:
        gateway = _embedded_gateway(settings, program.file, arguments)
    hook = HookOptions(
        host=settings.hook_host,
        port=settings.hook_port,
        token=keys.full,
        read_token=keys.read,
        mode=settings.mode,
        version=_VERSION,
        started_at=runtime.clock.now(),
        venues=(names.IB,),
        host_names=settings.hook_names,
        hide=logs.redact.hide,
        order_prefix=settings.client_order_prefix,
        schedules={names.IB: schedule(settings)},
        state_dir=settings.state_dir,
        remember_seconds=_REMEMBER_SECONDS,
        book=book_path(settings.state_dir, settings.mode, account_of(settings)),
    )
    options = TreeOptions(
        hook,
        gateway,
        logs.say,
        _backups(settings, program.file),
        telemetry=logs.record,
        where_to_look=where_to_look(settings, journal=is_journal(os.environ, sys.stderr)),
    )
    if gateway is not None and not arguments.asx_hours:
        options = replace(options, calendars={})  # its shares trade round the clock
    options = replace(options, hook=replace(hook, calendars=options.calendars))
    options = program.adjust(options)
    for line in greeting(settings, _VERSION):
        logs.say(line)

    def say_goodbye(code: int) -> None:
        runtime.close()
        logger.info("Kelpie has ended ({}).", code)
        logs.close()

    herald = None
    if manager is not None:
        herald = Herald(system, manager, mode=settings.mode, redact=logs.redact)
    return live(system, lambda: program.plant(system, settings, options), say_goodbye, herald)


def _wait_after_early_deaths(settings: Settings, manager: ServiceManager, now: datetime) -> None:
    """Systemd before 254 knows no growing delay (`RestartSteps`), and starts again at once.

    A signal ends the process while it waits: nothing has begun yet.
    """
    book = book_path(settings.state_dir, settings.mode, account_of(settings))
    try:
        starts = StartsFile(book.with_name("starts.json")).read().starts
    except (StartsUnreadable, OSError):
        return  # the seat that counts the starts says so
    seconds = delay_of_start(starts, now).total_seconds()
    if seconds:
        said = f"waiting {seconds:g} s, for the last starts died early"
        logger.warning("This start is {}.", said)
        extension = f"EXTEND_TIMEOUT_USEC={(seconds + 30) * 1e6:.0f}"
        manager.notifier.send(extension, f"STATUS={settings.mode}: {said}")
        threading.Event().wait(seconds)


def _backups(settings: Settings, program: Path) -> BackupOptions | None:
    if not settings.backup_every_hours:
        return None
    book = book_path(settings.state_dir, settings.mode, account_of(settings)).resolve()
    second = settings.backup_second_place
    there = () if second is None else ("--second-place", str(second.resolve()))
    return BackupOptions(
        [sys.executable, str(program), "backup", "--book", str(book), *there],
        settings.log_dir.resolve() / "backup.log",
        lambda: newest_backup(book),
        timedelta(hours=settings.backup_every_hours),
        second_place=second,
        drill=[sys.executable, str(program), "backup", "--drill"],
        last_drill=lambda: last_drill(book),
    )


def _embedded_gateway(
    settings: Settings, program: Path, arguments: argparse.Namespace
) -> GatewayOptions:
    folder = settings.state_dir.resolve() / "ib-sim"
    ready = folder / "ready.json"
    argv = [sys.executable, str(program), "ib-sim"]
    argv += ["--port", str(settings.ib_port), "--state-dir", str(folder)]
    argv += ["--ready-file", str(ready)]
    if arguments.asx_hours:
        argv.append("--asx-hours")
    if arguments.scenario is not None:
        argv += ["--scenario", arguments.scenario, "--control-port", "0"]
    return GatewayOptions(argv, ready, settings.log_dir.resolve() / "ib-sim.log")
