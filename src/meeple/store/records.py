"""Entries and index rows as the plain values that are stored, and the cursors of pages."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from meeple.engine.base import Outcome
from meeple.engine.log import Entry, EntryKind, GameRow, GameStatus, Player
from meeple.engine.time_controls import TimeControl
from meeple.errors import InvalidMessage

MAX_INT64 = 2**63 - 1
MIN_INT64 = -(2**63)

#: game_id, seq, kind, seat, payload (JSON), action_id, at
EntryValues: TypeAlias = tuple[str, int, str, int | None, str, str | None, int]
ENTRY_COLUMNS = ("game_id", "seq", "kind", "seat", "payload", "action_id", "at")

#: game_id, engine, options, status, public, players, created_at, updated_at, outcome,
#: time_control; JSON texts for options, players, outcome and time_control
RowValues: TypeAlias = tuple[str, str, str, str, bool, str, int, int, str | None, str | None]
ROW_COLUMNS = (
    "game_id",
    "engine",
    "options",
    "status",
    "public",
    "players",
    "created_at",
    "updated_at",
    "outcome",
    "time_control",
)

_CURSOR = b"g1:"
_encoder = msgspec.json.Encoder()
_payloads = msgspec.json.Decoder(dict[str, Any])
_players = msgspec.json.Decoder(tuple[Player | None, ...])
_outcomes = msgspec.json.Decoder(Outcome)
_controls: msgspec.json.Decoder[TimeControl] = msgspec.json.Decoder(TimeControl)


class Append(msgspec.Struct, frozen=True, gc=False):
    """One call of `GameLog.append`, checked and encoded.

    Attributes:
        game_id: the game.
        expected_seq: the seq of the first entry.
        entries: at least one, contiguous.
        row: the new index row; None if it stays as it is.
        users: the ids of the users who have a seat according to ``row``.
        due_at: when the game will need attention, in ms; None: never; unset: as before.
    """

    game_id: str
    expected_seq: int
    entries: list[EntryValues]
    row: RowValues | None
    users: frozenset[str]
    due_at: int | UnsetType | None = UNSET


def encode_append(
    game_id: str,
    expected_seq: int,
    entries: Sequence[Entry],
    row: GameRow | None,
    due_at: int | UnsetType | None = UNSET,
) -> Append:
    """The arguments of `GameLog.append` as stored values.

    Raises:
        ValueError: they do not belong together, or one of them cannot be stored.
    """
    if not entries:
        raise ValueError(f"Nothing to append to game {game_id!r}.")
    if not game_id.isascii() or "\0" in game_id:
        _check_text(game_id)
    encoded: list[EntryValues] = []
    for seq, entry in enumerate(entries, expected_seq):
        if entry.game_id != game_id or entry.seq != seq:
            raise ValueError(
                f"Entry {entry.seq} of game {entry.game_id!r} is not {seq} of {game_id!r}."
            )
        seat, action_id, at = entry.seat, entry.action_id, entry.at
        if not MIN_INT64 <= at <= MAX_INT64 or (seat and not MIN_INT64 <= seat <= MAX_INT64):
            raise ValueError(f"Entry {seq} of game {game_id!r}: a number exceeds 64 bits.")
        if action_id is not None and (not action_id.isascii() or "\0" in action_id):
            _check_text(action_id)
        payload = to_json(entry.payload)
        encoded.append((game_id, seq, str(entry.kind), seat, payload, action_id, at))
    if isinstance(due_at, int) and not MIN_INT64 <= due_at <= MAX_INT64:
        raise ValueError(f"Game {game_id!r}: its deadline exceeds 64 bits.")
    if row is None:
        return Append(game_id, expected_seq, encoded, None, frozenset(), due_at)
    if row.game_id != game_id:
        raise ValueError(f"The index row of {row.game_id!r} cannot go with game {game_id!r}.")
    users = frozenset(str(player.user_id) for player in row.players if player is not None)
    return Append(game_id, expected_seq, encoded, encode_row(row), users, due_at)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise ValueError(f"{text!r} contains a NUL, which not every database can store.")
    text.encode()  # UnicodeEncodeError is a ValueError


def to_json(value: Any) -> str:
    """``value`` as compact JSON.

    Raises:
        ValueError: JSON cannot say it.
    """
    try:
        return _encoder.encode(value).decode()
    except (TypeError, OverflowError, RecursionError) as error:
        raise ValueError(f"Cannot be written as JSON: {error}") from error


def decode_entry(values: EntryValues) -> Entry:
    """The entry that `encode_append` made these values of."""
    game_id, seq, kind, seat, payload, action_id, at = values
    return Entry(game_id, seq, EntryKind(kind), seat, _payloads.decode(payload), action_id, at)


def encode_row(row: GameRow) -> RowValues:
    """An index row as stored values.

    Raises:
        ValueError: something in it cannot be stored.
    """
    _check_text(row.engine)
    if not all(MIN_INT64 <= at <= MAX_INT64 for at in (row.created_at, row.updated_at)):
        raise ValueError(f"The index row of {row.game_id!r}: a time exceeds 64 bits.")
    return (
        row.game_id,
        row.engine,
        to_json(row.options),
        row.status.value,
        row.public,
        to_json(row.players),
        row.created_at,
        row.updated_at,
        None if row.outcome is None else to_json(row.outcome),
        None if row.time_control is None else to_json(row.time_control),
    )


def decode_row(values: RowValues) -> GameRow:
    """The index row that `encode_row` made these values of."""
    game_id, engine, options, status, public, players, created_at, updated_at, *more = values
    outcome, control = more
    return GameRow(
        game_id=game_id,
        engine=engine,
        options=_payloads.decode(options),
        status=GameStatus(status),
        public=bool(public),
        players=_players.decode(players),
        created_at=created_at,
        updated_at=updated_at,
        outcome=None if outcome is None else _outcomes.decode(outcome),
        time_control=None if control is None else _controls.decode(control),
    )


def encode_cursor(game_id: str) -> str:
    """The cursor of a page that ended with this game; clients see it and may not read it."""
    return base64.urlsafe_b64encode(_CURSOR + game_id.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> str:
    """The game that the page before ended with.

    Raises:
        InvalidMessage: no page gave this cursor.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
        if not raw.startswith(_CURSOR):
            raise ValueError("not one of ours")
        return raw.removeprefix(_CURSOR).decode()
    except (ValueError, binascii.Error) as error:
        raise InvalidMessage("The cursor is not one that this server gave.") from error


def checked_limit(limit: int, at_least: int) -> int:
    """``limit``, small enough for 64 bits with one to spare.

    Raises:
        ValueError: it is less than ``at_least``.
    """
    if limit < at_least:
        raise ValueError(f"limit must be at least {at_least}, not {limit}.")
    return min(limit, MAX_INT64 - 1)
