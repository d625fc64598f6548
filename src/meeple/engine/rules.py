"""An engine together with what it did not say: its optional powers, resolved once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import msgspec

from meeple.engine.base import (
    JSON,
    ActionAliases,
    ActionCodec,
    EngineOptions,
    ForcedActions,
    GameEngine,
)
from meeple.errors import IllegalAction, InvalidMessage

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
        self._codec = engine if isinstance(engine, ActionCodec) else None
        self._aliases = engine if isinstance(engine, ActionAliases) else None
        self._forced = engine if isinstance(engine, ForcedActions) else None
        self.may_force = self._forced is not None

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

    def listed_action(self, state: Any, seat: int, action: JSON) -> JSON:
        """The action by the word that is listed, if it came by another one."""
        if self._aliases is None:
            return action
        return self._aliases.listed_action(state, seat, action)

    def forced(self, state: Any, seat: int) -> JSON:
        """What the seat is forced to do; None if nothing."""
        return None if self._forced is None else self._forced.forced(state, seat)

    def listed(self, action: JSON, legal: list[JSON]) -> None:
        """Raises `IllegalAction` unless ``legal`` holds exactly this JSON value.

        Python's ``in`` would take ``true`` for 1 and 1.0 for 1; the log must not.
        """
        if type(action) in _SCALARS:
            if any(type(one) is type(action) and one == action for one in legal):
                return
        elif _canonical.encode(action) in map(_canonical.encode, legal):
            return
        raise IllegalAction
