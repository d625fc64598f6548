"""``meeple serve``: one node on uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import Iterator
from typing import Any

import structlog
import uvicorn
import uvloop

import meeple
from meeple import bootstrap
from meeple.bootstrap import Node
from meeple.config import Settings
from meeple.errors import ConfigurationError

log = structlog.get_logger(__name__)

#: Seconds that connections get to close on a stop.
GRACE = 5


class _Server(uvicorn.Server):
    """uvicorn that leaves signals to us: it would end the process before our parts are closed."""

    def __init__(self, node: Node) -> None:
        super().__init__(_uvicorn_config(node))
        self._node = node

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # First, or it would wait for polls that hang.
        self._node.sockets.close()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop_on_signals(self) -> None:
        """From now on, SIGTERM and SIGINT stop the server, even if it has yet to start."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then stop cleanly.

    Raises:
        ConfigurationError: it cannot start; the message says why.
    """
    configure_logging(settings)
    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    async with bootstrap.open_node(settings) as node:
        with _listen(settings.host, settings.port) as listener:
            server = _Server(node)
            server.stop_on_signals()
            host, port = listener.getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            _settle_memory()
            log.info("meeple", version=meeple.__version__)
            log.info("games", log=str(settings.database_path))
            log.info("presence", redis=settings.redis.rpartition("@")[2].partition("?")[0])
            log.info("listening", url=f"http://{shown}:{port}")
            await server.serve(sockets=[listener])
        log.info("stopping")
    log.info("stopped")


def _settle_memory() -> None:
    """Spare the garbage collector what stays for ever: modules, classes, routes.

    A full collection walks every container there is, and the hundreds of thousands that libraries
    make when they are imported cost each one a tenth of a second in which no game moves.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise ConfigurationError(f"cannot listen on {host}:{port}: {error.strerror}") from error


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


def configure_logging(settings: Settings) -> None:
    """Structured lines on stderr: for people, or as JSON."""
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
    if as_json:
        shared.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # What libraries log goes the same way; their chatter below a warning does not.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared)
    )
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)
