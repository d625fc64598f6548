"""How soon a worker that died is started again."""

from __future__ import annotations

from meeple.cli.worker_process import LASTING, Pauses


def test_a_worker_that_dies_again_and_again_is_started_ever_more_rarely() -> None:
    pauses = Pauses()
    assert [pauses.after(1.0) for _ in range(7)] == [0.5, 1, 2, 4, 8, 10, 10]


def test_one_that_has_served_for_long_is_started_soon_again() -> None:
    pauses = Pauses()
    for _ in range(7):
        pauses.after(1.0)
    assert [pauses.after(LASTING + 1), pauses.after(1.0)] == [0.5, 1]
