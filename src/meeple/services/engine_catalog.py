"""The engines on offer: everything under the entry points of engines and of their families."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import structlog

from meeple.engine.base import EngineFamily, GameEngine
from meeple.engine.rules import Rules
from meeple.errors import ConfigurationError, EngineNotFound

log = structlog.get_logger(__name__)

#: The entry-point group in which a package offers engines: ``name = "module:Class"``.
GROUP = "meeple.engines"
#: The group in which a package offers many engines at once: ``name = "module:Class"``, the class an
#: `EngineFamily`; its engines are called ``name:…``.
FAMILY_GROUP = "meeple.engine_families"


def tried(engine: str) -> EntryPoint:
    """The entry point of a game that is not installed: ``module:MyGame`` is offered as ``my-game``.

    Raises:
        ConfigurationError: that is no ``MODULE:CLASS``.
    """
    module, _, name = engine.partition(":")
    if not module or not name.isidentifier():
        raise ConfigurationError(f"engine: write it as MODULE:CLASS, not {engine!r}")
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).replace("_", "-").lower()
    return EntryPoint(words, engine, GROUP)


class EngineCatalog:
    """Finds engines by name; each is made once, when it is first asked for.

    Args:
        found: the entry points of engines; by default those of every installed package.
        families: the entry points of families of engines; the same.
        more: entry points of engines beside those; they go before others of their name.
    """

    def __init__(
        self,
        found: Iterable[EntryPoint] | None = None,
        families: Iterable[EntryPoint] | None = None,
        more: Iterable[EntryPoint] = (),
    ) -> None:
        if families is None:
            families = entry_points(group=FAMILY_GROUP) if found is None else ()
        points = entry_points(group=GROUP) if found is None else found
        self._points = {point.name: point for point in (*points, *more)}
        self._family_points = {point.name: point for point in families}
        self._families: dict[str, EngineFamily] = {}
        self._rules: dict[str, Rules] = {}

    def __call__(self, name: str) -> GameEngine[Any, Any]:
        """The engine of that name; an ``engine_factory``.

        Raises:
            EngineNotFound: there is none, or its package cannot be loaded.
        """
        return self.rules(name).engine

    def rules(self, name: str) -> Rules:
        """The engine of that name with its optional powers; raises `EngineNotFound`."""
        if name not in self._rules:
            try:
                self._rules[name] = Rules(name, self._make(name))
            except EngineNotFound:
                raise
            except Exception as error:
                log.exception("engine cannot be loaded", engine=name)
                raise EngineNotFound(f"the engine {name!r} cannot be loaded") from error
        return self._rules[name]

    def points(self) -> dict[str, EntryPoint]:
        """Where the engines are that are not of a family, by name."""
        return dict(self._points)

    def replace(self, rules: Rules) -> None:
        """From now on, that is the engine of its name: its code has changed."""
        self._rules[rules.name] = rules

    def __iter__(self) -> Iterator[Rules]:
        """Every engine that can be loaded, by name."""
        for name in self.names():
            try:
                yield self.rules(name)
            except EngineNotFound:
                continue

    def names(self) -> list[str]:
        """The names of all engines, in order; not all of them need load."""
        names = list(self._points)
        for prefix in self._family_points:
            try:
                names += [f"{prefix}:{name}" for name in self._family(prefix).names()]
            except Exception:
                log.exception("family of engines cannot be loaded", family=prefix)
        return sorted(names)

    def _make(self, name: str) -> GameEngine[Any, Any]:
        if name in self._points:
            engine: GameEngine[Any, Any] = self._points[name].load()()
            return engine
        prefix, _, rest = name.partition(":")
        if prefix not in self._family_points or not rest:
            raise EngineNotFound(f"there is no engine {name[:64]!r}")
        return self._family(prefix).engine(rest)

    def _family(self, prefix: str) -> EngineFamily:
        if prefix not in self._families:
            self._families[prefix] = self._family_points[prefix].load()()
        return self._families[prefix]
