"""``meeple serve --workers N``: N nodes behind one port of one machine, each in its own process.

This process plays no games. It owns the port and lends it to the workers, starts again who dies,
and on SIGHUP replaces the workers one by one while the others serve.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from msgspec.structs import replace

from meeple.cli.local import open_local
from meeple.cli.serve import configure_logging, listen, shown_url, warn_of_unknown
from meeple.cli.worker_process import Pauses, Worker
from meeple.config import Settings
from meeple.errors import ConfigurationError
from meeple.socketio.peers import Peers

log = structlog.get_logger(__name__)

#: Seconds beyond those for draining that a worker has to stop.
STOP = 20.0


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
        # The one ends when nobody holds the other any more: neither this process nor a worker.
        gone, alive = os.pipe()
        stack.callback(os.close, gone)
        stack.callback(os.close, alive)
        settings = await open_local(stack, settings, folder, gone)
        workers = Workers(settings, listener, folder, alive)
        stopping = asyncio.Event()

        def stop() -> None:
            if stopping.is_set():
                workers.hurry()
            stopping.set()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        loop.add_signal_handler(signal.SIGHUP, workers.replace_soon)
        try:
            await workers.start()
            log.info("listening", url=shown_url(listener), workers=settings.workers)
            await stopping.wait()
            log.info("stopping")
        finally:
            await workers.stop()
    log.info("stopped")


class Workers:
    """As many workers as the settings say.

    Args:
        settings: every worker's, but for its share of the house's bots.
        listener: the port, which they share.
        folder: for their Unix sockets.
        alive: a file descriptor that each of them holds while it lives.
    """

    def __init__(
        self, settings: Settings, listener: socket.socket, folder: Path, alive: int
    ) -> None:
        bots = settings.bot_processes
        share = -(-bots // settings.workers)
        self._settings = replace(settings, workers=1, bot_workers=share)
        self._count = settings.workers
        self._listener = listener
        self._folder = folder
        self._life = alive
        self._stopping = False
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
        """Replace the workers by new ones, one after the other, unless that is being done.

        Those that have yet to start are new anyway, and those that stop get no successors.
        """
        if not self._seats or self._stopping:
            return
        if self._replacing is None or self._replacing.done():
            self._replacing = asyncio.create_task(self._replace())

    async def stop(self) -> None:
        """Stop all of them, whatever else was being done with them."""
        self._stopping = True
        tasks = [task for task in (*self._watching, self._replacing) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(self._end(worker) for worker in list(self._alive)))

    def hurry(self) -> None:
        """Have those that drain end at once."""
        for worker in self._alive:
            worker.hurry()

    @property
    def _patience(self) -> float:
        return self._settings.drain_seconds + STOP

    async def _new(self) -> Worker:
        worker = Worker(f"w{next(self._numbers)}")
        self._alive.add(worker)
        try:
            await worker.start(self._settings, self._listener, self._folder, self._life)
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
        pauses = Pauses()
        loop = asyncio.get_running_loop()
        while True:
            worker, since = self._seats[seat], loop.time()
            code = await worker.wait()
            if worker is not self._seats[seat]:
                continue  # it was replaced
            served = loop.time() - since
            if code == 0:
                log.info("worker ended", worker=worker.name)
            else:
                log.error("worker died", worker=worker.name, code=code)
            # Whose sessions it had, is to hear that they are gone.
            await self._end(worker)
            await asyncio.sleep(pauses.after(served))
            try:
                async with self._changing:
                    if worker is self._seats[seat]:
                        self._seats[seat] = await self._new()
            except ConfigurationError as error:
                log.error("worker not started", error=error.message)
