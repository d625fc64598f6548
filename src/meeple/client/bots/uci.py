"""A chess engine that speaks UCI, the Universal Chess Interface of Huber and Meyer-Kahlen."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from meeple.client.bots.base import BotFailed, Effort
from meeple.client.bots.child import Child

#: Seconds that an engine has to get ready, and to answer beyond the time that it was given.
PATIENCE = 20.0
#: Seconds for a search that is limited otherwise than by time.
LONGEST_SEARCH = 600.0


class UciEngine:
    """An engine that has said that it speaks UCI; `aclose` ends it."""

    def __init__(self, child: Child, patience: float) -> None:
        self._child = child
        self._patience = patience

    @classmethod
    async def start(cls, command: str, *, patience: float = PATIENCE) -> UciEngine:
        """Start it.

        Args:
            command: its path, with arguments if need be, quoted as in a shell.
            patience: seconds that it has for its answers.

        Raises:
            BotFailed: it cannot be started, or does not speak UCI.
        """
        child = await Child.start(f"the chess engine {command}", _words(command))
        engine = cls(child, patience)
        try:
            await engine._ask("uci", "uciok")
            await engine._ask("isready", "readyok")
        except BaseException:
            await engine.aclose()
            raise
        return engine

    async def new_game(self) -> None:
        """What comes next has nothing to do with what was before. Raises `BotFailed`."""
        await self._child.tell("ucinewgame")
        await self._ask("isready", "readyok")

    async def best_move(self, fen: str, moves: Sequence[str], effort: Effort) -> str:
        """The move that it plays after ``moves`` from ``fen`` (empty: the usual start).

        Raises:
            BotFailed: it gives none, or not in time.
        """
        start = f"fen {fen}" if fen else "startpos"
        played = f" moves {' '.join(moves)}" if moves else ""
        await self._child.tell(f"position {start}{played}")
        await self._child.tell(go(effort))
        seconds = LONGEST_SEARCH if effort.movetime is None else effort.movetime / 1000
        return await self._child.hear(_best_move, seconds + self._patience)

    async def aclose(self) -> None:
        """End it."""
        await self._child.aclose("quit")

    async def _ask(self, question: str, answer: str) -> None:
        await self._child.tell(question)
        await self._child.hear(lambda line: line == answer or None, self._patience)


def go(effort: Effort) -> str:
    """The command to search."""
    limits = (("nodes", effort.iterations), ("movetime", effort.movetime), ("depth", effort.depth))
    return " ".join(["go", *(f"{name} {limit}" for name, limit in limits if limit is not None)])


def _best_move(line: str) -> str | None:
    word, _, rest = line.strip().partition(" ")
    return (rest.split() or ["nothing"])[0] if word == "bestmove" else None


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise BotFailed(f"{command!r} is no command: {error}") from error
    if not words:
        raise BotFailed("a chess engine is given by its path, as uci:PATH")
    return words
