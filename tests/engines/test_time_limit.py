"""An engine that does not come back is ended, and nothing else is."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

import pytest

from meeple.engine.time_limit import TimeLimit
from meeple.errors import EngineError

SECONDS = 0.05


@pytest.fixture
def limit() -> Iterator[TimeLimit]:
    limit = TimeLimit(SECONDS)
    limit.start()
    yield limit
    limit.stop()


def loop_for_ever() -> None:
    while True:
        pass


def loop_and_take_exceptions() -> None:
    while True:
        try:
            loop_for_ever()
        except Exception:  # noqa: S112, BLE001 - what a thoughtless engine does
            continue


def loop_and_take_everything_twice() -> None:
    for _ in range(2):
        try:
            loop_for_ever()
        except BaseException:  # noqa: S112, BLE001 - what a thoughtless engine does
            continue
    loop_for_ever()


@pytest.mark.parametrize(
    "endless", [loop_for_ever, loop_and_take_exceptions, loop_and_take_everything_twice]
)
def test_a_loop_is_ended_as_the_engines_error(
    limit: TimeLimit, endless: Callable[[], None]
) -> None:
    for _ in range(3):
        with pytest.raises(EngineError, match="the engine took more than"), limit:
            endless()


def spin(seconds: float) -> int:
    turns, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        turns += 1
    return turns


def test_what_comes_back_in_time_is_left_alone_and_so_is_what_follows() -> None:
    # Long, so that a busy machine does not come to its end before the spinning does.
    limit = TimeLimit(8 * SECONDS)
    with limit.watching():
        for _ in range(20):
            with limit:
                assert spin(SECONDS / 10)
        assert spin(12 * SECONDS)


def test_what_ends_just_when_its_time_is_over_is_ended_or_not_but_nothing_after_it(
    limit: TimeLimit,
) -> None:
    ended = 0
    # However busy the machine is, the first comes back in time and the last never does.
    for share in [0, *(0.8 + number / 20 for number in range(18)), math.inf] * 2:
        try:
            with limit:
                spin(SECONDS * share)
        except EngineError:
            ended += 1
        spin(SECONDS / 10)
    assert 2 <= ended <= 38


def test_what_the_engine_raises_itself_goes_through(limit: TimeLimit) -> None:
    for seconds in (0, SECONDS / 2):
        with pytest.raises(KeyError), limit:
            raise KeyError(spin(seconds))


def test_without_a_limit_nothing_watches_and_nothing_is_ended() -> None:
    limit = TimeLimit(math.inf)
    with limit.watching():
        with limit:
            assert spin(SECONDS)
        with pytest.raises(KeyError), limit:
            raise KeyError
