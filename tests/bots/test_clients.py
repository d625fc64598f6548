"""Bots as clients: whole games over sockets, and what they refuse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import EntryPoint
from pathlib import Path
from random import Random
from typing import Any

import pytest

from meeple.client import GameState, Refused, Rest
from meeple.client.bots import BotFailed, Effort, Lobby, open_bot, play
from meeple.config import Settings
from meeple.engine import JSON
from meeple.engine.log import EntryKind
from meeple.errors import InvalidMessage, PolicyNotAvailable
from meeple.schemas.rest import GameLogBody
from meeple.services.engine_catalog import EngineCatalog
from tests.bots.matches import SECRET, chance_of, contestant, match, one_game, stockfish
from tests.harness import server_here, server_process, until


@asynccontextmanager
async def server(folder: Path, **parts: Any) -> AsyncIterator[str]:
    settings = Settings(data=str(folder), secret=SECRET, rate=1e6, burst=1e6)
    async with server_here(settings, **parts) as (url, _):
        yield url


def catalog(**engines: str) -> EngineCatalog:
    points = [EntryPoint(name, place, "meeple.engines") for name, place in engines.items()]
    return EngineCatalog(points)


# --- whole games --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("engine", "bots", "options"),
    [
        ("tic-tac-toe", 2, {}),
        ("goofspiel", 3, {"cards": 6}),
        ("duel", 2, {}),
        ("openspiel:hearts", 4, {}),
        ("openspiel:backgammon", 2, {}),
    ],
)
async def test_random_bots_play_whole_games(
    tmp_path: Path, engine: str, bots: int, options: dict[str, Any]
) -> None:
    async with server(tmp_path) as url, AsyncExitStack() as stack:
        players = [
            await stack.enter_async_context(contestant(url, "random", engine, seed=seed))
            for seed in range(bots)
        ]
        outcome = await one_game(players, engine, options)
        async with Rest(url) as rest:
            [game] = (await rest.games(status="over", engine=engine)).games
            log = (await rest.log(game.game_id)).entries
    assert game.outcome == outcome
    assert {entry.seat for entry in log if entry.kind is EntryKind.ACTION} == set(range(bots))
    assert EntryKind.RESIGNED not in [entry.kind for entry in log]


@pytest.mark.parametrize(
    ("engine", "iterations", "games"), [("tic-tac-toe", 100, 12), ("connect-four", 30, 12)]
)
async def test_mcts_beats_random(tmp_path: Path, engine: str, iterations: int, games: int) -> None:
    effort = Effort(iterations=iterations)
    async with server(tmp_path) as url:
        won, _ = await match(url, engine, ["mcts", "random"], games, efforts=[effort, effort])

    # A draw counts as a game that was not won.
    assert chance_of(won, games) < 0.01, f"{won} of {games}"


async def test_stockfish_beats_mcts_at_chess(tmp_path: Path) -> None:
    efforts = [Effort(iterations=3000), Effort.of(level=1)]
    async with server(tmp_path) as url:
        won = await match(url, "openspiel:chess", [stockfish(), "mcts"], 1, efforts=efforts)
    assert won == [1, 0]


async def test_a_chess_engine_starts_from_the_position_of_the_table(tmp_path: Path) -> None:
    mate_in_one = {"fen": "6k1/5ppp/8/8/8/8/5PPP/R5K1 w - - 0 1"}
    engine = "openspiel:chess"
    async with (
        server(tmp_path) as url,
        contestant(url, "random", engine) as black,
        contestant(url, stockfish(), engine, effort=Effort(depth=3), options=mate_in_one) as white,
    ):
        for _ in range(2):  # the second game is no part of the first
            assert (await one_game([black, white], engine, mate_in_one)).winners == (1,)
        async with Rest(url) as rest:
            for game in (await rest.games()).games:
                [played] = [
                    (entry.payload or {})["action"]
                    for entry in (await rest.log(game.game_id)).entries
                    if entry.kind is EntryKind.ACTION
                ]
                assert played.startswith("Ra8")


async def test_the_same_seeds_play_the_same_game(tmp_path: Path) -> None:
    async with server(tmp_path) as url:
        for _ in range(2):
            async with (
                contestant(url, "mcts", "tic-tac-toe", seed=3) as one,
                contestant(url, "random", "tic-tac-toe", seed=4) as other,
            ):
                await one_game([one, other], "tic-tac-toe")
        async with Rest(url) as rest:
            logs = [await rest.log(game.game_id) for game in (await rest.games()).games]
    first, second = (
        [entry.payload for entry in log.entries if entry.kind is EntryKind.ACTION] for log in logs
    )
    assert first == second


# --- long thoughts ------------------------------------------------------------------------------


async def test_a_bot_that_thinks_answers_the_servers_heartbeats(tmp_path: Path) -> None:
    engine = "connect-four"
    async with (
        server_process(tmp_path, ping_interval="0.2", ping_timeout="0.6") as server,
        contestant(server.url, "mcts", engine, effort=Effort(movetime=2500)) as bot,
        contestant(server.url, "random", engine) as other,
    ):
        game_id = await bot.lobby.make(engine, {}, None)
        await other.lobby.sit(game_id)
        own, theirs = await bot.client.join(game_id), await other.client.join(game_id)
        playing = asyncio.ensure_future(play(own, bot.bot))
        await theirs.wait_for(lambda table: table.my_turn, seconds=20)
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
        dropped = [line for line in server.lines if "disconnected" in line]
    assert dropped == []


async def test_who_ends_while_a_bot_thinks_ends_its_game(tmp_path: Path) -> None:
    async with (
        server(tmp_path) as url,
        contestant(url, "mcts", "connect-four", effort=Effort(movetime=300)) as bot,
        contestant(url, "random", "connect-four") as other,
    ):
        game_id = await bot.lobby.make("connect-four", {}, None)
        table = await bot.table(game_id)
        playing = asyncio.ensure_future(play(table, bot.bot))
        theirs = await other.table(game_id)
        await theirs.resign()
        assert (await playing).reason == "resigned"


# --- what cannot be played ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "engine", "effort", "why"),
    [
        ("mcts", "goofspiel", {}, "goofspiel hides information: .* house bot"),
        ("mcts", "openspiel:backgammon", {}, "the game draws chance: .* house bot"),
        ("mcts", "openspiel:pig", {}, "the game draws chance: .* house bot"),
        ("mcts", "go-fish", {}, "go-fish is not installed here"),
        ("mcts", "tic-tac-toe", {"depth": 3}, "depth is for uci"),
        ("uci:stockfish", "tic-tac-toe", {}, "UCI is for chess"),
        ("minimax", "tic-tac-toe", {}, "there are random, mcts, uci:PATH"),
    ],
)
async def test_what_a_policy_cannot_play_is_told_before_it_sits_down(
    policy: str, engine: str, effort: dict[str, int], why: str
) -> None:
    with pytest.raises(PolicyNotAvailable, match=why):
        await opened(policy, engine, effort=Effort.of(**effort))


async def test_chess_with_a_start_by_chance_or_of_no_sense_is_refused() -> None:
    with pytest.raises(PolicyNotAvailable, match=r"uci cannot play .* draws chance"):
        await opened("uci:stockfish", "openspiel:chess", options={"chess960": True})
    with pytest.raises(InvalidMessage, match="fen"):
        await opened("uci:stockfish", "openspiel:chess", options={"fen": "nonsense"})


async def opened(
    policy: str,
    engine: str,
    *,
    effort: Effort | None = None,
    options: dict[str, Any] | None = None,
    installed: EngineCatalog | None = None,
) -> None:
    async def no_log(game_id: str) -> GameLogBody:
        raise AssertionError("a bot that is refused reads nothing")

    async with open_bot(
        policy,
        engine,
        no_log,
        catalog=installed or EngineCatalog(),
        options=options or {},
        effort=effort or Effort.of(),
        rng=Random(1),
    ):
        raise AssertionError("it can be played")


async def test_a_bot_of_the_engines_own_is_not_limited_by_time() -> None:
    installed = catalog(brings="tests.bots.games:BringsABot")
    with pytest.raises(PolicyNotAvailable, match="counts iterations"):
        await opened("mcts", "brings", effort=Effort(movetime=100), installed=installed)


async def test_random_samples_what_is_too_much_to_list_if_the_game_can_be_known(
    tmp_path: Path,
) -> None:
    engines = catalog(multiple="tests.bots.games:NameAMultiple")
    async with (
        server(tmp_path, catalog=engines) as url,
        contestant(url, "random", "multiple", catalog=engines) as one,
        contestant(url, "random", "multiple", catalog=engines) as other,
    ):
        assert (await one_game([one, other], "multiple")).reason == "named"


@pytest.mark.parametrize(
    ("here", "why"),
    [
        ({"essay": "tests.engines.good:Essay"}, "too many actions .* it hides information"),
        ({}, "too many actions .* not installed here"),
    ],
)
async def test_random_says_if_it_can_neither_list_nor_sample(
    tmp_path: Path, here: dict[str, str], why: str
) -> None:
    there = catalog(essay="tests.engines.good:Essay")
    async with (
        server(tmp_path, catalog=there) as url,
        contestant(url, "random", "essay", catalog=catalog(**here)) as one,
        contestant(url, "random", "essay", catalog=catalog(**here)) as other,
    ):
        with pytest.raises(BotFailed, match=why):
            await one_game([one, other], "essay")


async def test_a_game_that_is_another_on_the_server_is_not_played_on(tmp_path: Path) -> None:
    other_rules = catalog(**{"tic-tac-toe": "tests.bots.games:OtherTicTacToe"})
    async with (
        server(tmp_path, catalog=other_rules) as url,
        contestant(url, "mcts", "tic-tac-toe") as one,
        contestant(url, "random", "tic-tac-toe") as other,
    ):
        with pytest.raises(BotFailed, match="another here than on the server at seq 3"):
            await one_game([one, other], "tic-tac-toe")


class Says:
    """Chooses as it is told."""

    def __init__(self, choose: Callable[[GameState], JSON]) -> None:
        self._choose = choose

    async def choose(self, state: GameState) -> JSON:
        return self._choose(state)


async def test_an_action_that_is_refused_is_told(tmp_path: Path) -> None:
    async with (
        server(tmp_path) as url,
        contestant(url, "random", "tic-tac-toe") as one,
        contestant(url, "random", "tic-tac-toe") as other,
    ):
        stubborn = one._replace(bot=Says(lambda state: 4))
        with pytest.raises(BotFailed, match=r"refused 4 at seq \d of .*illegal_action"):
            await one_game([stubborn, other], "tic-tac-toe")


# --- finding a table ----------------------------------------------------------------------------


@asynccontextmanager
async def lobby(url: str) -> AsyncIterator[Lobby]:
    async with Rest(url) as rest:
        token = (await rest.guest("Bot")).token
    async with Rest(url, token) as rest:
        yield Lobby(rest, patience=0.2)


async def test_the_table_that_waits_longest_is_found_and_never_ones_own(tmp_path: Path) -> None:
    async with server(tmp_path) as url, lobby(url) as one, lobby(url) as other:
        own = await other.make("tic-tac-toe", {}, None)
        await one.make("connect-four", {}, None)
        tables = {await one.make("tic-tac-toe", {}, None) for _ in range(3)}
        async with Rest(url) as rest:
            games = (await rest.games(status="open", engine="tic-tac-toe")).games
        made = {game.game_id: game.created_at for game in games}
        assert made.keys() == {own, *tables}
        found = [await other.find("tic-tac-toe") for _ in range(3)]
        assert set(found) == tables
        assert [made[one] for one in found] == sorted(made[one] for one in found)


async def test_one_who_waits_sits_down_once_a_table_is_there(tmp_path: Path) -> None:
    async with server(tmp_path) as url, lobby(url) as one, lobby(url) as other:
        waiting = asyncio.ensure_future(other.find("tic-tac-toe"))
        made = await one.make("tic-tac-toe", {}, None)
        await until(waiting.done)
        assert waiting.result() == made
        await other.sit(made)  # where it sits already
        with pytest.raises(Refused, match="game_not_found"):
            await other.sit("nothing")


async def test_a_late_action_is_thought_over_again(tmp_path: Path) -> None:
    """Three who act at once: each action makes those of the others late."""
    async with server(tmp_path) as url, AsyncExitStack() as stack:
        three = [
            await stack.enter_async_context(contestant(url, "random", "goofspiel", seed=seed))
            for seed in range(3)
        ]
        seen: list[int] = []

        def first(state: GameState) -> JSON:
            seen.append(state.seq)
            assert state.legal_actions is not None
            return state.legal_actions[0]

        watched = three[2]._replace(bot=Says(first))
        await one_game([*three[:2], watched], "goofspiel", {"cards": 4})
    # Never twice for the same state; the last card is played by itself.
    assert seen == sorted(set(seen))
    assert len(seen) >= 3
