"""Clock arithmetic, against worked examples from published rules and for any play.

- Fischer, Bronstein and delay: FIDE Laws of Chess, glossary ("increment", "delay mode"); US Chess
  rulebook 5F and its definition of "add-back" (Bronstein) and "simple" delay: with a delay of ten
  seconds, who takes ten or more gets ten back, who takes five gets five.
- Byo-yomi: Sensei's Library, "Japanese Byo-yomi": 25 minutes and 5 periods of one minute.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meeple.engine.clocks import LAG_QUOTA, LAG_REFILL, MAX_ABSENT, Clocks, new_clocks
from meeple.engine.time_controls import (
    Bank,
    Bronstein,
    ByoYomi,
    Correspondence,
    Delay,
    Fischer,
    PerAction,
    Shown,
    TimeControl,
    time_control,
)
from meeple.errors import InvalidMessage

S = 1000
MIN = 60 * S


def after(control: TimeControl, *seconds: float) -> list[Bank]:
    """What one player has after actions that took so long, the clocks running from the start."""
    clocks, at = new_clocks(msgspec.structs.replace(control, first_move=None), 2), 0
    clocks, banks = clocks.turn((0,), at), list[Bank]()
    for number in seconds:
        at += round(number * S)
        assert clocks.in_time(0, at, 0)
        clocks = clocks.turn((0,), at, 0)
        banks.append(clocks.seats[0].bank)
    return banks


def test_fischer_adds_the_whole_increment_after_every_move() -> None:
    """Three minutes and two seconds a move: unused increment is kept."""
    assert after(Fischer(initial=180, increment=2), 5, 1, 2) == [
        Bank(177 * S),
        Bank(178 * S),
        Bank(178 * S),
    ]


def test_bronstein_gives_back_what_was_used_up_to_the_delay() -> None:
    """US Chess, "add-back" of ten seconds: five used, five back; fifteen used, ten back."""
    assert after(Bronstein(initial=300, delay=10), 5, 10, 15) == [
        Bank(300 * S),
        Bank(300 * S),
        Bank(295 * S),
    ]


def test_simple_delay_holds_the_clock_before_every_move() -> None:
    """US Chess G/5 d/5: the main time runs only after five seconds."""
    assert after(Delay(initial=300, delay=5), 3, 5, 12) == [
        Bank(300 * S),
        Bank(300 * S),
        Bank(293 * S),
    ]


@given(st.lists(st.integers(0, 20_000), max_size=10))
def test_bronstein_and_simple_delay_are_the_same_but_for_the_display(spent: list[int]) -> None:
    """US Chess calls them equivalent: Bronstein's clock shows main time and delay in one."""
    simple, bronstein = Delay(initial=30, delay=5), Bronstein(initial=35, delay=5)
    one, other = simple.bank(), bronstein.bank()
    for ms in spent:
        assert simple.budget(one) == bronstein.budget(other)
        if ms >= simple.budget(one):
            return
        one, other = simple.debit(one, ms, True), bronstein.debit(other, ms, True)
        assert other.main == one.main + 5 * S


def test_a_byo_yomi_period_is_lost_only_if_it_is_wholly_used() -> None:
    """Sensei's Library: 25 minutes and 5 periods of a minute, once the main time is used up."""
    control = ByoYomi(main=1500, periods=5, period=60)
    assert after(control, 1500, 10, 59.999) == [Bank(0, 5)] * 3
    assert after(control, 1500, 61)[-1] == Bank(0, 4)
    assert after(control, 1500, 121)[-1] == Bank(0, 3)
    assert after(control, 1490, 15)[-1] == Bank(0, 5)
    assert after(control, 1490, 9)[-1] == Bank(1 * S, 5)
    assert after(control, 1500, 60)[-1] == Bank(0, 4)


