"""Values as they travel: what is JSON, what it looks like in bytes, what is no action."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from meeple.engine.base import JSON

#: The integers that every client reads exactly: those of a JavaScript number.
SAFE_INTEGER = 2**53 - 1

#: What no engine should take for an action, unless it lists it.
RUBBISH: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 3.5, 10**30, -(10**30)),
    *("", "x", "\u0000", "0", [], [0], [[]], {}, {"x": None}),
)


def json_fault(value: Any, path: str, *, for_clients: bool = True) -> str | None:
    """What in ``value`` is not JSON, or None; ``path`` is what to call the value."""
    return None if _plain(value) else _fault(value, path, for_clients=for_clients)


def _plain(value: Any) -> bool:
    """True if a quick look finds nothing but JSON. Nearly all the kit's time would go here."""
    kind = type(value)
    if kind is int:
        return bool(-SAFE_INTEGER <= value <= SAFE_INTEGER)
    if kind is str:
        return bool(value.isascii())
    if kind is list or kind is tuple:
        return all(map(_plain, value))
    if kind is dict:
        return all(type(key) is str for key in value) and all(map(_plain, value.values()))
    return value is None or kind is bool or (kind is float and math.isfinite(value))


def _fault(value: Any, path: str, *, for_clients: bool) -> str | None:
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        broken = any("\ud800" <= letter <= "\udfff" for letter in value)
        return f"{path} is {value!r}, which holds half a character" if broken else None
    if isinstance(value, int):
        if for_clients and abs(value) > SAFE_INTEGER:
            return f"{path} is {value}, too large for JavaScript: send it as a string"
        return None
    if isinstance(value, float):
        return None if math.isfinite(value) else f"{path} is {value}, which JSON cannot say"
    if isinstance(value, list | tuple):
        for index, item in enumerate(value):
            if fault := _fault(item, f"{path}[{index}]", for_clients=for_clients):
                return fault
        return None
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                return f"{path} has the key {key!r}, which is not a string"
            if fault := _fault(item, f"{path}[{key!r}]", for_clients=for_clients):
                return fault
        return None
    if isinstance(value, set | frozenset):
        return f"{path} is a set: its order differs from one server to the next, so sort it"
    return f"{path} is a {type(value).__name__}, which is not JSON"


def sent(value: JSON) -> bytes:
    """The value as it leaves for a client."""
    return msgspec.json.encode(value)


def canonical(value: JSON) -> bytes:
    """The value in bytes that do not depend on the order of the keys."""
    return msgspec.json.encode(value, order="deterministic")


def shown(data: bytes) -> str:
    """JSON as a report shows it: cut short if it is long."""
    text = data.decode()
    return text if len(text) <= 200 else f"{text[:200]}…"


def rubbish_for(
    listed: Collection[bytes], elsewhere: Collection[bytes], some: Collection[bytes]
) -> Iterator[JSON]:
    """Values that are not among the actions listed, given as canonical JSON.

    Besides `RUBBISH` these are actions that were legal ``elsewhere`` in the game, and values that
    Python takes for equal to ``some`` of the legal ones, or nearly so.
    """
    known = frozenset(listed)
    for value in RUBBISH:
        if canonical(value) not in known:
            yield value
    for data in elsewhere:
        if data not in known:
            yield msgspec.json.decode(data)
    for action in map(msgspec.json.decode, some):
        yield from (twin for twin in _twins(action) if canonical(twin) not in known)


def _twins(action: JSON) -> list[JSON]:
    twins: list[JSON] = [[action], {"action": action}]
    if type(action) is int:
        twins += [float(action), str(action), *([bool(action)] if action in (0, 1) else [])]
    if isinstance(action, list):
        twins += [[*action, 0], action[:-1]]
    if isinstance(action, str):
        twins += [action + " ", [action]]
    return twins
