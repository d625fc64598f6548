"""Real servers for the tests: one in a process of its own, and one in this process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import uvicorn

from meeple import bootstrap
from meeple.config import Settings

STARTED = re.compile(r"""url(?:=|": ")([^\s"]+)""")


async def until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Return once ``condition()`` is true; raises `TimeoutError` after ``seconds``."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.005)


class ServerProcess:
    """``python -m meeple serve`` on a free port, with its data in ``folder``."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        settings: Mapping[str, str] | None = None,
        python: str = sys.executable,
        cwd: Path | None = None,
    ) -> None:
        self.folder = folder
        self._python = python
        self._cwd = cwd
        self.url = ""
        self.lines: deque[str] = deque(maxlen=1000)
        self._port = 0
        self._options = options
        self._settings = settings or {}
        self._process: asyncio.subprocess.Process
        self._reading: asyncio.Task[None]

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def output(self) -> str:
        return "".join(self.lines)

    async def start(self) -> None:
        """Start; returns once it listens."""
        environment = {
            **os.environ,
            "MEEPLE_DATA": str(self.folder),
            **{f"MEEPLE_{name.upper()}": value for name, value in self._settings.items()},
        }
        command = [self._python, "-m", "meeple", "serve", "--port", str(self._port)]
        self._process = await asyncio.create_subprocess_exec(
            *command,
            *self._options,
            env=environment,
            cwd=self._cwd,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        listening = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read(listening))
        self.url = await asyncio.wait_for(listening, 30)

    async def _read(self, listening: asyncio.Future[str]) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            text = re.sub(r"\x1b\[[0-9;]*m", "", line.decode())
            self.lines.append(text)
            found = STARTED.search(text) if "listening" in text else None
            if found and not listening.done():
                listening.set_result(found.group(1))
                self._port = int(found.group(1).rpartition(":")[2])
        if not listening.done():
            listening.set_exception(RuntimeError(f"it did not start:\n{self.output}"))

    async def stop(self, number: int = signal.SIGTERM) -> int:
        """Send the signal and wait for the end; gives the exit code. The port is kept."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)
        code = await asyncio.wait_for(self._process.wait(), 30)
        await self._reading
        return code

    async def kill(self) -> None:
        await self.stop(signal.SIGKILL)


@contextlib.asynccontextmanager
async def server_process(
    folder: Path, *options: str, **settings: str
) -> AsyncIterator[ServerProcess]:
    server = ServerProcess(folder, *options, settings=settings)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@contextlib.asynccontextmanager
async def server_here(
    settings: Settings, **parts: Any
) -> AsyncIterator[tuple[str, bootstrap.Node]]:
    """A server in this process, on a real port; ``parts`` go to `bootstrap.open_node`."""
    async with bootstrap.open_node(settings, **parts) as node:
        listener = socket.create_server(("127.0.0.1", 0))
        # uvloop, on which Meeple serves, does so by itself; asyncio does not for such a socket.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        config = uvicorn.Config(
            node.app,
            ws=node.sockets.websocket_factory,
            lifespan="off",
            log_config=None,
            timeout_graceful_shutdown=2,
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await until(lambda: server.started)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", node
        finally:
            node.sockets.close()
            server.should_exit = True
            await serving
            listener.close()
