"""boardgame.io: matches made by its lobby, players with its credentials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.adapters import socketio
from benchmarks.adapters.base import DRAW, Promise
from benchmarks.load import Load, Match, Step, Wire
from benchmarks.peers import PEERS, version
from benchmarks.rest import Request, Rest

NAMESPACE = "/tic-tac-toe"
LOBBY = "/games/tic-tac-toe"


class Boardgame:
    node = True

    def __init__(self, *, files: bool) -> None:
        self._files = files
        self.name = "boardgame-files" if files else "boardgame"
        self.title = "boardgame.io, " + ("on files" if files else "in memory")
        durable = "written to files after it was shown, not synced" if files else "no"
        self.promise = Promise("yes", durable, "the match's own credentials", "no")

    def command(self, node: str) -> Sequence[str]:
        return [node, str(PEERS / "boardgame.mjs")]

    def environment(self, folder: Path) -> Mapping[str, str]:
        return {"STORAGE": str(folder / "matches") if self._files else ""}

    def version(self) -> str:
        return version("boardgame.io", "socket.io", *(["node-persist"] if self._files else []))

    def open(self, load: Load, url: str, count: int) -> BoardgameTable:
        return BoardgameTable(load, url, count)

    def idle(self, load: Load, url: str, count: int) -> list[Wire]:
        return socketio.connect(load, url, NAMESPACE, [None] * count)


class BoardgameTable:
    """Each game is a new match of its lobby, to which the same connections change over."""

    def __init__(self, load: Load, url: str, count: int) -> None:
        self._load = load
        self._rest = Rest(url)
        self._wires = socketio.connect(load, url, NAMESPACE, [None] * (2 * count))
        pairs = zip(self._wires[::2], self._wires[1::2], strict=True)
        self.matches = [Match(pair) for pair in pairs]

    def deal(self) -> None:
        table = {"numPlayers": 2, "unlisted": True}
        made = self._rest.post([Request(f"{LOBBY}/create", table)] * len(self.matches))
        matches = [match["matchID"] for match in made]
        seats = [
            self._rest.post(
                [
                    Request(f"{LOBBY}/{match}/join", {"playerID": seat, "playerName": "Ann"})
                    for match in matches
                ]
            )
            for seat in ("0", "1")
        ]
        for index, match in enumerate(self.matches):
            ids = matches[index]
            secrets = [seat[index]["playerCredentials"] for seat in seats]
            for player, wire in enumerate(match.wires):
                wire.prefix, wire.marker = f'42{NAMESPACE},["sync"'.encode(), ids.encode()
                wire.send(
                    socketio.event(NAMESPACE, None, "sync", ids, str(player), secrets[player], 2)
                )
            match.begin([_step(ids, secrets, move, cell) for move, cell in enumerate(DRAW)])
        self._load.gather(self._wires)
        for wire in self._wires:
            wire.prefix = f'42{NAMESPACE},["update"'.encode()

    def close(self) -> None:
        self._rest.close()
        self._load.close(self._wires)


def _step(match: str, secrets: Sequence[str], move: int, cell: int) -> Step:
    player = move % 2
    payload: dict[str, Any] = {
        "type": "clickCell",
        "args": [cell],
        "playerID": str(player),
        "credentials": secrets[player],
    }
    action = {"type": "MAKE_MOVE", "payload": payload}
    frame = socketio.event(NAMESPACE, None, "update", action, move, match, str(player))
    # The log of the frame has the number before this one.
    return Step(player, frame, f'"_stateID":{move + 1}'.encode())
