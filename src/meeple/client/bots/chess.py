"""A UCI engine as a bot: its moves in the words of the table, and the table's in its own."""

from __future__ import annotations

from meeple.client.bots.base import BotFailed, Effort, ReadLog, own_seat
from meeple.client.bots.shadow import Shadow
from meeple.client.bots.uci import UciEngine
from meeple.engine.base import JSON
from meeple.engine.rules import Rules
from meeple.engines.openspiel.uci import uci_moves
from meeple.services.projection import GameState


class UciBot:
    """Plays chess as a UCI engine says.

    Args:
        engine: it, running.
        rules: those of ``openspiel:chess``.
        read_log: where the games' logs come from.
        effort: how hard it may think.
    """

    def __init__(self, engine: UciEngine, rules: Rules, read_log: ReadLog, effort: Effort) -> None:
        self._engine = engine
        self._shadow = Shadow(rules)
        self._read_log = read_log
        self._effort = effort
        self._game_id = ""
        #: The moves of the game so far, as the engine calls them.
        self._moves: list[str] = []

    async def choose(self, state: GameState) -> JSON:
        """See `Bot`."""
        if state.game_id != self._game_id:
            self._game_id, self._moves = state.game_id, []
            await self._engine.new_game()
        log = (await self._read_log(state.game_id)).entries
        kept, played = self._shadow.follow(log, state)
        del self._moves[kept:]
        for before, seat, action in played:
            names = {word: move for move, word in uci_moves(before, seat).items()}
            self._moves.append(names[action])
        fen = str(self._shadow.options.get("fen", ""))
        best = await self._engine.best_move(fen, self._moves, self._effort)
        words = uci_moves(self._shadow.state, own_seat(state))
        if best not in words:
            moves = " ".join(self._moves) or "no move"
            raise BotFailed(
                f"the chess engine wants to play {best!r:.100}, which is not legal after {moves}"
            )
        return words[best]