def test_byo_yomi_is_lost_with_the_last_period() -> None:
    """Sensei's Library: with 3 periods, who does not play within 3 minutes has lost."""
    control = ByoYomi(main=60, periods=3, period=60, first_move=None)
    clocks = new_clocks(control, 2).turn((0,), 0)
    assert clocks.deadline(0) == 4 * MIN
    assert clocks.in_time(0, 4 * MIN - 1, 0)
    assert not clocks.in_time(0, 4 * MIN, 0)


def test_byo_yomi_shows_the_main_time_and_then_the_present_period() -> None:
    control = ByoYomi(main=60, periods=3, period=30)
    bank = control.bank()
    assert control.shown(bank, 59_000) == Shown(1000, 0, 3, False)
    assert control.shown(bank, 60_000) == Shown(30_000, 0, 3, True)
    assert control.shown(bank, 100_000) == Shown(20_000, 0, 2, True)
    assert control.shown(bank, 150_000) == Shown(0, 0, 0, True)


@given(st.integers(0, 65_000), st.integers(1_000, 90_000))
def test_more_time_brings_no_byo_yomi_period_back_and_is_just_so_much(spent: int, ms: int) -> None:
    """It is main time, before what is left of the periods."""
    control = ByoYomi(main=5, periods=3, period=20, first_move=None)
    clocks = new_clocks(control, 2).turn((0,), 0)
    given = clocks.credited(0, ms, spent)
    assert given.deadline(0) == (clocks.deadline(0) or 0) + ms
    assert given.shown(0, spent).periods <= max(0, clocks.shown(0, spent).periods)
    for later in (spent, spent + ms - 1):
        acted = given.turn((1,), later, 0).seats[0].bank
        assert acted.periods <= clocks.turn((1,), spent, 0).seats[0].bank.periods
    assert given.seats[1] == clocks.seats[1]


def test_more_time_in_a_period_goes_before_what_is_left_of_it() -> None:
    clocks = new_clocks(ByoYomi(main=0, periods=2, period=30, first_move=None), 2).turn((0,), 0)
    assert clocks.shown(0, 40 * S) == Shown(20 * S, 0, 1, True)
    given = clocks.credited(0, 15 * S, 40 * S)
    assert given.shown(0, 40 * S) == Shown(5 * S, 0, 1, False)
    assert given.deadline(0) == 75 * S
    assert given.turn((1,), 50 * S, 0).seats[0].bank == Bank(0, 1)


def test_more_time_is_for_an_action_and_a_takeback_uses_none_of_it() -> None:
    clocks = new_clocks(PerAction(seconds=60, first_move=None), 2)
    given = clocks.credited(1, 30 * S, 0).turn((1,), 0)
    assert given.deadline(1) == 90 * S
    back = given.turn((0,), 70 * S)  # to the other, though this seat did not act
    assert back.turn((1,), 100 * S, 0).deadline(1) == 180 * S
    assert (
        back.turn((1,), 100 * S, 0).turn((0,), 101 * S, 1).turn((1,), 101 * S).deadline(1)
        == 161 * S
    )


def test_a_free_first_action_uses_no_time_that_was_given() -> None:
    clocks = new_clocks(PerAction(seconds=60, first_move=20), 1).credited(0, 30 * S, 0)
    first = clocks.turn((0,), 0)
    assert (first.deadline(0), first.shown(0, 5 * S)) == (20 * S, Shown(90 * S))
    assert first.turn((0,), 10 * S, 0).deadline(0) == 100 * S


def test_a_simple_delay_shows_itself_first() -> None:
    control = Delay(initial=60, delay=5)
    assert control.shown(control.bank(), 2_000) == Shown(60_000, 3_000)
    assert control.shown(control.bank(), 7_000) == Shown(58_000, 0)


@pytest.mark.parametrize("control", [PerAction(seconds=20), Correspondence(days=3)])
def test_every_action_has_its_own_time(control: TimeControl) -> None:
    assert after(control, 1, 19.999) == [control.bank()] * 2
    assert new_clocks(Correspondence(days=3), 2).turn((0,), 0).deadline(0) == 3 * 86400 * S


