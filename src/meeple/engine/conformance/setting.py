"""What a checked game is played with: its seed, its seats and its house rules."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from random import Random
from typing import Any, NamedTuple

import msgspec

from meeple.engine.base import JSON
from meeple.engine.rng import SEED_BYTES

#: A range of integers no longer than this is drawn from as a whole; of a longer one only the ends.
SHORT_RANGE = 100


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

    def chance(self, purpose: str) -> Random:
        """A generator for the kit itself; never handed to the engine."""
        return Random(f"{self.label} {purpose}")


def label_of(seed: int | str, number: int) -> int | str:
    """The label of a game, such that the first game of that seed is that game."""
    if isinstance(seed, int):
        return seed + number
    return f"{seed}+{number}" if number else seed


def choose_setting(
    engine: Any, label: int | str, seats: int | None, options: Mapping[str, JSON] | None
) -> Setting:
    """The setting of one game; seats and options are by chance unless given."""
    chance = Random(f"{label} setting")
    if seats is None:
        seats = chance.choice(_seat_counts(engine))
    declared = getattr(engine, "Options", None)
    if declared is None:
        if options:
            raise BadDeclaration("Options were given, but the engine has no `Options`.")
        return Setting(label, seats, {})
    complete = _complete(declared, options or {})
    if options is None and chance.random() < 0.5:
        complete = _vary(declared, complete, chance)
    return Setting(label, seats, complete)


def _seat_counts(engine: Any) -> range:
    counts = getattr(engine, "seats", range(2, 3))
    if not isinstance(counts, range) or not counts or min(counts) < 1:
        raise BadDeclaration(
            f"`seats` must be a range of how many may play, such as range(2, 5); it is {counts!r}."
        )
    return counts


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


def _vary(declared: Any, defaults: dict[str, JSON], chance: Random) -> dict[str, JSON]:
    """Options by chance; the defaults if the engine refuses those together."""
    schema, parts = msgspec.json.schema_components([declared])
    name = schema[0].get("$ref", "").rpartition("/")[2]
    properties = parts.get(name, {}).get("properties", {})
    varied = {
        option: _value(properties.get(option, {}), default, chance)
        for option, default in defaults.items()
    }
    try:
        return _complete(declared, varied)
    except BadDeclaration:
        # Rules that bind two options together are not in the schema, so this is no fault.
        return defaults


def _value(schema: dict[str, Any], default: JSON, chance: Random) -> JSON:
    """A value that the schema allows; the default where the schema is not a simple one."""
    if "enum" in schema:
        return chance.choice(schema["enum"])
    if schema.get("type") == "boolean":
        return chance.random() < 0.5
    if schema.get("type") == "integer":
        low = schema.get("minimum", schema.get("exclusiveMinimum", default - 1) + 1)
        high = schema.get("maximum", schema.get("exclusiveMaximum", default + 1) - 1)
        if high - low <= SHORT_RANGE:
            return chance.randint(low, high)
        return chance.choice([low, default])
    return default
