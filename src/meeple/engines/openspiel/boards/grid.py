"""Boards that the library prints as rows of signs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from string import ascii_lowercase
from typing import Any, NamedTuple

from meeple.engine.base import JSON
from meeple.engines.openspiel.boards.base import (
    Cell,
    counted_cells,
    grid,
    named_cells,
    piece,
)

#: The letters of the columns of Go, which has no i.
GO_LETTERS = ascii_lowercase.replace("i", "")


def _by_labels(board: dict[str, JSON], word: str) -> list[int]:
    return named_cells(board, word)


def _by_counting(board: dict[str, JSON], word: str) -> list[int]:
    return counted_cells(board, word)


def _by_counting_from_one(board: dict[str, JSON], word: str) -> list[int]:
    return counted_cells(board, word, first=1)


def _by_column(board: dict[str, JSON], word: str) -> list[int]:
    """Where a disc that is dropped into a column comes to lie."""
    width, cells = board["columns"], board["cells"]
    column = int(word[1:])
    free = [at for at in range(column, len(cells), width) if cells[at] is None]
    return free[-1:]


class Grid(NamedTuple):
    """How a game prints its board.

    Attributes:
        row: matches a printed row; its group holds the signs.
        signs: what the signs mean; one that is not here is an empty cell.
        find: the cells that a word of the board's game names.
        letters: the names of the columns, if they have names.
        upward: True if rows are numbered from the bottom.
        shape: "square" or "hex".
    """

    row: re.Pattern[str]
    signs: Mapping[str, Cell]
    find: Callable[[dict[str, JSON], str], list[int]]
    letters: str = ""
    upward: bool = False
    shape: str = "square"

    def draw(self, text: str, seat: int | None) -> dict[str, JSON] | None:
        """The board, as `Board` says."""
        found = [
            match[1].replace(" ", "") for match in map(self.row.fullmatch, _lines(text)) if match
        ]
        if not found:
            return None
        rows = [[self.signs.get(sign) for sign in row] for row in found]
        labels = [str(number + 1) for number in range(len(rows))]
        return grid(
            rows,
            shape=self.shape,
            columns=self.letters[: len(rows[0])],
            labels=labels[::-1] if self.upward else labels,
        )

    def targets(
        self, board: dict[str, JSON], word: str, number: int, spiel: Any
    ) -> Sequence[int | str]:
        """The cells, as `Board` says."""
        return self.find(board, word)


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def _signs(first: str, second: str, name: str) -> dict[str, Cell]:
    return {first: piece(name, 0), second: piece(name, 1)}


_MARKS = {"x": piece("x", 0), "o": piece("o", 1)}
_STONES = _signs("x", "o", "stone")
_ROWS_OF_MARKS = re.compile("([.xo]+)")
_TIC_TAC_TOE = Grid(_ROWS_OF_MARKS, _MARKS, _by_counting)
_HEX = Grid(re.compile(r" *((?:[.xo] )*[.xo])"), _STONES, _by_labels, ascii_lowercase, shape="hex")
_DARK_HEX = Grid(re.compile(r" *([.xo]+)"), _STONES, _by_labels, ascii_lowercase, shape="hex")
_GO = Grid(
    re.compile(r" {0,2}\d{1,2} ([+XO]+)"),
    _signs("X", "O", "stone"),
    _by_labels,
    GO_LETTERS,
    upward=True,
)

GRIDS: Mapping[str, Grid] = {
    "amazons": Grid(
        re.compile("([.XO#]+)"),
        {**_signs("X", "O", "amazon"), "#": piece("arrow", None)},
        _by_counting_from_one,
    ),
    "breakthrough": Grid(
        re.compile(r"\d([.bw]+)"),
        _signs("b", "w", "pawn"),
        _by_labels,
        ascii_lowercase,
        upward=True,
    ),
    "checkers": Grid(
        re.compile(r"\d([.o+8*]+)"),
        {**_signs("o", "+", "man"), **_signs("8", "*", "king")},
        _by_labels,
        ascii_lowercase,
        upward=True,
    ),
    "clobber": Grid(
        re.compile(r"\d([.ox]+)"),
        _signs("o", "x", "stone"),
        _by_labels,
        ascii_lowercase,
        upward=True,
    ),
    "connect_four": Grid(_ROWS_OF_MARKS, _signs("x", "o", "disc"), _by_column),
    "dark_hex": _DARK_HEX,
    "dark_hex_ir": _DARK_HEX,
    "go": _GO,
    "gomoku": Grid(re.compile("([.bw]+)"), _signs("b", "w", "stone"), _by_counting),
    "hex": _HEX,
    "lines_of_action": Grid(
        re.compile(r"\d([.xo]+)"), _STONES, _by_labels, ascii_lowercase, upward=True
    ),
    "mnk": _TIC_TAC_TOE,
    "othello": Grid(
        re.compile(r"\d ((?:[-xo] ){7}[-xo]) \d"),
        _signs("x", "o", "disc"),
        _by_labels,
        ascii_lowercase,
    ),
    "phantom_go": _GO,
    "phantom_ttt": _TIC_TAC_TOE,
    "tic_tac_toe": _TIC_TAC_TOE,
    "xiangqi": Grid(
        re.compile("([.a-zA-Z]{9})"),
        {
            sign if seat == 0 else sign.lower(): piece(name, seat)
            for seat in (0, 1)
            for sign, name in {
                "G": "general",
                "A": "advisor",
                "E": "elephant",
                "H": "horse",
                "R": "chariot",
                "C": "cannon",
                "S": "soldier",
            }.items()
        },
        _by_counting,
    ),
}
