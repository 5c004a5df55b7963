"""`kelpie ib-sim`: the simulated gateway as a program of its own."""

from __future__ import annotations

import argparse
import asyncio
import errno
import os
import signal
import sqlite3
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

from runtime.arguments import WRONGLY_CALLED, Arguments
from runtime.clocks import SystemClock
from runtime.interface import Clock
from simulators.broker import ACCOUNT, open_broker
from simulators.broker_interface import Broker
from simulators.broker_store import BrokerStoreError
from simulators.scenarios.rules import UNSCRIPTED, Scenario, ScenarioError, catalogue
from simulators.statement import write_statement
from simulators.tws.control import Door
from simulators.tws.flood import Flood
from simulators.tws.protocol import MAX_SERVER_VERSION
from simulators.tws.server import GatewayServer
from simulators.tws.wire_log import WireLog, WireLogMode

#: Exit codes: a wrong entry or a port in use, and a failure while running.
EXIT_USAGE = WRONGLY_CALLED
EXIT_FAILED = 70

#: The name of the wire log in the state directory, and the size of one part of it.
WIRE_LOG_NAME = "wire.jsonl"
WIRE_LOG_BYTES = 256 << 20


def _parser() -> argparse.ArgumentParser:
    parser = Arguments(
        prog="kelpie ib-sim",
        description="A simulated TWS / IB Gateway with a market and a broker behind it. "
        "It speaks the real TWS API; nothing leaves this machine.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=14002, help="port, 0 for any (%(default)s)")
    parser.add_argument(
        "--state-dir",
        type=Path,
        default=Path("state/ib-sim"),
        help="where the broker's books and the wire log are kept (%(default)s)",
    )
    parser.add_argument("--fresh", action="store_true", help="forget all orders and holdings")
    parser.add_argument("--account", default=ACCOUNT, help="its number (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the market (%(default)s)")
    parser.add_argument(
        "--asx-hours", action="store_true", help="real ASX hours, not a market round the clock"
    )
    parser.add_argument(
        "--rest-past",
        type=int,
        default=0,
        choices=range(120),
        metavar="MINUTES",
        help="a market round the clock rests every two hours, so long past the even hours of UTC "
        "(%(default)s)",
    )
    parser.add_argument(
        "--time-zone",
        type=_zone,
        default="Australia/Sydney",
        help="of its operator: its lists reach back to the last midnight there (%(default)s)",
    )
    parser.add_argument(
        "--market", choices=("lively", "still"), default="lively", help="how the market moves"
    )
    parser.add_argument(
        "--wire-log",
        choices=[mode.value for mode in WireLogMode],
        default=WireLogMode.ORDERS.value,
        help="what is logged: every message, all but ticks, nothing (%(default)s)",
    )
    parser.add_argument(
        "--ready-file", type=Path, help="written as JSON once the gateway listens: pid, port, …"
    )
    parser.add_argument(
        "--message-limit",
        type=int,
        default=50,
        help="messages a client may send in a second, 0 for any number (%(default)s)",
    )
    parser.add_argument(
        "--flood", type=int, metavar="N", help="for measurements: N ticks per subscription"
    )
    parser.add_argument(
        "--ticks-per-second",
        type=float,
        metavar="R",
        help="for measurements: pace the ticks of each subscription",
    )
    parser.add_argument(
        "--scenario",
        metavar="FILE",
        help="what it does wrong: a file, or the name of one of the house; `list` shows those",
    )
    parser.add_argument(
        "--statement",
        type=Path,
        metavar="FILE",
        help="write the account's statement as IB's Flex queries do (XML), and end",
    )
    parser.add_argument(
        "--control-port",
        type=int,
        metavar="PORT",
        help="a door on the loopback by which it is told what to do wrong now, 0 for any port",
    )
    return parser


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ValueError, ZoneInfoNotFoundError):
        raise argparse.ArgumentTypeError(f"no time zone is called {name!r}") from None


