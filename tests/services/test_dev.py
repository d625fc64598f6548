"""Parts of dev mode, each by itself: branches, states as text, failures, logs that do not fold."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from itertools import count
from typing import Any

import msgspec
import pytest

from meeple.engine.game import fold_all
from meeple.engine.log import Entry, EntryKind
from meeple.engine.rules import Rules
from meeple.engine.time_limit import TimeLimit
from meeple.errors import EngineError
from meeple.services.branches import branch
from meeple.services.dev import Dev
from meeple.services.dev_failures import KEPT, DevFailures, failure_of
from meeple.services.engine_catalog import GROUP, EngineCatalog
from meeple.services.engine_reload import EngineReloader
from meeple.services.game_service import GameService
from meeple.services.tables import NO_LIMIT
from meeple.store.memory import MemoryGameLog
from tests.services.engines import Plain
from tests.services.house import ANN, BEN, Room, SetClock, Viewers

HERE = "tests.services.test_dev"
CLOCK = SetClock()


class Opaque(Plain):
    """States that no JSON can say."""

    def new_game(self, seats: int, options: Any, rng: Any) -> Any:
        return {(0, 0): object()}

    def to_act(self, state: Any) -> list[int]:
        return [0]

    def legal_actions(self, state: Any, seat: int) -> list[Any]:
        return ["go"]

    def apply(self, state: Any, seat: int, action: Any, rng: Any) -> Any:
        return state

    def view(self, state: Any, seat: int | None) -> Any:
        return {}


class Coded(Opaque):
    def encode_state(self, state: Any) -> Any:
        return {"as": "JSON"}

    def decode_state(self, data: Any) -> Any:
        return data


class Shy(Plain):
    """Cannot be shown to seat 1."""

    perfect_information = False

    def view(self, state: Any, seat: int | None) -> Any:
        if seat == 1:
            raise ValueError("seat 1 sees nothing")
        return {}


class Forgetful(Plain):
    """Refuses whatever was played before, once it is told to."""

    strict = False

    def apply(self, state: Any, seat: int, action: Any, rng: Any) -> Any:
        if self.strict:
            raise ValueError("never again")
        return super().apply(state, seat, action, rng)


class Desk:
    """Dev mode over a log in memory."""

    def __init__(self) -> None:
        self.log = MemoryGameLog()
        self.failures = DevFailures(CLOCK)
        self.catalog = EngineCatalog(
            EntryPoint(name.lower(), f"{HERE}:{name}", GROUP)
            for name in ("Opaque", "Coded", "Shy", "Forgetful")
        )
        self.games = self.start()

    def start(self) -> GameService:
        """A server that knows nothing but the log."""
        limit = self.failures.noticing(NO_LIMIT)
        self.games = GameService(
            self.catalog, self.log, CLOCK, Viewers([]), Room(), time_limit=limit
        )
        reloader = EngineReloader(EngineCatalog([]), self.games, self.failures, CLOCK)
        self.dev = Dev(
            self.games,
            self.catalog,
            self.log,
            CLOCK,
            time_limit=NO_LIMIT,
            failures=self.failures,
            reloader=reloader,
        )
        return self.games


async def test_a_state_that_is_no_json_is_shown_as_python_writes_it() -> None:
    desk = Desk()
    made = await desk.dev.create("opaque", None, None)
    position = (await desk.dev.game(made.game_id)).position
    assert position is not None
    assert position.text is not None
    assert position.text.startswith("{(0, 0): <object object")


async def test_a_state_codec_writes_the_state() -> None:
    desk = Desk()
    made = await desk.dev.create("coded", None, None)
    position = (await desk.dev.game(made.game_id)).position
    assert position is not None
    assert isinstance(position.state, msgspec.Raw)
    assert bytes(position.state) == b'{"as":"JSON"}'


async def test_a_view_that_fails_takes_no_other_view_away() -> None:
    desk = Desk()
    made = await desk.games.create_game(ANN, "shy")
    # No server starts a game that it cannot show; its code may have changed since.
    await desk.log.append(made.game_id, 2, _seated_and_started(made.game_id))
    desk.start()
    position = (await desk.dev.game(made.game_id)).position
    assert position is not None
    assert [one.state is None for one in position.views] == [False, True, False]
    failure = position.views[1].failure
    assert failure is not None
    assert failure.message == "ValueError: seat 1 sees nothing"
    assert failure.file == __file__


def _seated_and_started(game_id: str) -> list[Entry]:
    payload = {"user_id": str(BEN.user_id), "name": "Ben"}
    seated = Entry(game_id, 2, EntryKind.SEATED, 1, payload, None, CLOCK.now)
    return [seated, Entry(game_id, 3, EntryKind.STARTED, None, {}, None, CLOCK.now)]


async def test_a_log_that_does_not_fold_is_shown_up_to_there() -> None:
    desk = Desk()
    made = await desk.dev.create("forgetful", None, None)
    await desk.dev.act(made.game_id, 0, "anything")
    desk.catalog.rules("forgetful").engine.strict = True  # type: ignore[attr-defined]
    desk.start()
    for _ in range(3):
        game = await desk.dev.game(made.game_id)
        assert (game.seq, game.folded) == (4, 3)
        assert (await desk.dev.info(made.game_id)).seq == 4
        assert game.failure is not None
        assert game.failure.message == "ValueError: never again"
        assert game.position is not None
        assert game.position.seq == 3
    # It was tried once, however often the panel asks.
    assert len(desk.failures.latest()) == 1
    with pytest.raises(EngineError):
        await desk.dev.branch(made.game_id, 4)
    assert (await desk.dev.branch(made.game_id, 3)).seq == 3


def test_a_branch_folds_and_its_clocks_go_on_from_where_they_were() -> None:
    rules = Rules("plain", Plain())
    created = {
        "engine": "plain",
        "options": {},
        "seats": 2,
        "seed": "00" * 32,
        "public": True,
        "creator": str(ANN.user_id),
        "time_control": {"kind": "fischer", "initial": 60, "increment": 0},
    }
    seats = [{"user_id": str(one.user_id), "name": one.name} for one in (ANN, BEN)]
    kinds: list[tuple[EntryKind, int | None, dict[str, Any], int]] = [
        (EntryKind.CREATED, None, created, 1000),
        (EntryKind.SEATED, 0, seats[0], 2000),
        (EntryKind.SEATED, 1, seats[1], 3000),
        (EntryKind.STARTED, None, {}, 3000),
        (EntryKind.PAUSED, None, {"since": 4000, "until": 9000}, 10_000),
    ]
    entries = [
        Entry("old", seq, kind, seat, payload, None, at)
        for seq, (kind, seat, payload, at) in enumerate(kinds)
    ]
    copied = branch(entries, "new", 1_000_000)
    old, new = (list(fold_all(one, lambda _: rules))[-1].game for one in (entries, copied))
    assert new.at == 1_000_000
    assert not new.public
    assert new.seed == old.seed
    assert old.clock is not None
    assert new.clock is not None
    for seat in (0, 1):
        assert new.clock.left(seat, 1_005_000) == old.clock.left(seat, 15_000)
    names = [None if one is None else one.name for one in new.players]
    assert names == ["Ann", "Ben"]
    assert {one.user_id for one in new.players if one}.isdisjoint({ANN.user_id, BEN.user_id})


def test_what_does_not_come_back_is_noted_where_it_hung() -> None:
    failures = DevFailures(CLOCK)
    limit = TimeLimit(0.1)
    noticing = failures.noticing(limit)
    with limit.watching(), pytest.raises(EngineError), noticing:
        for _ in count():
            pass
    [failure] = failures.latest()
    assert "took more than 0.1 seconds" in failure.message
    assert failure.file == __file__


def test_only_the_latest_failures_are_kept() -> None:
    failures = DevFailures(CLOCK)
    for number in range(KEPT + 5):
        failures.note(ValueError(str(number)), "play")
    kept = failures.latest()
    assert [len(kept), kept[0].number, kept[0].message] == [
        KEPT,
        KEPT + 5,
        f"ValueError: {KEPT + 4}",
    ]
    assert failure_of(SystemExit(3), "import", 0).message == "SystemExit: 3"
