"""An engine together with what it did not say: its optional powers, resolved once.

Whatever an engine raises, but Meeple's own errors, leaves here as `EngineError`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from random import Random
from typing import Any

import msgspec

from meeple.engine.base import (
    JSON,
    ActionAliases,
    ActionCodec,
    AutoMoves,
    DescribesActions,
    DrawRules,
    EngineOptions,
    ForcedActions,
    GameEngine,
    Outcome,
    TimeoutOutcome,
)
from meeple.errors import EngineError, IllegalAction, InvalidMessage, MeepleError

_canonical = msgspec.json.Encoder(order="sorted")
_SCALARS = (int, str, bool, float, type(None))


class Rules:
    """One engine and its optional powers, with a default for each that it does not have."""

    def __init__(self, name: str, engine: GameEngine[Any, Any]) -> None:
        self.name = name
        self.engine = engine
        self.seats: range = getattr(engine, "seats", range(2, 3))
        self.options_type: type[EngineOptions] = getattr(engine, "Options", EngineOptions)
        self.perfect_information: bool = getattr(engine, "perfect_information", False)
        self.takebacks: bool = getattr(engine, "takebacks", False)
        self._codec = engine if isinstance(engine, ActionCodec) else None
        self._aliases = engine if isinstance(engine, ActionAliases) else None
        self._forced = engine if isinstance(engine, ForcedActions) else None
        self._describes = engine if isinstance(engine, DescribesActions) else None
        self._automatic = engine if isinstance(engine, AutoMoves) else None
        self._timeout = engine if isinstance(engine, TimeoutOutcome) else None
        self._draws = engine if isinstance(engine, DrawRules) else None
        #: Whether nobody is ever asked for more than a plain action.
        self.plain = self._forced is None and self._describes is None

    @cached_property
    def summary(self) -> str:
        """One line about the game: its engine's, or the first of its engine's docstring."""
        own: str = getattr(self.engine, "summary", "") or type(self.engine).__doc__ or self.name
        return own.strip().splitlines()[0]

    @cached_property
    def options_schema(self) -> dict[str, JSON]:
        """The JSON Schema of the engine's options."""
        return msgspec.json.schema(self.options_type)

    def options(self, given: Mapping[str, JSON]) -> dict[str, JSON]:
        """``given`` validated and completed with the defaults.

        Raises:
            InvalidMessage: an option is unknown, of the wrong type or out of bounds.
        """
        try:
            options = msgspec.convert(dict(given), self.options_type)
        except msgspec.ValidationError as error:
            raise InvalidMessage(f"options: {error}") from error
        # As they will be read from the log, whose JSON knows neither tuples nor keys of numbers.
        return dict(msgspec.json.decode(msgspec.json.encode(options)))

    def encode_action(self, action: Any) -> JSON:
        """An action of the engine's as JSON."""
        return action if self._codec is None else self._codec.encode_action(action)

    def decode_action(self, data: JSON) -> Any:
        """The engine's action that ``data`` stands for; raises `IllegalAction` if none."""
        return data if self._codec is None else self._codec.decode_action(data)

    # The handlers are written out: a function or a context manager around each call would cost more
    # than the call.

    def new_game(self, seats: int, options: Mapping[str, JSON], rng: Random) -> Any:
        """The engine's state before the first action."""
        try:
            return self.engine.new_game(seats, options, rng)
        except MeepleError:
            raise
        except Exception as error:
            raise EngineError from error

    def apply(self, state: Any, seat: int, action: JSON, rng: Random) -> Any:
        """The engine's state after ``action``; raises `IllegalAction`."""
        try:
            if self._codec is not None:
                action = self._codec.decode_action(action)
            return self.engine.apply(state, seat, action, rng)
        except MeepleError:
            raise
        except Exception as error:
            raise EngineError from error

    def to_act(self, state: Any, seats: int) -> tuple[int, ...]:
        """Who may act, in order."""
        try:
            turn = tuple(sorted(self.engine.to_act(state)))
        except MeepleError:
            raise
        except Exception as error:
            raise EngineError from error
        if turn and not 0 <= turn[0] <= turn[-1] < seats:
            raise EngineError(f"the rules name seats that the table has not: {turn}")
        return turn

    def legal_actions(self, state: Any, seat: int) -> list[JSON] | None:
        """What a seat that is to act may do, as JSON; None if that is too much to list."""
        try:
            legal = self.engine.legal_actions(state, seat)
            if legal is None or self._codec is None:
                return None if legal is None else list(legal)
            return [self._codec.encode_action(one) for one in legal]
        except MeepleError:
            raise
        except Exception as error:
            raise EngineError from error

    def view(self, state: Any, seat: int | None) -> JSON:
        """What the seat, or a spectator, may see."""
        try:
            return self.engine.view(state, seat)
        except MeepleError:
            raise
        except Exception as error:
            raise EngineError from error

    def outcome(self, state: Any) -> Outcome | None:
        """How the game ended; None while it is on.

        Through JSON, so that an outcome which the log could not give back is the engine's error.
        """
        try:
            outcome = self.engine.outcome(state)
            return None if outcome is None else _as_logged(outcome)
        except MeepleError:
            raise
        except Exception as error:
            raise EngineError from error

    @property
    def acts_for_absent(self) -> bool:
        """Whether the engine acts in place of a player whose time has run out."""
        return self._automatic is not None

    def auto_action(self, state: Any, seat: int, rng: Random) -> JSON:
        """What is done for an absent player, as JSON."""
        if self._automatic is None:
            raise EngineError("the rules do not act for absent players")
        try:
            return self.encode_action(self._automatic.auto_action(state, seat, rng))
        except MeepleError:
            raise
        except Exception as error:
            raise EngineError from error

    def timeout_outcome(self, state: Any, seat: int) -> Outcome | None:
        """How the game ends when the seat's time runs out; None: all the others win."""
        if self._timeout is None:
            return None
        try:
            outcome = self._timeout.timeout_outcome(state, seat)
            return None if outcome is None else _as_logged(outcome)
        except MeepleError:
            raise
        except Exception as error:
            raise EngineError from error

    def listed_action(self, state: Any, seat: int, action: JSON) -> JSON:
        """The action by the word that is listed, if it came by another one."""
        if self._aliases is None:
            return action
        try:
            return self._aliases.listed_action(state, seat, action)
        except MeepleError:
            raise
        except Exception as error:
            raise EngineError from error

    def forced(self, state: Any, seat: int) -> JSON:
        """What the seat is forced to do; None if nothing."""
        if self._forced is None:
            return None
        try:
            return self._forced.forced(state, seat)
        except MeepleError:
            raise
        except Exception as error:
            raise EngineError from error

    def labels(self, state: Any, seat: int, legal: list[JSON]) -> list[str] | None:
        """The seat's legal actions in words; None if the engine has no words."""
        if self._describes is None:
            return None
        try:
            describe = self._describes.describe_action
            return [describe(state, seat, self.decode_action(data)) for data in legal]
        except MeepleError:
            raise
        except Exception as error:
            raise EngineError from error

    def draw_offers(self, options: Mapping[str, JSON]) -> bool:
        """Whether players may agree to a draw: they may unless the engine says no."""
        if self._draws is None:
            return True
        try:
            return bool(self._draws.draw_offers(options))
        except MeepleError:
            raise
        except Exception as error:
            raise EngineError from error

    def listed(self, action: JSON, legal: list[JSON]) -> None:
        """Raises `IllegalAction` unless ``legal`` holds exactly this JSON value.

        Python's ``in`` would take ``true`` for 1 and 1.0 for 1; the log must not.
        """
        if type(action) in _SCALARS:
            for one in legal:
                if one == action and type(one) is type(action):
                    return
        elif _canonical.encode(action) in map(_canonical.encode, legal):
            return
        raise IllegalAction


def _as_logged(outcome: Outcome) -> Outcome:
    return msgspec.json.decode(msgspec.json.encode(outcome), type=Outcome)
