"""The tree of this process, readable as its table of contents; and `main`.

    root                one_for_one; the process ends 70: restart me, 76, 78: do not
    ├─ starts           counts the starts of the process: safe mode, disarming
    ├─ ledger           the only writer of the book
    ├─ live_gate        the checklist before live trading, and its arming
    ├─ gateway          in demo: keeps the embedded gateway running
    ├─ ib               a venue, rest_for_one: connection, quotes, history, orders, resync, bars
    ├─ trading          one_for_one: desk, protection, plan_monitor, strategist
    └─ console          one_for_one: hook, narrator, alerts, backups, year_end, uptime, telemetry;
                        its death never stops trading

Started from the top, stopped from the bottom. No start waits for the network.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path

from loguru import logger

from actors import names
from actors.alert_keeping import rule_for
from actors.alerts import Alerts
from actors.backups import BackupKeeper
from actors.bars import BarArchive
from actors.child import Child, Intensity, OnStreak, Strategy
from actors.chosen import (
    account_of,
    alerts_options,
    desk_options,
    divergence_bounds,
    live_gate_options,
    monitor_options,
    protection_options,
    protectors,
    quotes_options,
    schedule,
    shadow_options,
    shadows,
    strategist_options,
    traders,
    watchers,
)
from actors.connection import Connection, ConnectionOptions
from actors.desk import Desk
from actors.gateway import GatewayKeeper
from actors.history import History
from actors.instruments import FirstLook
from actors.ledger import Ledger
from actors.live_gate import LiveGate
from actors.orders import Orders
from actors.plan_monitor import PlanMonitor
from actors.protection import Protection
from actors.quotes import Quotes
from actors.resync import Resync
from actors.seat import Seat
from actors.shadow_beside import ShadowBeside
from actors.shadow_orders import ShadowOrders
from actors.starts import Starts
from actors.strategist import Strategist
from actors.supervision import RootSupervisor, Supervisor
from actors.system import ActorSystem
from actors.trading import TradingSupervisor
from actors.uptime import UptimeKeeper
from actors.venue import VenueSupervisor
from actors.year_end import YearEnd
from adapters.ib.instrument_store import InstrumentStore
from adapters.starts import StartsFile
from adapters.store import (
    alerts_path,
    book_path,
    open_alerts,
    open_bars,
    open_book,
    open_emergency,
    open_refusals,
    open_shadow,
    open_uptime,
    refusals_path,
)
from config.modes import Mode
from config.settings import Settings
from console import keeping, limits_on_box, process
from console.hook import Hook
from console.narrator import Narrator
from console.process import Program, TreeOptions
from console.telemetry import Telemetry, TelemetryOptions, Write


def root(system: ActorSystem, settings: Settings, options: TreeOptions) -> None:
    """Start the tree; returns at once."""
    first_look = FirstLook()
    starts = StartsFile(_beside_book(settings, "starts.json"))
    start_id = system.runtime.new_id()
    gate = live_gate_options(settings, options.calendars)
    children = [
        Child(
            names.STARTS,
            lambda s, seat: Starts(
                s,
                seat,
                file=starts,
                start_id=start_id,
                venues=(names.IB,),
                safe_mode_after=settings.safe_mode_after,
                readers=(names.DESK, names.LIVE_GATE),
            ),
        ),
        # A large book takes its time to be checked on a slow disk.
        Child(
            names.LEDGER,
            lambda s, seat: _ledger(s, seat, settings, options),
            start_seconds=180.0,
            stop_seconds=20.0,
        ),
        Child(
            names.LIVE_GATE,
            lambda s, seat: LiveGate(s, seat, options=gate, venues=(names.IB,)),
        ),
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
    system.on_quarantine = (names.DESK, names.resync(names.IB), names.ALERTS)
    system.quarantine_keeper = names.LEDGER
    system.on_pressure = (names.DESK, names.connection(names.IB))
    for name in (*[c.name for c in children], *names.of_venue(names.IB), *traders(settings)):
        system.seat(name, names.parent_of(name))
    for name in shadows(settings):
        system.seat(name, names.TRADING)
    surfaces = [names.NARRATOR, names.ALERTS]
    surfaces += [names.HOOK] if options.hook else []
    surfaces += [names.BACKUPS] if options.backups else []
    surfaces += [names.YEAR_END] if options.year_end else []
    surfaces += [names.UPTIME] if options.uptime else []
    surfaces += [_recorder(options)] if options.telemetry else []
    for name in surfaces:
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


def _recorder(options: TreeOptions) -> str:
    """The seat that is told what is to be written down for programs; empty where there is none."""
    return names.TELEMETRY if options.telemetry is not None else ""


def _ledger(system: ActorSystem, seat: Seat, settings: Settings, options: TreeOptions) -> Ledger:
    book = book_path(settings.state_dir, settings.mode, account_of(settings))
    beside = tuple(name for name in shadows(settings) if name == names.SHADOW)
    return Ledger(
        system,
        seat,
        open_book=lambda: open_book(
            settings.state_dir,
            settings.mode,
            account_of(settings),
            system.runtime.clock,
            settings.ib_base_currency,
        ),
        open_emergency=lambda: open_emergency(book.with_name("emergency.intents")),
        readers=(
            *(*traders(settings), names.NARRATOR),
            *(*beside, *filter(None, [_recorder(options)])),
        ),
        plan_readers=(names.DESK, *protectors(settings), names.PLAN_MONITOR, names.NARRATOR),
    )


def _beside_book(settings: Settings, name: str) -> Path:
    """With the book: what the embedded gateway invents must never be read in another mode."""
    return book_path(settings.state_dir, settings.mode, account_of(settings)).with_name(name)


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
    archive = _beside_book(settings, "bars.db")
    recorder = _recorder(options)
    connection_options = ConnectionOptions(
        venue=venue,
        symbols=settings.allowed_symbols,
        traders=(*watchers(settings), names.LIVE_GATE, *filter(None, [recorder])),
        heartbeat_seconds=settings.heartbeat_seconds,
        heartbeat_deadline_seconds=settings.heartbeat_deadline_seconds,
        bars_seconds=options.bars_seconds,
        lag_seconds=options.lag_seconds,
        first_look=first_look,
    )
    known = _beside_book(settings, "instruments.json")
    store = InstrumentStore(known, logger.bind(seat=venue).warning)
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
                    readers=watchers(settings),
                    telemetry=recorder,
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
                    telemetry=recorder,
                ),
            ),
            Child(
                names.orders(venue),
                lambda s, seat: Orders(s, seat, venue=venue, telemetry=recorder),
            ),
            Child(
                names.resync(venue),
                lambda s, seat: Resync(
                    s,
                    seat,
                    venue=venue,
                    readers=(
                        *(names.DESK, names.IB, names.NARRATOR, names.STARTS, names.LIVE_GATE),
                        names.ALERTS,
                    ),
                    auditors=protectors(settings),
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
) -> TradingSupervisor:
    desk = replace(
        desk_options(settings, options.calendars),
        telemetry=_recorder(options),
        uptime=names.UPTIME if options.uptime else "",
        watch_seconds=options.watch_seconds,
    )
    venues = (names.IB,)
    children = [
        Child(names.DESK, lambda s, seat: Desk(s, seat, options=desk)),
        Child(
            names.PLAN_MONITOR,
            lambda s, seat: PlanMonitor(
                s, seat, options=monitor_options(settings, options.calendars)
            ),
            on_streak=OnStreak.PARK,
        ),
    ]
    if settings.protect_entries:
        guard = protection_options(settings, options.calendars)
        # Before all that leave by it; never parked, for nothing else guards what is held.
        protector = Child(names.PROTECTION, lambda s, seat: Protection(s, seat, options=guard))
        children.insert(1, protector)
    if settings.strategy == "rules":
        children.append(
            Child(
                names.STRATEGIST,
                options.strategist
                or (lambda s, seat: Strategist(s, seat, options=strategist_options(settings))),
                on_streak=OnStreak.PARK,
            )
        )
    shadow = shadow_options(settings, options.calendars)
    if settings.mode is Mode.OBSERVE:
        children.append(
            Child(names.SHADOW_ORDERS, lambda s, seat: ShadowOrders(s, seat, options=shadow))
        )
    elif settings.shadow:
        path = _beside_book(settings, "shadow.db")
        children.append(
            Child(
                names.SHADOW,
                lambda s, seat: ShadowBeside(
                    s,
                    seat,
                    options=shadow,
                    open_file=lambda: open_shadow(path),
                    bounds=divergence_bounds(settings),
                ),
                on_streak=OnStreak.PARK,
            )
        )
    return TradingSupervisor(system, seat, children=tuple(children), venues=venues)


def _console(
    system: ActorSystem, seat: Seat, settings: Settings, options: TreeOptions
) -> Supervisor:
    children = [
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
            longest_streak=None,
        )
    ]
    alerts = alerts_options(
        settings,
        options.calendars,
        open_file=lambda: open_alerts(alerts_path(_beside_book(settings, "ledger.db")), rule_for),
        receipt=_beside_book(settings, "alerts.delivered"),
        newest_backup=options.backups.newest if options.backups is not None else None,
    )
    children.append(
        Child(names.ALERTS, lambda s, seat: Alerts(s, seat, options=alerts), longest_streak=None)
    )
    if options.hook is not None:
        hook = options.hook
        # Never parked: it is what a person sees the others by, and un-parks them with.
        page = Child(names.HOOK, lambda s, seat: Hook(s, seat, hook), longest_streak=None)
        children.insert(0, page)
    if options.backups is not None:
        backups = options.backups
        children.append(
            Child(names.BACKUPS, lambda s, seat: BackupKeeper(s, seat, options=backups))
        )
    if options.year_end:
        children.append(
            Child(
                names.YEAR_END,
                lambda s, seat: YearEnd(s, seat, venue=names.IB, symbols=settings.allowed_symbols),
            )
        )
    if options.uptime:
        kept = _beside_book(settings, "uptime.db")
        children.append(
            Child(
                names.UPTIME,
                lambda s, seat: UptimeKeeper(
                    s, seat, open_file=lambda: open_uptime(kept), venues=(names.IB,)
                ),
                longest_streak=None,
            )
        )
    if options.telemetry is not None:
        telemetry = _telemetry(settings, options.telemetry)
        children.append(
            Child(
                names.TELEMETRY,
                lambda s, seat: Telemetry(s, seat, options=telemetry, venues=(names.IB,)),
                longest_streak=None,
            )
        )
    return Supervisor(
        system,
        seat,
        strategy=Strategy.ONE_FOR_ONE,
        # However often a page crashes, trading goes on: the console never escalates.
        intensity=Intensity(crashes=1_000_000, seconds=60.0),
        children=tuple(children),
    )


def _telemetry(settings: Settings, write: Write) -> TelemetryOptions:
    path = refusals_path(_beside_book(settings, "ledger.db"))
    most, oldest = settings.refusals_kept, timedelta(days=settings.refusals_kept_days)
    return TelemetryOptions(
        write,
        lambda: open_refusals(path, most=most, oldest=oldest),
        settings.mode,
        settings.telemetry_sample,
    )


# -- the process ---------------------------------------------------------------------------


#: Programs of their own, each with a `main` of its words; imported when they are wanted.
_PROGRAMS = {
    "ib-sim": "simulators.tws.program",
    "init": "console.init.program",
    "doctor": "console.doctor.program",
    "phone": "console.cli_phone",
    "statement": "console.statements",
    "report": "console.report",
    "explain": "console.explaining",
}


def main(argv: Sequence[str] | None = None) -> int:
    """`kelpie …`: run the tree, a stand-in alone, or a command that looks at a running tree."""
    words = list(sys.argv[1:] if argv is None else argv)
    first = words[0] if words else ""
    if first == "run":
        return run(words[1:])
    if first in _PROGRAMS:
        return int(import_module(_PROGRAMS[first]).main(words[1:]))
    if first == "drill":
        from rehearsal.drill.program import main as drill

        return drill(words[1:], Path(__file__).resolve())
    if first in ("upgrade", "rollback"):
        from console.install.upgrading import main as another_release

        return another_release(words)
    if first == "limits" and any(flag in words for flag in limits_on_box.FLAGS):
        return limits_on_box.main(words[1:])
    if first in keeping.COMMANDS:
        return keeping.main(words)
    from console.cli import main as look_in
    from console.without_us import stands_without_us

    return look_in(words, stands_without_us)


def run(
    words: Sequence[str], *, adjust: Callable[[TreeOptions], TreeOptions] = lambda options: options
) -> int:
    """The main job, until a signal or its own end; the exit code.

    `adjust` has the last word on the tree's options (measurements put a strategist of their own
    in its place).
    """
    return process.run(words, Program(Path(__file__).resolve(), root, adjust))


if __name__ == "__main__":
    sys.exit(main())
