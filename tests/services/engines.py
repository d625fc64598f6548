"""Small engines to test the services with, each with one peculiarity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import msgspec

from meeple.engine.base import EngineOptions, GameEngine, Outcome
from meeple.engines.connect_four import ConnectFour
from meeple.engines.goofspiel import Goofspiel
from meeple.engines.tic_tac_toe import TicTacToe
from meeple.errors import EngineNotFound, IllegalAction

Moves = tuple[Any, ...]


class Plain:
    """Two seats in turn; any action is legal and shown to all; ten of them are a draw."""

    perfect_information = True
    length = 10

    def __init__(self, legal: Sequence[Any] | None = None) -> None:
        self.legal = legal

    def new_game(self, seats: int, options: Mapping[str, Any], rng: Random) -> Moves:
        return ()

    def to_act(self, state: Moves) -> Sequence[int]:
        return [] if len(state) >= self.length else [len(state) % 2]

    def legal_actions(self, state: Moves, seat: int) -> Sequence[Any] | None:
        return self.legal

    def apply(self, state: Moves, seat: int, action: Any, rng: Random) -> Moves:
        return (*state, action)

    def view(self, state: Moves, seat: int | None) -> Any:
        return {"moves": list(state)}

    def outcome(self, state: Moves) -> Outcome | None:
        return Outcome((), "done") if len(state) >= self.length else None


class Nicknamed(TicTacToe):
    """Cells have names too."""

    names = ("top left", "top")

    def listed_action(self, state: Any, seat: int, action: Any) -> Any:
        return self.names.index(action) if action in self.names else action


class Dice(Plain):
    """Every action throws a die."""

    length = 6

    def apply(self, state: Moves, seat: int, action: Any, rng: Random) -> Moves:
        return (*state, rng.randint(1, 6))


class Checked(Plain):
    """Who is in check must answer it."""

    def legal_actions(self, state: Moves, seat: int) -> Sequence[Any]:
        return ["answer"] if state[-1:] == ("check",) else ["check", "wait"]

    def forced(self, state: Moves, seat: int) -> Any:
        return {"do": "answer"} if state[-1:] == ("check",) else None


class Solo(Plain):
    """A game for one."""

    seats = range(1, 2)
    length = 3

    def to_act(self, state: Moves) -> Sequence[int]:
        return [] if len(state) >= self.length else [0]


class DecidedAtStart(Plain):
    """Over before anybody can act."""

    length = 0


class Broken(Plain):
    """After the action ``"view"`` its view fails, after ``"outcome"`` its outcome, and so on."""

    seats = range(1, 3)

    class Options(EngineOptions, frozen=True):
        start: str = ""

    def new_game(self, seats: int, options: Mapping[str, Any], rng: Random) -> Moves:
        self._fail_if("new_game", (options["start"],))
        return (options["start"],)

    def to_act(self, state: Moves) -> Sequence[int]:
        self._fail_if("to_act", state)
        return [] if "nobody" in state or "outcome" in " ".join(state) else [(len(state) + 1) % 2]

    def legal_actions(self, state: Moves, seat: int) -> Sequence[Any] | None:
        self._fail_if("legal_actions", state)
        return None

    def apply(self, state: Moves, seat: int, action: Any, rng: Random) -> Moves:
        self._fail_if("apply", (action,))
        if action == "illegal":
            raise IllegalAction("not that")
        return (*state, action)

    def view(self, state: Moves, seat: int | None) -> Any:
        self._fail_if("view", state)
        return {"moves": list(state)}

    def outcome(self, state: Moves) -> Any:
        self._fail_if("outcome", state)
        if "rubbish outcome" in state:
            return object()
        if "outcome that JSON cannot say" in state:
            return Outcome((0,), "scores", (float("nan"), 1.0))
        return None

    @staticmethod
    def _fail_if(name: str, state: Moves) -> None:
        if name in state:
            raise ZeroDivisionError(f"{name} is broken")


class Tricks(Plain):
    """Options of a kind that JSON says otherwise than Python."""

    class Options(EngineOptions, frozen=True):
        pair: tuple[int, int] = (1, 2)
        names: dict[int, str] = msgspec.field(default_factory=lambda: {7: "seven"})

    def new_game(self, seats: int, options: Mapping[str, Any], rng: Random) -> Moves:
        return (repr(dict(options)),)


class Shelf:
    """An ``engine_factory``; counts how often each engine was asked for."""

    def __init__(self, **more: GameEngine[Any, Any]) -> None:
        self.engines: dict[str, GameEngine[Any, Any]] = {
            "tic-tac-toe": TicTacToe(),
            "connect-four": ConnectFour(),
            "goofspiel": Goofspiel(),
            "nicknamed": Nicknamed(),
            "plain": Plain(),
            "dice": Dice(),
            "checked": Checked(),
            "solo": Solo(),
            "decided": DecidedAtStart(),
            "broken": Broken(),
            "tricks": Tricks(),
            **more,
        }

    def __call__(self, name: str) -> GameEngine[Any, Any]:
        if name not in self.engines:
            raise EngineNotFound
        return self.engines[name]
