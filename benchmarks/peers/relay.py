"""A bare python-socketio relay: what one player says is acked and told to both."""

from __future__ import annotations

import json
import socket
from typing import Any

import socketio
import uvicorn

server = socketio.AsyncServer(async_mode="asgi")


async def connect(sid: str, environ: dict[str, Any]) -> None:
    """Let everybody in."""


async def join(sid: str, table: dict[str, Any]) -> dict[str, Any]:
    """Enter the match's room."""
    await server.enter_room(sid, table["game_id"], namespace="/game")
    return {"ok": True}


async def action(sid: str, said: dict[str, Any]) -> dict[str, Any]:
    """Tell both."""
    await server.emit("state", said, room=said["game_id"], namespace="/game")
    return {"ok": True, "game_id": said["game_id"], "seq": said["seq"]}


if __name__ == "__main__":
    for handler in (connect, join, action):
        server.on(handler.__name__, handler, namespace="/game")
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        print(json.dumps({"url": url}), flush=True)
        config = uvicorn.Config(socketio.ASGIApp(server), log_level="warning", access_log=False)
        uvicorn.Server(config).run(sockets=[listener])
