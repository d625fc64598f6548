"""As many games as were asked for, each with a setting of hypothesis's choice."""

from __future__ import annotations

from collections.abc import Callable

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st

from meeple.engine.conformance.setting import Setting


def play_all(
    play: Callable[[Setting], None],
    first: Setting,
    others: st.SearchStrategy[Setting],
    *,
    games: int,
    seed: int | str,
) -> None:
    """Call ``play`` with the first setting, and then with others."""
    play(first)
    if games == 1:
        return

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=games - 1,
        # What is found is noted, not raised, so nothing is left to shrink or to remember.
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(others)
    def each(setting: Setting) -> None:
        play(setting)

    each()