# --- seats and turns ------------------------------------------------------------------------------


def test_the_first_action_of_each_seat_costs_nothing_but_has_a_deadline() -> None:
    clocks = new_clocks(Fischer(initial=60, increment=5, first_move=20), 2).turn((0,), 0)
    assert clocks.deadline(0) == 20 * S
    assert clocks.shown(0, 15 * S).remaining == 60 * S
    assert clocks.no_show(0)
    clocks = clocks.turn((1,), 15 * S, 0)
    assert clocks.seats[0].bank == Bank(60 * S)
    assert clocks.deadline(1) == 35 * S
    clocks = clocks.turn((0,), 16 * S, 1).turn((1,), 20 * S, 0)
    assert clocks.seats[0].bank == Bank(61 * S)
    assert not clocks.no_show(1)


def test_every_seat_that_is_to_act_is_on_the_clock() -> None:
    clocks = new_clocks(Fischer(initial=60, first_move=None), 3).turn((0, 1, 2), 0)
    clocks = clocks.turn((0, 2), 5 * S, 1)
    assert clocks.running == (0, 2)
    clocks = clocks.turn((0,), 8 * S, 2).turn((0, 1, 2), 10 * S, 0)
    assert [seat.bank.main for seat in clocks.seats] == [50 * S, 55 * S, 52 * S]
    assert clocks.due_at() == 60 * S + LAG_QUOTA


def test_a_seat_whose_turn_another_ends_pays_and_gets_no_increment() -> None:
    clocks = new_clocks(Fischer(initial=60, increment=5, first_move=None), 2).turn((0, 1), 0)
    clocks = clocks.turn((), 4 * S, 1)
    assert clocks.seats[0].bank == Bank(56 * S)
    assert clocks.running == ()
    assert clocks.due_at() is None


def test_a_pause_counts_once_however_often_it_is_given() -> None:
    clocks = new_clocks(Fischer(initial=60, first_move=None), 2).turn((0,), 0)
    clocks = clocks.paused(10 * S, 30 * S)
    assert clocks.shown(0, 20 * S).remaining == 50 * S
    assert clocks.deadline(0) == 80 * S
    again = clocks.paused(10 * S, 30 * S).paused(15 * S, 25 * S)
    assert again == clocks
    longer = clocks.paused(20 * S, 40 * S)
    assert longer.deadline(0) == 90 * S


def test_a_clock_that_starts_in_a_pause_stands_until_its_end() -> None:
    clocks = new_clocks(Fischer(initial=60, first_move=None), 2).turn((0,), 0)
    clocks = clocks.paused(10 * S, 30 * S).turn((1,), 12 * S, 0)
    assert clocks.seats[0].bank == Bank(50 * S)
    assert clocks.deadline(1) == 90 * S


def test_lag_is_forgiven_from_a_quota_that_refills() -> None:
    clocks = new_clocks(Fischer(initial=60, first_move=None), 1).turn((0,), 0)
    assert clocks.forgiven(0, 5 * S, 10_000) == LAG_QUOTA
    clocks = clocks.turn((0,), 5 * S, 0, lag=LAG_QUOTA)
    assert clocks.seats[0].bank == Bank(55 * S + LAG_QUOTA)
    assert clocks.forgiven(0, 10 * S, 10_000) == LAG_REFILL
    # What a log claims beyond the quota is not forgiven either.
    clocks = clocks.turn((0,), 10 * S, 0, lag=10_000)
    assert clocks.seats[0].bank == Bank(50 * S + LAG_QUOTA + LAG_REFILL)


def test_an_action_within_the_lag_after_the_deadline_is_in_time_and_nobody_is_out_before() -> None:
    clocks = new_clocks(Fischer(initial=60, first_move=None), 2).turn((0,), 0)
    late = 60 * S + 300
    assert not clocks.in_time(0, late, 300)
    assert clocks.in_time(0, late, 301)
    assert clocks.out(60 * S + LAG_QUOTA - 1) == ()
    assert clocks.out(60 * S + LAG_QUOTA) == (0,)
    assert clocks.due_at() == 60 * S + LAG_QUOTA


