"""Meeple as it is run: durable on SQLite, JWT sessions, real rules."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import meeple
from benchmarks.adapters import socketio
from benchmarks.adapters.base import DRAW, Promise
from benchmarks.database import Database, postgres
from benchmarks.load import Load, Match, Step, Wire
from benchmarks.rest import Request, Rest
from benchmarks.servers import Cores

#: The seq of a two-player game's start.
STARTED = 3


class Meeple:
    name = "meeple"
    title = "Meeple"
    promise = Promise("yes", "every action, before its ack", "a signed token (JWT)", "yes")
    node = False

    def command(self, node: str) -> Sequence[str]:
        return [sys.executable, "-m", "meeple", "serve", "--port", "0"]

    def environment(self, folder: Path) -> Mapping[str, str]:
        return {
            "MEEPLE_DATA": str(folder),
            "MEEPLE_RATE": "1000000000",
            "MEEPLE_BURST": "1000000000",
            "MEEPLE_LOG_LEVEL": "info",
            "MEEPLE_LOG_FORMAT": "json",
        }

    def version(self) -> str:
        return f"meeple {meeple.__version__}"

    def open(self, load: Load, url: str, count: int) -> MeepleTable:
        return MeepleTable(load, url, count)

    def idle(self, load: Load, url: str, count: int) -> list[Wire]:
        with Rest(url) as rest:
            return _arrive(load, url, _guests(rest, count))


class MeepleOnPostgres(Meeple):
    """The same with its log in PostgreSQL, as many nodes would share it."""

    name = "meeple-postgres"
    title = "Meeple on PostgreSQL"

    def __init__(self) -> None:
        self._url = ""

    @contextmanager
    def database(self, folder: Path, cores: Cores | None) -> Iterator[Database]:
        with postgres(folder, cores) as database:
            self._url = database.url
            yield database

    def environment(self, folder: Path) -> Mapping[str, str]:
        return {**super().environment(folder), "MEEPLE_DATABASE": self._url}


class MeepleTable:
    """Each match has two guests; each of its games is made by one, and the other sits down."""

    def __init__(self, load: Load, url: str, count: int) -> None:
        self._load = load
        self._rest = Rest(url)
        self._tokens = _guests(self._rest, 2 * count)
        self._wires = _arrive(load, url, self._tokens)
        self._games: list[str] = []
        pairs = zip(self._wires[::2], self._wires[1::2], strict=True)
        self.matches = [Match(pair) for pair in pairs]

    def deal(self) -> None:
        for game, match in zip(self._games, self.matches, strict=False):
            for wire in match.wires:
                wire.send(socketio.event("/game", None, "game:leave", {"game_id": game}))
        table = {"engine": "tic-tac-toe"}
        made = self._rest.post(
            [Request("/api/v1/games", table, token) for token in self._tokens[::2]]
        )
        self._games = [game["game_id"] for game in made]
        self._rest.post(
            [
                Request(f"/api/v1/games/{game}/seats", {}, token)
                for game, token in zip(self._games, self._tokens[1::2], strict=True)
            ]
        )
        for game, match in zip(self._games, self.matches, strict=True):
            for wire in match.wires:
                wire.prefix, wire.marker = b'42/game,["game:state"', game.encode()
                wire.send(socketio.event("/game", 0, "game:join", {"game_id": game}))
            match.begin([_step(game, move, action) for move, action in enumerate(DRAW)])
        self._load.gather(self._wires)

    def close(self) -> None:
        self._rest.close()
        self._load.close(self._wires)


def _step(game: str, move: int, action: int) -> Step:
    body = {"game_id": game, "action": action, "action_id": str(uuid.uuid4())}
    frame = socketio.event("/game", move + 1, "game:action", body)
    return Step(move % 2, frame, f'"seq":{STARTED + 1 + move},'.encode())


def _guests(rest: Rest, count: int) -> list[str]:
    made = rest.post([Request("/api/v1/guests", {"name": "Ann"}) for _ in range(count)])
    return [guest["token"] for guest in made]


def _arrive(load: Load, url: str, tokens: Sequence[str]) -> list[Wire]:
    return socketio.connect(load, url, "/game", [{"token": token} for token in tokens])
