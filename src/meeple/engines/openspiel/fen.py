"""Positions of chess to start from. The library trusts what it is given, so it is checked here.

The notation is that of the PGN standard, section 16.1.
"""

from __future__ import annotations

import re
from typing import Any

from pyspiel import chess

#: The seat of white, in the library.
WHITE = 1

_FIELDS = re.compile(
    r"(?P<board>[1-8KQRBNPkqrbnp/]{15,71}) (?P<mover>[wb]) (?P<castling>-|K?Q?k?q?)"
    r" (?P<passed>-|[a-h][36]) (?P<quiet>\d{1,4}) (?P<number>[1-9]\d{0,3})"
)
#: The moves of both sides without a capture or a pawn's move after which the library sees a draw.
DRAWN = 100
#: For each right to castle, where the king and the rook must stand.
_CASTLING = {
    "K": ("K", 60, "R", 63),
    "Q": ("K", 60, "R", 56),
    "k": ("k", 4, "r", 7),
    "q": ("k", 4, "r", 0),
}


def check_fen(text: str, *, chess960: bool) -> None:
    """Raises ``ValueError`` if the text is neither empty nor a position that can be played."""
    if not text:
        return
    if chess960:
        raise ValueError("fen: chess960 draws its own position; give one or the other")
    fields = _FIELDS.fullmatch(text)
    if fields is None:
        raise ValueError(
            "fen: give six fields with single spaces between them: the ranks from 8 to 1, w or b,"
            " castling, en passant, the halfmove clock and the number of the move"
        )
    if int(fields["quiet"]) >= DRAWN:
        raise ValueError(f"fen: with a halfmove clock of {DRAWN} or more the game is over")
    board = _squares(fields["board"])
    if len(board) != 64 or board.count("K") != 1 or board.count("k") != 1:
        raise ValueError("fen: eight ranks of eight squares, and one king each")
    if max(sum(map(str.isupper, board)), sum(map(str.islower, board))) > 16:
        raise ValueError("fen: more than sixteen pieces of a colour")
    if any(piece in "Pp" for piece in board[:8] + board[56:]):
        raise ValueError("fen: a pawn on the first or the last rank")
    for right in fields["castling"].strip("-"):
        king, at, rook, corner = _CASTLING[right]
        if board[at] != king or board[corner] != rook:
            raise ValueError(f"fen: there is no king and rook to castle {right}")
    _check_passed(board, fields["mover"], fields["passed"])


def _squares(ranks: str) -> str:
    """The squares from a8 to h1, a dot for an empty one; fewer or more if a rank is wrong."""
    rows = [re.sub("[1-8]", lambda digit: "." * int(digit[0]), rank) for rank in ranks.split("/")]
    return "".join(rows) if all(len(row) == 8 for row in rows) else ""


def _check_passed(board: str, mover: str, square: str) -> None:
    """The square that a pawn has just passed must be empty, with the pawn before it."""
    if square == "-":
        return
    at = (8 - int(square[1])) * 8 + "abcdefgh".index(square[0])
    pawn, step, rank = ("p", 8, "6") if mover == "w" else ("P", -8, "3")
    if square[1] != rank or board[at] != "." or board[at + step] != pawn:
        raise ValueError(f"fen: no pawn has just passed {square}")


def bare_king(state: Any, seat: int) -> bool:
    """True if the seat has nothing but its king, and so can never mate."""
    pieces = state.board().to_fen().split()[0]
    own = [piece for piece in pieces if piece.isalpha() and piece.isupper() == (seat == WHITE)]
    return len(own) == 1


def king_can_be_taken(state: Any) -> bool:
    """True if a legal action takes a king: the side that is not to move stands in check."""
    board = state.board()
    targets = (chess.action_to_move(action, board).to_square for action in state.legal_actions())
    return any(board.at(square).type == chess.PieceType.KING for square in targets)
