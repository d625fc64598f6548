"""The one place that names concrete classes, and opens what must be closed."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from burner_redis import BurnerRedis

import meeple
from meeple import config
from meeple.api.app import create_api
from meeple.api.context import Context
from meeple.bus.address import client_factory
from meeple.bus.redis_bus import RedisBus
from meeple.config import Settings
from meeple.engine.time_limit import TimeLimit
from meeple.errors import ConfigurationError
from meeple.metrics import Metrics
from meeple.protocols import AdminStore, Clock, GameLog, Said
from meeple.schemas.ws_messages import NAMESPACE
from meeple.services.admin import AdminService
from meeple.services.audit import Audit
from meeple.services.bot_process import BotProcess
from meeple.services.chat import Chat
from meeple.services.clock import SystemClock
from meeple.services.connection_manager import ConnectionManager
from meeple.services.deadlines import Deadlines
from meeple.services.dev import Dev
from meeple.services.dev_failures import DevFailures
from meeple.services.engine_catalog import EngineCatalog, tried
from meeple.services.engine_reload import EngineReloader
from meeple.services.game_service import GameService
from meeple.services.health import Health
from meeple.services.house_bots import SEARCH, HouseBots
from meeple.services.loop_lag import LoopLag
from meeple.services.moderation import Moderation
from meeple.services.node_report import NodeReporter
from meeple.services.nodes import Nodes
from meeple.services.projection import ChatLine
from meeple.services.rate_limit import RateLimiter
from meeple.services.recent_errors import RecentErrors
from meeple.services.timekeeper import Timekeeper
from meeple.services.tokens import JwtVerifier, TokenIssuer, TokenVerifier
from meeple.socketio.auth import AuthHandler
from meeple.socketio.broadcaster import TableBroadcaster
from meeple.socketio.peers import Peers
from meeple.socketio.server import GameHandlers
from meeple.socketio.talk import TalkHandlers
from meeple.socketio.transport import SocketIOServer
from meeple.store import postgres_url
from meeple.store.memory_admin import MemoryAdminStore
from meeple.store.sqlite import SqliteGameLog
from meeple.store.sqlite_admin import SqliteAdminStore
from meeple.worker_metrics import WorkerMetrics

if TYPE_CHECKING:  # an optional extra, loaded only when it is switched on
    from opentelemetry.trace import TracerProvider

    from meeple.tracing import Traced

#: Seconds that players get to come back after a planned restart, for which their clocks stand.
RETURN = 10.0
#: Seconds that pausing all clocks may take.
PAUSING = 5.0


@dataclass(frozen=True, kw_only=True)
class Node:
    """One server process, assembled: what a web server needs of it, and the parts behind."""

    app: Any
    sockets: SocketIOServer
    games: GameService
    log: GameLog
    connections: ConnectionManager
    handlers: GameHandlers
    broadcaster: TableBroadcaster
    bus: RedisBus | None
    nodes: Nodes
    moderation: Moderation

    async def drain(self, seconds: float) -> None:
        """Send the clients to other servers, within ``seconds``; nothing they were acked is lost.

        The clocks of their games stand still meanwhile, and what a client had asked is answered
        first. Readiness is 503 from now on.
        """
        self.handlers.announce_draining()
        with suppress(TimeoutError):
            async with asyncio.timeout(PAUSING):
                await self.games.pause_clocks(seconds=seconds + RETURN, reason="restart")
        await self.sockets.drain(seconds)


@asynccontextmanager
async def open_node(
    settings: Settings,
    *,
    clock: Clock | None = None,
    catalog: EngineCatalog | None = None,
    tracing: TracerProvider | None = None,
    peers: Peers | None = None,
    log: GameLog | None = None,
    recent: RecentErrors | None = None,
    **game_service_options: Any,
) -> AsyncIterator[Node]:
    """Assemble a node; on leaving, everything that was opened is closed, last opened first.

    Args:
        settings: the settings.
        clock: the server's time; the machine's if not given.
        catalog: the engines on offer; those that are installed if not given.
        tracing: where traces go; by the settings if not given.
        peers: the other workers on the same port; None if there are none.
        log: a log that other nodes use as well, which stays open; that of the settings if not
            given.
        recent: what keeps the last errors of this process' log; nobody does if not given.
        game_service_options: for `GameService`, such as where game ids and seeds come from.

    Raises:
        ConfigurationError: it cannot run with these settings; the message says why.
    """
    async with AsyncExitStack() as stack:
        # A SQLite file has one owner, so a node that opened its own is alone.
        shared = log is not None or settings.postgres_url is not None
        if log is None:
            log = await stack.enter_async_context(open_log(settings))
        clock = clock or SystemClock()
        store = admin_store(log)
        moderation = Moderation(store, clock)
        await moderation.refresh()
        verifier = moderation.verifier(token_verifier(settings))
        connections = connection_manager(settings, clock)
        stack.push_async_callback(connections.aclose)
        bus = await _open_bus(stack, settings, clock) if shared else None
        sockets = SocketIOServer(
            [NAMESPACE],
            origins=settings.origins,
            ping_interval=settings.ping_interval,
            ping_timeout=settings.ping_timeout,
            peers=peers,
        )
        stack.push_async_callback(sockets.aclose)
        server = sockets.namespaces[NAMESPACE]
        broadcaster = TableBroadcaster(server)
        catalog = catalog or engine_factory(settings.tried_engines)
        time_limit = TimeLimit(settings.engine_seconds)
        time_limit.start()
        stack.callback(time_limit.stop)
        traced = _traced(stack, settings, tracing)
        failures = DevFailures(clock) if settings.dev else None
        house = house_bots(settings, log, clock, lambda: 0 if dev is None else dev.version)
        keeper = Timekeeper(log, clock, server.round_trip)
        deadlines = Deadlines(log, clock, keeper, broadcaster)
        games = GameService(
            catalog,
            log if traced is None else traced.log(log),
            clock,
            broadcaster,
            connections,
            house=house,
            watch=deadlines,
            keeper=keeper,
            bus=bus,
            max_live=settings.max_live,
            time_limit=time_limit if failures is None else failures.noticing(time_limit),
            **game_service_options,
        )
        dev = None
        if failures is not None:
            reloader = EngineReloader(catalog, games, failures, clock)
            reloader.load()
            _background(stack, reloader.run)
            dev = Dev(
                games,
                catalog,
                log,
                clock,
                time_limit=time_limit,
                failures=failures,
                reloader=reloader,
                anywhere=settings.dev_anywhere,
            )
        chat = _chat(games, broadcaster, connections, clock, bus, moderation)
        handlers = GameHandlers(
            server,
            AuthHandler(verifier, connections),
            games,
            connections,
            broadcaster,
            clock,
            TalkHandlers(games, chat),
            rate=settings.rate,
            burst=settings.burst,
            expiry_grace=settings.expiry_grace,
        )
        server.serve(handlers if traced is None else traced.handlers(handlers))
        loop_lag = LoopLag()
        metrics = Metrics(
            sockets=sockets,
            handlers=handlers,
            games=games,
            log=log,
            connections=connections,
            loop_lag=loop_lag,
            deadlines=deadlines,
            bus=bus,
            house=house,
        )
        health = Health(log, connections, bus)
        stack.push_async_callback(health.aclose)
        nodes = Nodes(
            NodeReporter(
                node=secrets.token_hex(4),
                host=socket.gethostname(),
                pid=os.getpid(),
                version=meeple.__version__,
                clock=clock,
                connections=handlers.__len__,
                games=lambda: games.in_memory,
                answered=handlers.answered,
                engine_seconds=games.engine_seconds,
                draining=lambda: sockets.draining,
                check=health.check,
                recent=recent or RecentErrors(),
            ),
            clock,
            None if bus is None else redis_factory(settings.redis),
        )
        stack.push_async_callback(nodes.aclose)
        audit = Audit(store, clock)
        api = create_api(
            Context(
                games=games,
                admin=AdminService(games, log, connections, nodes, moderation, audit),
                catalog=catalog,
                verifier=verifier,
                log=log,
                connections=connections,
                health=health,
                limiter=RateLimiter(settings.rate, settings.burst),
                guest_tokens=token_issuer(settings) if settings.guests else None,
                guest_ttl=int(settings.guest_ttl),
                draining=lambda: sockets.draining,
                metrics=metrics.render,
                all_metrics=WorkerMetrics(metrics.render, peers).render if peers else None,
                dev=dev,
            ),
            origins=settings.origins,
        )
        deadlines.serve(games)
        _background(stack, deadlines.run)
        if games.sync is not None:
            _background(stack, games.sync.run)
        _background(stack, partial(connections.run, games.presence_found))
        _background(stack, handlers.run)
        _background(stack, loop_lag.run)
        if house is not None:
            house.serve(games)
            _background(stack, house.run)
        moderation.serve(handlers.drop)
        _background(stack, moderation.run)
        node = Node(
            app=sockets.app(api),
            sockets=sockets,
            games=games,
            log=log,
            connections=connections,
            handlers=handlers,
            broadcaster=broadcaster,
            bus=bus,
            nodes=nodes,
            moderation=moderation,
        )
        nodes.serve(partial(node.drain, settings.drain_seconds))
        _background(stack, nodes.run)
        yield node


@asynccontextmanager
async def open_log(settings: Settings) -> AsyncIterator[GameLog]:
    """The settings' log by itself; raises as `open_node` does."""
    log = await _open_log(settings)
    try:
        yield log
    finally:
        await log.aclose()


