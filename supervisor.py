"""The tree of this process, readable as its table of contents; and `main`.

    root                one_for_one; the process ends 70: restart me, 76, 78: do not
    ├─ ledger           the only writer of the book
    ├─ gateway          in demo: keeps the embedded gateway running
    ├─ ib               a venue, rest_for_one: connection, quotes, history, orders, resync, bars
    ├─ trading          one_for_one: desk, plan_monitor, strategist
    └─ console          one_for_one: hook, narrator; its death never stops trading

Started from the top, stopped from the bottom. No start waits for the network.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from loguru import logger

from actors import names
from actors.bars import BarArchive
from actors.base import Actor
from actors.child import Child, Intensity, Strategy
from actors.chosen import account_of, desk_options, quotes_options, schedule, traders
from actors.connection import Connection, ConnectionOptions
from actors.desk import Desk
from actors.gateway import GatewayKeeper, GatewayOptions
from actors.history import History
from actors.instruments import EXIT_SETTINGS, FirstLook
from actors.ledger import Ledger
from actors.lifetime import live
from actors.orders import Orders
from actors.plan_monitor import PlanMonitor
from actors.quotes import Quotes
from actors.resync import Resync
from actors.seat import Seat
from actors.strategist import Strategist
from actors.supervision import RootSupervisor, Supervisor
from actors.system import ActorSystem
from actors.venue import LINK_BACKOFF, VenueSupervisor
from adapters.book import BookError
from adapters.ib import library
from adapters.ib.instrument_store import InstrumentStore
from adapters.store import book_path, lock_state_dir, open_bars, open_book
from config.entries import SettingsError
from config.logs import Logs, start_logs
from config.modes import Mode
from config.settings import Settings
from console import tokens
from console.greeting import greeting, where_to_look
from console.hook import Hook, HookOptions
from console.narrator import Narrator
from domain.backoff import Backoff
from domain.calendar import ExchangeCalendar
from domain.xasx import XASX
from runtime.threads import ThreadRuntime


@dataclass(frozen=True, slots=True)
class TreeOptions:
    """What the tree needs beside the settings."""

    hook: HookOptions
    gateway: GatewayOptions | None
    say: Callable[[str], None]
    where_to_look: Sequence[str] = ()
    link_backoff: Backoff = LINK_BACKOFF
    limit_messages: bool = True
    """Hold the link to what IB takes in a second; False only to measure."""
    list_seconds: float = 10.0
    """The longest for one of the venue's lists to end."""
    bars_seconds: float = 60.0
    """The longest for one request of history."""
    calendars: Mapping[str, ExchangeCalendar] = field(default_factory=lambda: {"ASX": XASX})
    """By exchange: what the venue's announced hours are held against."""
    strategist: Callable[[ActorSystem, Seat], Actor] | None = None
    """Sits on the strategist's seat in place of the small rule."""


def root(system: ActorSystem, settings: Settings, options: TreeOptions) -> None:
    """Start the tree; returns at once."""
    first_look = FirstLook()
    children = [
        # A large book takes its time to be checked on a slow disk.
        Child(
            names.LEDGER,
            lambda s, seat: _ledger(s, seat, settings),
            start_seconds=180.0,
            stop_seconds=20.0,
        )
    ]
    if options.gateway is not None:
        gateway = options.gateway
        children.append(
            Child(names.GATEWAY, lambda s, seat: GatewayKeeper(s, seat, options=gateway))
        )
    children += [
        Child(
            names.IB,
            lambda s, seat: _ib(s, seat, settings, options, first_look),
            stop_seconds=8.0,
        ),
        Child(names.TRADING, lambda s, seat: _trading(s, seat, settings, options)),
        Child(names.CONSOLE, lambda s, seat: _console(s, seat, settings, options)),
    ]
    system.of_money = frozenset(
        {names.LEDGER, names.DESK, names.orders(names.IB), names.resync(names.IB)}
    )
    system.on_quarantine = (names.DESK, names.resync(names.IB))
    system.on_pressure = (names.DESK, names.connection(names.IB))
    for name in (*[c.name for c in children], *names.of_venue(names.IB), *traders(settings)):
        system.seat(name, names.parent_of(name))
    for name in (names.HOOK, names.NARRATOR):
        system.seat(name, names.parent_of(name))
    system.fill(
        system.seat(names.ROOT),
        lambda s, seat: RootSupervisor(
            s,
            seat,
            strategy=Strategy.ONE_FOR_ONE,
            children=tuple(children),
            intensity=Intensity(crashes=3, seconds=600.0),
        ),
    )


