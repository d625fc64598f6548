"""The seam between Meeple and the rules of a game.

A game author writes one class with the six methods of `GameEngine`. Everything else in this module
is optional: attributes and small protocols that an engine may have to offer more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from random import Random
from typing import Any, Protocol, TypeAlias, TypeVar, runtime_checkable

import msgspec

from meeple.errors import IllegalAction

__all__ = [
    "JSON",
    "ActionAliases",
    "ActionCodec",
    "AutoMoves",
    "ChoosesActions",
    "DescribesActions",
    "DrawRules",
    "EngineFamily",
    "EngineOptions",
    "ForcedActions",
    "GameEngine",
    "IllegalAction",
    "Outcome",
    "Redeals",
    "SamplesActions",
    "StateCodec",
    "TimeoutOutcome",
]

#: What JSON can say: None, bool, int, float, str, and lists and string-keyed dicts of these.
JSON: TypeAlias = Any

State = TypeVar("State")
Action = TypeVar("Action")


class Outcome(msgspec.Struct, frozen=True):
    """How a game ended.

    Attributes:
        winners: the winning seats, in order; empty for a draw.
        reason: a stable word such as ``"line"``, ``"checkmate"`` or ``"resigned"``.
        scores: a score a seat, where the game has scores.
    """

    winners: tuple[int, ...]
    reason: str
    scores: tuple[float, ...] | None = None


class EngineOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of an engine's ``Options``: its house rules, each with a type, bounds and a default."""


class GameEngine(Protocol[State, Action]):
    """The rules of one kind of game.

    Pure: same inputs, same outputs; no I/O, no clock, no global random, and no change to a state
    that was handed in. What `apply` needs of chance it draws from ``rng``, which Meeple seeds from
    the game's secret seed and the entry's seq; a generator is good for the one call only.

    States may be any Python value; actions are JSON values unless the engine is an `ActionCodec`.
    The first line of the class's docstring is what a lobby says about the game. Optional
    attributes:

    - ``summary``: that line, for an engine whose class is of many games.
    - ``seats``: a ``range`` of how many may play; two if it is not given.
    - ``Options``: a subclass of `EngineOptions`; no options if it is not given.
    - ``perfect_information``: True if every viewer may see everything; one view then serves all,
      and replays show every action while the game is on. False if it is not given.
    - ``takebacks``: True if players may take actions back when the others agree. Not for a game
      that draws chance or hides something: who goes back would know more than before. False if it
      is not given.
    """

    def new_game(self, seats: int, options: Mapping[str, Any], rng: Random) -> State:
        """The state before the first action. ``options`` are validated and complete."""
        ...

    def to_act(self, state: State) -> Collection[int]:
        """The seats that may act now (several: simultaneous); empty once the game has ended."""
        ...

    def legal_actions(self, state: State, seat: int) -> Sequence[Action] | None:
        """What ``seat``, which is to act, may do now; None if that is too much to list."""
        ...

    def apply(self, state: State, seat: int, action: Action, rng: Random) -> State:
        """The state after ``seat``, which is to act, has done ``action``.

        Raises:
            IllegalAction: the rules forbid it; the message is shown to the player.
        """
        ...

    def view(self, state: State, seat: int | None) -> JSON:
        """What ``seat`` may see of the state; what a spectator may see if it is None."""
        ...

    def outcome(self, state: State) -> Outcome | None:
        """How the game ended; None while it is on. Asked when nobody is `to_act` any more."""
        ...


@runtime_checkable
class ActionCodec(Protocol):
    """For an engine whose actions are not JSON values themselves."""

    def encode_action(self, action: Any) -> JSON:
        """The action as JSON; equal actions give equal JSON."""
        ...

    def decode_action(self, data: JSON) -> Any:
        """The action that ``data`` stands for.

        Raises:
            IllegalAction: it stands for none.
        """
        ...


