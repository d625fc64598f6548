"""``meeple serve``: one node on uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import structlog
import uvicorn
import uvloop

import meeple
from meeple import backends, bootstrap, config
from meeple.bootstrap import Node
from meeple.config import Settings
from meeple.errors import ConfigurationError
from meeple.services.recent_errors import RecentErrors
from meeple.socketio.peers import Peers

log = structlog.get_logger(__name__)

#: Seconds that connections get to close on a stop.
GRACE = 5


class _Server(uvicorn.Server):
    """uvicorn that leaves signals to us: it would end the process before our parts are closed."""

    def __init__(self, node: Node, drain_seconds: float) -> None:
        super().__init__(_uvicorn_config(node))
        self._node = node
        self._drain_seconds = drain_seconds
        self._hurry = asyncio.Event()
        #: Whether who started this process has died.
        self.orphaned = False

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # From now on, who connects is another server's, or is refused at once.
        for listening in self.servers:
            listening.close()
        for listener in sockets or []:
            listener.close()
        await self._drain()
        # First, or it would wait for polls that hang.
        self._node.sockets.close()
        await super().shutdown(sockets)

    async def _drain(self) -> None:
        """Let the connections go one by one; a second signal ends them all at once."""
        draining = asyncio.create_task(self._node.drain(self._drain_seconds))
        hurry = asyncio.create_task(self._hurry.wait())
        await asyncio.wait((draining, hurry), return_when=asyncio.FIRST_COMPLETED)
        for task in (draining, hurry):
            task.cancel()
        results = await asyncio.gather(draining, hurry, return_exceptions=True)
        if isinstance(results[0], Exception):
            log.error("draining failed", exc_info=results[0])

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            self._hurry.set()
        super().handle_exit(sig, frame)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop_on_signals(self) -> None:
        """From now on, SIGTERM and SIGINT stop the server, even if it has yet to start."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)

    def stop_at_end_of(self, pipe: int) -> None:
        """Stop the server when nobody can write to the pipe any more."""
        loop = asyncio.get_running_loop()

        def stop() -> None:
            # It would be called for ever: the end of a pipe stays readable.
            loop.remove_reader(pipe)
            self.orphaned = True
            self.handle_exit(signal.SIGTERM, None)

        loop.add_reader(pipe, stop)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then stop cleanly.

    Raises:
        ConfigurationError: it cannot start; the message says why.
    """
    recent = RecentErrors()
    configure_logging(settings, recent)
    warn_of_unknown()
    if settings.tried_engines:
        # Modules that lie where the command is run, as for `python -m`.
        sys.path.insert(0, "")
    uvloop.run(_serve(settings, recent))


def warn_of_unknown() -> None:
    """Log the variables that look like settings and are none."""
    for variable, similar in config.unknown().items():
        log.warning("unknown setting", variable=variable, **({"meant": similar} if similar else {}))


async def _serve(settings: Settings, recent: RecentErrors) -> None:
    async with bootstrap.open_node(settings, recent=recent) as node:
        with listen(settings.host, settings.port) as listener:
            server = _Server(node, settings.drain_seconds)
            server.stop_on_signals()
            _settle_memory()
            log.info("meeple", version=meeple.__version__)
            log.info("games", log=backends.log_label(settings))
            log.info("presence", redis=settings.redis.rpartition("@")[2].partition("?")[0])
            if settings.dev:
                log.warning("dev mode: whoever reaches this server sees every secret of its games")
                log.info("debug panel", at=f"{shown_url(listener)}/dev")
            log.info("listening", url=shown_url(listener))
            await server.serve(sockets=[listener])
        log.info("stopping")
    log.info("stopped")


def serve_worker(settings: Settings, name: str, folder: Path, port: int, ready: int) -> None:
    """Serve as one of several workers, until told to stop or the process that started this dies.

    Args:
        settings: the settings.
        name: this worker's.
        folder: the Unix sockets of all workers.
        port: file descriptor of the socket that all workers accept connections on.
        ready: file descriptor of a pipe that is written to once this worker serves.
    """
    recent = RecentErrors()
    configure_logging(settings, recent)
    structlog.contextvars.bind_contextvars(worker=name)
    orphaned = uvloop.run(_serve_worker(settings, recent, Peers(folder, name), port, ready))
    if orphaned:
        # The last of the workers can, and nobody else would.
        with contextlib.suppress(OSError):
            folder.rmdir()


async def _serve_worker(
    settings: Settings, recent: RecentErrors, peers: Peers, port: int, ready: int
) -> bool:
    """Serve; gives whether it ended because the process that started it has died."""
    async with bootstrap.open_node(settings, peers=peers, recent=recent) as node:
        with contextlib.closing(peers), socket.socket(fileno=port) as listener:
            server = _Server(node, settings.drain_seconds)
            server.stop_on_signals()
            server.stop_at_end_of(sys.stdin.fileno())
            # It shares its port with workers that go on: to take no more connections it must end.
            node.nodes.serve(lambda: server.handle_exit(signal.SIGTERM, None))
            peers.serve(node.sockets.websocket_for(server.server_state))
            _settle_memory()
            serving = asyncio.create_task(server.serve(sockets=[listener, peers.listen()]))
            while not server.started and not serving.done():  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0.01)
            os.write(ready, b"ready")
            os.close(ready)
            log.info("serving", version=meeple.__version__)
            await serving
    return server.orphaned


def _settle_memory() -> None:
    """Spare the garbage collector what stays for ever: modules, classes, routes.

    A full collection walks every container there is, and the hundreds of thousands that libraries
    make when they are imported cost each one a tenth of a second in which no game moves.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; raises `ConfigurationError` if it cannot."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise ConfigurationError(f"cannot listen on {host}:{port}: {error.strerror}") from error


def shown_url(listener: socket.socket) -> str:
    """Where it listens, for people."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _uvicorn_config(node: Node) -> uvicorn.Config:
    return uvicorn.Config(
        node.app,
        ws=node.sockets.websocket_factory,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE,
        server_header=False,
    )


def configure_logging(settings: Settings, recent: RecentErrors | None = None) -> None:
    """Structured lines on stderr: for people, or as JSON; ``recent`` keeps the last errors."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    as_json = settings.log_format == "json"
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if as_json
        # Not its default, which prints the local variables: tokens and seeds are among them.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
    ]
    if recent is not None:
        shared.append(recent)
    if as_json:
        shared.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # A line in one write: workers share stderr, and must not get between each other's words.
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # What libraries log goes the same way; their chatter below a warning does not.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared)
    )
    logging.captureWarnings(True)
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)
