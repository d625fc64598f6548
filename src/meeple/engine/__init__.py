"""What a game author needs: the `GameEngine` seam and what goes with it."""

from meeple.engine.base import (
    JSON,
    ActionAliases,
    ActionCodec,
    AutoMoves,
    ChoosesActions,
    DescribesActions,
    EngineFamily,
    EngineOptions,
    ForcedActions,
    GameEngine,
    IllegalAction,
    Outcome,
    Redeals,
    SamplesActions,
    StateCodec,
    TimeoutOutcome,
)

__all__ = [
    "JSON",
    "ActionAliases",
    "ActionCodec",
    "AutoMoves",
    "ChoosesActions",
    "DescribesActions",
    "EngineFamily",
    "EngineOptions",
    "ForcedActions",
    "GameEngine",
    "IllegalAction",
    "Outcome",
    "Redeals",
    "SamplesActions",
    "StateCodec",
    "TimeoutOutcome",
]
