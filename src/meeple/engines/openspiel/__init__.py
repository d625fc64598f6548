"""The games of OpenSpiel, https://github.com/google-deepmind/open_spiel, as a family of engines.

They are on offer as ``openspiel:NAME`` where the extra ``meeple[openspiel]`` is installed. The
library (``pyspiel``) is imported when such an engine is asked for, never before.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from meeple.errors import EngineNotFound

if TYPE_CHECKING:
    from meeple.engines.openspiel.engine import SpielEngine


class OpenSpiel:
    """Every game of OpenSpiel that people can play; see docs/games/openspiel.md."""

    def names(self) -> list[str]:
        """The games' short names, in order; none where the library is not installed."""
        if find_spec("pyspiel") is None:
            return []
        from meeple.engines.openspiel import registry

        return sorted(registry.on_offer())

    def engine(self, name: str) -> SpielEngine:
        """The engine of a short name; raises `EngineNotFound`."""
        if name not in self.names():
            raise EngineNotFound(f"OpenSpiel has no game {name[:64]!r} on offer")
        return make_engine(name)


def make_engine(name: str) -> SpielEngine:
    """The engine of a game that is on offer."""
    from meeple.engines.openspiel import thinking

    return thinking.make_engine(name)