def _ledger(system: ActorSystem, seat: Seat, settings: Settings) -> Ledger:
    return Ledger(
        system,
        seat,
        open_book=lambda: open_book(
            settings.state_dir, settings.mode, account_of(settings), system.runtime.clock
        ),
        readers=(*traders(settings), names.NARRATOR),
    )


def _ib(
    system: ActorSystem,
    seat: Seat,
    settings: Settings,
    options: TreeOptions,
    first_look: FirstLook,
) -> VenueSupervisor:
    # The library is a setting, so what stands on it is imported once that is known.
    from adapters.ib.link import IBLink, IBLinkOptions

    venue = names.IB
    chosen = replace(
        IBLinkOptions.of(settings),
        limit_messages=options.limit_messages,
        history_seconds=options.bars_seconds,
    )
    # With the book: what the embedded gateway invents must never be read in another mode.
    book = book_path(settings.state_dir, settings.mode, account_of(settings))
    archive = book.with_name("bars.db")
    connection_options = ConnectionOptions(
        venue=venue,
        symbols=settings.allowed_symbols,
        traders=traders(settings),
        heartbeat_seconds=settings.heartbeat_seconds,
        heartbeat_deadline_seconds=settings.heartbeat_deadline_seconds,
        bars_seconds=options.bars_seconds,
        first_look=first_look,
    )
    store = InstrumentStore(book.with_name("instruments.json"), logger.bind(seat=venue).warning)
    return VenueSupervisor(
        system,
        seat,
        venue=venue,
        backoff=options.link_backoff,
        schedule=schedule(settings),
        children=(
            Child(
                names.connection(venue),
                lambda s, seat: Connection(
                    s,
                    seat,
                    options=connection_options,
                    make_link=lambda loop, sink: IBLink(loop, sink, s.runtime.clock, chosen, store),
                ),
            ),
            Child(
                names.quotes(venue),
                lambda s, seat: Quotes(
                    s,
                    seat,
                    options=quotes_options(settings),
                    readers=traders(settings),
                ),
            ),
            Child(
                names.history(venue),
                lambda s, seat: History(
                    s,
                    seat,
                    venue=venue,
                    symbols=settings.allowed_symbols,
                    readers=tuple(n for n in traders(settings) if n == names.STRATEGIST),
                ),
            ),
            Child(names.orders(venue), lambda s, seat: Orders(s, seat, venue=venue)),
            Child(
                names.resync(venue),
                lambda s, seat: Resync(
                    s,
                    seat,
                    venue=venue,
                    readers=(names.DESK, names.IB, names.NARRATOR),
                    list_seconds=options.list_seconds,
                ),
            ),
            Child(
                names.bars(venue),
                lambda s, seat: BarArchive(
                    s,
                    seat,
                    venue=venue,
                    open_bars=lambda check: open_bars(archive, venue, check=check),
                ),
            ),
        ),
    )


def _trading(
    system: ActorSystem, seat: Seat, settings: Settings, options: TreeOptions
) -> Supervisor:
    desk = desk_options(settings, options.calendars)
    venues = (names.IB,)
    prefix, stale = settings.client_order_prefix, settings.quote_stale_after_seconds
    children = [
        Child(names.DESK, lambda s, seat: Desk(s, seat, options=desk)),
        Child(
            names.PLAN_MONITOR,
            lambda s, seat: PlanMonitor(
                s, seat, prefix=prefix, venues=venues, stale_after_seconds=stale
            ),
        ),
    ]
    if settings.strategy == "rules":
        children.append(
            Child(
                names.STRATEGIST,
                options.strategist
                or (
                    lambda s, seat: Strategist(
                        s, seat, prefix=prefix, venues=venues, stale_after_seconds=stale
                    )
                ),
            )
        )
    return Supervisor(system, seat, strategy=Strategy.ONE_FOR_ONE, children=tuple(children))