async def _open_log(settings: Settings) -> GameLog:
    if settings.postgres_url is None:
        return await SqliteGameLog.open(settings.database_path)
    # Its driver takes a while to import, which most servers on one machine never need.
    from meeple.store.postgres import PostgresGameLog

    return await PostgresGameLog.open(settings.postgres_url)


def admin_store(log: GameLog) -> AdminStore:
    """Where it is kept what admins did: beside the games."""
    if isinstance(log, SqliteGameLog):
        return SqliteAdminStore(log)
    # Its driver takes a while to import, as above.
    from meeple.store.postgres import PostgresGameLog
    from meeple.store.postgres_admin import PostgresAdminStore

    if isinstance(log, PostgresGameLog):
        return PostgresAdminStore(log)
    structlog.get_logger(__name__).warning("what admins do is not kept: not with this log")
    return MemoryAdminStore()


def log_label(settings: Settings) -> str:
    """Where the settings' log is, as it may be shown: a URL's password is left out."""
    url = settings.postgres_url
    return postgres_url.label(url) if url else str(settings.database_path)


def _chat(
    games: GameService,
    broadcaster: TableBroadcaster,
    connections: ConnectionManager,
    clock: Clock,
    bus: RedisBus | None,
    moderation: Moderation,
) -> Chat:
    """The chat of all tables; between nodes, the bus carries its lines."""
    if bus is None or games.sync is None:
        return Chat(
            games.game, broadcaster, connections.user_of, clock, may_chat=moderation.may_chat
        )

    def publish(line: ChatLine) -> None:
        bus.publish(msgspec.convert(line, Said, from_attributes=True))

    async def receive(said: Said) -> None:
        await chat.receive(msgspec.convert(said, ChatLine, from_attributes=True))

    chat = Chat(
        games.game,
        broadcaster,
        connections.user_of,
        clock,
        publish=publish,
        may_chat=moderation.may_chat,
    )
    games.sync.talk(receive)
    return chat


