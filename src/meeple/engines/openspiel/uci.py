"""The moves of chess as chess engines write them: from square, to square, promoted to."""

from __future__ import annotations

from pyspiel import chess

from meeple.engines.openspiel.position import Position


def uci_moves(position: Position, seat: int) -> dict[str, str]:
    """The seat's legal moves at ordinary chess: in UCI's notation, with the words of the table.

    Castling is the king's move, such as ``e1g1``; a promotion ends with the piece, as ``e7e8q``.
    """
    board = position.spiel.board()
    return {
        chess.action_to_move(number, board).to_lan(): word
        for word, number in position.words(seat).items()
    }