def _console(
    system: ActorSystem, seat: Seat, settings: Settings, options: TreeOptions
) -> Supervisor:
    return Supervisor(
        system,
        seat,
        strategy=Strategy.ONE_FOR_ONE,
        # However often a page crashes, trading goes on: the console never escalates.
        intensity=Intensity(crashes=1_000_000, seconds=60.0),
        children=(
            Child(names.HOOK, lambda s, seat: Hook(s, seat, options.hook)),
            Child(
                names.NARRATOR,
                lambda s, seat: Narrator(
                    s,
                    seat,
                    say=options.say,
                    base_currency=settings.ib_base_currency,
                    where_to_look=options.where_to_look,
                    venues=(names.IB,),
                ),
            ),
        ),
    )


# -- the process ---------------------------------------------------------------------------

EXIT_STATE_IN_USE = 75
_VERSION = "0.1.0"


def main(argv: Sequence[str] | None = None) -> int:
    """`kelpie …`: run the tree, a stand-in alone, or a command that looks at a running tree."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["ib-sim"]:
        from simulators.tws.program import main as ib_sim

        return ib_sim(words[1:])
    if words[:1] == ["doctor"]:
        from console.doctor.program import main as doctor

        return doctor(words[1:])
    if words[:1] == ["run"]:
        return run(words[1:])
    from console.cli import main as look_in

    return look_in(words)


def run(
    words: Sequence[str], *, adjust: Callable[[TreeOptions], TreeOptions] = lambda options: options
) -> int:
    """The main job: start the tree and keep it until a signal or its own end.

    `adjust` has the last word on the tree's options (measurements put a strategist of their own
    in its place).
    """
    parser = argparse.ArgumentParser(prog="kelpie run", description="Start Kelpie and trade.")
    parser.add_argument(
        "--asx-hours",
        action="store_true",
        help="demo: the embedded market keeps real ASX hours, not hours round the clock",
    )
    arguments = parser.parse_args(words)
    try:
        settings = Settings.load()
        library.use(settings.ib_library)
    except (SettingsError, library.LibraryMissing) as error:
        print(error, file=sys.stderr)
        return EXIT_SETTINGS
    logs = start_logs(
        settings.log_dir,
        mode=settings.mode,
        level=settings.log_level,
        secrets=settings.secrets(),
        screen_level="WARNING",
    )
    try:
        lock = lock_state_dir(settings.state_dir)
    except BookError as error:
        logger.critical("{}", error)
        logs.close()
        return EXIT_STATE_IN_USE
    try:
        return _keep(settings, logs, adjust, asx_hours=arguments.asx_hours)
    finally:
        lock.release()
        logs.close()


def _keep(
    settings: Settings,
    logs: Logs,
    adjust: Callable[[TreeOptions], TreeOptions],
    *,
    asx_hours: bool,
) -> int:
    runtime = ThreadRuntime()
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
    gateway = _embedded_gateway(settings, asx_hours) if settings.mode is Mode.DEMO else None
    hook = HookOptions(
        host=settings.hook_host,
        port=settings.hook_port,
        token=keys.full,
        read_token=keys.read,
        mode=settings.mode,
        version=_VERSION,
        started_at=runtime.clock.now(),
        venues=(names.IB,),
        order_prefix=settings.client_order_prefix,
    )
    options = TreeOptions(hook, gateway, logs.say, where_to_look(settings))
    if gateway is not None and not asx_hours:
        options = replace(options, calendars={})  # its shares trade round the clock
    options = adjust(options)
    for line in greeting(settings, _VERSION):
        logs.say(line)

    def say_goodbye(code: int) -> None:
        runtime.close()
        logger.info("Kelpie has ended ({}).", code)
        logs.close()

    return live(system, lambda: root(system, settings, options), say_goodbye)


def _embedded_gateway(settings: Settings, asx_hours: bool) -> GatewayOptions:
    folder = settings.state_dir.resolve() / "ib-sim"
    ready = folder / "ready.json"
    argv = [sys.executable, str(Path(__file__).resolve()), "ib-sim"]
    argv += ["--port", str(settings.ib_port), "--state-dir", str(folder)]
    argv += ["--ready-file", str(ready)]
    if asx_hours:
        argv.append("--asx-hours")
    return GatewayOptions(argv, ready, settings.log_dir.resolve() / "ib-sim.log")


if __name__ == "__main__":
    sys.exit(main())
