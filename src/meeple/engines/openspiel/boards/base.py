"""What a board is to an engine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

from meeple.engine.base import JSON

Cell = dict[str, JSON]


class Board(Protocol):
    """Makes a view's ``board`` of a text."""

    def draw(self, text: str, seat: int | None) -> dict[str, JSON] | None:
        """The board in the text that ``seat`` is shown; None if there is none in it."""
        ...

    def targets(
        self, board: dict[str, JSON], word: str, number: int, spiel: Any
    ) -> Sequence[int | str]:
        """What an action touches, for a click: cells of a grid, or ids of cards; may be nothing.

        ``board`` is as drawn before the action, ``spiel`` the library's state then; the action is
        given by its word and its number.
        """
        ...


def piece(name: str, seat: int | None) -> Cell:
    """What stands in a cell; ``seat`` is whose it is, None if nobody's."""
    return {"piece": name, "seat": seat}


def grid(
    rows: Sequence[Sequence[Cell | None]],
    *,
    shape: str = "square",
    columns: Sequence[str] = (),
    labels: Sequence[str] = (),
) -> dict[str, JSON]:
    """A board of rows from the top; ``columns`` and ``labels`` name its columns and its rows."""
    board: dict[str, JSON] = {
        "kind": "grid",
        "rows": len(rows),
        "columns": len(rows[0]),
        "shape": shape,
        "cells": [cell for row in rows for cell in row],
    }
    if columns:
        board["labels"] = {"rows": tuple(labels), "columns": tuple(columns)}
    return board


_SQUARE = re.compile(r"([a-z])(\d{1,2})")
_PAIR = re.compile(r"(\d+), ?(\d+)")


def named_cells(board: dict[str, JSON], word: str) -> list[int]:
    """The cells that a word such as ``a7xb6`` names, by the labels of the board."""
    return list(_named(word, **board["labels"]))


@lru_cache(maxsize=10_000)
def _named(word: str, rows: tuple[str, ...], columns: tuple[str, ...]) -> tuple[int, ...]:
    # Kept, because a large board has hundreds of actions and their words are always the same.
    return tuple(
        rows.index(row) * len(columns) + columns.index(column)
        for column, row in _SQUARE.findall(word)
        if column in columns and row in rows
    )


def counted_cells(board: dict[str, JSON], word: str, first: int = 0) -> list[int]:
    """The cells that a word such as ``x(0,2)`` names as (row, column), counted from ``first``."""
    pairs = [(int(row) - first, int(column) - first) for row, column in _PAIR.findall(word)]
    return [row * int(board["columns"]) + column for row, column in pairs]
