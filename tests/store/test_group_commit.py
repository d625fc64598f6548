import asyncio

import pytest

from meeple.errors import Unavailable
from meeple.store.group_commit import GroupCommit
from tests.store.making import until


class Disk:
    """Takes batches, and answers when the test says so."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.answers: list[asyncio.Future[list[Exception | None]]] = []

    def write(self, batch: list[str]) -> asyncio.Future[list[Exception | None]]:
        self.batches.append(batch)
        self.answers.append(asyncio.get_running_loop().create_future())
        return self.answers[-1]

    async def commit(self, **errors: Exception) -> None:
        await until(lambda: bool(self.answers))
        self.answers.pop().set_result([errors.get(item) for item in self.batches[-1]])


def submit(commits: GroupCommit[str], items: str) -> list[asyncio.Task[None]]:
    async def submitted(item: str) -> None:
        await commits.submit(item)

    return [asyncio.create_task(submitted(item)) for item in items]


async def test_what_arrives_in_one_turn_of_the_loop_shares_a_batch() -> None:
    disk = Disk()
    commits = GroupCommit(disk.write, max_batch=10, max_pending=10)
    tasks = submit(commits, "abc")
    await disk.commit()
    await asyncio.gather(*tasks)
    assert disk.batches == [["a", "b", "c"]]


async def test_what_arrives_during_a_write_goes_together_in_the_next() -> None:
    disk = Disk()
    commits = GroupCommit(disk.write, max_batch=10, max_pending=10)
    tasks = submit(commits, "a")
    await until(lambda: bool(disk.batches))
    tasks += submit(commits, "bc")
    await until(lambda: commits.pending == 2)
    tasks += submit(commits, "d")
    await until(lambda: commits.pending == 3)
    await disk.commit()
    await disk.commit()
    await asyncio.gather(*tasks)
    assert disk.batches == [["a"], ["b", "c", "d"]]
    assert (commits.stats.batches, commits.stats.committed) == (2, 4)
    assert commits.stats.write_seconds.total > 0


async def test_nobody_is_answered_before_the_batch_is_written() -> None:
    disk = Disk()
    commits = GroupCommit(disk.write, max_batch=10, max_pending=10)
    tasks = submit(commits, "ab")
    await until(lambda: bool(disk.batches))
    assert not any(task.done() for task in tasks)
    await disk.commit()
    await asyncio.gather(*tasks)


async def test_a_batch_is_bounded() -> None:
    disk = Disk()
    commits = GroupCommit(disk.write, max_batch=2, max_pending=10)
    tasks = submit(commits, "abcde")
    for _ in range(3):
        await disk.commit()
    await asyncio.gather(*tasks)
    assert disk.batches == [["a", "b"], ["c", "d"], ["e"]]


async def test_over_the_bound_items_are_refused() -> None:
    disk = Disk()
    commits = GroupCommit(disk.write, max_batch=10, max_pending=2)
    tasks = submit(commits, "abc")
    with pytest.raises(Unavailable):
        await tasks[2]
    await disk.commit()
    await asyncio.gather(*tasks[:2])
    assert commits.stats.refused == 1
    tasks = submit(commits, "d")
    await disk.commit()
    await asyncio.gather(*tasks)


async def test_an_error_goes_to_its_own_item() -> None:
    disk = Disk()
    commits = GroupCommit(disk.write, max_batch=10, max_pending=10)
    tasks = submit(commits, "abc")
    error = KeyError("b is bad")
    await disk.commit(b=error)
    assert await asyncio.gather(*tasks, return_exceptions=True) == [None, error, None]
    assert (commits.stats.committed, commits.stats.rejected) == (2, 1)


async def test_a_failed_batch_makes_all_its_items_unavailable_and_the_next_goes_on() -> None:
    disk = Disk()
    commits = GroupCommit(disk.write, max_batch=10, max_pending=10)
    tasks = submit(commits, "ab")
    await until(lambda: bool(disk.answers))
    fault = OSError("disk full")
    disk.answers.pop().set_exception(fault)
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [Unavailable, Unavailable]
    assert all(isinstance(each, Unavailable) and each.__cause__ is fault for each in results)
    assert results[0] is not results[1]
    assert commits.stats.failed_batches == 1
    tasks = submit(commits, "c")
    await disk.commit()
    await asyncio.gather(*tasks)


async def test_a_write_that_is_cancelled_is_a_failed_batch() -> None:
    disk = Disk()
    commits = GroupCommit(disk.write, max_batch=10, max_pending=10)
    tasks = submit(commits, "a")
    await until(lambda: bool(disk.answers))
    disk.answers.pop().cancel()
    with pytest.raises(Unavailable):
        await tasks[0]


async def test_a_write_that_cannot_start_is_a_failed_batch() -> None:
    def no_threads(batch: list[str]) -> asyncio.Future[list[Exception | None]]:
        raise RuntimeError("cannot schedule new futures after shutdown")

    commits = GroupCommit(no_threads, max_batch=1, max_pending=10)
    results = await asyncio.gather(*submit(commits, "ab"), return_exceptions=True)
    assert [type(result) for result in results] == [Unavailable, Unavailable]
    await commits.aclose()


async def test_a_cancelled_caller_does_not_break_the_batch() -> None:
    disk = Disk()
    commits = GroupCommit(disk.write, max_batch=10, max_pending=10)
    tasks = submit(commits, "abcd")
    await until(lambda: bool(disk.batches))
    tasks[0].cancel()
    tasks[1].cancel()
    await asyncio.wait(tasks[:2])
    await disk.commit(b=KeyError("nobody hears of it"))
    await asyncio.gather(*tasks[2:])
    assert disk.batches == [["a", "b", "c", "d"]]
    assert all(task.cancelled() for task in tasks[:2])


async def test_closing_waits_for_all_that_was_taken() -> None:
    disk = Disk()
    commits = GroupCommit(disk.write, max_batch=1, max_pending=10)
    tasks = submit(commits, "ab")
    await until(lambda: bool(disk.batches))
    closing = asyncio.create_task(commits.aclose())
    await disk.commit()
    await until(lambda: len(disk.batches) == 2)
    assert not closing.done()
    with pytest.raises(Unavailable):
        await commits.submit("c")
    await disk.commit()
    await closing
    assert [task.exception() for task in tasks if task.done()] == [None, None]


@pytest.mark.parametrize("bounds", [(0, 1), (1, 0)])
async def test_bounds_are_at_least_one(bounds: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        GroupCommit(Disk().write, max_batch=bounds[0], max_pending=bounds[1])
