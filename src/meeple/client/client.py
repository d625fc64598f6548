"""The connection of one player, which comes back by itself."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import random
from collections.abc import Awaitable, Callable
from functools import partial
from types import TracebackType
from typing import Any

import aiohttp
import engineio
import socketio

from meeple.client.errors import ConnectionLost, Refused
from meeple.client.rest import Rest
from meeple.client.table import TableClient
from meeple.errors import PayloadTooLarge
from meeple.schemas.ws_messages import NAMESPACE

# Not structlog: in other people's programs it would print every line, as nobody has set it up.
log = logging.getLogger(__name__)

#: A token, or what gives a fresh one.
Token = str | Callable[[], str | Awaitable[str]]

#: Seconds between attempts: they double from the first up to the last, each give or take a half.
FIRST_DELAY, LAST_DELAY = 0.1, 5.0
#: Seconds that a connection must have held for the next to be tried after the first delay again.
STEADY = 5.0
#: Bytes of a message that a server takes, and of what is around its name and payload at most.
MAX_MESSAGE, MAX_HEAD = 64 * 1024, 32
#: Seconds that a server has to say goodbye.
GOODBYE = 2.0


class _Dropped(Exception):
    """The connection went before the answer came."""


class _NoToken(Exception):
    """The callable gave no token."""


#: What connecting can fail with, now and not necessarily the next time.
_FAILURES = (
    socketio.exceptions.SocketIOError,
    engineio.exceptions.EngineIOError,
    aiohttp.ClientError,
    OSError,
    ValueError,  # what answers is no Socket.IO server
    Refused,
    _NoToken,
)


class Client:
    """A player's connection to a Meeple server, as an async context manager.

    It connects again whenever the line breaks, joins its tables again with the last seq that it
    has seen, and resends what was not answered under the same ``action_id``.

    Args:
        url: address of the server, such as ``http://127.0.0.1:8000``.
        token: the player's token, or a (maybe async) callable that gives a fresh one: it is asked
            at every connection, and when a token has expired.
        answer_timeout: seconds until a command that was not answered is sent again.
        patience: seconds until a command is given up.
        transports: Engine.IO transports, such as ``["polling"]``; all if not given.
    """

    def __init__(
        self,
        url: str,
        token: Token,
        *,
        answer_timeout: float = 10,
        patience: float = 60,
        transports: list[str] | None = None,
    ) -> None:
        self._url = url
        self._token = token
        self._answer_timeout = answer_timeout
        self._patience = patience
        self._transports = transports
        self._sio: Any = None
        self._session: aiohttp.ClientSession | None = None
        self._connected = asyncio.Event()
        self._gone = asyncio.Event()
        #: What ended this client for good.
        self._failure: Exception | None = None
        #: Why there is no connection at the moment, as far as is known.
        self._trouble: Exception | None = None
        self._tables: dict[str, TableClient] = {}
        self._waiting: set[asyncio.Future[Any]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def guest(cls, url: str, name: str, **options: Any) -> Client:
        """A client with a guest account of its own, not connected yet."""
        async with Rest(url) as rest:
            account = await rest.guest(name)
        return cls(url, account.token, **options)

    async def __aenter__(self) -> Client:
        """Connect.

        Raises:
            Refused: the token is no good.
            ConnectionLost: the server cannot be reached.
        """
        self._spawn(self._supervise())
        try:
            await self._call("game:heartbeat", {})
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Disconnect, and stop coming back. Whoever waits for an answer gets `ConnectionLost`."""
        for table in self._tables.values():
            table.close()
        # First of all, because a task may miss that it is cancelled (asyncio.wait_for of Python
        # 3.11, in the library) and has to see by this that it is over.
        self._fail(ConnectionLost("this client was closed"))
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._hang_up()

    async def join(self, game_id: str) -> TableClient:
        """Take part in a game in which this player has a seat; returns with its state there.

        Raises:
            Refused: there is no such game, or no seat in it.
            ConnectionLost: the server did not answer in time.
        """
        return await self._come(game_id, "game:join")

    async def spectate(self, game_id: str) -> TableClient:
        """Watch a game. Raises as `join` does."""
        return await self._come(game_id, "game:spectate")

    async def leave(self, game_id: str) -> None:
        """Be told no more about a game."""
        table = self._tables.pop(game_id, None)
        if table is not None:
            table.close()
        await self._call("game:leave", {"game_id": game_id})

    async def _come(self, game_id: str, event: str) -> TableClient:
        before = self._tables.get(game_id)
        table = TableClient(game_id, self._call, partial(self._rejoin, event))
        self._tables[game_id] = table
        try:
            await self._call(event, {"game_id": game_id})
            await table.wait_for(lambda one: one.seq >= 0, seconds=self._patience)
        except BaseException as error:
            del self._tables[game_id]
            if before is not None:
                self._tables[game_id] = before
            if isinstance(error, TimeoutError):
                raise self._lost(event) from error
            raise
        if before is not None:
            before.close()
        return table

    def _rejoin(self, event: str, table: TableClient) -> asyncio.Task[None]:
        return self._spawn(self._join_again(event, table))

    async def _join_again(self, event: str, table: TableClient) -> None:
        """Join until it is answered: one who gave up would hear no more of the game."""
        delay = FIRST_DELAY
        while self._tables.get(table.game_id) is table:
            payload: dict[str, Any] = {"game_id": table.game_id}
            if table.seq >= 0:
                payload["last_seq"] = table.seq
            try:
                await self._once(event, payload, lambda reply: table.on_joined(reply["seq"]))
                return
            except (_Dropped, TimeoutError):
                continue
            except Refused as refused:
                if not self._may_pass(refused):
                    table.close(refused)
                    return
            delay = await _pause(delay)

    # --- commands -----------------------------------------------------------------------------

    async def _call(self, event: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Send until it is answered: commands are idempotent, so sending again is safe."""
        _check_size(event, payload)
        delay = FIRST_DELAY
        try:
            async with asyncio.timeout(self._patience):
                while True:
                    try:
                        return await self._once(event, payload)
                    except (_Dropped, TimeoutError):
                        continue
                    except Refused as refused:
                        if not self._may_pass(refused):
                            raise
                        self._trouble = refused
                    delay = await _pause(delay)
        except TimeoutError as error:
            raise self._lost(event) from (self._trouble or error)

    def _lost(self, event: str) -> ConnectionLost:
        why = "" if self._trouble is None else f" ({self._trouble})"
        return ConnectionLost(f"{self._url} did not answer {event} in time{why}")

    def _may_pass(self, refused: Refused) -> bool:
        """Whether the same command may succeed later; with a fresh token, for one that expired."""
        if refused is self._failure:
            return False
        return refused.retryable or (refused.code == "token_expired" and self._can_refresh)

    async def _once(
        self,
        event: str,
        payload: dict[str, Any],
        on_done: Callable[[dict[str, Any]], None] | None = None,
    ) -> dict[str, Any]:
        """Send once. ``on_done`` sees the answer before any event that comes after it."""
        await self._connected.wait()
        if self._failure is not None:
            raise self._failure
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.add(answer)
        try:
            await self._sio.emit(
                event, payload, namespace=NAMESPACE, callback=partial(_settle, answer, on_done)
            )
            async with asyncio.timeout(self._answer_timeout):
                reply = await answer
        except socketio.exceptions.SocketIOError as error:
            await asyncio.sleep(0.05)
            raise _Dropped from error
        finally:
            self._waiting.discard(answer)
        if isinstance(reply, Exception):
            raise reply
        if not isinstance(reply, dict) or reply.get("ok") is not True:
            raise Refused.of(reply)
        return reply

    # --- the line -----------------------------------------------------------------------------

    async def _supervise(self) -> None:
        """Connect, wait until the connection is gone, and again."""
        now = asyncio.get_running_loop().time
        delay = FIRST_DELAY
        while self._failure is None:
            try:
                await self._connect()
            except _FAILURES as error:
                log.debug("cannot connect to %s: %r", self._url, error)
                self._trouble = error
            else:
                connected_at = now()
                if self._failure is None:
                    await self._gone.wait()
                if now() - connected_at > STEADY:
                    delay = FIRST_DELAY
            # Also when it had connected: a server that takes a connection only to drop it, or that
            # was started again under a crowd, is not to be stormed.
            delay = await _pause(delay)

    async def _connect(self) -> None:
        await self._hang_up()
        self._gone.clear()
        token = await self._fresh_token()
        # Its own session, so that it can be closed however far the library has come.
        self._session = aiohttp.ClientSession()
        sio = self._sio = socketio.AsyncClient(
            reconnection=False, handle_sigint=False, http_session=self._session
        )
        turned_away: list[Refused] = []
        sio.on("disconnect", partial(self._on_disconnect, sio), namespace=NAMESPACE)
        sio.on("auth_error", partial(self._on_auth_error, turned_away), namespace=NAMESPACE)
        for event, method in (
            ("game:state", TableClient.on_state),
            ("game:over", TableClient.on_over),
            ("game:presence", TableClient.on_presence),
            ("game:rematch", TableClient.on_rematch),
            ("game:chat", TableClient.on_chat),
            ("game:chats", TableClient.on_chats),
        ):
            sio.on(event, self._to_table(method), namespace=NAMESPACE)
        async with asyncio.timeout(self._answer_timeout):
            await sio.connect(
                self._url,
                auth={"token": token},
                namespaces=[NAMESPACE],
                transports=self._transports,
                wait_timeout=self._answer_timeout,
            )
        # What ends the line while the library still connects, it does not tell.
        if turned_away:
            raise turned_away[0]
        if sio.eio.state != "connected":
            raise ConnectionError("the line broke at once")
        self._trouble = None
        self._connected.set()
        for table in list(self._tables.values()):
            table.resync()

    async def _hang_up(self) -> None:
        if self._session is None:
            return
        try:
            # Without its reader there is no line yet, and the library trips over that.
            if self._sio.eio.read_loop_task is not None:
                async with asyncio.timeout(GOODBYE):
                    await self._sio.disconnect()
        except TimeoutError:
            log.debug("%s did not say goodbye", self._url)
        finally:
            await self._session.close()

    @property
    def _can_refresh(self) -> bool:
        return not isinstance(self._token, str)

    async def _fresh_token(self) -> str:
        if isinstance(self._token, str):
            return self._token
        try:
            token = self._token()
            return await token if inspect.isawaitable(token) else token
        except Exception as error:
            raise _NoToken(f"there is no token: {error!r}") from error

    def _to_table(self, method: Callable[[TableClient, Any], None]) -> Any:
        def handle(data: Any) -> None:
            table = self._tables.get(data["game_id"])
            if table is not None:
                method(table, data)

        return handle

    def _on_disconnect(self, sio: Any, reason: str) -> None:
        if sio is not self._sio:
            return
        if self._failure is None:
            self._connected.clear()
        self._gone.set()
        self._answer_all(_Dropped())

    def _on_auth_error(self, turned_away: list[Refused], data: Any) -> None:
        refused = Refused(data["code"], data["message"])
        expired = refused.code == "token_expired" and self._can_refresh
        if expired and self._connected.is_set():
            self._spawn(self._refresh_token())
        elif expired or refused.code in ("unavailable", "internal_error"):
            # The server hangs up now, and the next connection may do better.
            self._trouble = refused
            turned_away.append(refused)
        else:
            self._fail(refused)

    async def _refresh_token(self) -> None:
        try:
            await self._once("auth:refresh", {"token": await self._fresh_token()})
        except (_Dropped, _NoToken, TimeoutError) as error:
            # If no other comes in time the server hangs up, and the next connection asks again.
            log.debug("no fresh token was sent: %r", error)
            self._trouble = error
        except Refused as refused:
            if not self._may_pass(refused):
                self._fail(refused)

    def _fail(self, failure: Exception) -> None:
        """End this client: nobody need wait any more."""
        if self._failure is None:
            self._failure = failure
            self._connected.set()
            self._answer_all(failure)
            for table in self._tables.values():
                table.close(failure)

    def _answer_all(self, error: Exception) -> None:
        for answer in self._waiting:
            if not answer.done():
                answer.set_result(error)

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _check_size(event: str, payload: dict[str, Any]) -> None:
    """Raises `Refused` if a server would hang up on it, each time that it is sent again."""
    # As the library writes it; beside it are the namespace, the name and a number.
    size = len(json.dumps(payload, separators=(",", ":"))) + len(event) + MAX_HEAD
    if size > MAX_MESSAGE:
        raise Refused(PayloadTooLarge.code, f"a message may have {MAX_MESSAGE} bytes")


async def _pause(delay: float) -> float:
    """Wait about so many seconds; gives the next delay."""
    await asyncio.sleep(delay * (0.5 + random.random()))
    return min(delay * 2, LAST_DELAY)


def _settle(
    answer: asyncio.Future[Any],
    on_done: Callable[[dict[str, Any]], None] | None,
    reply: Any = None,
) -> None:
    if answer.done():
        return
    if on_done is not None and isinstance(reply, dict) and reply.get("ok") is True:
        on_done(reply)
    answer.set_result(reply)
