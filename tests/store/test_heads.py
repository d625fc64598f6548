import pytest

from meeple.store.heads import Head, Heads


def test_the_heads_used_last_stay() -> None:
    heads = Heads(2)
    for name in "abc":
        heads[name] = Head()
    assert heads["a"].next_seq == 0  # used: now "b" is the oldest
    assert len(heads) == 3
    heads.trim()
    assert len(heads) == 2
    assert [name in heads for name in "abc"] == [True, False, True]


def test_what_is_forgotten_is_gone() -> None:
    heads = Heads(2)
    heads["a"] = Head(7)
    heads.forget(["a", "never there"])
    with pytest.raises(KeyError):
        heads["a"]


def test_a_cache_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="capacity"):
        Heads(0)
