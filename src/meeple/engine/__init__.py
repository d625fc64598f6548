"""What a game author needs: the `GameEngine` seam and what goes with it."""

from meeple.engine.base import (
    JSON,
    ActionCodec,
    DescribesActions,
    EngineOptions,
    ForcedActions,
    GameEngine,
    IllegalAction,
    Outcome,
    StateCodec,
)

__all__ = [
    "JSON",
    "ActionCodec",
    "DescribesActions",
    "EngineOptions",
    "ForcedActions",
    "GameEngine",
    "IllegalAction",
    "Outcome",
    "StateCodec",
]