def test_absence_is_counted_until_the_player_acts() -> None:
    clocks = new_clocks(PerAction(seconds=5, first_move=None), 1).turn((0,), 0)
    for number in range(1, MAX_ABSENT + 1):
        clocks = clocks.missed(0).turn((0,), number, 0, absent=True)
        assert clocks.seats[0].absent == number
    assert clocks.turn((0,), 99, 0).seats[0].absent == 0


@pytest.mark.parametrize(
    ("control", "left"),
    [
        (Fischer(initial=300, first_move=None), 10 * S),
        (Fischer(initial=10, first_move=None), 2 * S),
        (PerAction(seconds=30, first_move=None), 6 * S),
    ],
)
def test_a_warning_comes_with_ten_seconds_left_or_a_fifth(control: TimeControl, left: int) -> None:
    clocks = new_clocks(control, 2).turn((1,), 0)
    assert clocks.warnings() == [((clocks.deadline(1) or 0) - left, 1)]


# --- any play -------------------------------------------------------------------------------------

CONTROLS = st.one_of(
    st.builds(Fischer, initial=st.integers(1, 60), increment=st.integers(0, 5)),
    st.builds(Bronstein, initial=st.integers(1, 60), delay=st.integers(0, 5)),
    st.builds(Delay, initial=st.integers(1, 60), delay=st.integers(0, 5)),
    st.builds(
        ByoYomi, main=st.integers(0, 20), periods=st.integers(1, 3), period=st.integers(1, 20)
    ),
    st.builds(PerAction, seconds=st.integers(1, 60)),
)
#: How long until the next entry, the way of the action, and whether there is a pause before it: how
#: long before the entry it began, and how long it lasts.
MOVES = st.lists(
    st.tuples(
        st.integers(0, 20_000),
        st.integers(0, 1_000),
        st.none() | st.tuples(st.integers(0, 20_000), st.integers(0, 30_000)),
    ),
    max_size=20,
)


def worth(control: TimeControl, bank: Bank) -> int:
    return bank.main + (bank.periods * control.period * S if isinstance(control, ByoYomi) else 0)


@given(CONTROLS, MOVES, st.sampled_from([None, 30]))
def test_nobodys_time_grows_but_by_increments_and_debits_are_the_time_that_passed(
    control: TimeControl, moves: list[Any], first_move: int | None
) -> None:
    control = msgspec.structs.replace(control, first_move=first_move)
    clocks, at, began = new_clocks(control, 2).turn((0,), 0), 0, 0
    pauses: list[tuple[int, int]] = []
    for number, (wait, way, pause) in enumerate(moves):
        seat, at = number % 2, at + wait
        if pause is not None:
            # As outages are: none begins before the one before it.
            since = max([at - pause[0], *(since for since, _ in pauses)])
            pauses.append((since, since + pause[1]))
            clocks = clocks.paused(*pauses[-1])
        lag = clocks.forgiven(seat, at, way)
        assert lag <= min(way, LAG_QUOTA)
        if not clocks.in_time(seat, at, lag):
            return
        # A model of its own: every millisecond of the turn that is in no pause.
        stood = {ms for since, until in pauses for ms in range(max(since, began), min(until, at))}
        spent = max(0, at - began - len(stood) - lag)
        before, free = clocks.seats[seat].bank, clocks.no_show(seat)
        clocks = clocks.turn((1 - seat,), at, seat, lag)
        bank = clocks.seats[seat].bank
        increment = control.increment * S if isinstance(control, Fischer) else 0
        assert worth(control, bank) <= worth(control, before) + increment
        if free:
            assert bank == before
        elif isinstance(control, Fischer):
            assert bank.main == before.main - spent + increment
        elif isinstance(control, (Bronstein, Delay)):
            assert bank.main == before.main - max(0, spent - control.delay * S)
        elif isinstance(control, ByoYomi):
            over = max(0, spent - before.main)
            assert bank == (
                max(0, before.main - spent),
                before.periods - over // control.period // S,
            )
        else:
            assert bank == before
        began = at


