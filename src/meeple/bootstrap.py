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
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

import meeple
from meeple import config
from meeple.api.app import create_api
from meeple.api.context import Context
from meeple.api.msgspec_routes import Api
from meeple.backends import admin_store, connection_manager, open_log, redis_factory
from meeple.bus.redis_bus import RedisBus
from meeple.config import Settings
from meeple.engine.time_limit import TimeLimit
from meeple.errors import ConfigurationError, Unavailable
from meeple.keys import token_issuer, token_verifier
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
from meeple.services.tokens import TokenVerifier
from meeple.socketio.auth import AuthHandler
from meeple.socketio.broadcaster import TableBroadcaster
from meeple.socketio.peers import Peers
from meeple.socketio.server import GameHandlers
from meeple.socketio.talk import TalkHandlers
from meeple.socketio.transport import Namespace, SocketIOServer
from meeple.store.sqlite import SqliteGameLog
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
        ground = await _open_ground(stack, settings, clock or SystemClock(), log, peers)
        traced = _traced(stack, settings, tracing)
        played = _open_games(ground, catalog, traced, game_service_options)
        handlers = _serve_sockets(ground, played, traced)
        nodes = _open_nodes(ground, played, handlers, recent or RecentErrors())
        api = _open_api(ground, played, handlers, nodes, peers)
        node = Node(
            app=ground.sockets.app(api),
            sockets=ground.sockets,
            games=played.games,
            log=ground.log,
            connections=ground.connections,
            handlers=handlers,
            broadcaster=ground.broadcaster,
            bus=ground.bus,
            nodes=nodes,
            moderation=ground.moderation,
        )
        nodes.serve(partial(node.drain, settings.drain_seconds))
        _run(ground, played, handlers, nodes)
        yield node


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """What tables stand on: where games are kept, who is there, and how they are reached."""

    stack: AsyncExitStack
    settings: Settings
    clock: Clock
    log: GameLog
    admin: AdminStore
    moderation: Moderation
    verifier: TokenVerifier
    connections: ConnectionManager
    bus: RedisBus | None
    health: Health
    keeper: Timekeeper
    sockets: SocketIOServer
    broadcaster: TableBroadcaster

    @property
    def server(self) -> Namespace:
        """The sockets of the players."""
        return self.sockets.namespaces[NAMESPACE]


@dataclass(frozen=True, kw_only=True)
class _Played:
    """The tables, and what moves them without a player."""

    catalog: EngineCatalog
    games: GameService
    house: HouseBots | None
    deadlines: Deadlines
    dev: Dev | None


async def _open_ground(
    stack: AsyncExitStack,
    settings: Settings,
    clock: Clock,
    log: GameLog | None,
    peers: Peers | None,
) -> _Ground:
    # A SQLite file has one owner, so a node that opened its own is alone.
    shared = log is not None or settings.postgres_url is not None
    if log is None:
        log = await stack.enter_async_context(open_log(settings))
    admin = admin_store(log)
    moderation = Moderation(admin, clock)
    await moderation.refresh()
    verifier = moderation.verifier(token_verifier(settings))
    connections = connection_manager(settings, clock)
    stack.push_async_callback(connections.aclose)
    bus = await _open_bus(stack, settings, clock) if shared else None
    health = Health(log, connections, bus)
    stack.push_async_callback(health.aclose)
    sockets = SocketIOServer(
        [NAMESPACE],
        origins=settings.origins,
        ping_interval=settings.ping_interval,
        ping_timeout=settings.ping_timeout,
        peers=peers,
    )
    stack.push_async_callback(sockets.aclose)
    keeper = Timekeeper(log, clock, sockets.namespaces[NAMESPACE].round_trip)
    # Before anybody is shown a clock: that no node was here is known only now.
    try:
        await keeper.beat()
    except Unavailable as error:
        structlog.get_logger(__name__).warning("no beat", error=error.message)
    return _Ground(
        stack=stack,
        settings=settings,
        clock=clock,
        log=log,
        admin=admin,
        moderation=moderation,
        verifier=verifier,
        connections=connections,
        bus=bus,
        health=health,
        sockets=sockets,
        keeper=keeper,
        broadcaster=TableBroadcaster(sockets.namespaces[NAMESPACE]),
    )


def _open_games(
    ground: _Ground, catalog: EngineCatalog | None, traced: Traced | None, options: dict[str, Any]
) -> _Played:
    settings, log, clock = ground.settings, ground.log, ground.clock
    catalog = catalog or engine_factory(settings.tried_engines)
    time_limit = TimeLimit(settings.engine_seconds)
    time_limit.start()
    ground.stack.callback(time_limit.stop)
    failures = DevFailures(clock) if settings.dev else None
    house = house_bots(settings, log, clock, lambda: 0 if dev is None else dev.version)
    deadlines = Deadlines(log, clock, ground.keeper, ground.broadcaster)
    games = GameService(
        catalog,
        log if traced is None else traced.log(log),
        clock,
        ground.broadcaster,
        ground.connections,
        house=house,
        watch=deadlines,
        keeper=ground.keeper,
        bus=ground.bus,
        max_live=settings.max_live,
        time_limit=time_limit if failures is None else failures.noticing(time_limit),
        **options,
    )
    dev = None
    if failures is not None:
        dev = _open_dev(ground, games, catalog, time_limit, failures)
    return _Played(catalog=catalog, games=games, house=house, deadlines=deadlines, dev=dev)


