"""Small engines that keep the rules, each in a way of its own; none may be found fault with."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Annotated, Any, NamedTuple

import msgspec

from meeple.engine import EngineOptions, IllegalAction, Outcome


class Race:
    """Say numbers in turn, each of them larger than the last; who says the goal wins."""

    class Options(EngineOptions, frozen=True):
        goal: Annotated[int, msgspec.Meta(ge=3, le=12)] = 7
        stride: Annotated[int, msgspec.Meta(ge=1, le=3)] = 2
        reverse: bool = False

    seats = range(1, 4)
    perfect_information = True

    def new_game(self, seats: int, options: Mapping[str, Any], rng: Random) -> Any:
        return {"seats": seats, "said": [0], **options}

    def to_act(self, state: Any) -> Any:
        if state["said"][-1] == state["goal"]:
            return ()
        turn = (len(state["said"]) - 1) % state["seats"]
        return {state["seats"] - 1 - turn if state["reverse"] else turn}

    def legal_actions(self, state: Any, seat: int) -> Any:
        last = state["said"][-1]
        return range(last + 1, min(last + state["stride"], state["goal"]) + 1)

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        if type(action) is not int or action not in self.legal_actions(state, seat):
            raise IllegalAction
        return {**state, "said": [*state["said"], action]}

    def view(self, state: Any, seat: int | None) -> Any:
        return {"said": tuple(state["said"]), "goal": state["goal"]}

    def outcome(self, state: Any) -> Outcome | None:
        if state["said"][-1] < state["goal"]:
            return None
        turn = (len(state["said"]) - 2) % state["seats"]
        return Outcome((state["seats"] - 1 - turn if state["reverse"] else turn,), "goal")


class Point(NamedTuple):
    x: int
    y: int


class Walk:
    """A state without equality, actions that are no JSON, and a codec for both."""

    def __init__(self, x: int = 0, y: int = 0, steps: int = 0) -> None:
        self.x, self.y, self.steps = x, y, steps


class Walker:
    """Walk about a grid, three steps each."""

    perfect_information = True

    def new_game(self, seats: int, options: Mapping[str, Any], rng: Random) -> Walk:
        return Walk(rng.randint(0, 9), rng.randint(0, 9))

    def to_act(self, state: Walk) -> list[int]:
        return [] if state.steps == 6 else [state.steps % 2]

    def legal_actions(self, state: Walk, seat: int) -> list[Point]:
        return [Point(1, 0), Point(0, 1), Point(-1, 0), Point(0, -1)]

    def apply(self, state: Walk, seat: int, action: Point, rng: Random) -> Walk:
        if action not in self.legal_actions(state, seat):
            raise IllegalAction
        return Walk(state.x + action.x, state.y + action.y, state.steps + 1)

    def view(self, state: Walk, seat: int | None) -> Any:
        return [state.x, state.y, "♟"]

    def outcome(self, state: Walk) -> Outcome | None:
        return Outcome((), "tired", (float(state.x), state.y)) if state.steps == 6 else None

    names = ("east", "north", "west", "south")

    def encode_action(self, action: Point) -> str:
        return self.names[self.legal_actions(Walk(), 0).index(action)]

    def decode_action(self, data: Any) -> Point:
        # Upper case is understood too: a second word for the same action is no fault.
        if not isinstance(data, str) or data.lower().strip() not in self.names:
            raise IllegalAction
        return self.legal_actions(Walk(), 0)[self.names.index(data.lower().strip())]

    def encode_state(self, state: Walk) -> Any:
        return {"x": state.x, "y": state.y, "steps": state.steps, "large": 2**60}

    def decode_state(self, data: Any) -> Walk:
        return Walk(data["x"], data["y"], data["steps"])


class Essay:
    """Say anything, twice each: too many actions to list."""

    def new_game(self, seats: int, options: Mapping[str, Any], rng: Random) -> Any:
        return ()

    def to_act(self, state: Any) -> Any:
        return [] if len(state) == 4 else [len(state) % 2]

    def legal_actions(self, state: Any, seat: int) -> None:
        return None

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        if not isinstance(action, str):
            raise IllegalAction
        return (*state, action)

    def view(self, state: Any, seat: int | None) -> Any:
        return {"said": list(state)}

    def outcome(self, state: Any) -> Outcome | None:
        return Outcome((), "said") if len(state) == 4 else None

    def sample_action(self, state: Any, seat: int, rng: Random) -> Any:
        return rng.choice(["x", "yes", "no"])


class Nicknames(Race):
    """A race whose numbers may be texts."""

    def listed_action(self, state: Any, seat: int, action: Any) -> Any:
        return int(action) if action in tuple("123456789") else action

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        return super().apply(state, seat, self.listed_action(state, seat, action), rng)


class Kuhn:
    """Poker with three cards: one each, one hidden; check or bet, fold or call."""

    endings = ("check check", "bet fold", "bet call", "check bet fold", "check bet call")

    def new_game(self, seats: int, options: Mapping[str, Any], rng: Random) -> Any:
        return (tuple(rng.sample(["jack", "queen", "king"], 2)), ())

    def to_act(self, state: Any) -> Any:
        return [] if " ".join(state[1]) in self.endings else [len(state[1]) % 2]

    def legal_actions(self, state: Any, seat: int) -> Any:
        return ["fold", "call"] if state[1][-1:] == ("bet",) else ["check", "bet"]

    def apply(self, state: Any, seat: int, action: Any, rng: Random) -> Any:
        if action not in self.legal_actions(state, seat):
            raise IllegalAction
        return (state[0], (*state[1], action))

    def view(self, state: Any, seat: int | None) -> Any:
        return {"card": None if seat is None else state[0][seat], "said": list(state[1])}

    def outcome(self, state: Any) -> Outcome | None:
        (first, second), said = state
        if self.to_act(state):
            return None
        if said[-1] == "fold":
            return Outcome((len(said) % 2,), "fold")
        rank = ["jack", "queen", "king"].index
        return Outcome((0 if rank(first) > rank(second) else 1,), "showdown")


class DealtKuhn(Kuhn):
    """Kuhn's poker that says what is hidden, what must be done, and how it would play itself."""

    def redeal(self, state: Any, seat: int | None, rng: Random) -> Any:
        if seat is None:
            return (tuple(rng.sample(["jack", "queen", "king"], 2)), state[1])
        own = state[0][seat]
        other = rng.choice([card for card in ("jack", "queen", "king") if card != own])
        return ((own, other) if seat == 0 else (other, own), state[1])

    def forced(self, state: Any, seat: int) -> Any:
        return {"answer": "bet"} if state[1][-1:] == ("bet",) else None

    def choose_action(self, state: Any, seat: int, iterations: int, rng: Random) -> Any:
        listed = self.legal_actions(state, seat)
        return listed[-1] if state[0][seat] == "king" else rng.choice(listed)
