"""Colyseus: rooms found by its matchmaker, a schema as the state, its binary protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import websocket
from benchmarks.adapters.base import DRAW, Promise
from benchmarks.load import Load, Match, Step, Wire
from benchmarks.peers import PEERS, version
from benchmarks.rest import Request, Rest

JOIN_ROOM, ROOM_DATA, ROOM_STATE, PATCH = b"\x0a", b"\x0d", b"\x0e", b"\x0f"
#: A patch sets the schema's first field, which counts the moves.
MOVES = b"\x80"
BATCH = 100


class Colyseus:
    name = "colyseus"
    title = "Colyseus, on ws"
    promise = Promise("yes", "no", "a session id from the matchmaker", "no")
    node = True

    def command(self, node: str) -> Sequence[str]:
        return [node, str(PEERS / "colyseus.mjs")]

    def environment(self, folder: Path) -> Mapping[str, str]:
        return {}

    def version(self) -> str:
        return version("@colyseus/core", "@colyseus/ws-transport", "@colyseus/schema", "ws")

    def open(self, load: Load, url: str, count: int) -> ColyseusTable:
        return ColyseusTable(load, url, count)

    def idle(self, load: Load, url: str, count: int) -> list[Wire]:
        with Rest(url) as rest:
            seats = rest.post([Request("/matchmake/joinOrCreate/hall", {})] * count)
        return _arrive(load, url, seats, ROOM_DATA)


class ColyseusTable:
    """A room for each match, in which game after game is played."""

    def __init__(self, load: Load, url: str, count: int) -> None:
        self._load = load
        with Rest(url) as rest:
            firsts = rest.post([Request("/matchmake/create/tic-tac-toe", {})] * count)
            seconds = rest.post(
                [Request(f"/matchmake/joinById/{seat['roomId']}", {}) for seat in firsts]
            )
        seats = [seat for pair in zip(firsts, seconds, strict=True) for seat in pair]
        self._wires = _arrive(load, url, seats, ROOM_STATE)
        pairs = zip(self._wires[::2], self._wires[1::2], strict=True)
        self.matches = [Match(pair) for pair in pairs]
        self._played = False

    def deal(self) -> None:
        for wire in self._wires:
            wire.prefix = PATCH
        if self._played:
            for match in self.matches:
                for wire in match.wires:
                    wire.marker = MOVES + b"\0"
                match.wires[0].send(_message("rematch", None))
            self._load.gather(self._wires)
        self._played = True
        for match in self.matches:
            match.begin(
                [
                    Step(move % 2, _message("move", cell), MOVES + bytes((move + 1,)))
                    for move, cell in enumerate(DRAW)
                ]
            )

    def close(self) -> None:
        self._load.close(self._wires)


def _arrive(load: Load, url: str, seats: Sequence[Any], answer: bytes) -> list[Wire]:
    wires: list[Wire] = []
    for first in range(0, len(seats), BATCH):
        batch = [
            load.connect(
                url, f"/{seat['processId']}/{seat['roomId']}?sessionId={seat['sessionId']}"
            )
            for seat in seats[first : first + BATCH]
        ]
        load.wait(batch, JOIN_ROOM, JOIN_ROOM)
        joined = websocket.frame(JOIN_ROOM, websocket.BINARY)
        load.wait(batch, answer, answer, joined)
        wires += batch
    return wires


def _message(kind: str, cell: int | None) -> bytes:
    """A message: its type in the schema's encoding, its payload in msgpack: ``{cell}``."""
    payload = b"" if cell is None else b"\x81\xa4cell" + bytes((cell,))
    name = bytes((0xA0 | len(kind),)) + kind.encode()
    return websocket.frame(ROOM_DATA + name + payload, websocket.BINARY)
