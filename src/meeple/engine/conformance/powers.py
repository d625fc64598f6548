"""Two optional methods of an engine that let `check_engine` look closer."""

from __future__ import annotations

from random import Random
from typing import Any, Protocol, runtime_checkable

__all__ = ["Redeals", "SamplesActions"]


@runtime_checkable
class Redeals(Protocol):
    """For an engine with hidden information that can deal what is hidden anew."""

    def redeal(self, state: Any, seat: int | None, rng: Random) -> Any:
        """A random state that ``seat`` (None: a spectator) cannot tell from ``state``."""
        ...


@runtime_checkable
class SamplesActions(Protocol):
    """For an engine that has too many actions to list."""

    def sample_action(self, state: Any, seat: int, rng: Random) -> Any:
        """One of the actions that ``seat`` may do now, by chance."""
        ...
