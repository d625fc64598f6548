"""What a page has been sent: every frame of its WebSockets, every body that it has asked for."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

from playwright.async_api import Error, Page, Response, WebSocket

STATE = re.compile(r'\["game:state",')


class Hearing:
    """Keeps all that a page receives, as text, in order."""

    def __init__(self, page: Page) -> None:
        self._parts: list[str | asyncio.Task[str]] = []
        page.on("websocket", self._opened)
        page.on("response", self._answered)

    def _opened(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: self._parts.append(_text(frame)))

    def _answered(self, response: Response) -> None:
        self._parts.append(asyncio.ensure_future(_body(response)))

    async def texts(self) -> list[str]:
        """All that came so far."""
        return [one if isinstance(one, str) else await one for one in list(self._parts)]

    async def states(self) -> list[dict[str, Any]]:
        """The states among it, by whatever transport they came."""
        return [state for text in await self.texts() for state in _states(text)]

    async def logs(self) -> list[list[dict[str, Any]]]:
        """The (parts of) logs among it."""
        bodies = [json.loads(text) for text in await self.texts() if text.startswith('{"game_id"')]
        return [body["entries"] for body in bodies if "entries" in body]


def _text(frame: str | bytes) -> str:
    return frame if isinstance(frame, str) else frame.decode(errors="replace")


async def _body(response: Response) -> str:
    try:
        return _text(await response.body())
    except Error:
        # It went with its page, or its line was cut: the page has not seen it either.
        return ""


def _states(text: str) -> Iterator[dict[str, Any]]:
    for found in STATE.finditer(text):
        _, state = json.JSONDecoder().raw_decode(text[found.start() :])[0]
        yield state
