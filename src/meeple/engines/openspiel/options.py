"""A game's parameters as its options: a type with bounds, and a check that they fit together."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Annotated, Any, Literal, cast

import msgspec
import pyspiel

from meeple.engine.base import EngineOptions
from meeple.engines.openspiel import registry
from meeple.engines.openspiel.bounds import BOUNDS, Between, Bound, Matching, OneOf
from meeple.engines.openspiel.fen import check_fen, king_can_be_taken
from meeple.engines.openspiel.start import start

_SOURCE = re.compile(r"^\S+\.(cc|h):\d+ ")

#: What chess has beside the library's parameters: the position to start from.
FEN = Annotated[
    str,
    msgspec.Meta(
        max_length=100, description="position to start from, as FEN; the usual one if empty"
    ),
]


def options_type(kind: Any) -> type[EngineOptions]:
    """The type of a game's options: every option that has bounds.

    Making one raises ``ValueError`` if the library refuses the options together, for any number of
    seats.
    """
    bounds = BOUNDS.get(kind.short_name, {})
    known = kind.parameter_specification
    fields = [(name, *_field(known[name], bound)) for name, bound in sorted(bounds.items())]
    if kind.short_name == "chess":
        fields.append(("fen", FEN, ""))
    made = msgspec.defstruct(
        "Options",
        fields,
        bases=(EngineOptions,),
        namespace={"__post_init__": _check_of(kind)} if fields else {},
        frozen=True,
        kw_only=True,
    )
    return cast("type[EngineOptions]", made)


def _field(default: Any, bound: Bound) -> tuple[Any, Any]:
    """Type and default of one option."""
    match bound:
        case Between(low, high, own):
            default = default if own is None else own
            number = type(default)
            return Annotated[number, msgspec.Meta(ge=number(low), le=number(high))], default
        case OneOf(values):
            return Literal[values], default
        case Matching(pattern):
            return Annotated[str, msgspec.Meta(pattern=pattern)], default
        case _:
            return bool, default


def _check_of(kind: Any) -> Callable[[Any], None]:
    def check(options: Any) -> None:
        given = msgspec.structs.asdict(options)
        usual = {field.name: field.default for field in msgspec.structs.fields(options)}
        if given != usual:
            check_fen(given.get("fen", ""), chess960=given.get("chess960", False))
            for seats in registry.seats_of(kind):
                _check_start(kind, seats, given)

    return check


def _check_start(kind: Any, seats: int, given: dict[str, Any]) -> None:
    try:
        state = start(kind, seats, given, Random(0))
    except pyspiel.SpielError as error:
        # Without the line of the library's source that it begins with.
        reason = _SOURCE.sub("", str(error))
        raise ValueError(f"these options do not go together: {reason}") from error
    if given.get("fen") and king_can_be_taken(state):
        raise ValueError("fen: the side that is not to move stands in check")
    if state.is_terminal() or not any(state.legal_actions(seat) for seat in range(seats)):
        raise ValueError("with these options there is nothing to play")
