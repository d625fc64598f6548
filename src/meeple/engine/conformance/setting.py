"""What a checked game is played with: its seed, its seats and its house rules."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from random import Random
from typing import Any, NamedTuple

import msgspec
from hypothesis import strategies as st

from meeple.engine.base import JSON
from meeple.engine.rng import SEED_BYTES

#: A range of integers no longer than this is drawn from as a whole; of a longer one only the ends.
SHORT_RANGE = 100
#: How many games follow from one seed.
LABELS = 2**32


class BadDeclaration(Exception):
    """What the engine says of itself cannot be used."""


class Setting(NamedTuple):
    """One game to play. Everything by chance in it follows from the label."""

    label: int | str
    seats: int
    options: dict[str, JSON]

    @property
    def seed(self) -> bytes:
        """The game's secret seed."""
        return blake2b(str(self.label).encode(), digest_size=SEED_BYTES).digest()

    @property
    def start(self) -> int:
        """The seq of the entry that starts the game, in the log that a server would keep of it."""
        return self.seats + 1

    def chance(self, purpose: str) -> Random:
        """A generator for the kit itself; never handed to the engine."""
        return Random(f"{self.label} {purpose}")


def settings_of(
    engine: Any, seed: int | str, seats: int | None, options: Mapping[str, JSON] | None
) -> tuple[Setting, st.SearchStrategy[Setting]]:
    """The first game to play, which has ``seed`` for its label, and a strategy for all others.

    Seats and options are by chance unless they are given; the first game has the fewest seats and
    the defaults.

    Raises:
        BadDeclaration: the engine's ``seats`` or ``Options`` cannot be used.
    """
    counts = _seat_counts(engine) if seats is None else range(seats, seats + 1)
    defaults, varied = _options(engine, options)
    labels = st.integers(1, LABELS).map(lambda number: _label(seed, number))
    others = st.builds(Setting, labels, st.sampled_from(counts), varied)
    return Setting(seed, counts[0], defaults), others


def _label(seed: int | str, number: int) -> int | str:
    return seed + number if isinstance(seed, int) else f"{seed}+{number}"


def _seat_counts(engine: Any) -> range:
    counts = getattr(engine, "seats", range(2, 3))
    if not isinstance(counts, range) or not counts or min(counts) < 1:
        raise BadDeclaration(
            f"`seats` must be a range of how many may play, such as range(2, 5); it is {counts!r}."
        )
    return counts


def _options(
    engine: Any, given: Mapping[str, JSON] | None
) -> tuple[dict[str, JSON], st.SearchStrategy[dict[str, JSON]]]:
    declared = getattr(engine, "Options", None)
    if declared is None:
        if given:
            raise BadDeclaration("Options were given, but the engine has no `Options`.")
        return {}, st.just({})
    complete = _complete(declared, given or {})
    varied = st.just(complete) if given is not None else _varied(declared, complete)
    return complete, varied


def _complete(declared: Any, options: Mapping[str, JSON]) -> dict[str, JSON]:
    """The options with the defaults filled in, as an engine gets them."""
    try:
        complete = msgspec.to_builtins(msgspec.convert(dict(options), declared))
    except msgspec.ValidationError as error:
        raise BadDeclaration(
            f"`Options` refuses {dict(options)}: {error}. Give every option a default."
        ) from error
    except (NameError, TypeError) as error:
        raise BadDeclaration(f"`Options` has an option of no usable type: {error}.") from error
    if not isinstance(complete, dict):
        raise BadDeclaration("`Options` must be a subclass of EngineOptions.")
    return complete


def _varied(declared: Any, defaults: dict[str, JSON]) -> st.SearchStrategy[dict[str, JSON]]:
    """Options by chance; the defaults where the engine refuses those together."""
    schema, parts = msgspec.json.schema_components([declared], ref_template="{name}")
    properties = parts.get(schema[0].get("$ref", ""), {}).get("properties", {})
    values = {
        option: _values(properties.get(option, {}), default, parts)
        for option, default in defaults.items()
    }

    def allowed(options: dict[str, JSON]) -> dict[str, JSON]:
        try:
            return _complete(declared, options)
        except BadDeclaration:
            # Rules that bind two options together are not in the schema, so this is no fault.
            return defaults

    # Half of the games by the defaults: they are what most people play.
    return st.just(defaults) | st.fixed_dictionaries(values).map(allowed)


def _values(
    schema: dict[str, Any], default: JSON, parts: dict[str, Any]
) -> st.SearchStrategy[JSON]:
    """Values that the schema allows; the default alone where the schema is not a simple one."""
    schema = parts.get(schema.get("$ref", ""), schema)
    usual: st.SearchStrategy[JSON] = st.just(default)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of(usual, *(_values(one, default, parts) for one in schema["anyOf"]))
    match schema.get("type"):
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer":
            low = schema.get("minimum", schema.get("exclusiveMinimum", default - 1) + 1)
            high = schema.get("maximum", schema.get("exclusiveMaximum", default + 1) - 1)
            short = high - low <= SHORT_RANGE
            return st.integers(low, high) if short else st.sampled_from([default, low])
        case "number" if {"minimum", "maximum"} <= schema.keys():
            return st.floats(schema["minimum"], schema["maximum"])
    return usual