def _open_dev(
    ground: _Ground,
    games: GameService,
    catalog: EngineCatalog,
    time_limit: TimeLimit,
    failures: DevFailures,
) -> Dev:
    """What authors need, and players never get."""
    reloader = EngineReloader(catalog, games, failures, ground.clock)
    reloader.load()
    _background(ground.stack, reloader.run)
    return Dev(
        games,
        catalog,
        ground.log,
        ground.clock,
        time_limit=time_limit,
        failures=failures,
        reloader=reloader,
        anywhere=ground.settings.dev_anywhere,
    )


def _serve_sockets(ground: _Ground, played: _Played, traced: Traced | None) -> GameHandlers:
    settings, games = ground.settings, played.games
    handlers = GameHandlers(
        ground.server,
        AuthHandler(ground.verifier, ground.connections),
        games,
        ground.connections,
        ground.broadcaster,
        ground.clock,
        TalkHandlers(games, _chat(ground, games)),
        rate=settings.rate,
        burst=settings.burst,
        expiry_grace=settings.expiry_grace,
    )
    ground.server.serve(handlers if traced is None else traced.handlers(handlers))
    return handlers


def _open_nodes(
    ground: _Ground, played: _Played, handlers: GameHandlers, recent: RecentErrors
) -> Nodes:
    """What this node says of itself, and hears of the others."""
    games, sockets = played.games, ground.sockets
    reporter = NodeReporter(
        node=secrets.token_hex(4),
        host=socket.gethostname(),
        pid=os.getpid(),
        version=meeple.__version__,
        clock=ground.clock,
        connections=handlers.__len__,
        games=lambda: games.in_memory,
        answered=handlers.answered,
        engine_seconds=games.engine_seconds,
        draining=lambda: sockets.draining,
        check=ground.health.check,
        recent=recent,
    )
    redis = None if ground.bus is None else redis_factory(ground.settings.redis)
    nodes = Nodes(reporter, ground.clock, redis)
    ground.stack.push_async_callback(nodes.aclose)
    return nodes


def _open_api(
    ground: _Ground, played: _Played, handlers: GameHandlers, nodes: Nodes, peers: Peers | None
) -> Api:
    settings, games, sockets = ground.settings, played.games, ground.sockets
    loop_lag = LoopLag()
    _background(ground.stack, loop_lag.run)
    metrics = Metrics(
        sockets=sockets,
        handlers=handlers,
        games=games,
        log=ground.log,
        connections=ground.connections,
        loop_lag=loop_lag,
        deadlines=played.deadlines,
        bus=ground.bus,
        house=played.house,
    )
    admin = AdminService(
        games,
        ground.log,
        ground.connections,
        nodes,
        ground.moderation,
        Audit(ground.admin, ground.clock),
    )
    context = Context(
        games=games,
        admin=admin,
        catalog=played.catalog,
        verifier=ground.verifier,
        log=ground.log,
        connections=ground.connections,
        health=ground.health,
        limiter=RateLimiter(settings.rate, settings.burst),
        guest_tokens=token_issuer(settings) if settings.guests else None,
        guest_ttl=int(settings.guest_ttl),
        draining=lambda: sockets.draining,
        metrics=metrics.render,
        all_metrics=WorkerMetrics(metrics.render, peers).render if peers else None,
        dev=played.dev,
    )
    return create_api(context, origins=settings.origins)


def _run(ground: _Ground, played: _Played, handlers: GameHandlers, nodes: Nodes) -> None:
    """Start what a node does by itself."""
    stack, games = ground.stack, played.games
    played.deadlines.serve(games)
    _background(stack, played.deadlines.run)
    if games.viewers.sync is not None:
        _background(stack, games.viewers.sync.run)
    _background(stack, partial(ground.connections.run, games.viewers.presence_found))
    _background(stack, handlers.run)
    if played.house is not None:
        played.house.serve(games)
        _background(stack, played.house.run)
    ground.moderation.serve(handlers.drop)
    _background(stack, ground.moderation.run)
    _background(stack, nodes.run)


def _chat(ground: _Ground, games: GameService) -> Chat:
    """The chat of all tables; between nodes, the bus carries its lines."""
    bus, sync = ground.bus, games.viewers.sync
    open_chat = partial(
        Chat,
        games.game,
        ground.broadcaster,
        ground.connections.user_of,
        ground.clock,
        may_chat=ground.moderation.may_chat,
    )
    if bus is None or sync is None:
        return open_chat()

    def publish(line: ChatLine) -> None:
        bus.publish(msgspec.convert(line, Said, from_attributes=True))

    async def receive(said: Said) -> None:
        await chat.receive(msgspec.convert(said, ChatLine, from_attributes=True))

    chat = open_chat(publish=publish)
    sync.talk(receive)
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


def default_token_verifier() -> TokenVerifier:
    """What an `AuthHandler` verifies with that was given nothing: by the environment."""
    return token_verifier(config.load())


def default_connection_manager() -> ConnectionManager:
    """What an `AuthHandler` registers with that was given nothing: by the environment."""
    return connection_manager(config.load())
