"""Answers to requests whose body nobody read: the rest of it is taken off the line first."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Bytes of a body that are read to no purpose, and seconds that it may take.
MOST = 64 * 1024 * 1024
LONGEST = 10.0


class UnreadBodies:
    """ASGI middleware that reads what is left of a request's body before the answer begins.

    Who sends a long body looks at the answer when it has been sent. A connection that is closed
    before is reset by the kernel, and the answer, which would have said what is wrong, is lost.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or not _brings_body(scope):
            return await self._app(scope, receive, send)
        more = True

        async def noted_receive() -> Message:
            nonlocal more
            message = await receive()
            more = message.get("more_body", False)
            return message

        async def late_send(message: Message) -> None:
            if more and message["type"] == "http.response.start":
                await _drop(noted_receive)
            await send(message)

        return await self._app(scope, noted_receive, late_send)


async def _drop(receive: Receive) -> None:
    dropped, more = 0, True
    try:
        async with asyncio.timeout(LONGEST):
            while more and dropped < MOST:
                message = await receive()
                dropped += len(message.get("body", b""))
                more = message.get("more_body", False)
    except TimeoutError:
        # It is answered all the same; one so slow may or may not see it.
        return


def _brings_body(scope: Scope) -> bool:
    names = {name for name, _ in scope["headers"]}
    # Who expects "100 Continue" sends nothing before it is told to: it shall not be.
    return not names.isdisjoint((b"content-length", b"transfer-encoding")) and (
        b"expect" not in names
    )