@given(CONTROLS, st.integers(0, 10_000), st.integers(1, 10**9), st.integers(0, 5_000))
def test_an_outage_costs_nobody_a_millisecond(
    control: TimeControl, before: int, outage: int, after: int
) -> None:
    clocks = new_clocks(msgspec.structs.replace(control, first_move=None), 2).turn((0,), 0)
    paused = clocks.paused(before, before + outage)
    late, soon = before + outage + after, before + after
    assert paused.in_time(0, late, 0) == clocks.in_time(0, soon, 0)
    assert paused.shown(0, late) == clocks.shown(0, soon)
    ended, ended_soon = (one.turn((1,), at, 0) for one, at in ((paused, late), (clocks, soon)))
    assert ended.seats[0].bank == ended_soon.seats[0].bank


@given(CONTROLS, st.lists(st.integers(0, 200_000), min_size=2, max_size=5))
def test_what_a_clock_shows_never_grows_while_it_runs(
    control: TimeControl, times: list[int]
) -> None:
    clocks = new_clocks(msgspec.structs.replace(control, first_move=None), 2).turn((0,), 0)
    for one, other in pairwise(sorted(times)):
        assert clocks.left(0, other) <= clocks.left(0, one)
        shown, later = clocks.shown(0, one), clocks.shown(0, other)
        assert (later.periods, later.remaining) <= (
            shown.periods,
            shown.remaining,
        ) or later.in_period


# --- what may be asked for ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "fischer", "initial": 300, "increment": 3, "first_move": 30},
        {"kind": "bronstein", "initial": 300, "delay": 3, "first_move": None},
        {"kind": "delay", "initial": 300, "delay": 3, "first_move": 30},
        {"kind": "byo_yomi", "main": 0, "periods": 5, "period": 30, "first_move": 30},
        {"kind": "per_action", "seconds": 30, "first_move": 30},
        {"kind": "correspondence", "days": 3, "first_move": None},
    ],
)
def test_a_control_is_the_json_that_it_was_made_from(data: dict[str, Any]) -> None:
    assert msgspec.to_builtins(time_control(data)) == data


def test_no_control_is_none() -> None:
    assert time_control(None) is None
    assert time_control({"kind": "none"}) is None


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ({"kind": "hourglass"}, "hourglass"),
        ({"kind": "fischer"}, "initial"),
        ({"kind": "fischer", "initial": 0}, "initial"),
        ({"kind": "fischer", "initial": 60, "increment": -1}, "increment"),
        ({"kind": "fischer", "initial": 60, "delay": 1}, "delay"),
        ({"kind": "per_action", "seconds": 86_401}, "seconds"),
        ({"kind": "per_action", "seconds": 1.5}, "seconds"),
        ({"kind": "correspondence", "days": 31}, "days"),
        ({"kind": "byo_yomi", "main": 60, "periods": 0, "period": 30}, "periods"),
        ({"kind": "per_action", "seconds": 5, "first_move": 0}, "first_move"),
        ("fischer", "time_control"),
        ({}, "kind"),
    ],
)
def test_a_control_out_of_bounds_is_refused_with_the_word(data: Any, word: str) -> None:
    with pytest.raises(InvalidMessage, match=word):
        time_control(data)


def test_clocks_fold_the_same_twice() -> None:
    def play() -> Clocks:
        clocks = new_clocks(Fischer(initial=60, increment=1), 2).turn((0,), 0)
        return clocks.turn((1,), 5, 0).paused(3, 9).turn((0,), 30, 1, 7)

    assert play() == play()
