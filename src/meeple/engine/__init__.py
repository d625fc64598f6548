"""What a game author needs: the `GameEngine` seam and what goes with it."""

from meeple.engine.base import (
    JSON,
    ActionAliases,
    ActionCodec,
    EngineFamily,
    EngineOptions,
    ForcedActions,
    GameEngine,
    IllegalAction,
    Outcome,
    StateCodec,
)

__all__ = [
    "JSON",
    "ActionAliases",
    "ActionCodec",
    "EngineFamily",
    "EngineOptions",
    "ForcedActions",
    "GameEngine",
    "IllegalAction",
    "Outcome",
    "StateCodec",
]
