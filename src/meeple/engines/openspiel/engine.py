"""One game of OpenSpiel as a `GameEngine`."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pyspiel

from meeple.engine.base import JSON, IllegalAction, Outcome
from meeple.engines.openspiel import registry, sight
from meeple.engines.openspiel.boards import BOARDS
from meeple.engines.openspiel.fen import bare_king
from meeple.engines.openspiel.options import options_type
from meeple.engines.openspiel.position import Position
from meeple.engines.openspiel.start import copy_of, draw_chance, start

PERFECT = pyspiel.GameType.Information.PERFECT_INFORMATION
SEQUENTIAL = pyspiel.GameType.Dynamics.SEQUENTIAL
DETERMINISTIC = pyspiel.GameType.ChanceMode.DETERMINISTIC


class SpielEngine:
    """A game of OpenSpiel.

    Actions are the words that the library prints for them, or its numbers. What may be seen is the
    library's own observation, as ``text``, and for some games a ``board`` made of that.

    Args:
        kind: the library's description of the game.
    """

    def __init__(self, kind: Any) -> None:
        self.summary = f"{kind.long_name} (OpenSpiel)"
        self.seats = registry.seats_of(kind)
        self.Options = options_type(kind)
        # While simultaneous actions are pending they are hidden, whatever the game says of itself.
        self.perfect_information = kind.information == PERFECT and kind.dynamics == SEQUENTIAL
        self.takebacks = self.perfect_information and kind.chance_mode == DETERMINISTIC
        self.board = BOARDS.get(kind.short_name)
        self._kind = kind

    def __reduce__(self) -> tuple[Any, ...]:
        """By the game's name: ``Options`` is made here, and the library's ``kind`` stays here."""
        from meeple.engines.openspiel import make_engine

        return make_engine, (self._kind.short_name,)

    def new_game(self, seats: int, options: Mapping[str, Any], rng: Random) -> Position:
        """The state after the deal."""
        return Position(start(self._kind, seats, options, rng))

    def to_act(self, state: Position) -> list[int]:
        """Whose turn it is; at a simultaneous node, everybody who has not acted."""
        spiel = state.spiel
        if spiel.is_terminal():
            return []
        if spiel.is_simultaneous_node():
            return [seat for seat in range(spiel.num_players()) if state.numbers(seat)]
        return [spiel.current_player()]

    def legal_actions(self, state: Position, seat: int) -> list[str]:
        """The actions as the library prints them."""
        return list(state.words(seat))

    def listed_action(self, state: Position, seat: int, action: JSON) -> JSON:
        """The word of an action that is given by its number."""
        if type(action) is int and action in state.numbers(seat):
            words = state.words(seat)
            return next(word for word, number in words.items() if number == action)
        return action

    def apply(self, state: Position, seat: int, action: JSON, rng: Random) -> Position:
        """Play an action, and the chance that follows it."""
        if seat not in self.to_act(state):
            raise IllegalAction("It is not your turn.")
        # The library itself takes any number, and writes where it leads: only legal ones get there.
        number = state.number(seat, action)
        if state.spiel.is_simultaneous_node():
            return self._choose(state, seat, number, rng)
        after = copy_of(state.spiel)
        after.apply_action(number)
        draw_chance(after, rng)
        return Position(after, turn=state.turn + 1, last=self._cells(state, seat, number))

    def view(self, state: Position, seat: int | None) -> dict[str, JSON]:
        """The seat's own observation; for a spectator the public one."""
        text = sight.observed(state.spiel, seat)
        if text is None:
            return {"text": self._public(state)}
        view: dict[str, JSON] = {"text": text}
        if seat is not None and state.pending and state.pending[seat] is not None:
            view["chosen"] = state.spiel.action_to_string(seat, state.pending[seat])
        board = self._draw(state, seat, text)
        return view if board is None else view | {"board": board}

    def outcome(self, state: Position) -> Outcome | None:
        """Most points win; nobody does if all have the same, or there is one seat only."""
        if not state.spiel.is_terminal():
            return None
        scores = tuple(state.spiel.returns())
        best = max(scores)
        winners = tuple(seat for seat, score in enumerate(scores) if score == best)
        return Outcome(winners if len(winners) < len(scores) else (), "scores", scores)

    def timeout_outcome(self, state: Position, seat: int) -> Outcome | None:
        """At chess a draw, if the other has no more than a king (FIDE Laws of Chess, 6.9)."""
        if self._kind.short_name == "chess" and bare_king(state.spiel, 1 - seat):
            return Outcome((), "timeout_with_bare_king")
        return None

    def _choose(self, state: Position, seat: int, number: int, rng: Random) -> Position:
        """Keep a simultaneous action; the last one of them is played with all the others."""
        chosen = list(state.pending or (None,) * state.spiel.num_players())
        chosen[seat] = number
        pending = Position(state.spiel, tuple(chosen), state.turn + 1)
        if self.to_act(pending):
            return pending
        after = copy_of(state.spiel)
        after.apply_actions([pyspiel.INVALID_ACTION if one is None else one for one in chosen])
        draw_chance(after, rng)
        return Position(after, turn=state.turn + 1)

    def _draw(self, state: Position, seat: int | None, text: str) -> JSON:
        board = None if self.board is None else self.board.draw(text, seat)
        if self.board is None or board is None:
            return None
        actor = self._mover(state, seat)
        if actor is not None:
            found = {
                word: list(self.board.targets(board, word, number, state.spiel))
                for word, number in state.words(actor).items()
            }
            board["moves"] = {word: targets for word, targets in found.items() if targets}
        if state.last:
            board["last"] = list(state.last)
        return board

    def _mover(self, state: Position, seat: int | None) -> int | None:
        """Whose moves the viewer may see: in an open game the mover's, else only its own."""
        to_act = self.to_act(state)
        if self.perfect_information:
            return to_act[0] if to_act else None
        return seat if seat in to_act else None

    def _cells(self, state: Position, seat: int, number: int) -> tuple[int | str, ...]:
        """The cells of an action that everybody may see."""
        if self.board is None or not self.perfect_information:
            return ()
        word = state.spiel.action_to_string(seat, number)
        board = self.board.draw(sight.observed(state.spiel, 0) or "", None)
        return () if board is None else tuple(self.board.targets(board, word, number, state.spiel))

    def _public(self, state: Position) -> str:
        """What is surely public, in words."""
        to_act = " and ".join(str(seat) for seat in self.to_act(state))
        whose = f"Seat {to_act} is to act." if to_act else "The game is over."
        return f"{whose} Actions played: {state.turn}."
