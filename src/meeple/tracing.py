"""OpenTelemetry traces of what clients ask: a span for each event, and one for each use of the log.

Switched on, an event takes a task of its own; switched off, nothing here is loaded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk import trace as sdk
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Status, StatusCode, Tracer, TracerProvider

import meeple
from meeple.engine.log import Entry, GameRow, GameStatus
from meeple.protocols import Ack, GameLog, GamePage, Outage, SocketHandlers
from meeple.schemas.ws_messages import Failed


class Traced:
    """Makes parts of a node that trace what they do.

    Args:
        provider: where the traces go.
    """

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("meeple", meeple.__version__)

    def handlers(self, handlers: SocketHandlers) -> TracedHandlers:
        """The same handlers, with a span for each event."""
        return TracedHandlers(handlers, self._tracer)

    def log(self, log: GameLog) -> TracedGameLog:
        """The same log, with a span for each append and read."""
        return TracedGameLog(log, self._tracer)


def export_to(url: str) -> sdk.TracerProvider:
    """A provider that sends spans to ``url`` in batches (OTLP over HTTP); to be shut down."""
    provider = sdk.TracerProvider(resource=Resource.create({"service.name": "meeple"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(url, timeout=5)))
    return provider


class TracedHandlers:
    """`SocketHandlers` that make a span of each event."""

    def __init__(self, handlers: SocketHandlers, tracer: Tracer) -> None:
        self._handlers = handlers
        self._tracer = tracer

    async def on_connect(self, sid: str, auth: Any) -> bool:
        """See `SocketHandlers.on_connect`."""
        with self._tracer.start_as_current_span("connect", attributes={"meeple.sid": sid}):
            return await self._handlers.on_connect(sid, auth)

    async def on_event(self, sid: str, event: str, args: Sequence[Any], ack: Ack | None) -> None:
        """See `SocketHandlers.on_event`."""
        # In a task: what is driven outside of any shares its context with all other events.
        await asyncio.create_task(self._event(sid, event, args, ack))

    async def _event(self, sid: str, event: str, args: Sequence[Any], ack: Ack | None) -> None:
        with self._tracer.start_as_current_span(str(event)[:64]) as span:
            span.set_attribute("meeple.sid", sid)
            if args and isinstance(args[0], dict):
                span.set_attribute("meeple.game_id", str(args[0].get("game_id", ""))[:64])

            def answer(*replies: Any) -> None:
                if replies and isinstance(replies[0], Failed):
                    span.set_status(Status(StatusCode.ERROR, replies[0].error.code))
                span.add_event("ack")
                if ack is not None:
                    ack(*replies)

            await self._handlers.on_event(sid, event, args, answer if ack is not None else None)

    async def on_disconnect(self, sid: str, reason: str) -> None:
        """See `SocketHandlers.on_disconnect`."""
        with self._tracer.start_as_current_span("disconnect", attributes={"meeple.sid": sid}):
            await self._handlers.on_disconnect(sid, reason)


class TracedGameLog:
    """A `GameLog` that makes a span of each append and read."""

    def __init__(self, log: GameLog, tracer: Tracer) -> None:
        self._log = log
        self._tracer = tracer

    async def append(
        self,
        game_id: str,
        expected_seq: int,
        entries: Sequence[Entry],
        *,
        row: GameRow | None = None,
        due_at: int | UnsetType | None = UNSET,
    ) -> None:
        """See `GameLog.append`."""
        attributes: dict[str, str | int] = {"meeple.game_id": game_id, "meeple.seq": expected_seq}
        with self._tracer.start_as_current_span("log append", attributes=attributes) as span:
            span.set_attribute("meeple.kinds", [str(entry.kind) for entry in entries])
            await self._log.append(game_id, expected_seq, entries, row=row, due_at=due_at)

    async def read(
        self, game_id: str, from_seq: int = 0, *, limit: int | None = None
    ) -> list[Entry]:
        """See `GameLog.read`."""
        attributes: dict[str, str | int] = {"meeple.game_id": game_id, "meeple.seq": from_seq}
        with self._tracer.start_as_current_span("log read", attributes=attributes):
            return await self._log.read(game_id, from_seq, limit=limit)

    async def find_game(self, game_id: str) -> GameRow | None:
        """See `GameLog.find_game`."""
        return await self._log.find_game(game_id)

    async def list_games(
        self,
        *,
        status: GameStatus | None = None,
        engine: str | None = None,
        player: UUID | None = None,
        public_only: bool = True,
        cursor: str | None = None,
        limit: int = 50,
    ) -> GamePage:
        """See `GameLog.list_games`."""
        with self._tracer.start_as_current_span("log list"):
            return await self._log.list_games(
                status=status,
                engine=engine,
                player=player,
                public_only=public_only,
                cursor=cursor,
                limit=limit,
            )

    async def due_games(self, until: int, limit: int = 100) -> list[str]:
        """See `GameLog.due_games`."""
        return await self._log.due_games(until, limit)

    async def beat(self, at: int, longest_gap: int) -> list[Outage]:
        """See `GameLog.beat`."""
        return await self._log.beat(at, longest_gap)

    async def check(self) -> None:
        """See `GameLog.check`."""
        await self._log.check()

    async def aclose(self) -> None:
        """See `GameLog.aclose`."""
        await self._log.aclose()
