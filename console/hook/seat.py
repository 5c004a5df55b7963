"""The seat of the hook: an actor whose loop serves HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from loguru import logger
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from actors.base import Actor
from actors.lanes import Exit, ExitKind, State
from actors.seat import Seat
from actors.system import ActorSystem
from console.hook.app import build_app
from console.hook.asking import Asking
from console.hook.connections import QuietConnections
from console.hook.guard import Guard
from console.hook.keys import Keyring
from console.hook.options import HookOptions

_STOP_SECONDS = 2.0
_DRAIN_SECONDS = 1
_SWEEP = "sweep"
_LISTEN = "listen"
_REMEMBER = "remember"
_AGAIN_SECONDS = 2.0
_SOON_SECONDS = 1.0


class HookPortTaken(OSError):
    """The hook cannot listen where it is told to."""


class _Server(uvicorn.Server):
    """uvicorn on a loop that is not its own: signals are the process's affair."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Hook(Actor):
    """Answers over HTTP what the seats say of themselves, and passes on what a person asks for.

    It never waits for a seat without a limit, and its end stops nothing of trading.
    """

    on_loop = True

    def __init__(self, system: ActorSystem, seat: Seat, options: HookOptions) -> None:
        super().__init__(system, seat)
        self.options = options
        self._socket: socket.socket | None = None
        self.url = ""
        """Where it listens, with the port it got; the server closes its socket before it ends."""
        self._server: _Server | None = None
        self._guard: Guard | None = None
        self._asking: Asking | None = None
        self._keyring: Keyring | None = None
        self._serving: asyncio.Task[None] | None = None
        self._stopping = False
        self._trouble = ""
        self._quiet = QuietConnections(options.quiet_seconds)

    def on_start(self) -> None:
        """Listen, and serve from the loop's next turn on. Waits for no network.

        Where somebody else listens already, it says so and tries again until it can: a start
        that failed would hold up the console's, and in the end end the process, for a page.
        """
        asking = Asking(self.system, self.options, self.seat.name)
        self._asking = asking
        self._keyring = Keyring(self.options, self.clock, asking.audit_note)
        app = build_app(asking, self._keyring)
        self._guard = Guard(app, self.options, self.clock, self._keyring)
        self.after(self.options.quiet_seconds / 4, _SWEEP)
        if self.options.remember_seconds:
            self.after(_SOON_SECONDS, _REMEMBER)
        self._listen()

    def _listen(self) -> None:
        try:
            self._socket = _listen(self.options.host, self.options.port)
        except HookPortTaken as error:
            if not self._trouble:
                self.log.error("{}. It is tried again every {} s.", error, _AGAIN_SECONDS)
            self._trouble = str(error)
            self.after(_AGAIN_SECONDS, _LISTEN)
            return
        self._trouble = ""
        self.url = _url_of(self._socket)
        assert self._guard is not None
        self._server = _server(self._guard, self.options)
        self._serving = self.run(self._serve(self._server, self._socket))
        self.log.info("The hook listens at {}.", self.url)

    def describe(self) -> State:
        """Where it listens, and whom it turned away."""
        server = self._server
        return {
            "url": self.url,
            "trouble": self._trouble,
            "connections": len(server.server_state.connections) if server else 0,
            "requests": server.server_state.total_requests if server else 0,
            "refused": dict(self._guard.refused) if self._guard else {},
        }

    def on_timer(self, name: str) -> None:
        """Listen again, cut the connections that say nothing, or see how things stand."""
        if name == _LISTEN:
            self._listen()
        elif name == _SWEEP:
            self._sweep()
        elif name == _REMEMBER:
            assert self._asking is not None
            self.run(self._asking.remembered.refresh())
            self.after(self.options.remember_seconds, _REMEMBER)

    def _sweep(self) -> None:
        if self._keyring is not None:
            self._keyring.tell_notes()
        if self._server is not None:
            connections = self._server.server_state.connections
            open_ones = [each for each in connections if isinstance(each, H11Protocol)]
            cut = self._quiet.sweep(open_ones, self.clock.monotonic())
            if cut:
                self.log.info("Cut {} connections that said nothing.", cut)
        self.after(self.options.quiet_seconds / 4, _SWEEP)

    def on_stop_asked(self) -> None:
        """Finish what is being answered, then end."""
        if self._stopping:
            return
        self._stopping = True
        serving = self._serving
        if serving is None or serving.done() or self._server is None:
            self.end(Exit(ExitKind.SHUTDOWN))
            return
        self._server.should_exit = True
        serving.add_done_callback(lambda _: self.end(Exit(ExitKind.SHUTDOWN)))
        asyncio.get_running_loop().call_later(
            _STOP_SECONDS, lambda: self.end(Exit(ExitKind.SHUTDOWN))
        )

    def on_stop(self) -> None:
        """Close what is open still, so that the next incarnation finds the port free."""
        if self._server is not None:
            for listener in getattr(self._server, "servers", ()):
                listener.close()
            for connection in list(self._server.server_state.connections):
                if connection.transport is not None:
                    connection.transport.close()
        self._close_socket()

    async def _serve(self, server: _Server, listening: socket.socket) -> None:
        await server.serve(sockets=[listening])
        if not self._stopping:
            raise RuntimeError("the web server ended by itself")

    def _close_socket(self) -> None:
        if self._socket is not None:
            self._socket.close()


def _url_of(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _server(app: ASGIApp, options: HookOptions) -> _Server:
    return _Server(
        uvicorn.Config(
            _Contained(app),
            loop="none",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=options.connections,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=_DRAIN_SECONDS,
            h11_max_incomplete_event_size=16 * 1024,
        )
    )


class _Contained:
    """Nothing that a request does gets further than here."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception as error:  # answered and logged with its stack already
            logger.debug("A request ended in {!r}.", error)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio does not know it as such and leaves Nagle's delay of 40 ms on.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        raise HookPortTaken(
            error.errno,
            f"The hook cannot listen at {host}:{port} ({error.strerror}). Stop what listens "
            "there, or give another HOOK_PORT",
        ) from error
    return listening
