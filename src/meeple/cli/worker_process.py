"""The process of one of several workers, as the process that started it sees it."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

import structlog
from msgspec.structs import asdict

from meeple.config import Settings
from meeple.errors import ConfigurationError

log = structlog.get_logger(__name__)

#: Seconds that a worker has to start.
START = 60.0
#: Seconds until a worker that died is started again: they double up to the last, and are the first
#: again for one that has served for so long.
FIRST_PAUSE, LAST_PAUSE, LASTING = 0.5, 10.0, 60.0


class Pauses:
    """How long to wait until a worker is started again, death by death."""

    def __init__(self) -> None:
        self._next = FIRST_PAUSE

    def after(self, served: float) -> float:
        """The seconds to wait after it has served for so many."""
        pause = FIRST_PAUSE if served > LASTING else self._next
        self._next = min(2 * pause, LAST_PAUSE)
        return pause


class Worker:
    """One worker's process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.process: asyncio.subprocess.Process | None = None

    async def start(
        self, settings: Settings, listener: socket.socket, folder: Path, alive: int
    ) -> None:
        """Start it; returns once it serves. It holds the file descriptor ``alive`` while it lives.

        Raises:
            ConfigurationError: it ended instead, or took too long; its own words are on stderr.
        """
        try:
            ready = await self._spawn(settings, listener, folder, alive)
        except OSError as error:  # no memory, no process: there may be soon
            raise ConfigurationError(f"worker {self.name} did not start: {error}") from error
        with os.fdopen(ready, "rb") as pipe:
            try:
                async with asyncio.timeout(START):
                    word = await _read_once(pipe.fileno())
            except TimeoutError:
                word = b""
        if not word:
            raise ConfigurationError(f"worker {self.name} did not start")

    async def _spawn(
        self, settings: Settings, listener: socket.socket, folder: Path, alive: int
    ) -> int:
        """Start the process; gives the end of a pipe on which it says that it serves."""
        ready, said = os.pipe()
        try:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "meeple", "worker", self.name, str(folder)),
                *(str(listener.fileno()), str(said)),
                env={**os.environ, **_environment(settings)},
                # Never written to: its end tells the worker that this process has died.
                stdin=asyncio.subprocess.PIPE,
                pass_fds=(listener.fileno(), said, alive),
                # A Ctrl-C is for all processes of a terminal, and this one tells the workers.
                start_new_session=True,
            )
        except BaseException:
            os.close(ready)
            raise
        finally:
            os.close(said)
        return ready

    async def wait(self) -> int | None:
        """Return once it has ended; gives the exit code, None if it never ran."""
        return None if self.process is None else await self.process.wait()

    def hurry(self) -> None:
        """Have one that drains end at once."""
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()

    async def stop(self, seconds: float) -> None:
        """Ask it to stop, and end it if it has not after so many seconds."""
        if self.process is None or self.process.returncode is not None:
            return
        self.process.terminate()
        try:
            async with asyncio.timeout(seconds):
                await self.process.wait()
        except TimeoutError:
            log.warning("worker killed", worker=self.name)
            self.process.kill()
            await self.process.wait()


def _environment(settings: Settings) -> dict[str, str]:
    return {f"MEEPLE_{name.upper()}": str(value) for name, value in asdict(settings).items()}


async def _read_once(number: int) -> bytes:
    """What is in the pipe first; nothing if its writers are gone."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(number, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(number)
    return os.read(number, 64)
