"""The REST side of the client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec
from msgspec import UNSET, UnsetType

from meeple.client.errors import ConnectionLost, Refused
from meeple.engine.time_controls import TimeControl
from meeple.schemas.rest import (
    BotSeat,
    EngineList,
    GameList,
    GameLogBody,
    GameStates,
    Guest,
    ReceiptBody,
)
from meeple.services.projection import GameState

_T = TypeVar("_T")


class Rest:
    """Tables and accounts over REST, as an async context manager.

    Args:
        url: address of the server, such as ``http://127.0.0.1:8000``.
        token: whose requests these are; None for a stranger.
        timeout: seconds that a request may take.

    Every method raises `Refused` if the server says no, `ConnectionLost` if it does not answer.
    """

    def __init__(self, url: str, token: str | None = None, *, timeout: float = 10) -> None:
        self._base = url.rstrip("/") + "/api/v1"
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Rest:
        self._session = aiohttp.ClientSession(timeout=self._timeout, headers=self._headers)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def guest(self, name: str) -> Guest:
        """A guest account."""
        return await self._call("POST", "/guests", Guest, {"name": name})

    async def renew(self) -> Guest:
        """A fresh token for the guest whose token this has, and that has not expired."""
        return await self._call("POST", "/guests/renew", Guest)

    async def engines(self) -> EngineList:
        """The games on offer."""
        return await self._call("GET", "/engines", EngineList)

    async def create_game(
        self,
        engine: str,
        *,
        options: Mapping[str, Any] | None = None,
        seats: int | Sequence[str | BotSeat | None] | None = None,
        public: bool = True,
        time_control: TimeControl | Mapping[str, Any] | None = None,
        claim_after: int | UnsetType | None = UNSET,
        chat: bool = True,
    ) -> GameState:
        """Make a table; see ``POST /games``."""
        body = {
            "engine": engine,
            "options": options or {},
            "seats": seats,
            "public": public,
            "time_control": time_control,
            "chat": chat,
        }
        if claim_after is not UNSET:
            body["claim_after"] = claim_after
        return await self._call("POST", "/games", GameState, body)

    async def take_seat(self, game_id: str, seat: int | None = None) -> GameState:
        """Sit down."""
        return await self._call("POST", f"{_game(game_id)}/seats", GameState, {"seat": seat})

    async def game(self, game_id: str) -> GameState:
        """A game as this user may see it."""
        return await self._call("GET", f"{_game(game_id)}", GameState)

    async def games(self, **query: str) -> GameList:
        """The lobby: ``status``, ``engine``, ``cursor``, ``limit``."""
        return await self._call("GET", "/games", GameList, query=query)

    async def my_games(self, **query: str) -> GameList:
        """The games in which this user has a seat."""
        return await self._call("GET", "/me/games", GameList, query=query)

    async def resign(self, game_id: str) -> ReceiptBody:
        """Give up."""
        return await self._call("POST", f"{_game(game_id)}/resign", ReceiptBody)

    async def abort(self, game_id: str) -> ReceiptBody:
        """Call a game off before its first action."""
        return await self._call("POST", f"{_game(game_id)}/abort", ReceiptBody)

    async def log(self, game_id: str, first: int = 0) -> GameLogBody:
        """The replay from the seq ``first`` on, as far as this user may see it."""
        query = {"from": str(first)} if first else None
        return await self._call("GET", f"{_game(game_id)}/log", GameLogBody, query=query)

    async def states(self, game_id: str, first: int = 0, limit: int = 50) -> GameStates:
        """The game as this user may see it, after each of at most 100 entries from ``first`` on."""
        path = f"/games/{quote(game_id, safe='')}/states?from={first}&limit={limit}"
        return await self._call("GET", path, GameStates)

    async def _call(
        self,
        method: str,
        path: str,
        answer_type: type[_T],
        body: Any = None,
        query: Mapping[str, str] | None = None,
    ) -> _T:
        if self._session is None:
            raise RuntimeError("use it as: async with Rest(url) as rest")
        data = None if body is None else msgspec.json.encode(body)
        try:
            async with self._session.request(
                method, self._base + path, data=data, params=query
            ) as answer:
                text = await answer.read()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            why = str(error) or repr(error)
            raise ConnectionLost(f"{self._base} does not answer: {why}") from error
        try:
            if status < 400:
                return msgspec.json.decode(text, type=answer_type)
            refusal = msgspec.json.decode(text)
        except msgspec.DecodeError:
            refusal = text[:200]
        raise Refused.of(refusal)


def _game(game_id: str) -> str:
    # Whatever somebody typed as an id stays one part of the path.
    return f"/games/{quote(game_id, safe='')}"
