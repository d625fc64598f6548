"""An engine's state, written down for its author."""

from __future__ import annotations

from contextlib import AbstractContextManager

import msgspec
from msgspec import UNSET, UnsetType

from meeple.engine.base import StateCodec
from meeple.engine.game import Game

#: Characters of a state that is no JSON, at most.
MOST = 200_000


def raw_state(
    game: Game, limit: AbstractContextManager[None]
) -> tuple[msgspec.Raw | UnsetType, str | None]:
    """The state as JSON, secrets included; or, if it is none, as Python writes it."""
    engine, state = game.rules.engine, game.state
    try:
        with limit:
            if isinstance(engine, StateCodec) and state is not None:
                state = engine.encode_state(state)
            # Dataclasses, tuples, sets and structs are nearly JSON.
            return msgspec.Raw(msgspec.json.encode(state)), None
    except Exception:  # noqa: BLE001 - whatever an engine's state is made of
        return UNSET, _as_python(game.state, limit)


def _as_python(state: object, limit: AbstractContextManager[None]) -> str:
    try:
        with limit:
            return repr(state)[:MOST]
    except Exception as error:  # noqa: BLE001 - a __repr__ may raise anything
        return f"{type(state).__name__}, whose repr raised {type(error).__name__}: {error}"
