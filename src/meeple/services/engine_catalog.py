"""The engines on offer: everything under the entry-point group ``meeple.engines``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import structlog

from meeple.engine.base import GameEngine
from meeple.engine.rules import Rules
from meeple.errors import EngineNotFound

log = structlog.get_logger(__name__)

#: The entry-point group in which a package offers engines: ``name = "module:Class"``.
GROUP = "meeple.engines"


class EngineCatalog:
    """Finds engines by name; each is made once, when it is first asked for.

    Args:
        found: the entry points; by default those of every installed package.
    """

    def __init__(self, found: Iterable[EntryPoint] | None = None) -> None:
        points = entry_points(group=GROUP) if found is None else found
        self._points = {point.name: point for point in points}
        self._engines: dict[str, GameEngine[Any, Any]] = {}

    def __call__(self, name: str) -> GameEngine[Any, Any]:
        """The engine of that name; an ``engine_factory``.

        Raises:
            EngineNotFound: there is none, or its package cannot be loaded.
        """
        if name not in self._engines:
            if name not in self._points:
                raise EngineNotFound(f"there is no engine {name[:64]!r}")
            try:
                self._engines[name] = self._points[name].load()()
            except Exception as error:
                log.exception("engine cannot be loaded", engine=name)
                raise EngineNotFound(f"the engine {name!r} cannot be loaded") from error
        return self._engines[name]

    def __iter__(self) -> Iterator[Rules]:
        """Every engine that can be loaded, by name."""
        for name in sorted(self._points):
            try:
                yield Rules(name, self(name))
            except EngineNotFound:
                continue
