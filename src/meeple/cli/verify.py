"""``meeple verify``: whether every log is sound, and the index is what the logs say."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import msgspec
from msgspec.structs import replace

from meeple import backends, bootstrap
from meeple.config import Settings
from meeple.engine.game import Game, fold_all
from meeple.engine.log import Entry, EntryKind, GameRow, GameStatus
from meeple.errors import MeepleError
from meeple.protocols import EngineFactory, GameLog
from meeple.services.tables import Tables


async def verify(settings: Settings) -> tuple[int, list[str]]:
    """How many games the settings' database holds, and what is wrong with them.

    Raises:
        DatabaseInUse: a server is running on it.
    """
    async with backends.open_log(settings) as log:
        return await verify_log(log, bootstrap.engine_factory())


async def verify_log(log: GameLog, engine_factory: EngineFactory) -> tuple[int, list[str]]:
    """The same for any log."""
    tables = Tables(engine_factory, log)
    games, faults, cursor = 0, list[str](), None
    while True:
        page = await log.list_games(public_only=False, cursor=cursor)
        for row in page.games:
            games += 1
            try:
                entries = await log.read(row.game_id)
            except (ValueError, msgspec.DecodeError) as error:
                faults.append(f"{row.game_id}: its log cannot be read: {error!r}")
                continue
            faults += [f"{row.game_id}: {fault}" for fault in _faults(row, entries, tables)]
        cursor = page.cursor
        if cursor is None:
            return games, faults


def _faults(row: GameRow, entries: list[Entry], tables: Tables) -> Iterator[str]:
    if not entries:
        yield "it is in the index, and has no log"
        return
    if [entry.seq for entry in entries] != list(range(len(entries))):
        yield "its seqs are not contiguous from 0"
    if any(after.at < before.at for before, after in pairwise(entries)):
        yield "its times run backwards"
    try:
        games = [step.game for step in fold_all(entries, tables.rules)]
        again = [step.game for step in fold_all(entries, tables.rules)]
        if any(_shown(one) != _shown(other) for one, other in zip(games, again, strict=True)):
            yield "folded twice, it gives two games: its engine is not pure"
        if not _is_said(row, index_row(games)):
            yield "the index says something else than its log"
        yield from _verdict_faults(games, entries)
    except (MeepleError, ValueError, KeyError, TypeError) as error:
        yield f"it cannot be folded: {error!r}"


def _is_said(row: GameRow, wanted: GameRow) -> bool:
    # A row from before it had a time control has none until its game changes.
    if row.time_control is None:
        wanted = replace(wanted, time_control=None)
    return row == wanted


def index_row(games: list[Game]) -> GameRow:
    """What the index is to say: it is written when a seat or the status changes, not at each entry.

    Its ``updated_at`` is that of the change, and all else is the same ever since.
    """
    changed = [
        after
        for before, after in pairwise(games)
        if before.status is not after.status or before.players != after.players
    ]
    return (changed or games)[-1].row()


def _verdict_faults(games: list[Game], entries: list[Entry]) -> Iterator[str]:
    last = games[-1]
    if last.status is GameStatus.LIVE and last.verdict() is not None:
        yield "its rules end the game, and its log does not"
    if last.status is not GameStatus.OVER:
        return
    # What follows the end is about a rematch.
    before = next(n for n, entry in enumerate(entries) if entry.kind is EntryKind.ENDED) - 1
    if entries[before].kind in (EntryKind.ACTION, EntryKind.STARTED):
        verdict = games[before].verdict()
        # Through JSON, as the outcome went.
        if msgspec.json.encode(verdict) != msgspec.json.encode(last.outcome):
            yield "its rules do not come to the outcome that was recorded"


def _shown(game: Game) -> list[object]:
    seats = [None, *range(len(game.players))]
    return [[game.view(seat), game.to_act, game.clock] for seat in seats]
