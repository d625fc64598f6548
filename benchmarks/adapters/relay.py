"""Bare relays: what one player says is acked and told to both. No rules, nothing kept."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from benchmarks.adapters import socketio
from benchmarks.adapters.base import DRAW, Promise
from benchmarks.load import Load, Match, Step, Wire
from benchmarks.peers import PEERS, version

NAMESPACE = "/game"
PROMISE = Promise("no: relays what it gets", "no", "no", "yes")


class NodeRelay:
    name = "socketio-node"
    title = "socket.io on Node, bare relay"
    promise = PROMISE
    node = True

    def command(self, node: str) -> Sequence[str]:
        return [node, str(PEERS / "relay.mjs")]

    def environment(self, folder: Path) -> Mapping[str, str]:
        return {}

    def version(self) -> str:
        return version("socket.io", "ws")

    def open(self, load: Load, url: str, count: int) -> RelayTable:
        return RelayTable(load, url, count)

    def idle(self, load: Load, url: str, count: int) -> list[Wire]:
        return socketio.connect(load, url, NAMESPACE, [None] * count)


class PythonRelay(NodeRelay):
    name = "socketio-python"
    title = "python-socketio on uvicorn, bare relay"
    node = False

    def command(self, node: str) -> Sequence[str]:
        return [sys.executable, str(PEERS / "relay.py")]

    def version(self) -> str:
        names = ("python-socketio", "uvicorn", "uvloop", "websockets")
        return ", ".join(f"{name} {metadata.version(name)}" for name in names)


class RelayTable:
    """A Socket.IO room for each match."""

    def __init__(self, load: Load, url: str, count: int) -> None:
        self._load = load
        self._wires = socketio.connect(load, url, NAMESPACE, [None] * (2 * count))
        pairs = zip(self._wires[::2], self._wires[1::2], strict=True)
        self.matches = [Match(pair) for pair in pairs]
        self._rooms = [str(uuid.uuid4()) for _ in self.matches]
        for room, match in zip(self._rooms, self.matches, strict=True):
            for wire in match.wires:
                wire.prefix, wire.marker = f"43{NAMESPACE},0".encode(), b"["
                wire.send(socketio.event(NAMESPACE, 0, "join", {"game_id": room}))
        load.gather(self._wires)

    def deal(self) -> None:
        for wire in self._wires:
            wire.prefix = f'42{NAMESPACE},["state"'.encode()
        for room, match in zip(self._rooms, self.matches, strict=True):
            match.begin([_step(room, move, action) for move, action in enumerate(DRAW)])

    def close(self) -> None:
        self._load.close(self._wires)


def _step(room: str, move: int, action: int) -> Step:
    body = {"game_id": room, "action": action, "action_id": str(uuid.uuid4()), "seq": move + 1}
    frame = socketio.event(NAMESPACE, move + 1, "action", body)
    return Step(move % 2, frame, f'"seq":{move + 1}'.encode())
