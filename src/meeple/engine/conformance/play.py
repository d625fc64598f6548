"""Plays one game through with every check on the way, then plays its log again."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

from meeple.engine.base import IllegalAction, SamplesActions
from meeple.engine.conformance.absent import check_absent
from meeple.engine.conformance.leak import Memory, check_simultaneous
from meeple.engine.conformance.legality import check_action_codec, check_actions, check_codecs
from meeple.engine.conformance.position import Position, observe
from meeple.engine.conformance.probe import GameStopped, Probe
from meeple.engine.conformance.redeal import check_bot, check_redeal
from meeple.engine.conformance.replay import Record, Turn, replay
from meeple.engine.conformance.setting import Setting
from meeple.engine.conformance.values import shown

#: Every position up to this many actions is looked at closely, later ones ever more rarely.
CLOSE_LOOKS = 8
#: Games with another seed, and how many actions of them are played, to meet the same past again.
TWINS = 2
TWIN_ACTIONS = 6
#: Actions seen in a game that are tried where they are not listed.
POOL = 100


def play_game(probe: Probe, setting: Setting, memory: Memory, max_actions: int) -> Record:
    """Play one game with all checks and give what is to be had again; problems are noted.

    Raises:
        GameStopped: a problem left no way to go on.
    """
    probe.begin(setting)
    chance = setting.chance("play")
    state = probe.new_game(setting)
    probe.watch(state)
    position = observe(probe, state)
    _expect_same(probe, position, observe(probe, probe.new_game(setting)), "new_game")
    pasts = memory.begin()
    memory.add(pasts, position, None, b"")
    log: list[Turn] = []
    trail = [position.digest]
    pool: dict[bytes, None] = {}
    while position.outcome is None:
        if len(log) == max_actions:
            message = f"The game is not over after {max_actions} actions. Every game must end."
            probe.note("termination", "game", message)
            raise GameStopped
        close = chance.random() * (len(log) + 1) < CLOSE_LOOKS
        if close:
            _look_closely(probe, position, pool, chance)
        turn = _choose(probe, position, chance)
        if len(pool) < POOL:
            pool.update(dict.fromkeys((position.legal[turn.seat] or (turn.data,))[:POOL]))
        state = _play(probe, position.state, turn, setting, len(log) + 1)
        again = _play(probe, position.state, turn, setting, len(log) + 1) if close else state
        log.append(turn)
        probe.step = len(log)
        probe.watch(state)
        position = observe(probe, state)
        if close:
            _expect_same(probe, position, observe(probe, again), "apply")
        memory.add(pasts, position, turn.seat, turn.data)
        trail.append(position.digest)
    check_codecs(probe, position)
    record = Record(setting, tuple(log), tuple(trail))
    replay(probe, record, "the recorded actions do not give the same game again")
    with _other_global_chance(probe, chance):
        replay(probe, record, "the game depends on the module `random`")
    _play_twins(probe, setting, memory, log)
    return record


def _look_closely(
    probe: Probe, position: Position, pool: dict[bytes, None], chance: Random
) -> None:
    seat = chance.choice(position.to_act)
    check_actions(probe, position, seat, pool, chance)
    check_codecs(probe, position)
    check_simultaneous(probe, position, seat, chance)
    check_redeal(probe, position, chance)
    check_bot(probe, position, seat, chance)
    check_absent(probe, position, seat, chance)
    if observe(probe, position.state).digest != position.digest:
        message = (
            "A state looks different after actions were tried on it. Change no state that was"
            " handed in, and keep nothing on the engine."
        )
        probe.note("mutation", "look", message)
        raise GameStopped


def _choose(probe: Probe, position: Position, chance: Random) -> Turn:
    seat = chance.choice(position.to_act)
    listed = position.legal[seat]
    if listed is not None:
        return Turn(seat, chance.choice(listed))
    if not isinstance(probe.engine, SamplesActions):
        message = (
            "`legal_actions` gives None, so no game can be played. Give the engine a method"
            " `sample_action(state, seat, rng)` that returns one legal action by chance."
        )
        probe.note("legality", "unlisted", message)
        raise GameStopped
    seed = chance.random()
    sampled = [
        probe.ask("sample_action", position.state, seat, Random(seed)) for _ in ("once", "again")
    ]
    data, again = (probe.encode(probe.encode_action(one), "an action") for one in sampled)
    if data != again:
        message = "`sample_action` gives another action by the same chance. Draw it from its `rng`."
        probe.note("determinism", "sample_action", message)
    check_action_codec(probe, data)
    return Turn(seat, data)


def _play(probe: Probe, state: Any, turn: Turn, setting: Setting, step: int) -> Any:
    try:
        return probe.apply(state, turn.seat, turn.data, setting, step)
    except IllegalAction as error:
        message = f"`apply` refuses {shown(turn.data)}, which is legal: {error}"
        probe.note("legality", "refused", message)
        raise GameStopped from error


def _expect_same(probe: Probe, one: Position, other: Position, method: str) -> None:
    if one.digest != other.digest:
        message = (
            f"`{method}` gives different states for the same arguments. Draw chance from `rng`, and"
            " use nothing else: no clock, no order of a set, nothing kept on the engine."
        )
        probe.note("determinism", method, message)
        raise GameStopped


def _play_twins(probe: Probe, setting: Setting, memory: Memory, log: Sequence[Turn]) -> None:
    """Play the first actions again with other seeds: some seats cannot tell that from the game."""
    for number in range(TWINS if not probe.perfect_information else 0):
        twin = setting._replace(label=f"{setting.label} twin {number}")
        pasts = memory.begin()
        probe.step = 0
        position = observe(probe, probe.new_game(twin))
        memory.add(pasts, position, None, b"")
        for step, turn in enumerate(log[:TWIN_ACTIONS], 1):
            if turn.data not in (position.legal.get(turn.seat) or ()):
                break
            probe.step = step
            position = observe(probe, _play(probe, position.state, turn, twin, step))
            memory.add(pasts, position, turn.seat, turn.data)


@contextmanager
def _other_global_chance(probe: Probe, chance: Random) -> Iterator[None]:
    """The module ``random`` in another state, and as it was afterwards."""
    before = random.getstate()
    random.seed(chance.random())
    probe.expect_global_chance()
    try:
        yield
    finally:
        random.setstate(before)
        probe.expect_global_chance()
