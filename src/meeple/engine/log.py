"""The words of the log: an entry, and what the index says of a game."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from meeple.engine.base import JSON, Outcome
from meeple.engine.time_controls import TimeControl


class EntryKind(StrEnum):
    """What an entry of a game's log records."""

    CREATED = "created"
    SEATED = "seated"
    STARTED = "started"
    ACTION = "action"
    RESIGNED = "resigned"
    TIMED_OUT = "timed_out"
    PAUSED = "paused"
    ABANDONED = "abandoned"
    ABORTED = "aborted"
    ENDED = "ended"
    OFFERED = "offered"
    ANSWERED = "answered"


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One row of a game's log.

    Attributes:
        game_id: the game it belongs to.
        seq: its number, contiguous from 0 within the game.
        kind: what it records.
        seat: the seat that it concerns; None if it concerns none.
        payload: a JSON object, its form given by the kind.
        action_id: the name that the client gave its action, unique within the game.
        at: server time in milliseconds since 1970, never less than the entry's before.
    """

    game_id: str
    seq: int
    kind: EntryKind
    seat: int | None
    payload: dict[str, Any]
    action_id: str | None
    at: int


class GameStatus(StrEnum):
    """Where a game stands."""

    OPEN = "open"
    LIVE = "live"
    OVER = "over"


class Bot(msgspec.Struct, frozen=True):
    """How a house bot plays: by a policy of `meeple.bots`, at a level of skill from 1 on."""

    policy: str
    level: int


class Player(msgspec.Struct, frozen=True, omit_defaults=True):
    """A user in a seat, or a bot of the house's, under the user id of `bot_user_id`."""

    user_id: UUID
    name: str
    bot: Bot | None = None


#: The user ids of house bots begin so; the last two digits are their seat.
_BOT_IDS = UUID("6d656570-6c65-8b07-8000-000000000000")


def bot_user_id(seat: int) -> UUID:
    """The user id of whatever house bot sits in that seat, at any table."""
    return UUID(int=_BOT_IDS.int + seat)


def is_bot_user_id(user_id: UUID) -> bool:
    """Whether it is a house bot's: no token may say so."""
    return user_id.int >> 8 == _BOT_IDS.int >> 8


class GameRow(msgspec.Struct, frozen=True, kw_only=True):
    """What lobby and archive know of a game, written in the same transaction as its entries.

    It is derived from the log and holds no secret.

    Attributes:
        game_id: the game's id; ids sort by time of creation.
        engine: the name of its engine.
        options: its house rules, validated and complete.
        status: open, live or over.
        public: True if the lobby shows it.
        players: one item a seat; None while it is empty.
        created_at: server time of the first entry, in milliseconds since 1970.
        updated_at: server time of the entry that changed this row last.
        outcome: how it ended; None while it is on.
        time_control: its clocks; None without, and in rows that were written before there was this.
    """

    game_id: str
    engine: str
    options: dict[str, JSON]
    status: GameStatus
    public: bool
    players: tuple[Player | None, ...]
    created_at: int
    updated_at: int
    outcome: Outcome | None = None
    time_control: TimeControl | None = None
