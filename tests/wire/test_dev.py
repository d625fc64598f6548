"""``serve --dev``: authors see everything, act for all, go back, and change the rules."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from meeple.bootstrap import Node
from meeple.config import Settings, check_dev, load
from meeple.errors import ConfigurationError
from tests.harness import ServerProcess, server_here
from tests.wire.test_cli import run

pytestmark = [pytest.mark.process, pytest.mark.asyncio(loop_scope="module")]

GAME = '''
from meeple.engine import Outcome

class {name}:
    """Count up together; chance decides by how much."""

    def new_game(self, seats, options, rng):
        return {{"turn": 0, "sum": 0, "secrets": [rng.randint(0, 99) for _ in range(seats)]}}

    def to_act(self, state):
        return [state["turn"]] if state["sum"] < 1000 else []

    def legal_actions(self, state, seat):
        return ["add", "fail", "chance"]

    def apply(self, state, seat, action, rng):
        if action == "fail":
            raise ValueError("nobody can do that")
        by = rng.randint(1, 50) if action == "chance" else 1
        return {{**state, "turn": 1 - state["turn"], "sum": state["sum"] + by}}

    def view(self, state, seat):
        own = None if seat is None else state["secrets"][seat]
        return {{"sum": state["sum"], "own": own}}

    def outcome(self, state):
        return Outcome(winners=(), reason="done")
'''


class Author:
    """Somebody with a server in dev mode, and the files that it watches."""

    def __init__(self, server: ServerProcess, session: aiohttp.ClientSession, folder: Path) -> None:
        self.server = server
        self.session = session
        self.folder = folder

    async def ask(
        self, path: str = "", body: Any = None, status: int = 200, **headers: str
    ) -> dict[str, Any]:
        method = "GET" if body is None else "POST"
        url = f"{self.server.url}/api/v1/dev{path}"
        async with self.session.request(method, url, json=body, headers=headers) as answer:
            told: dict[str, Any] = await answer.json()
            assert answer.status == status, told
            return told

    async def practice(self, engine: str, *actions: Any, **settings: Any) -> str:
        """A practice table at which some actions have been played; its id."""
        made = await self.ask("/games", {"engine": engine, **settings}, 201)
        game_id: str = made["game_id"]
        for action in actions:
            await self.act(game_id, action)
        return game_id

    async def act(self, game_id: str, action: Any, status: int = 200) -> dict[str, Any]:
        """Play for whoever is to act."""
        position = (await self.game(game_id))["position"]
        act = {"seat": position["to_act"][0], "action": action}
        return await self.ask(f"/games/{game_id}/act", act, status)

    async def game(self, game_id: str, query: str = "") -> dict[str, Any]:
        return await self.ask(f"/games/{game_id}{query}")

    async def branch(self, game_id: str, seq: int) -> str:
        made = await self.ask(f"/games/{game_id}/branch", {"seq": seq}, 201)
        return str(made["game_id"])

    async def save(self, module: str, text: str) -> dict[str, Any]:
        """Write a file, and wait until the server says what came of it."""
        before = (await self.ask())["reload"]
        (self.folder / f"{module}.py").write_text(text)
        async with asyncio.timeout(10):
            while (told := await self.ask())["reload"] == before:  # noqa: ASYNC110 - over the net
                await asyncio.sleep(0.05)
        reload: dict[str, Any] = told["reload"]
        return reload


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def author(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Author]:
    folder = tmp_path_factory.mktemp("games")
    names = ("Counting", "Changing", "Breaking", "Thinking")
    for name in names:
        (folder / f"{name.lower()}.py").write_text(GAME.format(name=name))
    engines = [option for name in names for option in ("--engine", f"{name.lower()}:{name}")]
    data = tmp_path_factory.mktemp("data")
    server = ServerProcess(data, "--dev", *engines, cwd=folder)
    await server.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Author(server, session, folder)
    finally:
        await server.stop()


# --- looking ----------------------------------------------------------------------------------


async def test_an_author_sees_the_log_the_state_and_what_every_seat_sees(author: Author) -> None:
    game_id = await author.practice("counting", "add", "add")
    game = await author.game(game_id)
    assert [one["kind"] for one in game["entries"]][3:] == ["started", "action", "action"]
    assert all(one["micros"] > 0 for one in game["entries"])
    assert game["entries"][0]["payload"]["seed"] == game["seed"]
    position = game["position"]
    assert position["seq"] == game["seq"] == 5
    secrets = position["state"]["secrets"]
    views = {one["seat"]: one["state"] for one in position["views"]}
    assert [views[seat]["view"]["own"] for seat in (0, 1, None)] == [*secrets, None]
    assert views[0]["legal_actions"] == ["add", "fail", "chance"]
    assert views[1]["legal_actions"] is None
    assert position["to_act"] == [0]


async def test_an_author_goes_back_to_any_entry_and_is_told_only_the_new_ones(
    author: Author,
) -> None:
    game_id = await author.practice("counting", "add", "add", "add")
    back = await author.game(game_id, "?seq=4&after=5")
    assert [one["seq"] for one in back["entries"]] == [6]
    assert back["position"]["state"]["sum"] == 1
    opened = await author.game(game_id, "?seq=1")
    assert (opened["position"]["status"], opened["position"]["state"]) == ("open", None)
    assert (await author.ask(f"?game_id={game_id}"))["seq"] == 6
    assert game_id in {one["game_id"] for one in (await author.ask("/games"))["games"]}


async def test_a_practice_table_is_not_in_the_lobby_but_its_entries_are_ordinary(
    author: Author,
) -> None:
    game_id = await author.practice("tic-tac-toe", 0, 3, 1, 4, 2)
    public = f"{author.server.url}/api/v1/games"
    async with author.session.get(public) as answer:
        assert game_id not in {one["game_id"] for one in (await answer.json())["games"]}
    async with author.session.get(f"{public}/{game_id}") as answer:
        assert (await answer.json())["outcome"]["winners"] == [0]


async def test_what_the_rules_forbid_is_forbidden_here_too(author: Author) -> None:
    game_id = await author.practice("tic-tac-toe", 0)
    act = f"/games/{game_id}/act"
    refused = await author.ask(act, {"seat": 0, "action": 1}, 409)
    assert refused["error"]["code"] == "not_your_turn"
    assert (await author.act(game_id, 0, 422))["error"]["code"] == "illegal_action"
    refused = await author.ask(act, {"seat": 1, "action": 1, "seq": 3}, 409)
    assert refused["error"]["code"] == "stale_seq"
    assert (await author.ask(act, {"seat": 2, "action": 1}, 422))["error"]["code"] == (
        "invalid_message"
    )
    assert (await author.ask("/games/none", status=404))["error"]["code"] == "game_not_found"


async def test_what_an_engine_raises_is_shown_with_its_line_and_nothing_is_played(
    author: Author,
) -> None:
    game_id = await author.practice("counting")
    refused = await author.act(game_id, "fail", 500)
    assert refused["error"]["code"] == "engine_error"
    failure = (await author.ask())["failures"][0]
    assert failure["what"] == "play"
    assert failure["message"] == "ValueError: nobody can do that"
    line = (author.folder / "counting.py").read_text().splitlines()[failure["line"] - 1]
    assert "nobody can do that" in line
    assert failure["traceback"].count("File ") == 1
    assert (await author.game(game_id))["seq"] == 3


# --- branches ---------------------------------------------------------------------------------


async def test_a_branch_is_the_same_game_up_to_there_and_then_goes_its_own_way(
    author: Author,
) -> None:
    game_id = await author.practice("counting", "chance", "add", "chance")
    copy = await author.branch(game_id, 4)
    game, branched = await author.game(game_id, "?seq=4"), await author.game(copy)
    assert branched["branch_of"] == {"game_id": game_id, "seq": 4}
    assert branched["seed"] == game["seed"]
    assert branched["position"]["state"] == game["position"]["state"]
    await author.act(copy, "chance")
    assert (await author.game(copy))["seq"] == 5
    assert (await author.game(game_id))["seq"] == 6
    # With the same actions it comes to the same: chance repeats.
    again = await author.branch(game_id, 4)
    await author.act(again, "add")
    await author.act(again, "chance")
    last = (await author.game(again))["position"]["state"]
    assert last == (await author.game(game_id))["position"]["state"]


async def test_a_branch_before_the_start_has_somebody_in_every_seat(author: Author) -> None:
    game_id = await author.practice("goofspiel", 1)
    copy = await author.branch(game_id, 0)
    position = (await author.game(copy))["position"]
    assert (position["status"], position["seq"]) == ("live", 3)
    original = (await author.game(game_id, "?seq=3"))["position"]
    assert position["state"] == original["state"]


async def test_a_branch_at_the_last_action_is_over_like_its_game(author: Author) -> None:
    game_id = await author.practice("tic-tac-toe", 0, 3, 1, 4, 2)
    copy = await author.branch(game_id, 8)
    assert (await author.game(copy))["position"]["outcome"]["winners"] == [0]
    refused = await author.ask(f"/games/{game_id}/branch", {"seq": 10}, 404)
    assert refused["error"]["code"] == "not_found"


async def test_in_a_branch_the_author_acts_for_bots_too_and_clocks_go_on_from_there(
    author: Author,
) -> None:
    guests = f"{author.server.url}/api/v1/guests"
    async with author.session.post(guests, json={"name": "Ann"}) as answer:
        token = (await answer.json())["token"]
    wanted = {
        "engine": "tic-tac-toe",
        "seats": ["me", {"bot": "random"}],
        "time_control": {"kind": "fischer", "initial": 60, "increment": 1},
    }
    headers = {"Authorization": f"Bearer {token}"}
    games = f"{author.server.url}/api/v1/games"
    async with author.session.post(games, json=wanted, headers=headers) as answer:
        game_id = (await answer.json())["game_id"]
    await author.act(game_id, 0)
    copy = await author.branch(game_id, 4)
    branched = await author.game(copy)
    players = branched["position"]["views"][0]["state"]["players"]
    assert players[0]["name"] == "Ann"
    assert all("bot" not in one for one in players)
    original = {
        one["user_id"]
        for one in (await author.game(game_id))["position"]["views"][0]["state"]["players"]
    }
    assert original.isdisjoint(one["user_id"] for one in players)
    assert branched["position"]["to_act"] == [1]
    await author.act(copy, 1)
    clock = (await author.game(copy))["position"]["views"][0]["state"]["clock"]
    assert min(clock["remaining"]) > 50_000


# --- reloading --------------------------------------------------------------------------------


async def test_a_file_that_is_saved_is_played_at_once_and_running_games_go_on(
    author: Author,
) -> None:
    game_id = await author.practice("changing", "add", "add")
    version = (await author.ask())["version"]
    text = GAME.format(name="Changing")
    reload = await author.save("changing", text.replace("else 1\n", "else 10\n"))
    assert (reload["failure"], reload["left"]) == (None, [])
    game = await author.game(game_id)
    assert game["version"] == version + 1
    assert game["position"]["state"]["sum"] == 20
    await author.act(game_id, "add")
    assert (await author.game(game_id))["position"]["state"]["sum"] == 30

    broken = await author.save("changing", text.replace("else 1\n", "else (\n"))
    assert broken["failure"]["message"].startswith("SyntaxError")
    assert broken["failure"]["file"] == str(author.folder / "changing.py")
    assert broken["failure"]["line"] > 0
    assert "importlib" not in broken["failure"]["traceback"]
    await author.act(game_id, "add")
    assert (await author.game(game_id))["position"]["state"]["sum"] == 40

    mended = await author.save("changing", text)
    assert mended["failure"] is None
    assert (await author.game(game_id))["position"]["state"]["sum"] == 4


async def test_a_table_whose_log_the_new_code_refuses_goes_on_with_the_old(author: Author) -> None:
    old = await author.practice("breaking", "add", "add")
    text = GAME.format(name="Breaking")
    stricter = text.replace('if action == "fail"', 'if state["sum"] or action == "fail"')
    reload = await author.save("breaking", stricter)
    assert (reload["failure"], reload["left"]) == (None, [old])
    left = (await author.game(old))["left"]
    assert (left["what"], left["message"]) == ("fold", "ValueError: nobody can do that")
    await author.act(old, "add")
    assert (await author.game(old))["position"]["state"]["sum"] == 3
    # What comes from now on is by the new rules, a branch too.
    new = await author.practice("breaking", "add")
    assert (await author.act(new, "add", 500))["error"]["code"] == "engine_error"
    await author.ask(f"/games/{old}/branch", {"seq": 6}, 500)
    assert (await author.game(await author.branch(old, 4)))["left"] is None
    reload = await author.save("breaking", text)
    assert reload["left"] == []
    assert (await author.game(old))["left"] is None


async def test_a_houses_bot_plays_a_game_that_is_not_installed_by_its_latest_rules(
    author: Author,
) -> None:
    text = GAME.format(name="Thinking")
    await author.save("thinking", text.replace('["add", "fail", "chance"]', '["add"]'))
    guests = f"{author.server.url}/api/v1/guests"
    async with author.session.post(guests, json={"name": "Ann"}) as answer:
        token = (await answer.json())["token"]
    wanted = {"engine": "thinking", "seats": [{"bot": "random"}, "me"]}
    headers = {"Authorization": f"Bearer {token}"}
    games = f"{author.server.url}/api/v1/games"
    async with author.session.post(games, json=wanted, headers=headers) as answer:
        game_id = (await answer.json())["game_id"]
    async with asyncio.timeout(20):
        while (await author.ask(f"?game_id={game_id}"))["seq"] < 4:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.05)
    assert "bot plays by chance" not in author.server.output


# --- who may ----------------------------------------------------------------------------------


async def test_pages_from_elsewhere_are_refused_in_the_authors_own_browser(author: Author) -> None:
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Host": "evil.example"},
    ):
        refused = await author.ask(status=403, **headers)
        assert refused["error"]["code"] == "forbidden"
    await author.ask(Origin="http://localhost:5173")


async def test_the_server_says_where_the_panel_is_and_warns(author: Author) -> None:
    assert "sees every secret" in author.server.output
    assert f"at={author.server.url}/dev" in author.server.output
    async with author.session.get(f"{author.server.url}/dev", allow_redirects=False) as answer:
        assert answer.headers["Location"] == "./#/dev"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ordinary(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[str, Node]]:
    settings = Settings(data=str(tmp_path_factory.mktemp("ordinary")), bot_workers=0)
    async with server_here(settings) as here:
        yield here


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/dev"),
        ("GET", "/api/v1/dev/games"),
        ("POST", "/api/v1/dev/games"),
        ("GET", "/api/v1/dev/games/x"),
        ("POST", "/api/v1/dev/games/x/act"),
        ("POST", "/api/v1/dev/games/x/branch"),
        ("GET", "/dev"),
    ],
)
async def test_without_dev_there_is_nothing_of_it(
    ordinary: tuple[str, Node], method: str, path: str
) -> None:
    url, _ = ordinary
    async with aiohttp.ClientSession() as session, session.request(method, url + path) as answer:
        assert answer.status == 404
        assert (await answer.json())["error"]["code"] == "not_found"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert "Server-Timing" not in answer.headers


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.org", ""])
async def test_dev_mode_does_not_listen_where_others_are(host: str) -> None:
    with pytest.raises(ConfigurationError, match="shows every secret"):
        check_dev(Settings(dev=True, host=host))
    check_dev(Settings(dev=True, host=host, dev_anywhere=True))
    check_dev(Settings(host=host))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
async def test_dev_mode_listens_on_this_machine(host: str) -> None:
    check_dev(load({"MEEPLE_DEV": "1", "MEEPLE_HOST": host}))


async def test_dev_mode_has_one_process_and_is_needed_to_try_a_game() -> None:
    with pytest.raises(ConfigurationError, match="one process"):
        check_dev(Settings(dev=True, workers=2))
    with pytest.raises(ConfigurationError, match="--dev"):
        check_dev(Settings(dev_engines="my_game:MyGame"))


async def test_the_command_refuses_with_a_reason(tmp_path: Path) -> None:
    ended = await run("serve", "--dev", "--host", "0.0.0.0", folder=tmp_path)
    assert ended.code != 0
    assert "MEEPLE_DEV_ANYWHERE" in ended.err
