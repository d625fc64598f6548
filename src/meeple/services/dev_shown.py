"""What authors of games are shown by a server in dev mode: everything.

Nothing of this module is for players. What a seat is shown is in it as `services.projection` makes
it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from meeple.engine.base import JSON, Outcome
from meeple.engine.log import EntryKind, GameRow, GameStatus
from meeple.services.dev_failures import DevFailure
from meeple.services.engine_reload import DevReload
from meeple.services.projection import GameState


class DevInfo(msgspec.Struct, frozen=True):
    """``GET /dev``: what has happened.

    Attributes:
        version: grows whenever an engine was imported anew.
        engines: the engines that are imported anew when their files change.
        reload: what came of the last change; null if there was none.
        failures: what engines raised, the latest first.
        seq: that of the last entry of the game that was asked for.
    """

    version: int
    engines: list[str]
    reload: DevReload | None
    failures: list[DevFailure]
    seq: int | None = None


class DevGames(msgspec.Struct, frozen=True):
    """``GET /dev/games``: the latest games, public or not."""

    games: list[GameRow]


class DevEntry(msgspec.Struct, frozen=True):
    """An entry of the log as it is, and how many microseconds the engine took to fold it."""

    seq: int
    kind: EntryKind
    seat: int | None
    payload: dict[str, Any]
    action_id: str | None
    at: int
    micros: float | None


class DevView(msgspec.Struct, frozen=True):
    """What a seat (null: a spectator) is shown, or why it cannot be; and how long it took."""

    seat: int | None
    state: GameState | None
    failure: DevFailure | None
    micros: float


class DevPosition(msgspec.Struct, frozen=True):
    """The game after one entry.

    Attributes:
        views: what each seat is shown, and last what spectators are.
        state: the engine's state as JSON; left out if it cannot be written so.
        text: the engine's state as Python writes it, if it is not in ``state``.
    """

    seq: int
    status: GameStatus
    to_act: tuple[int, ...]
    outcome: Outcome | None
    views: list[DevView]
    state: msgspec.Raw | msgspec.UnsetType = UNSET
    text: str | None = None


class DevGame(msgspec.Struct, frozen=True):
    """``GET /dev/games/{id}``: a game with all its secrets.

    Attributes:
        seq: that of the last entry.
        branch_of: the game that this one began as, and up to which seq.
        entries: those that were asked for.
        position: the game after the entry that was asked for, or, if the log cannot be folded so
            far, after the last one before; null if there is none.
        failure: why the log cannot be folded beyond ``folded``.
        left: why this table goes on with old code.
    """

    game_id: str
    engine: str
    options: Mapping[str, JSON]
    seed: str
    branch_of: JSON
    seq: int
    folded: int
    version: int
    entries: list[DevEntry]
    position: DevPosition | None
    failure: DevFailure | None
    left: DevFailure | None