@runtime_checkable
class ActionAliases(Protocol):
    """For an engine that knows an action by another word than the one that it lists."""

    def listed_action(self, state: Any, seat: int, action: JSON) -> JSON:
        """The action as `legal_actions` lists it; ``action`` itself if it is no other word."""
        ...


@runtime_checkable
class StateCodec(Protocol):
    """For an engine whose states can be written down: enables snapshots of long games."""

    def encode_state(self, state: Any) -> JSON:
        """The whole state, secrets included, as JSON."""
        ...

    def decode_state(self, data: JSON) -> Any:
        """The state that `encode_state` wrote."""
        ...


@runtime_checkable
class ForcedActions(Protocol):
    """For an engine in which a seat may be forced to do one particular thing."""

    def forced(self, state: Any, seat: int) -> JSON:
        """What ``seat`` is forced to do, as shown in its ``request``; None if nothing.

        Of an object, people are shown its ``text``.
        """
        ...


@runtime_checkable
class DescribesActions(Protocol):
    """For an engine that can say its actions in words, so that people can choose among them."""

    def describe_action(self, state: Any, seat: int, action: Any) -> str:
        """What it means that ``seat`` does ``action``, which is legal, as ``seat`` may know it."""
        ...


@runtime_checkable
class DrawRules(Protocol):
    """For an engine that does not let players agree to a draw, always or by its options."""

    def draw_offers(self, options: Mapping[str, Any]) -> bool:
        """Whether a draw may be offered in a game with these options; they are complete."""
        ...


@runtime_checkable
class SamplesActions(Protocol):
    """For an engine that has too many actions to list."""

    def sample_action(self, state: Any, seat: int, rng: Random) -> Any:
        """One of the actions that ``seat`` may do now, by chance."""
        ...


@runtime_checkable
class Redeals(Protocol):
    """For an engine with hidden information that can deal what is hidden anew.

    It says what a seat cannot know. The test kit finds leaks with it, and bots think with it.
    """

    def redeal(self, state: Any, seat: int | None, rng: Random) -> Any:
        """A random state that ``seat`` (None: a spectator) cannot tell from ``state``.

        None if the engine cannot deal for this viewer: spectators of a game that deals for its
        seats only, say. No bot thinks for that viewer then, and no leak to it is looked for.

        It depends on ``rng`` and on what the seat can see, and on nothing else: of two states that
        the seat cannot tell apart, the same ``rng`` makes the same one. So sort what is hidden
        before shuffling it.
        """
        ...


@runtime_checkable
class ChoosesActions(Protocol):
    """For an engine that brings a bot of its own, better at this game than Meeple's."""

    def choose_action(self, state: Any, seat: int, iterations: int, rng: Random) -> Any:
        """The action that the bot does for ``seat``, which is to act.

        It depends on what the seat can see, and on nothing else that ``state`` holds.

        Args:
            state: the true state.
            seat: the seat that the bot plays.
            iterations: how hard it may think: simulated games, or what comes near to one.
            rng: the only source of chance.
        """
        ...


@runtime_checkable
class AutoMoves(Protocol):
    """For an engine that goes on without a player whose time has run out.

    The seat does not lose then, unless it happens several times in a row.
    """

    def auto_action(self, state: Any, seat: int, rng: Random) -> Any:
        """What is done for ``seat``, which is to act and whose player is absent; must be legal."""
        ...


@runtime_checkable
class TimeoutOutcome(Protocol):
    """For an engine in which the others do not always win when a seat's time has run out."""

    def timeout_outcome(self, state: Any, seat: int) -> Outcome | None:
        """How the game ends when the time of ``seat`` runs out; None: all the others win."""
        ...


class EngineFamily(Protocol):
    """Many engines from one source: ``family:name`` for each of its names."""

    def names(self) -> Iterable[str]:
        """The names of those that can be had; must be quick, and may be none."""
        ...

    def engine(self, name: str) -> GameEngine[Any, Any]:
        """The engine of that name.

        Raises:
            EngineNotFound: the family has none.
        """
        ...
