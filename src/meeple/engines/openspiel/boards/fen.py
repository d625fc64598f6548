"""Boards that the library prints in the notation of chess (FEN) or of shogi (SFEN)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

import pyspiel

from meeple.engine.base import JSON
from meeple.engines.openspiel.boards.base import Cell, grid, named_cells, piece

#: The men of chess, by their letters.
CHESSMEN = {"p": "pawn", "n": "knight", "b": "bishop", "r": "rook", "q": "queen", "k": "king"}
#: Those of shogi; a plus promotes them.
SHOGI_MEN = {
    "p": "pawn",
    "l": "lance",
    "n": "knight",
    "s": "silver",
    "g": "gold",
    "b": "bishop",
    "r": "rook",
    "k": "king",
}
#: Those of crazyhouse: chess, and pieces that a pawn has become (they are pawns again when taken).
CRAZYHOUSE_MEN = {**CHESSMEN, "h": "knight", "a": "bishop", "c": "rook", "e": "queen"}
#: A blank is a cell that was looked at and is empty.
_TOKEN = re.compile(r"\d+|\+?[A-Za-z? ]")
_SFEN_HAND = re.compile(r"(\d*)([A-Za-z])")
_USI = re.compile(r"(\d)([a-i])")


class Fen(NamedTuple):
    """How a game prints its position.

    Attributes:
        men: the names of the pieces, by their small letters.
        upper: the seat whose pieces have capital letters.
        find: the cells that an action touches, of board, word, number and state.
        columns, labels: the names of the columns and rows.
        hands: reads the pieces in hand from the text; None if there are none in this game.
    """

    men: Mapping[str, str]
    upper: int
    find: Callable[[dict[str, JSON], str, int, Any], list[int]]
    columns: str
    labels: str
    hands: Callable[[str], str] | None = None

    def draw(self, text: str, seat: int | None) -> dict[str, JSON] | None:
        """The board, as `Board` says."""
        ranks = text.split("/")[: len(self.labels)]
        # What follows the last rank is not read.
        rows = [list(islice(self._cells(rank), len(self.columns))) for rank in ranks]
        board = grid(rows, columns=self.columns, labels=self.labels)
        if self.hands is not None:
            board["aside"] = {"hands": self._in_hand(self.hands(text))}
        return board

    def targets(
        self, board: dict[str, JSON], word: str, number: int, spiel: Any
    ) -> Sequence[int | str]:
        """The cells, as `Board` says."""
        return self.find(board, word, number, spiel)

    def _cells(self, rank: str) -> Iterator[Cell | None]:
        for token in _TOKEN.findall(rank):
            if token.isdigit():
                yield from [None] * int(token)
            elif token == " ":
                yield None
            else:
                yield self._piece(token)

    def _piece(self, token: str) -> Cell:
        letter = token[-1]
        if letter == "?":
            return piece("unknown", None)
        name = self.men[letter.lower()]
        return piece(f"promoted {name}" if token[0] == "+" else name, self._seat(letter))

    def _seat(self, letter: str) -> int:
        return self.upper if letter.isupper() else 1 - self.upper

    def _in_hand(self, letters: str) -> list[JSON]:
        """For each seat how many of each piece it holds."""
        hands: list[dict[str, int]] = [{}, {}]
        for letter, count in Counter(letters).items():
            hands[self._seat(letter)][self.men[letter.lower()]] = count
        return hands


def _sfen_hand(text: str) -> str:
    held = text.split()[2]
    return "".join(letter * int(times or 1) for times, letter in _SFEN_HAND.findall(held))


def _pockets(text: str) -> str:
    return text.partition("[")[2].partition("]")[0]


def _by_words(board: dict[str, JSON], word: str, number: int, spiel: Any) -> list[int]:
    return named_cells(board, word)


def _by_usi(board: dict[str, JSON], word: str, number: int, spiel: Any) -> list[int]:
    """Files are counted from the right, ranks are lettered from the top; a drop has one cell."""
    return ["abcdefghi".index(rank) * 9 + 9 - int(file) for file, rank in _USI.findall(word)]


def _by_chess_move(board: dict[str, JSON], word: str, number: int, spiel: Any) -> list[int]:
    """Words such as Nf3 do not say from where; the library knows."""
    move = pyspiel.chess.action_to_move(number, spiel.board())
    squares = (move.from_square, move.to_square)
    return [(7 - square.y) * 8 + square.x for square in squares]


def _by_target(board: dict[str, JSON], word: str, number: int, spiel: Any) -> list[int]:
    """Where the library does not say from where: the square that the word ends on."""
    return named_cells(board, word)[-1:]


_CHESS = Fen(CHESSMEN, 1, _by_chess_move, "abcdefgh", "87654321")

FENS: Mapping[str, Fen] = {
    "antichess": _CHESS._replace(find=_by_target),
    "chess": _CHESS,
    "crazyhouse": _CHESS._replace(men=CRAZYHOUSE_MEN, find=_by_target, hands=_pockets),
    "dark_chess": _CHESS._replace(find=_by_target),
    "kriegspiel": _CHESS._replace(find=_by_words),
    "rbc": _CHESS._replace(find=_by_words),
    "shogi": Fen(SHOGI_MEN, 0, _by_usi, "987654321", "abcdefghi", hands=_sfen_hand),
}
