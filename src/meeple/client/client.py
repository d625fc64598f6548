"""The connection of one player, which comes back by itself."""

from __future__ import annotations

import asyncio
import inspect
import random
from collections.abc import Awaitable, Callable
from functools import partial
from types import TracebackType
from typing import Any

import socketio
import structlog

from meeple.client.errors import ConnectionLost, Refused
from meeple.client.rest import Rest
from meeple.client.table import TableClient
from meeple.schemas.ws_messages import NAMESPACE

log = structlog.get_logger(__name__)

#: A token, or what gives a fresh one.
Token = str | Callable[[], str | Awaitable[str]]


class _Dropped(Exception):
    """The connection went before the answer came."""


class Client:
    """A player's connection to a Meeple server, as an async context manager.

    It connects again whenever the line breaks, joins its tables again with the last seq that it
    has seen, and resends what was not answered under the same ``action_id``.

    Args:
        url: address of the server, such as ``http://127.0.0.1:8000``.
        token: the player's token, or a (maybe async) callable that gives a fresh one.
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
        self._connected = asyncio.Event()
        self._gone = asyncio.Event()
        self._refused: Refused | None = None
        self._tables: dict[str, TableClient] = {}
        self._spectated: set[str] = set()
        self._waiting: set[asyncio.Future[Any]] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._supervisor: asyncio.Task[None] | None = None

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
        self._supervisor = asyncio.create_task(self._supervise())
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
        """Disconnect, and stop coming back."""
        for table in self._tables.values():
            table.close()
        tasks = [*self._tasks, *([self._supervisor] if self._supervisor else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._sio is not None:
            await self._sio.disconnect()

    async def join(self, game_id: str) -> TableClient:
        """Take part in a game in which this player has a seat; returns with its state there.

        Raises:
            Refused: there is no such game, or no seat in it.
        """
        return await self._come(game_id, "game:join")

    async def spectate(self, game_id: str) -> TableClient:
        """Watch a game. Raises `Refused` if there is none."""
        self._spectated.add(game_id)
        return await self._come(game_id, "game:spectate")

    async def leave(self, game_id: str) -> None:
        """Be told no more about a game."""
        self._tables.pop(game_id, None)
        self._spectated.discard(game_id)
        await self._call("game:leave", {"game_id": game_id})

    async def _come(self, game_id: str, event: str) -> TableClient:
        table = TableClient(game_id, self._call, partial(self._rejoin, game_id))
        self._tables[game_id] = table
        try:
            await self._call(event, {"game_id": game_id})
            await table.wait_for(lambda one: one.seq >= 0, seconds=self._patience)
        except BaseException:
            del self._tables[game_id]
            self._spectated.discard(game_id)
            raise
        return table

    async def _rejoin(self, game_id: str) -> None:
        table = self._tables.get(game_id)
        if table is None:
            return
        event = "game:spectate" if game_id in self._spectated else "game:join"
        payload: dict[str, Any] = {"game_id": game_id}
        if table.seq >= 0:
            payload["last_seq"] = table.seq
        try:
            await self._once(event, payload, lambda reply: table.on_joined(reply["seq"]))
        except (_Dropped, TimeoutError):
            log.debug("dropped while joining again; the next connection does it")
        except Refused as refused:
            log.warning("cannot join again", game_id=game_id, code=refused.code)

    # --- commands -----------------------------------------------------------------------------

    async def _call(self, event: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Send until it is answered: commands are idempotent, so sending again is safe."""
        delay = 0.1
        try:
            async with asyncio.timeout(self._patience):
                while True:
                    try:
                        return await self._once(event, payload)
                    except (_Dropped, TimeoutError):
                        continue
                    except Refused as refused:
                        if not refused.retryable:
                            raise
                    await asyncio.sleep(delay * (0.5 + random.random()))
                    delay = min(delay * 2, 5)
        except TimeoutError as error:
            raise ConnectionLost(f"{self._url} did not answer {event} in time") from error

    async def _once(
        self,
        event: str,
        payload: dict[str, Any],
        on_done: Callable[[dict[str, Any]], None] | None = None,
    ) -> dict[str, Any]:
        """Send once. ``on_done`` sees the answer before any event that comes after it."""
        await self._connected.wait()
        if self._refused is not None:
            raise self._refused
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
        if not isinstance(reply, dict) or reply.get("ok") is not True:
            raise Refused.of(reply)
        return reply

    # --- the line -----------------------------------------------------------------------------

    async def _supervise(self) -> None:
        """Connect, wait until the connection is gone, and again."""
        delay = 0.1
        while self._refused is None:
            try:
                await self._connect()
            except (socketio.exceptions.ConnectionError, TimeoutError, OSError) as error:
                log.debug("cannot connect", url=self._url, error=str(error))
                await asyncio.sleep(delay * (0.5 + random.random()))
                delay = min(delay * 2, 5)
                continue
            delay = 0.1
            await self._gone.wait()

    async def _connect(self) -> None:
        if self._sio is not None:
            await self._sio.disconnect()
        self._gone.clear()
        sio = socketio.AsyncClient(reconnection=False, handle_sigint=False)
        self._sio = sio
        sio.on("disconnect", partial(self._on_disconnect, sio), namespace=NAMESPACE)
        sio.on("auth_error", self._on_auth_error, namespace=NAMESPACE)
        for event, method in (
            ("game:state", TableClient.on_state),
            ("game:over", TableClient.on_over),
            ("game:presence", TableClient.on_presence),
        ):
            sio.on(event, self._to_table(method), namespace=NAMESPACE)
        await sio.connect(
            self._url,
            auth={"token": await self._fresh_token()},
            namespaces=[NAMESPACE],
            transports=self._transports,
            wait_timeout=self._answer_timeout,
        )
        self._connected.set()
        for game_id in list(self._tables):
            self._tables[game_id].resync()

    async def _fresh_token(self) -> str:
        if isinstance(self._token, str):
            return self._token
        token = self._token()
        return await token if inspect.isawaitable(token) else token

    def _to_table(self, method: Callable[[TableClient, Any], Awaitable[None]]) -> Any:
        async def handle(data: Any) -> None:
            table = self._tables.get(data["game_id"])
            if table is not None:
                await method(table, data)

        return handle

    def _on_disconnect(self, sio: Any, reason: str) -> None:
        if sio is not self._sio:
            return
        if self._refused is None:
            self._connected.clear()
        self._gone.set()
        for answer in self._waiting:
            if not answer.done():
                answer.set_exception(_Dropped())

    def _on_auth_error(self, data: Any) -> None:
        if data["code"] == "token_expired" and not isinstance(self._token, str):
            self._spawn(self._refresh_token())
        elif data["code"] not in ("unavailable", "internal_error"):
            self._refused = Refused(data["code"], data["message"])
            # Whoever waits for the line need wait no more.
            self._connected.set()
            for answer in self._waiting:
                if not answer.done():
                    answer.set_exception(self._refused)

    async def _refresh_token(self) -> None:
        await self._call("auth:refresh", {"token": await self._fresh_token()})

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


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
