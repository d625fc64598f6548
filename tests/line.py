"""A bare python-socketio client: it asks, it hears, and it does nothing by itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import socketio

from tests.harness import until

NAMESPACE = "/game"


class Dropped(Exception):
    """The line went before the answer came."""


class Line:
    """One connection to the ``/game`` namespace.

    Attributes:
        heard: every event with its payload, and every ack, in the order of arrival.
    """

    def __init__(self, url: str, token: Any, **options: Any) -> None:
        self.url = url
        self.heard: list[tuple[str, Any]] = []
        self.gone = asyncio.Event()
        self._auth = {"token": token} if isinstance(token, str) else token
        self._options = options
        self._sio = socketio.AsyncClient(reconnection=False, handle_sigint=False)
        self._sio.on("*", self._hear, namespace=NAMESPACE)
        self._sio.on("disconnect", self._drop, namespace=NAMESPACE)

    def _hear(self, event: str, payload: Any = None) -> None:
        self.heard.append((event, payload))

    def _drop(self, reason: str) -> None:
        self.gone.set()

    @property
    def session(self) -> str:
        """The id of its Engine.IO session; with workers, it begins with the name of one."""
        return str(self._sio.eio.sid)

    async def open(self) -> None:
        await self._sio.connect(
            self.url, auth=self._auth, namespaces=[NAMESPACE], wait_timeout=10, **self._options
        )

    async def close(self) -> None:
        await self._sio.disconnect()

    async def tell(self, event: str, *args: Any) -> None:
        """Send without asking for an ack."""
        await self._sio.emit(event, args, namespace=NAMESPACE)

    async def ask(self, event: str, *args: Any, seconds: float = 10) -> Any:
        """Send, and give the ack; raises `Dropped` if the line goes first."""
        answer = asyncio.get_running_loop().create_future()
        gone = asyncio.ensure_future(self.gone.wait())

        def acked(reply: Any) -> None:
            self.heard.append(("ack", reply))
            answer.set_result(reply)

        try:
            await self._sio.emit(event, args, namespace=NAMESPACE, callback=acked)
            await asyncio.wait((answer, gone), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        except socketio.exceptions.SocketIOError as error:
            raise Dropped from error
        finally:
            gone.cancel()
        if answer.done():
            return answer.result()
        raise Dropped if self.gone.is_set() else TimeoutError(f"no ack of {event}")

    async def event(self, name: str, test: Callable[[Any], object] = lambda _: True) -> Any:
        """The first event of that name that passes ``test``, come or still to come."""

        def found() -> list[Any]:
            return [payload for one, payload in self.heard if one == name and test(payload)]

        await until(found)
        return found()[0]

    async def state(self, seq: int) -> Any:
        return await self.event("game:state", lambda state: state["seq"] == seq)

    def seqs(self) -> list[int]:
        """The seqs of all states and of the game's end, in the order of arrival."""
        return [one["seq"] for name, one in self.heard if name in ("game:state", "game:over")]


@contextlib.asynccontextmanager
async def line(url: str, token: Any, **options: Any) -> AsyncIterator[Line]:
    opened = Line(url, token, **options)
    await opened.open()
    try:
        yield opened
    finally:
        await opened.close()
