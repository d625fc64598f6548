"""The golden values: if one of these changes, games that were played cannot be replayed."""

from __future__ import annotations

import copy
import pickle
from collections import Counter

import pytest

from meeple.engine.rng import GameRandom

SEED = bytes(range(32))


def generator(seq: int = 7, seed: bytes = SEED) -> GameRandom:
    return GameRandom(seed, seq)


def test_random_gives_what_it_always_gave() -> None:
    rng = generator()

    assert [rng.random() for _ in range(3)] == [
        0.22892283704998562,
        0.8432506397482377,
        0.07626355770578863,
    ]


def test_getrandbits_gives_what_it_always_gave() -> None:
    rng = generator()

    assert [rng.getrandbits(bits) for bits in (1, 8, 13, 32, 64, 100)] == [
        0,
        154,
        5628,
        1877869527,
        16088581957909812102,
        10797602610405393902010690405,
    ]


def test_shuffle_gives_what_it_always_gave() -> None:
    cards = list(range(10))
    generator().shuffle(cards)

    assert cards == [4, 9, 5, 7, 1, 2, 8, 0, 6, 3]


def test_choice_gives_what_it_always_gave() -> None:
    rng = generator()

    assert "".join(rng.choice("abcdefgh") for _ in range(8)) == "dgaecaba"


def test_randint_gives_what_it_always_gave() -> None:
    rng = generator()

    assert [rng.randint(1, 6) for _ in range(12)] == [2, 5, 6, 4, 1, 3, 2, 1, 6, 1, 5, 1]


def test_the_other_distributions_give_what_they_always_gave() -> None:
    rng = generator()

    assert [rng.randrange(0, 100, 5) for _ in range(5)] == [35, 95, 65, 0, 40]
    assert rng.sample(range(52), 5) == [8, 3, 47, 4, 33]
    assert rng.choices("abc", [1, 2, 3], k=6) == ["a", "c", "b", "c", "a", "c"]
    assert rng.uniform(1, 2) == 1.4253404518218367
    assert rng.randbytes(6) == bytes.fromhex("126e7c079222")


def test_the_same_seed_and_seq_give_the_same_draws() -> None:
    assert generator().randbytes(500) == generator().randbytes(500)


def test_every_seq_has_draws_of_its_own() -> None:
    draws = {generator(seq).randbytes(32) for seq in range(1000)}

    assert len(draws) == 1000


def test_draws_of_neighbouring_seqs_have_nothing_to_do_with_each_other() -> None:
    # Of 64,000 pairs of bits half agree, give or take five standard deviations (632).
    agreeing = sum(
        64 - (generator(seq).getrandbits(64) ^ generator(seq + 1).getrandbits(64)).bit_count()
        for seq in range(1000)
    )

    assert abs(agreeing - 32_000) < 632


def test_every_seed_has_draws_of_its_own() -> None:
    one_bit_off = bytes([SEED[0] ^ 1, *SEED[1:]])

    assert generator(seed=one_bit_off).randbytes(32) != generator().randbytes(32)


def test_dice_are_fair() -> None:
    rng = generator()
    thrown = Counter(rng.randint(1, 6) for _ in range(12_000))

    # Chi-squared with 5 degrees of freedom; 20.5 is exceeded once in a thousand fair dice.
    assert set(thrown) == {1, 2, 3, 4, 5, 6}
    assert sum((count - 2000) ** 2 / 2000 for count in thrown.values()) < 20.5


def test_floats_fill_the_unit_interval() -> None:
    rng = generator()
    tenths = Counter(int(rng.random() * 10) for _ in range(10_000))

    # Chi-squared with 9 degrees of freedom; 27.9 is exceeded once in a thousand.
    assert set(tenths) == set(range(10))
    assert sum((count - 1000) ** 2 / 1000 for count in tenths.values()) < 27.9


@pytest.mark.parametrize("bits", [0, 1, 7, 8, 9, 63, 64, 65, 1000])
def test_getrandbits_keeps_to_its_number_of_bits_and_uses_the_highest(bits: int) -> None:
    rng = generator()
    drawn = [rng.getrandbits(bits) for _ in range(64)]

    assert max(value.bit_length() for value in drawn) == bits
    assert min(drawn) >= 0


def test_a_negative_number_of_bits_is_refused() -> None:
    with pytest.raises(ValueError, match="non-negative"):
        generator().getrandbits(-1)


def test_seeding_it_again_changes_nothing() -> None:
    rng = generator()
    rng.seed(1)

    assert rng.random() == generator().random()


def test_it_cannot_be_kept_in_a_state() -> None:
    for keep in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(NotImplementedError):
            keep(generator())