async def _open_bus(stack: AsyncExitStack, settings: Settings, clock: Clock) -> RedisBus | None:
    """What connects the nodes that share a log; None if Redis is this process' own."""
    if settings.redis == "memory://":
        structlog.get_logger(__name__).warning("no redis: this must be the only node here")
        return None
    bus = RedisBus(settings.redis, clock)
    _background(stack, bus.run)
    stack.push_async_callback(bus.drain)
    return bus


def house_bots(
    settings: Settings, log: GameLog, clock: Clock, version: Callable[[], int] = lambda: 0
) -> HouseBots | None:
    """The bots that sit at tables for the house; None if there are none.

    ``version`` is that of the engines, which may change while their author writes them.
    """
    if not settings.bot_processes:
        return None
    return HouseBots(
        log,
        workers=settings.bot_processes,
        seconds=settings.bot_seconds,
        clock=clock,
        # A SQLite file has one owner: there are no other nodes whose tables could be left behind.
        search=None if isinstance(log, SqliteGameLog) else SEARCH,
        new_process=partial(BotProcess, engines=settings.tried_engines, version=version),
    )


def engine_factory(more: Iterable[str] = ()) -> EngineCatalog:
    """Every engine that is installed, and ``more``, each a ``MODULE:CLASS``.

    Raises:
        ConfigurationError: one of those is written otherwise.
    """
    return EngineCatalog(more=[tried(one) for one in more])