def main(argv: Sequence[str] | None = None) -> int:
    """Run the gateway until SIGTERM or SIGINT; give the exit code.

    0 after a signal, 2 for a wrong entry, a state that another process holds or a port in use,
    70 for a failure while running.
    """
    options = _parser().parse_args(argv)
    clock = SystemClock()
    if options.scenario == "list":
        for known in catalogue():
            print(f"{known.name}: {known.title} ({known.source})")
        return 0
    if options.statement is not None:
        try:
            write_statement(options.state_dir, options.statement, clock.now())
        except (OSError, sqlite3.Error) as fault:
            print(f"ib-sim: no statement can be written: {fault}", file=sys.stderr)
            return EXIT_USAGE
        print(f"ib-sim: the statement is in {options.statement}")
        return 0
    try:
        scenario = _scenario(options)
        broker = open_broker(
            options.state_dir,
            clock,
            seed=options.seed,
            asx_hours=options.asx_hours,
            fresh=options.fresh,
            market=options.market,
            account=options.account,
            shift=timedelta(minutes=options.rest_past),
        )
    except (OSError, BrokerStoreError, ScenarioError) as fault:
        print(f"ib-sim: {fault}", file=sys.stderr)
        return EXIT_USAGE
    log = WireLog(
        options.state_dir / WIRE_LOG_NAME,
        clock,
        mode=WireLogMode(options.wire_log),
        max_bytes=WIRE_LOG_BYTES,
    )
    try:
        return asyncio.run(_serve(options, scenario, broker, clock, log))
    finally:
        log.close()
        broker.close()


def _scenario(options: argparse.Namespace) -> Scenario | None:
    if options.scenario is not None:
        return Scenario.load(options.scenario)
    return UNSCRIPTED if options.control_port is not None else None


async def _serve(
    options: argparse.Namespace,
    scenario: Scenario | None,
    broker: Broker,
    clock: Clock,
    log: WireLog,
) -> int:
    floods = options.flood is not None or options.ticks_per_second is not None
    gateway = GatewayServer(
        broker,
        clock,
        log,
        message_limit=options.message_limit or None,
        tell=lambda line: print(f"ib-sim: {line}", flush=True),
        time_zone=options.time_zone,
        streams_market=not floods,
        scenario=scenario,
    )
    try:
        port = await gateway.start(options.host, options.port)
    except OSError as fault:
        print(f"ib-sim: {_cannot_listen(fault, options.host, options.port)}", file=sys.stderr)
        return EXIT_USAGE
    door = None if options.control_port is None else Door(gateway.played)
    try:
        control_port = None if door is None else await door.open(options.control_port)
    except OSError as fault:
        print(
            f"ib-sim: {_cannot_listen(fault, '127.0.0.1', options.control_port)}", file=sys.stderr
        )
        await gateway.stop()
        return EXIT_USAGE
    flood = Flood(gateway, broker, clock, limit=options.flood, per_second=options.ticks_per_second)
    if floods:
        flood.start()
    stopped = _stop_on_signals()
    if options.ready_file is not None:
        _write_ready_file(options.ready_file, port, control_port, clock)
    # Last, so that whoever reads it finds the file and may send a signal.
    print(f"ib-sim: account {broker.account} listening on {options.host}:{port}", flush=True)
    failed = asyncio.create_task(gateway.failed())
    try:
        await asyncio.wait({stopped, failed}, return_when=asyncio.FIRST_COMPLETED)
        if stopped.done():
            return 0
        print(f"ib-sim: failed: {failed.exception()!r}", file=sys.stderr)
        return EXIT_FAILED
    finally:
        flood.stop()
        failed.cancel()
        if door is not None:
            await door.close()
        await gateway.stop()


def _stop_on_signals() -> asyncio.Future[None]:
    """A future that SIGTERM or SIGINT completes."""
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[None] = loop.create_future()

    def stop() -> None:
        if not stopped.done():
            stopped.set_result(None)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    return stopped


def _cannot_listen(fault: OSError, host: str, port: int) -> str:
    if fault.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use; choose another with --port, or 0 for any"
    return f"cannot listen on {host}:{port}: {fault}"


def _write_ready_file(path: Path, port: int, control_port: int | None, clock: Clock) -> None:
    """Say who listens where, at once or not at all; `control_port` is null without a door."""
    facts = {
        "pid": os.getpid(),
        "port": port,
        "control_port": control_port,
        "started": clock.now(),
        "version": MAX_SERVER_VERSION,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_bytes(orjson.dumps(facts))
    draft.replace(path)


if __name__ == "__main__":
    sys.exit(main())
