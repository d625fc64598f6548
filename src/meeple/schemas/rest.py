"""The bodies of REST requests and answers, beside those that the socket has too."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from meeple.engine.log import GameRow
from meeple.engine.time_controls import NoControl, TimeControl
from meeple.services.projection import GameState, LogEntry


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of what a client sends."""


class NewGuest(Body, frozen=True):
    """``POST /guests``: ask for a guest account."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]


class Guest(msgspec.Struct, frozen=True):
    """A guest account; ``expires_at`` of its token in seconds since 1970."""

    token: str
    user_id: UUID
    name: str
    expires_at: int


class BotSeat(Body, frozen=True):
    """A seat for a bot of the house's: how it plays, and its level of skill, 1 to 10."""

    bot: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    level: Annotated[int, msgspec.Meta(ge=1, le=10)] = 5


class NewGame(Body, frozen=True):
    """``POST /games``: make a table.

    ``seats`` is how many, or a list with ``"me"`` for the creator, null for an empty seat and
    ``{"bot": …, "level": …}`` for a bot of the house's; the creator takes the first seat unless a
    list says otherwise. Without ``time_control`` nobody looks at the clock.
    ``claim_after`` is how many seconds (20 to 86400) a player whose line broke
    has to come back before the others may claim; null or 0: there are no claims; by the speed of
    the game if it is left out. ``chat`` is whether people can talk at the table.
    """

    engine: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    options: dict[str, Any] = {}
    time_control: TimeControl | NoControl | None = None
    seats: (
        Annotated[int, msgspec.Meta(ge=1, le=100)]
        | Annotated[list[str | BotSeat | None], msgspec.Meta(min_length=1, max_length=100)]
        | None
    ) = None
    public: bool = True
    claim_after: Annotated[int, msgspec.Meta(ge=0, le=86400)] | UnsetType | None = UNSET
    chat: bool = True


class TakeSeat(Body, frozen=True):
    """``POST /games/{id}/seats``: sit down; without ``seat``, on the first that is free."""

    seat: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None


class Nothing(Body, frozen=True):
    """An empty body."""


class EngineInfo(msgspec.Struct, frozen=True):
    """A game on offer; ``options`` is a JSON Schema."""

    name: str
    summary: str
    min_seats: int
    max_seats: int
    perfect_information: bool
    options: dict[str, Any]


class EngineList(msgspec.Struct, frozen=True):
    """``GET /engines``."""

    engines: list[EngineInfo]


class GameList(msgspec.Struct, frozen=True):
    """``GET /games`` and ``GET /me/games``; ``cursor`` asks for the next page, null: no more."""

    games: list[GameRow]
    cursor: str | None


class GameLogBody(msgspec.Struct, frozen=True):
    """``GET /games/{id}/log``: the replay."""

    game_id: str
    engine: str
    entries: list[LogEntry]


class GameStates(msgspec.Struct, frozen=True):
    """``GET /games/{id}/states``: a page of the replay, state by state."""

    game_id: str
    states: list[GameState]


class ReceiptBody(msgspec.Struct, frozen=True):
    """What a command on a game is answered with: the seq of its entry."""

    game_id: str
    seq: int


class Health(msgspec.Struct, frozen=True):
    """``/health/live`` and ``/health/ready``; each part is ``ok`` or says what is wrong."""

    status: str
    parts: dict[str, str] = {}
