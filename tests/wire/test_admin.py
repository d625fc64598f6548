"""What admins see and do, over REST; and what others notice of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio

from meeple.api.admin import router
from meeple.bootstrap import Node
from meeple.client import Client, Refused
from meeple.config import Settings
from meeple.services.recent_errors import RecentErrors
from meeple.services.tokens import TokenIssuer
from meeple.store.sqlite import SqliteGameLog
from tests.harness import server_here, server_process, until
from tests.line import line
from tests.postgres import postgres as postgres
from tests.postgres import postgres_url as postgres_url
from tests.valkey import running_valkey

# One server, and so one event loop, for all tests that leave it alone.
pytestmark = pytest.mark.asyncio(loop_scope="module")

SECRET = "a secret that is only for the tests of admins"
ISSUER = TokenIssuer(SECRET)


class User:
    """Somebody with a token."""

    def __init__(self, name: str, *, admin: bool = False) -> None:
        self.user_id = uuid4()
        self.id = str(self.user_id)
        self.name = name
        self.token, _ = ISSUER.issue(self.user_id, name, 3600, admin=admin)


class House:
    """A server, its admin, and a game of goofspiel of Ann's against Ben."""

    def __init__(self, url: str, session: aiohttp.ClientSession, node: Node | None = None) -> None:
        self.url = url
        self._node = node
        self._session = session
        self.root = User("Root", admin=True)
        self.ann, self.ben = User("Ann"), User("Ben")

    @property
    def node(self) -> Node:
        """The server's parts, if it is in this process."""
        assert self._node is not None
        return self._node

    async def ask(
        self, user: User | None, method: str, path: str, body: Any = None, **query: str
    ) -> tuple[int, Any]:
        """Status and JSON of the answer."""
        headers = {} if user is None else {"Authorization": f"Bearer {user.token}"}
        data = None if body is None else json.dumps(body)
        url = f"{self.url}/api/v1{path}"
        async with self._session.request(
            method, url, data=data, headers=headers, params=query
        ) as answer:
            return answer.status, await answer.json()

    async def code(self, user: User | None, method: str, path: str, body: Any = None) -> str:
        """The code of a refusal."""
        status, answer = await self.ask(user, method, path, body)
        assert status >= 400, answer
        return str(answer["error"]["code"])

    async def admin(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """What the admin is answered, who is not refused."""
        status, answer = await self.ask(self.root, method, f"/admin{path}", body, **query)
        assert status < 300, answer
        return answer

    async def game(self, *users: User, engine: str = "goofspiel", public: bool = True) -> str:
        ann, ben = users or (self.ann, self.ben)
        wanted = {"engine": engine, "public": public}
        _, state = await self.ask(ann, "POST", "/games", wanted)
        await self.ask(ben, "POST", f"/games/{state['game_id']}/seats")
        return str(state["game_id"])

    async def sanction(self, kind: str, user: User, **body: Any) -> Any:
        path = f"/users/{user.id}/sanctions/{kind}"
        return await self.admin("PUT", path, {"reason": "rude"} | body)

    async def acts(self, target: str) -> list[tuple[str, str]]:
        """What was done to it and why, oldest first."""
        page = await self.admin("GET", "/audit", target=target)
        assert all(one["admin_id"] == self.root.id for one in page["acts"])
        assert all(one["admin_name"] == "Root" and one["at"] > 0 for one in page["acts"])
        return [(one["what"], one["why"]) for one in reversed(page["acts"])]


@asynccontextmanager
async def open_house(folder: Path, **parts: Any) -> AsyncIterator[House]:
    settings = Settings(data=str(folder), secret=SECRET, bot_workers=0, drain_seconds=0.1)
    async with (
        server_here(settings, **parts) as (url, node),
        aiohttp.ClientSession() as session,
    ):
        yield House(url, session, node)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened


# --- who may ----------------------------------------------------------------------------------


async def test_every_route_refuses_a_players_token_and_a_stranger(house: House) -> None:
    before = await house.admin("GET", "/audit")
    asked = 0
    for route in router.routes:
        filled = {"user_id": house.ann.id, "kind": "ban", "game_id": "g", "node": "n"}
        path = route.path.format(**filled)  # type: ignore[attr-defined]
        for method in route.methods:  # type: ignore[attr-defined]
            own = path.removeprefix("/api/v1")
            assert await house.code(house.ann, method, own) == "forbidden"
            assert await house.code(None, method, own) == "invalid_token"
            asked += 1
    assert asked >= 10
    assert await house.admin("GET", "/audit") == before


async def test_a_guests_token_is_no_admins(house: House) -> None:
    _, guest = await house.ask(None, "POST", "/guests", {"name": "Gus"})
    gus = User("Gus")
    gus.token = guest["token"]
    assert await house.code(gus, "GET", "/admin/overview") == "forbidden"


# --- looking ----------------------------------------------------------------------------------


async def test_the_overview_counts_what_is_going_on(tmp_path: Path) -> None:
    recent = RecentErrors()
    async with open_house(tmp_path, recent=recent) as house:
        game_id = await house.game(engine="tic-tac-toe")
        async with line(house.url, house.ann.token) as ann:
            await ann.ask("game:join", {"game_id": game_id})
            await ann.ask("game:action", {"game_id": game_id, "action": 0})
            assert not (await ann.ask("game:action", {"game_id": game_id, "action": 0}))["ok"]
            recent(None, "error", {"level": "error", "event": "it broke", "game_id": game_id})
            overview = await house.admin("GET", "/overview")
        [node] = overview["nodes"]
        assert overview["complete"] is True
        assert overview["here"] == node["node"]
        assert (node["connections"], node["games"], node["draining"]) == (1, 1, False)
        assert all(node["rates"][one] > 0 for one in ("events", "refused", "errors"))
        assert node["parts"] == {"log": "ok", "presence": "ok"}
        [engine] = node["engines"]
        assert engine["name"] == "tic-tac-toe"
        assert engine["commands"] >= 1
        assert engine["mean_ms"] > 0
        [error] = node["errors"]
        assert (error["event"], error["fields"]) == ("it broke", {"game_id": game_id})


async def test_all_live_games_are_listed_page_by_page(house: House) -> None:
    made = {await house.game(public=public) for public in (True, False, True)}
    found: list[str] = []
    query: dict[str, str] = {"limit": "2"}
    while True:
        page = await house.admin("GET", "/games", **query)
        assert all(game["status"] == "live" for game in page["games"])
        found += [game["game_id"] for game in page["games"]]
        if page["cursor"] is None:
            break
        query["cursor"] = page["cursor"]
    assert made <= set(found)
    assert found == sorted(found, reverse=True)
    over = await house.admin("GET", "/games", status="over", engine="connect-four")
    assert over == {"games": [], "cursor": None}


async def test_secrets_of_a_game_are_shown_only_on_request_which_is_noted(house: House) -> None:
    game_id = await house.game()
    await house.node.games.execute_action(game_id, house.ann.user_id, 3, action_id="a")
    path = f"/games/{game_id}/log"
    log = await house.admin("GET", path)
    _, strangers = await house.ask(None, "GET", path)
    assert log == strangers
    assert log["entries"][-1]["payload"] is None
    assert "seed" not in json.dumps(log)
    assert await house.acts(game_id) == []

    whole = await house.admin("GET", path, secrets="true", reason="a complaint")
    assert whole["entries"][-1]["payload"] == {"action": 3}
    assert len(whole["entries"][0]["payload"]["seed"]) == 64
    assert await house.acts(game_id) == [("see secrets", "a complaint")]


async def test_a_user_is_found_by_id(house: House) -> None:
    cleo, dan = User("Cleo"), User("Dan")
    nobody = await house.admin("GET", f"/users/{cleo.id}")
    assert (nobody["name"], nobody["connections"], nobody["games"]) == (None, 0, [])
    game_id = await house.game(cleo, dan, public=False)
    await house.sanction("mute", cleo)
    async with line(house.url, cleo.token):
        found = await house.admin("GET", f"/users/{cleo.id}")
    assert (found["name"], found["connections"]) == ("Cleo", 1)
    assert [game["game_id"] for game in found["games"]] == [game_id]
    assert [one["kind"] for one in found["sanctions"]] == ["mute"]


# --- games ------------------------------------------------------------------------------------


async def test_an_aborted_game_is_over_for_all_who_view_it(house: House) -> None:
    game_id = await house.game()
    async with line(house.url, house.ann.token) as ann, line(house.url, house.ben.token) as ben:
        await ann.ask("game:join", {"game_id": game_id})
        await ben.ask("game:join", {"game_id": game_id})
        await ann.ask("game:action", {"game_id": game_id, "action": 3})
        receipt = await house.admin("POST", f"/games/{game_id}/abort", {"reason": "a bug"})
        for viewer in (ann, ben):
            over = await viewer.event("game:over")
            assert over["outcome"]["reason"] == "aborted_by_admin"
            assert over["outcome"]["winners"] == []
            assert over["seq"] == receipt["seq"] + 1
            assert viewer.seqs() == sorted(set(viewer.seqs()))
    assert await house.acts(game_id) == [("abort", "a bug")]
    _, log = await house.ask(None, "GET", f"/games/{game_id}/log")
    assert [one["kind"] for one in log["entries"]][-2:] == ["aborted", "ended"]
    # Who did it is between admins.
    assert house.root.id not in json.dumps(log)


async def test_what_failed_is_noted_as_failed(house: House) -> None:
    game_id = await house.game()
    path = f"/admin/games/{game_id}/abort"
    assert (await house.ask(house.root, "POST", path))[0] == 200
    assert await house.code(house.root, "POST", path) == "game_over"
    assert [what for what, _ in await house.acts(game_id)] == ["abort", "abort", "abort failed"]
    assert await house.code(house.root, "POST", "/admin/games/none/abort") == "game_not_found"
    assert await house.acts("none") == []


# --- users ------------------------------------------------------------------------------------


async def test_a_muted_user_plays_and_does_not_chat_until_it_is_lifted(house: House) -> None:
    cleo, dan = User("Cleo"), User("Dan")
    game_id = await house.game(cleo, dan)
    say = {"game_id": game_id, "text": "hello"}
    async with line(house.url, cleo.token) as one, line(house.url, dan.token) as other:
        await one.ask("game:join", {"game_id": game_id})
        await other.ask("game:join", {"game_id": game_id})
        sanction = await house.sanction("mute", cleo, seconds=60)
        assert sanction["until"] == sanction["since"] + 60_000
        assert (await one.ask("game:chat", say))["error"]["code"] == "muted"
        assert (await one.ask("game:action", {"game_id": game_id, "action": 1}))["ok"]
        assert (await other.ask("game:chat", say))["ok"]
        await house.admin("DELETE", f"/users/{cleo.id}/sanctions/mute", reason="sorry")
        assert (await one.ask("game:chat", say))["ok"]
    assert await house.acts(cleo.id) == [("mute", "rude"), ("lift mute", "sorry")]


async def test_a_banned_user_is_dropped_and_stays_out_until_it_is_lifted(house: House) -> None:
    cleo, dan = User("Cleo"), User("Dan")
    game_id = await house.game(cleo, dan)
    async with line(house.url, cleo.token) as one, line(house.url, dan.token) as other:
        await one.ask("game:join", {"game_id": game_id})
        await house.sanction("ban", cleo, seconds=3600, reason="cheats")
        told = await one.event("auth_error")
        assert told["code"] == "banned"
        # Why is between admins.
        assert "until 2" in told["message"]
        assert "cheats" not in told["message"]
        await until(one.gone.is_set)
        assert (await other.ask("game:heartbeat", {}))["ok"]
        # A fresh token of theirs is no way in, and none for another's connection either.
        fresh = {"token": ISSUER.issue(cleo.user_id, "Cleo", 60)[0]}
        assert (await other.ask("auth:refresh", fresh))["error"]["code"] == "banned"
    for method, path in (("GET", "/games"), ("GET", "/me/games"), ("POST", "/games")):
        assert await house.code(cleo, method, path) == "banned"
    with pytest.raises(Refused, match="banned"):
        async with Client(house.url, cleo.token):
            pass
    listed = await house.admin("GET", "/sanctions")
    assert listed["sanctions"][0]["user_id"] == cleo.id
    assert listed["total"] == len(listed["sanctions"])

    await house.admin("DELETE", f"/users/{cleo.id}/sanctions/ban")
    async with line(house.url, cleo.token) as one:
        assert (await one.ask("game:join", {"game_id": game_id}))["ok"]
    assert await house.acts(cleo.id) == [("ban", "cheats"), ("lift ban", "")]


async def test_a_ban_outlives_the_server(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.sanction("ban", house.ann)
        ann = house.ann
    async with open_house(tmp_path) as house:
        assert await house.code(ann, "GET", "/me/games") == "banned"
        assert (await house.admin("GET", "/audit"))["acts"][0]["target"] == ann.id


@pytest.mark.parametrize(
    "body",
    [{}, {"reason": ""}, {"reason": "x" * 501}, {"reason": "a\0b"}, {"reason": "x", "seconds": 0}],
)
async def test_a_sanction_needs_a_reason_and_a_time(house: House, body: Any) -> None:
    path = f"/admin/users/{house.ann.id}/sanctions/mute"
    assert await house.code(house.root, "PUT", path, body) == "invalid_message"
    assert await house.acts(house.ann.id) == []


async def test_an_admin_does_not_lock_the_door_from_outside(house: House) -> None:
    path = f"/admin/users/{house.root.id}/sanctions/ban"
    assert await house.code(house.root, "PUT", path, {"reason": "oops"}) == "invalid_message"
    kind = f"/admin/users/{house.ann.id}/sanctions/exile"
    assert await house.code(house.root, "PUT", kind, {"reason": "x"}) == "invalid_message"


# --- nodes ------------------------------------------------------------------------------------


async def test_a_drained_node_sends_its_clients_away(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        assert await house.code(house.root, "POST", "/admin/nodes/x/drain") == "node_not_found"
        game_id = await house.game()
        async with line(house.url, house.ann.token) as ann:
            await ann.ask("game:join", {"game_id": game_id})
            node = (await house.admin("GET", "/overview"))["here"]
            await house.admin("POST", f"/nodes/{node}/drain", {"reason": "a new disk"})
            await ann.event("server:draining")
            await until(ann.gone.is_set)
        # It can still be looked at.
        [report] = (await house.admin("GET", "/overview"))["nodes"]
        assert (report["draining"], report["connections"]) == (True, 0)
        assert await house.acts(node) == [("drain", "a new disk")]
        url = f"{house.url}/health/ready"
        async with aiohttp.ClientSession() as session, session.get(url) as ready:
            assert ready.status == 503


async def test_nodes_see_each_other_and_hear_of_what_is_done_on_another(tmp_path: Path) -> None:
    with running_valkey() as valkey:
        async with AsyncExitStack() as stack:
            log = await SqliteGameLog.open(tmp_path / "shared.sqlite3")
            stack.push_async_callback(log.aclose)
            settings = Settings(
                data=str(tmp_path),
                secret=SECRET,
                bot_workers=0,
                drain_seconds=0.1,
                redis=valkey.url,
            )
            session = await stack.enter_async_context(aiohttp.ClientSession())
            servers = [
                await stack.enter_async_context(server_here(settings, log=log)) for _ in range(2)
            ]
            one, two = (House(url, session, node) for url, node in servers)
            two.root, cleo = one.root, User("Cleo")
            clients = [
                await stack.enter_async_context(line(house.url, user.token))
                for house, user in ((two, cleo), (two, two.ann), (one, one.ben))
            ]

            await one.sanction("ban", cleo)
            await two.node.moderation.refresh()  # which it does every five seconds
            assert (await clients[0].event("auth_error"))["code"] == "banned"
            await until(clients[0].gone.is_set)
            assert await two.code(cleo, "GET", "/me/games") == "banned"

            other = two.node.nodes.here
            seen: dict[str, Any] = {}
            # It says so every two seconds.
            while other not in seen or seen[other]["connections"] != 1:
                await asyncio.sleep(0.05)
                overview = await one.admin("GET", "/overview")
                seen = {node["node"]: node for node in overview["nodes"]}
            assert set(seen) == {one.node.nodes.here, other}
            assert seen[other]["parts"]["bus"] == "ok"
            await one.admin("POST", f"/nodes/{other}/drain", {"reason": "moved"})
            await clients[1].event("server:draining")
            await until(clients[1].gone.is_set)
            assert not clients[2].gone.is_set()
            assert one.node.sockets.draining is False
            assert await two.acts(other) == [("drain", "moved")]

            valkey.stop()
            overview = await one.admin("GET", "/overview")
            assert overview["complete"] is False
            assert [node["node"] for node in overview["nodes"]] == [one.node.nodes.here]
            assert overview["nodes"][0]["parts"]["log"] == "ok"
            lost = f"/admin/nodes/{other}/drain"
            assert await one.code(one.root, "POST", lost) == "unavailable"


@pytest.mark.process
async def test_of_several_workers_only_the_one_that_is_drained_is_replaced(
    tmp_path: Path, postgres_url: str
) -> None:
    options = ("--workers", "2", "--database", postgres_url)
    with running_valkey() as valkey:
        async with (
            server_process(
                tmp_path, *options, "--redis", valkey.url, secret=SECRET, bot_workers="0"
            ) as server,
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session,
        ):
            house = House(server.url, session)
            seen: set[str] = set()
            while len(seen) < 2:
                await asyncio.sleep(0.05)
                seen = {one["node"] for one in (await house.admin("GET", "/overview"))["nodes"]}
            drained = min(seen)
            await house.admin("POST", f"/nodes/{drained}/drain", {"reason": "it leaks"})
            left = set(seen)
            while len(left) < 2 or drained in left:
                await asyncio.sleep(0.05)
                left = {one["node"] for one in (await house.admin("GET", "/overview"))["nodes"]}
            assert len(left & seen) == 1
            assert await house.acts(drained) == [("drain", "it leaks")]
