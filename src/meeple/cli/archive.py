"""``meeple export`` and ``meeple import``: games as JSON lines, whatever database they are in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import islice
from typing import BinaryIO

import msgspec

from meeple.cli.verify import index_row
from meeple.engine.game import fold_all
from meeple.engine.log import Entry, GameRow
from meeple.errors import EngineNotFound, MeepleError
from meeple.protocols import EngineFactory, GameLog
from meeple.services.tables import Tables

#: Games that are imported at the same time, and so share their commits.
AT_ONCE = 64


class Archived(msgspec.Struct, frozen=True):
    """One line: a game, whole. It holds the game's seed and what its players hide."""

    row: GameRow
    entries: list[Entry]


class Imported(msgspec.Struct):
    """What an import has come to.

    Attributes:
        games: how many there were; lines that are none are not counted.
        entries: how many entries were appended.
        faults: what could not be imported, in words.
    """

    games: int = 0
    entries: int = 0
    faults: list[str] = []


async def export(log: GameLog, to: BinaryIO, games: Iterable[str] = ()) -> int:
    """Write these games, or all there are, newest first; gives how many."""
    count = 0
    encode = msgspec.json.Encoder().encode
    async for row in _rows(log, set(games)):
        to.write(encode(Archived(row, await log.read(row.game_id))) + b"\n")
        count += 1
    return count


async def _rows(log: GameLog, wanted: set[str]) -> AsyncIterator[GameRow]:
    if wanted:
        for game_id in sorted(wanted, reverse=True):
            row = await log.find_game(game_id)
            if row is not None:
                yield row
        return
    cursor = None
    while True:
        page = await log.list_games(public_only=False, cursor=cursor)
        for row in page.games:
            yield row
        cursor = page.cursor
        if cursor is None:
            return


async def import_games(
    log: GameLog, engine_factory: EngineFactory, lines: Iterable[bytes]
) -> Imported:
    """Append the games of these lines.

    A game that is there already is left as it is, or gets the entries that it lacks: the same
    import twice is the same as once.
    """
    done = Imported()
    tables = Tables(engine_factory, log)
    for batch in _batches(enumerate(lines, 1)):
        await asyncio.gather(*(_import(log, tables, *one, done) for one in batch))
    return done


async def _import(log: GameLog, tables: Tables, number: int, line: bytes, done: Imported) -> None:
    try:
        game = msgspec.json.decode(line, type=Archived)
        done.games += 1
        # In a line of its own: another one may count meanwhile.
        appended = await _append(log, tables, game)
        done.entries += appended
    except (MeepleError, ValueError, KeyError, TypeError) as error:
        done.faults.append(f"line {number}: {error}")


async def _append(log: GameLog, tables: Tables, game: Archived) -> int:
    """Append what is missing; gives how many entries that was."""
    game_id = game.row.game_id
    there = await log.read(game_id)
    same = min(len(there), len(game.entries))
    if there[:same] != game.entries[:same]:
        raise ValueError(f"{game_id}: another game of that id is there")
    missing = game.entries[same:]
    if missing:
        await log.append(game_id, same, missing, row=_row(tables, game))
    return len(missing)


def _row(tables: Tables, game: Archived) -> GameRow:
    """What the index is to say: what the log says, if its engine is here to ask."""
    try:
        return index_row([step.game for step in fold_all(game.entries, tables.rules)])
    except EngineNotFound:
        return game.row


def _batches(lines: Iterable[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    rest = iter(lines)
    while batch := list(islice(rest, AT_ONCE)):
        yield batch
