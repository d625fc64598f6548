"""As many games as were asked for, with seeds, seats and options of hypothesis's choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import hypothesis
import msgspec
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st

from meeple.engine.base import JSON
from meeple.engine.conformance.setting import Setting

#: A range of integers no longer than this is drawn from as a whole; of a longer one only the ends.
SHORT_RANGE = 100
#: How many games follow from one seed.
LABELS = 2**32
#: Into how many steps a range of floats is cut.
STEPS = 64

T = TypeVar("T")


class BadDeclaration(Exception):
    """What the engine says of itself cannot be used."""


def play_all(
    play: Callable[[Setting], None],
    first: Setting,
    others: st.SearchStrategy[Setting],
    *,
    games: int,
    seed: int | str,
) -> None:
    """Call ``play`` with the first setting, and then with others, each of them once."""
    play(first)
    if games == 1:
        return
    played = {repr(first)}

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=games - 1,
        # What is found is noted, not raised, so nothing is left to shrink or to remember.
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(others)
    def each(setting: Setting) -> None:
        hypothesis.assume(repr(setting) not in played)
        played.add(repr(setting))
        play(setting)

    each()


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
    labels = _below(LABELS).map(lambda number: _label(seed, number + 1))
    return Setting(seed, counts[0], defaults), st.builds(Setting, labels, _one_of(counts), varied)


def _label(seed: int | str, number: int) -> int | str:
    return seed + number if isinstance(seed, int) else f"{seed}+{number}"


def _below(count: int) -> st.SearchStrategy[int]:
    """A number from 0 to ``count - 1``.

    It is made of tosses of a coin: into numbers that hypothesis draws, it mixes constants of
    whatever modules are loaded, and the same seed would not play the same games everywhere.
    """
    if count == 1:
        return st.just(0)
    bits = count.bit_length() + 8  # so many that what is left over by the division does not count
    tosses = st.lists(st.booleans(), min_size=bits, max_size=bits)
    return tosses.map(lambda heads: sum(head << at for at, head in enumerate(heads)) % count)


def _one_of(values: Sequence[T]) -> st.SearchStrategy[T]:
    return _below(len(values)).map(values.__getitem__)


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
        option: _one_of(_values(properties.get(option, {}), default, parts))
        for option, default in defaults.items()
    }

    def allowed(options: dict[str, JSON]) -> dict[str, JSON]:
        try:
            return _complete(declared, options)
        except BadDeclaration:
            # Rules that bind two options together are not in the schema, so this is no fault.
            return defaults

    varied = st.fixed_dictionaries(values).map(allowed)
    # Half of the games by the defaults: they are what most people play.
    return st.booleans().flatmap(lambda vary: varied if vary else st.just(defaults))


def _values(schema: dict[str, Any], default: JSON, parts: dict[str, Any]) -> Sequence[JSON]:
    """What to try of what the schema allows; the default alone where it is not a simple one."""
    schema = parts.get(schema.get("$ref", ""), schema)
    if "enum" in schema:
        return list(schema["enum"])
    if "anyOf" in schema:
        several = (_values(one, default, parts) for one in schema["anyOf"])
        return [default, *(value for values in several for value in values)]
    match schema.get("type"):
        case "null":
            return [None]
        case "boolean":
            return [False, True]
        case "integer" if type(default) is int:
            low = schema.get("minimum", schema.get("exclusiveMinimum", default - 1) + 1)
            high = schema.get("maximum", schema.get("exclusiveMaximum", default + 1) - 1)
            return range(low, high + 1) if high - low <= SHORT_RANGE else [default, low]
        case "number" if {"minimum", "maximum"} <= schema.keys():
            low, high = schema["minimum"], schema["maximum"]
            return [low + (high - low) * step / STEPS for step in range(STEPS + 1)]
    return [default]
