"""Sessions of other workers: several processes accept connections on one port.

A WebSocket may end up anywhere. A client that begins with long-polling has a session in one worker,
and the kernel knows nothing of that when it gives the client's next connection to another one. So a
session's id begins with its worker's name, and who gets a request of another worker's session hands
it on: a poll is forwarded; of a WebSocket the connection itself is passed on, and costs nothing
from then on.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import structlog

log = structlog.get_logger(__name__)

#: What stands between a worker's name and the rest of a session's id.
SEPARATOR = "-"
#: Bytes of a request that is passed on with its connection.
MAX_HEAD = 64 * 1024
#: Seconds that a poll may take that is forwarded: the session's heartbeats end it long before.
PATIENCE = 300.0
#: What `Peers.forward` raises.
FORWARDING_FAILURES = (aiohttp.ClientError, OSError, TimeoutError)
#: Headers that are for one connection, and not for whoever it is forwarded to.
_HOP = {b"connection", b"host", b"transfer-encoding", b"content-length", b"keep-alive"}


class Peers:
    """The workers behind one port.

    Args:
        folder: holds the Unix sockets of all workers.
        name: this worker's, of letters and digits.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.prefix = name + SEPARATOR
        self._folder = folder
        self._name = name
        self._inbox: socket.socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def owner(self, sid: str) -> str | None:
        """The other worker whose session that is; None if it is none's."""
        name, separator, _ = sid.partition(SEPARATOR)
        other = separator and name != self._name and name.isalnum()
        return name if other and self._requests(name).exists() else None

    # --- polls --------------------------------------------------------------------------------

    def listen(self) -> socket.socket:
        """Where other workers' forwarded requests come in, for the web server to serve."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(self._requests(self._name)))
        listener.listen(1024)
        return listener

    @property
    def name(self) -> str:
        """The name of this worker."""
        return self._name

    def others(self) -> list[str]:
        """The names of the other workers."""
        found = sorted(path.stem for path in self._folder.glob("*.requests"))
        return [name for name in found if name != self._name]

    async def get(self, worker: str, path: str) -> bytes:
        """What another worker answers to a GET of ``path``; raises as `forward` does."""
        connector = aiohttp.UnixConnector(str(self._requests(worker)))
        timeout = aiohttp.ClientTimeout(total=2)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as http,
            http.get(f"http://worker{path}", raise_for_status=True) as answer,
        ):
            return await answer.read()

    async def forward(self, owner: str, scope: Any, body: bytes) -> tuple[int, bytes]:
        """Let the owner answer a request.

        Raises:
            aiohttp.ClientError, OSError, TimeoutError: it does not.
        """
        connector = aiohttp.UnixConnector(str(self._requests(owner)))
        headers = [
            (key.decode("latin-1"), value.decode("latin-1"))
            for key, value in scope["headers"]
            if key not in _HOP
        ]
        timeout = aiohttp.ClientTimeout(total=PATIENCE, connect=2)
        address = f"http://worker{scope['path']}?{scope['query_string'].decode('latin-1')}"
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as http,
            http.request(scope["method"], address, data=body, headers=headers) as answer,
        ):
            return answer.status, await answer.read()

    # --- WebSockets ---------------------------------------------------------------------------

    def hand_over(self, owner: str, transport: asyncio.BaseTransport, head: bytes) -> bool:
        """Pass a connection on, with the request that came on it; False if that cannot be.

        What is left of it here is to be closed.
        """
        connection = transport.get_extra_info("socket")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.setblocking(False)
            try:
                out.connect(str(self._connections(owner)))
                socket.send_fds(out, [head], [connection.fileno()])
            except OSError as error:
                log.warning("connection not handed over", worker=owner, error=repr(error))
                return False
        return True

    def serve(self, new_protocol: Callable[[], asyncio.Protocol]) -> None:
        """From now on, connections that others pass on are served; until `close`."""
        self._inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._inbox.setblocking(False)
        self._inbox.bind(str(self._connections(self._name)))
        asyncio.get_running_loop().add_reader(self._inbox, self._receive, self._inbox, new_protocol)

    def close(self) -> None:
        """Take no more connections of others."""
        if self._inbox is not None:
            asyncio.get_running_loop().remove_reader(self._inbox)
            self._inbox.close()
            self._inbox = None
        self.forget()

    def forget(self) -> None:
        """Have the others know that there is no such worker: one that was killed could not."""
        for path in (self._connections(self._name), self._requests(self._name)):
            path.unlink(missing_ok=True)

    def _receive(self, inbox: socket.socket, new_protocol: Callable[[], asyncio.Protocol]) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                head, numbers, _, _ = socket.recv_fds(inbox, MAX_HEAD, 1)
                for number in numbers:
                    work = self._take(socket.socket(fileno=number), head, new_protocol)
                    task = asyncio.get_running_loop().create_task(work)
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)

    async def _take(
        self,
        connection: socket.socket,
        head: bytes,
        new_protocol: Callable[[], asyncio.Protocol],
    ) -> None:
        try:
            connection.setblocking(False)
            if connection.family != socket.AF_UNIX:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            loop = asyncio.get_running_loop()
            _, protocol = await loop.connect_accepted_socket(new_protocol, connection)
        except OSError as error:
            log.warning("connection not taken over", error=repr(error))
            connection.close()
        else:
            protocol.data_received(head)

    # --- where they are -----------------------------------------------------------------------

    def _requests(self, name: str) -> Path:
        return self._folder / f"{name}.requests"

    def _connections(self, name: str) -> Path:
        return self._folder / f"{name}.connections"
