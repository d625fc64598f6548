"""Calls an engine and notes every misdeed: the one place that the engine is called from."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection
from typing import Any

import msgspec

from meeple.engine.base import (
    JSON,
    ActionAliases,
    ActionCodec,
    DescribesActions,
    ForcedActions,
    IllegalAction,
    StateCodec,
)
from meeple.engine.conformance.report import Problem
from meeple.engine.conformance.setting import Setting
from meeple.engine.conformance.values import canonical, json_fault, shown
from meeple.engine.conformance.watch import OneCallRandom, Snapshot, global_chance
from meeple.engine.time_limit import TimeLimit, TookTooLong

#: Lines of an engine's traceback that a report shows.
TRACEBACK_LINES = 6


class GameStopped(Exception):
    """The game cannot go on; the problem is noted."""


class Probe:
    """An engine under test, and the problems found so far."""

    def __init__(
        self, engine: Any, skip: Collection[str] = (), time_limit: TimeLimit | None = None
    ) -> None:
        self.engine = engine
        self.perfect_information = bool(getattr(engine, "perfect_information", False))
        self.has_state_codec = isinstance(engine, StateCodec)
        self.has_forced_actions = isinstance(engine, ForcedActions)
        self.describes_actions = isinstance(engine, DescribesActions)
        self.step = 0
        #: True once a redealt state looked different to somebody.
        self.redealt = False
        self._has_action_codec = isinstance(engine, ActionCodec)
        self._has_aliases = isinstance(engine, ActionAliases)
        self._skip = skip
        self._time_limit = time_limit
        self._problems: dict[tuple[str, str], Problem] = {}
        self._setting: Setting | None = None
        self._watched: list[Snapshot] = []
        self.expect_global_chance()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """One problem of each kind, in the order found."""
        return tuple(self._problems.values())

    @property
    def setting(self) -> Setting:
        """What the present game is played with."""
        assert self._setting is not None
        return self._setting

    def begin(self, setting: Setting) -> None:
        """Another game, whose problems are noted under its seed."""
        self._setting = setting
        self._watched = []
        self.step = 0
        self.expect_global_chance()

    def note(self, check: str, about: str, message: str) -> None:
        """Note a problem; only the first of a kind (a check and what it is about) is kept."""
        if check in self._skip or (check, about) in self._problems:
            return
        if self._setting is None:
            self._problems[check, about] = Problem(check, message)
            return
        label, seats, options = self._setting
        self._problems[check, about] = Problem(check, message, label, self.step, seats, options)

    def expect_global_chance(self) -> None:
        """Take the present state of the module ``random`` for the one that no call may change."""
        self._global_chance = global_chance()

    def watch(self, state: Any) -> None:
        """See to it that no call changes this state, nor the one watched before it."""
        self._watched = [*self._watched[-1:], Snapshot(state)]

    def call(self, method: str, *args: Any, on: str = "") -> Any:
        """Call the engine; an exception other than `IllegalAction` stops the game."""
        try:
            return self._in_time(getattr(self.engine, method), args)
        except IllegalAction:
            raise
        except TookTooLong as error:
            assert self._time_limit is not None
            message = f"`{method}` has not come back after {self._time_limit.seconds:g} seconds:"
            self.note("termination", method, f"{message}\n{_last_lines(error.__cause__ or error)}")
            raise GameStopped from error
        except Exception as error:
            self.note("exception", method, f"`{method}` raised{on}:\n{_last_lines(error)}")
            raise GameStopped from error
        finally:
            self._look_around(method)

    def _in_time(self, method: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        if self._time_limit is None:
            return method(*args)
        with self._time_limit:
            return method(*args)

    def ask(self, method: str, *args: Any) -> Any:
        """Call a method that has nothing to refuse."""
        try:
            return self.call(method, *args)
        except IllegalAction as error:
            message = f"`{method}` raised IllegalAction, which only `apply` may:\n"
            self.note("exception", method, message + _last_lines(error))
            raise GameStopped from error

    def new_game(self, setting: Setting) -> Any:
        """The first state of a game."""
        rng = OneCallRandom(setting.seed, setting.start)
        options = dict(setting.options)
        state = self.ask("new_game", setting.seats, options, rng)
        if options != setting.options:
            self.note("mutation", "options", "`new_game` changes the options it is handed.")
        rng.close()
        return state

    def apply(self, state: Any, seat: int, data: bytes, setting: Setting, step: int) -> Any:
        """The state after an action that came as JSON, as from a client.

        Raises:
            IllegalAction: the engine refuses the action.
        """
        rng = OneCallRandom(setting.seed, setting.start + step)
        action = self.decode_action(data)
        on = f" on the action {shown(data)} (for what the rules forbid, raise IllegalAction)"
        after = self.call("apply", state, seat, action, rng, on=on)
        rng.close()
        return after

    def decode_action(self, data: bytes) -> Any:
        """The action that came as JSON.

        Raises:
            IllegalAction: it stands for none.
        """
        value = msgspec.json.decode(data)
        if not self._has_action_codec:
            return value
        on = f" on {shown(data)} (for what is no action, raise IllegalAction)"
        return self.call("decode_action", value, on=on)

    def listed_action(self, state: Any, seat: int, data: bytes) -> bytes:
        """The action that came as JSON, by the word that is listed."""
        if not self._has_aliases:
            return data
        value = self.ask("listed_action", state, seat, msgspec.json.decode(data))
        return self.encode(value, "a listed action")

    def encode_action(self, action: Any) -> JSON:
        """The action as JSON."""
        return self.ask("encode_action", action) if self._has_action_codec else action

    def encode(self, value: JSON, about: str, *, for_clients: bool = True) -> bytes:
        """The value in canonical bytes; the game stops if it is not JSON."""
        try:
            fault = json_fault(value, about, for_clients=for_clients)
        except RecursionError:
            fault = f"{about} contains itself"
        if fault is not None:
            self.note("json", about, f"{fault}.")
            raise GameStopped
        return canonical(value)

    def _look_around(self, method: str) -> None:
        now = global_chance()
        if now != self._global_chance:
            self._global_chance = now
            message = (
                f"`{method}` uses the module `random`, so no game can be replayed. Draw from the"
                " `rng` it is given (new_game, apply) or not at all (the other methods)."
            )
            self.note("global_random", method, message)
        for index, snapshot in enumerate(self._watched):
            if snapshot.changed():
                message = (
                    f"`{method}` changes a state that it was handed. Build a new state instead."
                )
                self.note("mutation", method, message)
                self._watched[index] = Snapshot(snapshot.state)


def _last_lines(error: BaseException) -> str:
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next  # the kit's own
    lines = "".join(traceback.format_exception(type(error), error, frames)).rstrip().splitlines()
    return "\n".join(lines[-TRACEBACK_LINES:])
