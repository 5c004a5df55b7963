"""The listening socket: it can refuse for a while, and come back on the same port."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable


class Listener:
    """Listens on one address. While it is paused the port stays its own, and refuses."""

    def __init__(
        self, accept: Callable[[], asyncio.Protocol], failed: Callable[[Exception], None]
    ) -> None:
        self._accept = accept
        self._failed = failed
        self._server: asyncio.Server | None = None
        self._address = ("", 0)
        self._keeper: socket.socket | None = None
        self._opening: asyncio.Task[None] | None = None
        self._is_wanted = True

    async def start(self, host: str, port: int) -> int:
        """Listen; give the port.

        Raises:
            OSError: the address cannot be listened on.
        """
        await self._open(host, port)
        assert self._server is not None
        chosen: int = self._server.sockets[0].getsockname()[1]
        self._address = (host, chosen)
        return chosen

    def pause(self) -> None:
        """Refuse new connections. A socket that does not listen keeps the port from others."""
        self._is_wanted = False
        if self._server is None:
            return
        family = self._server.sockets[0].family
        self._server.close()
        self._server = None
        self._keeper = socket.socket(family)
        self._keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._keeper.bind(self._address)

    def resume(self) -> None:
        """Listen again, within a moment."""
        self._is_wanted = True
        if self._server is None and self._opening is None:
            self._opening = asyncio.get_running_loop().create_task(self._reopen())

    async def close(self) -> None:
        """Listen no more, and wait until nothing is left of it."""
        if self._opening is not None:
            await asyncio.wait({self._opening})
        if self._keeper is not None:
            self._keeper.close()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _open(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accept, host, port)

    async def _reopen(self) -> None:
        try:
            await self._open(*self._address)
        except OSError as failure:
            self._failed(failure)
        self._opening = None
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None
        if not self._is_wanted:  # it was paused again meanwhile
            self.pause()