def _traced(
    stack: AsyncExitStack, settings: Settings, provider: TracerProvider | None
) -> Traced | None:
    """What makes traces of the parts; None if nobody asked for them."""
    if provider is None and not settings.traces:
        return None
    try:
        from meeple import tracing
    except ImportError as error:
        raise ConfigurationError(
            "traces: OpenTelemetry is not installed; pip install 'meeple[otel]'"
        ) from error
    if provider is None:
        exported = tracing.export_to(settings.traces)
        # Sends what is left, in a few seconds at most.
        stack.push_async_callback(asyncio.to_thread, exported.shutdown)
        provider = exported
    return tracing.Traced(provider)


def _background(stack: AsyncExitStack, run: Callable[[], Any]) -> None:
    """Run until the stack is closed."""
    task = asyncio.ensure_future(run())

    async def stop() -> None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    stack.push_async_callback(stop)


def token_verifier(settings: Settings) -> TokenVerifier:
    """Verifies tokens by the keys of the settings; by the server's own secret if they name none."""
    public_key = settings.public_key
    if public_key and not public_key.lstrip().startswith("-----BEGIN"):
        try:
            public_key = Path(public_key).expanduser().read_text()
        except OSError as error:
            raise ConfigurationError(f"public_key: {error}") from error
    return JwtVerifier(
        secret=_secret(settings),
        public_key=public_key or None,
        jwks_url=settings.jwks_url or None,
        audience=settings.audience or None,
        issuer=settings.issuer or None,
    )


def token_issuer(settings: Settings) -> TokenIssuer | None:
    """Makes tokens with the server's secret; None if tokens come from elsewhere."""
    secret = _secret(settings)
    if secret is None:
        return None
    return TokenIssuer(secret, audience=settings.audience or None, issuer=settings.issuer or None)


def _secret(settings: Settings) -> str | None:
    """The HS256 secret: the one that is set, or the server's own, made when first needed.

    None if the settings name another key and no secret.
    """
    if settings.secret or settings.public_key or settings.jwks_url:
        return settings.secret or None
    path = settings.data_folder / "secret"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):
            # Written beside and linked into place: whoever reads it, reads a whole one.
            draft = path.with_name(f"secret.{secrets.token_hex(4)}")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(48))
            try:
                os.link(draft, path)
            finally:
                draft.unlink()
        return path.read_text().strip()
    except OSError as error:
        raise ConfigurationError(f"the secret cannot be kept in {path}: {error}") from error


def connection_manager(settings: Settings, clock: Clock | None = None) -> ConnectionManager:
    """Presence on the settings' Redis, or on an embedded one."""
    return ConnectionManager(redis_factory(settings.redis), ttl=settings.presence_ttl, clock=clock)


def redis_factory(url: str) -> Callable[[], Any]:
    """Makes clients of the Redis at ``url``; of a new embedded one for ``memory://``."""
    if url == "memory://":
        return lambda: BurnerRedis()
    return client_factory(url)


def default_token_verifier() -> TokenVerifier:
    """What an `AuthHandler` verifies with that was given nothing: by the environment."""
    return token_verifier(config.load())


def default_connection_manager() -> ConnectionManager:
    """What an `AuthHandler` registers with that was given nothing: by the environment."""
    return connection_manager(config.load())
