"""``meeple serve --workers N``: N nodes behind one port of one machine, each in its own process.

This process plays no games. It owns the port and lends it to the workers, starts again who dies,
and on SIGHUP replaces the workers one by one while the others serve.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from msgspec.structs import asdict, replace

from meeple.cli.local import open_local
from meeple.cli.serve import configure_logging, listen, shown_url, warn_of_unknown
from meeple.config import Settings
from meeple.errors import ConfigurationError
from meeple.socketio.peers import Peers

log = structlog.get_logger(__name__)

#: Seconds that a worker has to start.
START = 60.0
#: Seconds beyond those for draining that a worker has to stop.
STOP = 20.0
#: Seconds until a worker that died is started again: they double up to the last, and are the first
#: again for one that has served for so long.
FIRST_PAUSE, LAST_PAUSE, LASTING = 0.5, 10.0, 60.0


def serve_workers(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then stop all workers cleanly.

    Raises:
        ConfigurationError: it cannot start; the message says why.
    """
    configure_logging(settings)
    warn_of_unknown()
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="meeple-")))
        listener = stack.enter_context(listen(settings.host, settings.port))
        settings = await open_local(stack, settings, folder)
        workers = Workers(settings, listener, folder)
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopping.set)
        loop.add_signal_handler(signal.SIGHUP, workers.replace_soon)
        try:
            await workers.start()
            log.info("listening", url=shown_url(listener), workers=settings.workers)
            await stopping.wait()
            log.info("stopping")
        finally:
            await workers.stop()
    log.info("stopped")


class Worker:
    """One worker's process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, settings: Settings, listener: socket.socket, folder: Path) -> None:
        """Start it; returns once it serves.

        Raises:
            ConfigurationError: it ended instead, or took too long; its own words are on stderr.
        """
        ready, said = os.pipe()
        try:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "meeple", "worker", self.name, str(folder)),
                *(str(listener.fileno()), str(said)),
                env={**os.environ, **_environment(settings)},
                # Never written to: its end tells the worker that this process has died.
                stdin=asyncio.subprocess.PIPE,
                pass_fds=(listener.fileno(), said),
                # A Ctrl-C is for all processes of a terminal, and this one tells the workers.
                start_new_session=True,
            )
        finally:
            os.close(said)
        with os.fdopen(ready, "rb") as pipe:
            try:
                async with asyncio.timeout(START):
                    word = await _read_once(pipe.fileno())
            except TimeoutError:
                word = b""
        if not word:
            raise ConfigurationError(f"worker {self.name} did not start")

    async def wait(self) -> int | None:
        """Return once it has ended; gives the exit code, None if it never ran."""
        return None if self.process is None else await self.process.wait()

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


class Workers:
    """As many workers as the settings say.

    Args:
        settings: every worker's, but for its share of the house's bots.
        listener: the port, which they share.
        folder: for their Unix sockets.
    """

    def __init__(self, settings: Settings, listener: socket.socket, folder: Path) -> None:
        bots = settings.bot_processes
        share = -(-bots // settings.workers)
        self._settings = replace(settings, workers=1, bot_workers=share)
        self._count = settings.workers
        self._listener = listener
        self._folder = folder
        self._numbers = count()
        self._seats: list[Worker] = []
        #: One at a time puts a new worker in a seat.
        self._changing = asyncio.Lock()
        #: All whose process may run, those that start or drain included.
        self._alive: set[Worker] = set()
        self._watching: list[asyncio.Task[None]] = []
        self._replacing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start all; raises `ConfigurationError` if one does not."""
        started = await asyncio.gather(
            *(self._new() for _ in range(self._count)), return_exceptions=True
        )
        for failure in started:
            if isinstance(failure, BaseException):
                raise failure
        self._seats = [one for one in started if isinstance(one, Worker)]
        self._watching = [
            asyncio.create_task(self._watch(seat)) for seat in range(len(self._seats))
        ]

    def replace_soon(self) -> None:
        """Replace the workers by new ones, one after the other, unless that is being done."""
        if self._replacing is None or self._replacing.done():
            self._replacing = asyncio.create_task(self._replace())

    async def stop(self) -> None:
        """Stop all of them."""
        tasks = [task for task in (*self._watching, self._replacing) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(self._end(worker) for worker in list(self._alive)))

    @property
    def _patience(self) -> float:
        return self._settings.drain_seconds + STOP

    async def _new(self) -> Worker:
        worker = Worker(f"w{next(self._numbers)}")
        self._alive.add(worker)
        try:
            await worker.start(self._settings, self._listener, self._folder)
        except ConfigurationError:
            await self._end(worker)
            raise
        return worker

    async def _end(self, worker: Worker) -> None:
        await worker.stop(self._patience)
        self._alive.discard(worker)
        Peers(self._folder, worker.name).forget()

    async def _replace(self) -> None:
        for seat in range(self._count):
            try:
                async with self._changing:
                    new = await self._new()
                    old, self._seats[seat] = self._seats[seat], new
            except ConfigurationError as error:
                log.error("workers stay as they are", error=error.message)
                return
            await self._end(old)
        log.info("workers replaced")

    async def _watch(self, seat: int) -> None:
        """Start the worker of that seat again whenever it dies."""
        pause = FIRST_PAUSE
        loop = asyncio.get_running_loop()
        while True:
            worker, since = self._seats[seat], loop.time()
            code = await worker.wait()
            if worker is not self._seats[seat]:
                continue  # it was replaced
            log.error("worker died", worker=worker.name, code=code)
            # Whose sessions it had, is to hear that they are gone.
            await self._end(worker)
            pause = FIRST_PAUSE if loop.time() - since > LASTING else pause
            await asyncio.sleep(pause)
            pause = min(2 * pause, LAST_PAUSE)
            try:
                async with self._changing:
                    if worker is self._seats[seat]:
                        self._seats[seat] = await self._new()
            except ConfigurationError as error:
                log.error("worker not started", error=error.message)


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
