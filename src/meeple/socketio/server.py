"""The ``/game`` namespace: decode once, call one service method, ack."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID

import structlog

from meeple.errors import (
    Banned,
    EngineError,
    InternalError,
    InvalidToken,
    MeepleError,
    RateLimited,
    TokenExpired,
    TooManyGames,
    Unavailable,
)
from meeple.protocols import LEFT, Ack, Clock, SocketServer
from meeple.schemas import ws_messages as ws
from meeple.services.connection_manager import ConnectionManager
from meeple.services.game_service import GameService
from meeple.services.names import clean_name
from meeple.services.rate_limit import FOLDED, TokenBucket
from meeple.socketio.auth import AuthHandler, AuthResult
from meeple.socketio.broadcaster import TableBroadcaster
from meeple.socketio.talk import TalkHandlers
from meeple.stats import Histogram

log = structlog.get_logger(__name__)

#: Games that one connection may view at once.
MAX_GAMES = 100

#: An action that was carried out, in `GameHandlers.answered`.
_PLAYED = ("game:action", "ok")
#: The ranges of `GameHandlers.action_seconds`.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


class Connection:
    """What the handlers know of one accepted connection."""

    __slots__ = ("acting", "bucket", "expires_at", "expiry_told_at", "name", "user_id")

    def __init__(
        self, user_id: UUID, name: str, expires_at: int | None, bucket: TokenBucket
    ) -> None:
        self.user_id = user_id
        self.name = name
        #: Seconds since 1970; None: never.
        self.expires_at = expires_at
        #: When the client was told that its token has expired, in seconds since 1970.
        self.expiry_told_at: float | None = None
        self.bucket = bucket
        #: The games in which it acts without having joined, in the order of the first action.
        self.acting: deque[str] = deque()


class GameHandlers:
    """Handles every connection and event of the namespace; a `SocketHandlers`.

    Args:
        server: the Socket.IO server.
        auth_handler: says who a client is.
        games: the use cases.
        connections: presence.
        broadcaster: the viewers on this node.
        clock: the server's time.
        talk: offers and chat.
        rate, burst: events a second that one connection may send, in the long run and at once.
        expiry_grace: seconds that a client has to send a fresh token once its own has expired.
    """

    def __init__(
        self,
        server: SocketServer,
        auth_handler: AuthHandler,
        games: GameService,
        connections: ConnectionManager,
        broadcaster: TableBroadcaster,
        clock: Clock,
        talk: TalkHandlers,
        *,
        rate: float = 50,
        burst: float = 200,
        expiry_grace: float = 30,
    ) -> None:
        self._server = server
        self._auth = auth_handler
        self._games = games
        self._presence = connections
        self._broadcaster = broadcaster
        self._clock = clock
        self._talk = talk
        self._new_bucket = partial(TokenBucket, rate, burst)
        self._expiry_grace = expiry_grace
        self._connections: dict[str, Connection] = {}
        #: How many events were answered: by their name, and the code of the error or ``ok``.
        self.answered: Counter[tuple[str, str]] = Counter()
        #: How long actions took, from the client's event to the ack.
        self.action_seconds = Histogram(SECONDS)
        self._handle: Mapping[type[ws.ClientMessage], Callable[..., Any]] = {
            ws.Join: self._join,
            ws.Spectate: self._spectate,
            ws.Leave: self._leave,
            ws.Resign: self._resign,
            ws.Claim: self._claim,
            ws.Heartbeat: self._heartbeat,
            ws.RefreshToken: self._refresh_token,
            **talk.handle,
        }

    def __len__(self) -> int:
        return len(self._connections)

    # --- the life of a connection -------------------------------------------------------------

    async def on_connect(self, sid: str, auth: Any) -> bool:
        """Authenticate; a bad token gets ``auth_error`` and is refused."""
        result = await self._auth.authenticate_connection(sid, auth)
        if not result.success or result.user_id is None:
            error = ws.AuthErrorMessage(result.error_code or "", result.error_message or "")
            self._server.emit("auth_error", error, (sid,))
            return False
        await self._auth.setup_authenticated_session(self._server, sid, result.user_id)
        self._connections[sid] = Connection(
            result.user_id, clean_name(result.name), result.expires_at, self._new_bucket()
        )
        log.info("connected", sid=sid, user_id=str(result.user_id))
        return True

    async def on_disconnect(self, sid: str, reason: str) -> None:
        """Forget the connection and tell the tables that it was at."""
        connection = self._connections.pop(sid, None)
        if connection is None:
            return
        left = self._broadcaster.forget(sid)
        played = self._presence.games_of(sid, players_only=True)
        await self._auth.cleanup_authenticated_session(sid)
        log.info("disconnected", sid=sid, user_id=str(connection.user_id), reason=reason)
        for game_id in dict.fromkeys((*left, *played)):
            async with self._telling(game_id):
                if game_id in played:
                    closed = reason == LEFT
                    await self._games.viewers.departed(game_id, connection.user_id, closed=closed)
                else:
                    await self._games.viewers.announce_presence(game_id)

    async def on_event(self, sid: str, event: str, args: Sequence[Any], ack: Ack | None) -> None:
        """Handle one event; whatever goes wrong is told to its sender, and to nobody else."""
        started = time.perf_counter()
        try:
            connection = self._connections.get(sid)
            if connection is None:
                raise InvalidToken("this connection was not accepted")
            if not connection.bucket.take(time.monotonic()):
                raise RateLimited
            message = ws.parse(event, args)
            if connection.expiry_told_at is not None and not isinstance(message, ws.RefreshToken):
                raise TokenExpired
            if isinstance(message, ws.Act):
                # It waits for its commit alone; the others may need a task of their own.
                await self._games.execute_action(
                    message.game_id,
                    connection.user_id,
                    message.action,
                    action_id=message.action_id,
                    seq=message.seq,
                    sid=sid,
                    on_commit=ack or _unheard,
                )
                self.action_seconds.note(time.perf_counter() - started)
                self.answered[_PLAYED] += 1
                if not self._presence.plays(sid, message.game_id):
                    await asyncio.create_task(self._acted(sid, connection, message.game_id))
                return
            work = self._handle[type(message)](sid, connection, message, ack or _unheard)
            await asyncio.create_task(work)
            self.answered[event, "ok"] += 1
        except MeepleError as error:
            if isinstance(error, EngineError):
                log.exception("engine failed", event_name=event, **self._whose(sid, args))
            self._refuse(sid, event, error, ack)
        except Exception:
            log.exception("event failed", event_name=event, **self._whose(sid, args))
            self._refuse(sid, event, InternalError(), ack)

    async def _acted(self, sid: str, connection: Connection, game_id: str) -> None:
        """Who acts in a game is there, though this connection has not joined it.

        So it is until the connection goes or leaves, or acts so in `MAX_GAMES` more.
        """
        if game_id not in connection.acting:
            connection.acting.append(game_id)
        async with self._telling(game_id):
            await self._presence.join_game(sid, game_id)
            if len(connection.acting) > MAX_GAMES:
                oldest = connection.acting.popleft()
                if oldest not in self._broadcaster.games_of(sid):
                    await self._presence.leave_game(sid, oldest)
                    await self._games.viewers.departed(oldest, connection.user_id, closed=False)
            await self._games.viewers.announce_presence(game_id)

    def announce_draining(self) -> None:
        """Tell every client that this node is going away: its connection ends soon."""
        self._server.emit("server:draining", ws.ServerDraining(), tuple(self._connections))

    def drop(self, user_id: UUID, error: MeepleError) -> None:
        """Tell the user's clients on this node why they may not be here any more; drop them."""
        for sid in self._presence.sids_here(user_id):
            message = ws.AuthErrorMessage(error.code, error.message)
            self._server.emit("auth_error", message, (sid,))
            self._server.disconnect(sid)

    async def run(self) -> None:
        """Watch over the tokens of all connections, until it is cancelled."""
        while True:
            await asyncio.sleep(1)
            self.sweep_tokens()

    def sweep_tokens(self) -> None:
        """Tell whose token has expired; drop who was told and sent no fresh one in time."""
        now = self._clock.now_ms() / 1000
        for sid, connection in list(self._connections.items()):
            if connection.expires_at is None or connection.expires_at > now:
                continue
            if connection.expiry_told_at is None:
                connection.expiry_told_at = now
                error = TokenExpired()
                message = ws.AuthErrorMessage(error.code, error.message)
                self._server.emit("auth_error", message, (sid,))
            elif now - connection.expiry_told_at >= self._expiry_grace:
                self._server.disconnect(sid)

    def _whose(self, sid: str, args: Sequence[Any]) -> dict[str, str]:
        """What a line of the log says of an event; never its other contents, such as a token."""
        connection = self._connections.get(sid)
        payload = args[0] if args and isinstance(args[0], dict) else {}
        return {
            "sid": sid,
            "user_id": "" if connection is None else str(connection.user_id),
            "game_id": str(payload.get("game_id", ""))[:64],
        }

    def _refuse(self, sid: str, event: str, error: MeepleError, ack: Ack | None) -> None:
        body = ws.error_body(error)
        # What a client may send as a name is without end, and a label is for ever.
        name = str(event)[:64]
        self.answered[name if name in ws.CLIENT_EVENTS else "unknown", body.code] += 1
        if ack is not None:
            ack(ws.Failed(body))
        else:
            message = ws.GameErrorMessage(name, body.code, body.message, body.retryable)
            self._server.emit("game:error", message, (sid,))

    # --- one method an event ------------------------------------------------------------------

    async def _join(self, sid: str, connection: Connection, message: ws.Join, ack: Ack) -> None:
        self._charge(connection, message.last_seq)
        await self._games.seat_of(message.game_id, connection.user_id)
        async with self._coming(sid, message.game_id, spectator=False):
            await self._games.viewers.join(
                sid,
                message.game_id,
                connection.user_id,
                last_seq=message.last_seq,
                on_join=ack,
            )
        async with self._telling(message.game_id):
            await self._talk.welcome(sid, message.game_id, connection)

    async def _spectate(
        self, sid: str, connection: Connection, message: ws.Spectate, ack: Ack
    ) -> None:
        self._charge(connection, message.last_seq)
        # A player is there on every connection, also on one that only watches.
        plays = await self._games.has_seat(message.game_id, connection.user_id)
        async with self._coming(sid, message.game_id, spectator=not plays):
            await self._games.viewers.spectate(
                sid,
                message.game_id,
                last_seq=message.last_seq,
                on_join=ack,
            )
        async with self._telling(message.game_id):
            await self._talk.welcome(sid, message.game_id, connection)

    def _charge(self, connection: Connection, last_seq: int | None) -> None:
        """What was missed is told by folding the whole game: who asks often must wait."""
        tokens = (last_seq or 0) / FOLDED
        if tokens and not connection.bucket.take(time.monotonic(), tokens):
            raise RateLimited

    @asynccontextmanager
    async def _coming(self, sid: str, game_id: str, *, spectator: bool) -> AsyncIterator[None]:
        """Present before the state is made, so that it shows it; gone again if that fails."""
        games = self._broadcaster.games_of(sid)
        if game_id in games:
            await self._presence.leave_game(sid, game_id)
        elif len(games) >= MAX_GAMES:
            raise TooManyGames
        await self._presence.join_game(sid, game_id, spectator=spectator)
        try:
            yield
        except BaseException:
            self._games.viewers.leave(sid, game_id)
            await self._presence.leave_game(sid, game_id)
            raise
        async with self._telling(game_id):
            await self._games.viewers.announce_presence(game_id)

    @asynccontextmanager
    async def _telling(self, game_id: str) -> AsyncIterator[None]:
        """The others hear of it with the next sweep if this fails; what was acked, holds."""
        try:
            yield
        except MeepleError as error:
            log.warning("not told", game_id=game_id, error=repr(error))

    async def _leave(self, sid: str, connection: Connection, message: ws.Leave, ack: Ack) -> None:
        played = message.game_id in self._presence.games_of(sid, players_only=True)
        self._games.viewers.leave(sid, message.game_id)
        await self._presence.leave_game(sid, message.game_id)
        ack(ws.Ok(ok=True, game_id=message.game_id))
        async with self._telling(message.game_id):
            if played:
                await self._games.viewers.departed(message.game_id, connection.user_id, closed=True)
            else:
                await self._games.viewers.announce_presence(message.game_id)

    async def _resign(self, sid: str, connection: Connection, message: ws.Resign, ack: Ack) -> None:
        await self._games.resign(
            message.game_id,
            connection.user_id,
            action_id=message.action_id,
            on_commit=ack,
        )

    async def _claim(self, sid: str, connection: Connection, message: ws.Claim, ack: Ack) -> None:
        await self._games.claim(
            message.game_id,
            connection.user_id,
            result=message.result,
            action_id=message.action_id,
            on_commit=ack,
        )

    async def _heartbeat(
        self, sid: str, connection: Connection, message: ws.Heartbeat, ack: Ack
    ) -> None:
        await self._presence.heartbeat(sid)
        ack(ws.Ok(ok=True, server_time=self._clock.now_ms()))

    async def _refresh_token(
        self, sid: str, connection: Connection, message: ws.RefreshToken, ack: Ack
    ) -> None:
        result = await self._auth.authenticate_connection(sid, {"token": message.token})
        if not result.success:
            raise _as_error(result)
        if result.user_id != connection.user_id:
            raise InvalidToken("the fresh token is another user's")
        connection.expires_at = result.expires_at
        connection.expiry_told_at = None
        ack(ws.Ok(ok=True, expires_at=result.expires_at))


def _unheard(reply: object) -> None:
    """For clients that asked for no ack."""


def _as_error(result: AuthResult) -> MeepleError:
    kinds = {error.code: error for error in (InvalidToken, TokenExpired, Banned, Unavailable)}
    return kinds.get(result.error_code or "", InternalError)(result.error_message)
