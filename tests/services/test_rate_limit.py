from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meeple.services.rate_limit import TokenBucket


def test_a_burst_passes_at_once_and_no_more() -> None:
    bucket = TokenBucket(rate=1, burst=3)
    assert [bucket.take(100.0) for _ in range(5)] == [True] * 3 + [False] * 2


def test_what_was_used_comes_back_at_the_rate() -> None:
    bucket = TokenBucket(rate=2, burst=4)
    assert all(bucket.take(0.0) for _ in range(4))
    assert not bucket.take(0.25)
    assert bucket.take(0.5)
    assert not bucket.take(0.75)
    assert bucket.take(1.0)


def test_a_long_rest_gives_no_more_than_a_burst() -> None:
    bucket = TokenBucket(rate=1000, burst=2)
    bucket.take(0.0)
    assert [bucket.take(1e9) for _ in range(3)] == [True, True, False]


def test_being_refused_costs_nothing() -> None:
    bucket = TokenBucket(rate=1, burst=1)
    assert bucket.take(0.0)
    assert not any(bucket.take(n / 10) for n in range(1, 10))
    assert bucket.take(1.0 + 1e-6)


def test_what_costs_more_than_there_is_passes_and_is_owed() -> None:
    bucket = TokenBucket(rate=2, burst=4)
    assert bucket.take(0.0, 10)
    assert not bucket.take(3.25)
    assert bucket.take(3.5)
    assert not bucket.take(3.5, 0.5)


@given(
    gaps=st.lists(st.floats(0, 2), max_size=60),
    rate=st.floats(0.5, 20),
    burst=st.integers(1, 10),
)
def test_never_more_pass_than_burst_and_rate_allow(
    gaps: list[float], rate: float, burst: int
) -> None:
    bucket = TokenBucket(rate, burst)
    now, passed = 0.0, 0
    for gap in gaps:
        now += gap
        passed += bucket.take(now)
    assert passed <= burst + now * rate + 1e-6
    assert passed >= min(len(gaps), burst)
