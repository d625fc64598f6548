"""A bot's own copy of a game in which nothing is hidden, folded from the log that a client gets.

It is of use only if it equals the server's, so what the server shows is compared at every turn, and
a game with chance or with secrets, which no client can fold, is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, NamedTuple, NoReturn

import msgspec

from meeple.bots.moves import Moves
from meeple.client.bots.base import BotFailed
from meeple.engine.base import JSON
from meeple.engine.log import EntryKind
from meeple.engine.rules import Rules
from meeple.errors import MeepleError, PolicyNotAvailable
from meeple.services.projection import GameState, LogEntry

#: Actions of the game that is played beforehand to see whether the rules draw chance.
TRIED = 100
#: What to do where a client cannot know the game.
INSTEAD = "a client cannot know the game; let the server play, with a house bot at the table"


class Played(NamedTuple):
    """An action that was played, and the state before it."""

    before: Any
    seat: int
    action: JSON


class Followed(NamedTuple):
    """What came of following a game: of the actions known before, ``kept`` still stand."""

    kept: int
    played: list[Played]


class _NoChance(Random):
    """Stands for the server's generator, which nobody but the server has."""

    def random(self) -> NoReturn:
        raise PolicyNotAvailable(f"the game draws chance: {INSTEAD}")

    def getrandbits(self, k: int, /) -> NoReturn:
        self.random()


def check_can_be_known(rules: Rules, options: Mapping[str, JSON], seats: int) -> None:
    """Raises `PolicyNotAvailable` if no client can know the states of such a game."""
    if not rules.perfect_information:
        raise PolicyNotAvailable(f"{rules.name} hides information: {INSTEAD}")
    moves, rng, no_chance = Moves(rules), Random(0), _NoChance()
    state = rules.new_game(seats, options, no_chance)
    for _ in range(TRIED):
        to_act = rules.to_act(state, seats)
        if not to_act:
            break
        seat = to_act[0]
        action = moves.as_json(moves.any(state, seat, rng))
        state = rules.apply(state, seat, action, no_chance)


class Shadow:
    """A game, as far as it has been followed; with the next one it starts anew.

    Attributes:
        seq: that of the last entry that was folded.
        state: the engine's state there; None before the start.
        options: the game's house rules.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._no_chance = _NoChance()
        self._forget("")

    def _forget(self, game_id: str) -> None:
        self.seq = -1
        self.state: Any = None
        self.options: Mapping[str, JSON] = {}
        self._seats = 0
        self._game_id = game_id
        self._standing: list[Played] = []

    def follow(self, log: Sequence[LogEntry], shown: GameState) -> Followed:
        """Fold the log on to what is shown; gives the actions that are new.

        Raises:
            BotFailed: the game cannot be followed, or it is another here than on the server.
        """
        if shown.game_id != self._game_id:
            self._forget(shown.game_id)
        kept = len(self._standing)
        try:
            for entry in log[self.seq + 1 : shown.seq + 1]:
                self._fold(entry)
                kept = min(kept, len(self._standing))
            own = self._rules.view(self.state, None)
        except MeepleError as error:
            raise BotFailed(
                f"the game {shown.game_id} cannot be followed: {error.message}"
            ) from error
        if self.seq != shown.seq or _canonical(own) != _canonical(shown.view):
            raise BotFailed(
                f"the game {shown.game_id} is another here than on the server at seq {shown.seq}:"
                f" is {self._rules.name} of the same version on both?"
            )
        return Followed(kept, self._standing[kept:])

    def _fold(self, entry: LogEntry) -> None:
        payload = entry.payload or {}
        if entry.kind is EntryKind.CREATED:
            self.options, self._seats = payload["options"], payload["seats"]
        elif entry.kind is EntryKind.STARTED:
            self.state = self._rules.new_game(self._seats, self.options, self._no_chance)
        elif entry.kind is EntryKind.ACTION and entry.seat is not None:
            action = payload["action"]
            self._standing.append(Played(self.state, entry.seat, action))
            self.state = self._rules.apply(self.state, entry.seat, action, self._no_chance)
        elif entry.kind is EntryKind.ANSWERED and "actions" in payload:
            # A takeback that was agreed to.
            left = len(self._standing) - payload["actions"]
            self.state = self._standing[left].before
            del self._standing[left:]
        self.seq = entry.seq


def _canonical(view: JSON) -> bytes:
    """The same bytes for the same JSON, whatever it is written with here."""
    plain = msgspec.json.decode(msgspec.json.encode(view))
    return msgspec.json.encode(plain, order="sorted")
