from collections.abc import Iterator
from pathlib import Path

import pytest

from meeple.errors import SequenceConflict
from meeple.store.records import Append, encode_append
from meeple.store.sqlite_writer import MAX_ROWS, SqliteWriter
from tests.store.making import entries, row


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[SqliteWriter]:
    writer = SqliteWriter(
        tmp_path / "log.sqlite3", cached_games=2, max_bytes=None, busy_seconds=1.0
    )
    yield writer
    writer.close()


def append(game_id: str, seq: int, count: int = 1, *, with_row: bool = False) -> Append:
    game = row(game_id) if with_row else None
    return encode_append(game_id, seq, entries(game_id, seq, count), game)


def test_no_more_heads_are_kept_than_asked_for(writer: SqliteWriter) -> None:
    assert writer.write([append(f"g{n}", 0) for n in range(10)]) == [None] * 10
    assert len(writer.heads) == 2
    assert "g9" in writer.heads


def test_a_game_may_come_several_times_in_a_batch_larger_than_the_cache(
    writer: SqliteWriter,
) -> None:
    batch = [append(f"g{n}", seq) for seq in range(4) for n in range(10)]
    assert writer.write(batch) == [None] * 40


@pytest.mark.parametrize("count", [1, 2, 3, 255, 256, 257, 511, 1_000])
@pytest.mark.parametrize("with_row", [False, True])
def test_batches_of_every_size_are_written(
    writer: SqliteWriter, count: int, with_row: bool
) -> None:
    results = writer.write([append(f"g{n}", 0, with_row=with_row) for n in range(count)])
    assert results == [None] * count
    again = writer.write([append(f"g{n}", 1) for n in range(count)])
    assert again == [None] * count


def test_an_append_larger_than_one_statement_is_written_whole(writer: SqliteWriter) -> None:
    assert writer.write([append("g", 0, 3 * MAX_ROWS + 1)]) == [None]
    assert writer.write([append("g", 3 * MAX_ROWS + 1)]) == [None]


def test_a_batch_with_nothing_to_write_is_answered(writer: SqliteWriter) -> None:
    (result,) = writer.write([append("g", 5)])
    assert isinstance(result, SequenceConflict)
