"""What a game author needs: the `GameEngine` seam and what goes with it."""

from meeple.engine.base import (
    JSON,
    ActionAliases,
    ActionCodec,
    ChoosesActions,
    DescribesActions,
    DrawRules,
    EngineFamily,
    EngineOptions,
    ForcedActions,
    GameEngine,
    IllegalAction,
    Outcome,
    Redeals,
    SamplesActions,
    StateCodec,
)

__all__ = [
    "JSON",
    "ActionAliases",
    "ActionCodec",
    "ChoosesActions",
    "DescribesActions",
    "DrawRules",
    "EngineFamily",
    "EngineOptions",
    "ForcedActions",
    "GameEngine",
    "IllegalAction",
    "Outcome",
    "Redeals",
    "SamplesActions",
    "StateCodec",
]
