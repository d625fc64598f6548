"""REST: every route, and what is told to those who ask for what cannot be."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from html import escape
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio

from meeple.bootstrap import Node
from meeple.config import Settings
from meeple.services.tokens import TokenIssuer
from meeple.store.sqlite import SqliteGameLog
from tests.harness import server_here, server_process, until
from tests.line import line

# One server, and so one event loop, for all tests that leave it alone.
pytestmark = pytest.mark.asyncio(loop_scope="module")

SECRET = "a secret that is only for the tests of REST"
ISSUER = TokenIssuer(SECRET)
API = "/api/v1"
TTL = 1000
LIMIT = 64 * 1024


class User:
    """Somebody with a token."""

    def __init__(self, name: str) -> None:
        self.user_id = uuid4()
        self.token, _ = ISSUER.issue(self.user_id, name, 3600)


class Http:
    """Asks a server, and gives what it answers."""

    def __init__(self, url: str, session: aiohttp.ClientSession, node: Node) -> None:
        self.url = url
        self.node = node
        self.session = session

    async def ask(
        self,
        method: str,
        path: str,
        user: User | None = None,
        body: Any = None,
        **options: Any,
    ) -> tuple[int, Any]:
        """Status and JSON of the answer; ``body`` is sent as it is if it is bytes."""
        headers = dict(options.pop("headers", {}))
        if user is not None:
            headers["Authorization"] = f"Bearer {user.token}"
        data = body if body is None or isinstance(body, bytes) else json.dumps(body)
        async with self.session.request(
            method, API + path, data=data, headers=headers, **options
        ) as answer:
            assert answer.content_type == "application/json"
            return answer.status, await answer.json()

    async def get(self, path: str, user: User | None = None, **query: str) -> Any:
        """The answer to a GET that succeeds."""
        status, answer = await self.ask("GET", path, user, params=query)
        assert status == 200, answer
        return answer

    async def post(self, path: str, user: User | None = None, body: Any = None) -> Any:
        """The answer to a POST that succeeds."""
        status, answer = await self.ask("POST", path, user, body)
        assert status in (200, 201), answer
        return answer

    async def refused(
        self, method: str, path: str, user: User | None = None, body: Any = None, **options: Any
    ) -> tuple[int, str]:
        """Status and code of a refusal, which has the form of every refusal."""
        status, answer = await self.ask(method, path, user, body, **options)
        assert set(answer) == {"ok", "error"}, answer
        assert answer["ok"] is False
        assert set(answer["error"]) == {"code", "message", "retryable"}
        assert answer["error"]["message"]
        assert answer["error"]["retryable"] is False
        return status, answer["error"]["code"]

    async def table(self, *users: User, **body: Any) -> str:
        """A table at which all of these sit."""
        state = await self.post("/games", users[0], {"engine": "tic-tac-toe"} | body)
        for other in users[1:]:
            await self.post(f"/games/{state['game_id']}/seats", other)
        game_id: str = state["game_id"]
        return game_id

    async def play(self, game_id: str, user: User, action: Any, action_id: str) -> int:
        """Play, which is not for REST."""
        receipt = await self.node.games.execute_action(
            game_id, user.user_id, action, action_id=action_id
        )
        return receipt.seq


@asynccontextmanager
async def serving(folder: Path, **settings: Any) -> AsyncIterator[Http]:
    chosen: dict[str, Any] = {"data": str(folder), "secret": SECRET, "guest_ttl": TTL} | settings
    async with (
        server_here(Settings(**chosen)) as (url, node),
        aiohttp.ClientSession(url) as session,
    ):
        yield Http(url, session, node)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Http]:
    async with serving(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def ann() -> User:
    return User("Ann")


@pytest.fixture
def ben() -> User:
    return User("Ben")


@pytest.fixture
def eve() -> User:
    return User("Eve")


# --- guests -------------------------------------------------------------------------------------


async def test_a_guest_gets_a_token_that_is_good_for_a_while(http: Http) -> None:
    status, guest = await http.ask("POST", "/guests", body={"name": "Ann"})
    assert status == 201
    assert set(guest) == {"token", "user_id", "name", "expires_at"}
    assert guest["expires_at"] == pytest.approx(time.time() + TTL, abs=5)
    headers = {"Authorization": f"Bearer {guest['token']}"}
    status, state = await http.ask(
        "POST", "/games", body={"engine": "tic-tac-toe"}, headers=headers
    )
    assert (status, state["players"][0]["user_id"]) == (201, guest["user_id"])
    assert state["players"][0]["name"] == "Ann"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("  Ann ", "Ann"),
        ("Ame\u0301lie 👍🏽", "Amélie 👍🏽"),
        ("Åsa 王", "Åsa 王"),
        ("x" * 32, "x" * 32),
    ],
)
async def test_a_guests_name_may_be_of_any_script(http: Http, name: str, shown: str) -> None:
    assert (await http.post("/guests", None, {"name": name}))["name"] == shown


@pytest.mark.parametrize(
    "body",
    [{}, {"name": ""}, {"name": "x" * 33}, {"name": 7}, {"name": None}, {"name": "A", "age": 7}]
    + [
        {"name": name}
        for name in (" ", "A\0n", "A\nn", "\x1b[31mA", "\u202eA", "mcts bot, level 3")
    ],
)
async def test_what_is_no_name_is_refused(http: Http, body: Any) -> None:
    assert await http.refused("POST", "/guests", body=body) == (422, "invalid_message")


async def test_a_guest_renews_a_token_as_the_same_user(http: Http) -> None:
    guest = await http.post("/guests", None, {"name": "Ann"})
    user = User("")
    user.token = guest["token"]
    status, renewed = await http.ask("POST", "/guests/renew", user)
    assert status == 201
    assert renewed["expires_at"] >= guest["expires_at"]
    same = {"user_id": guest["user_id"], "name": "Ann"}
    assert renewed == {**same, "token": renewed["token"], "expires_at": renewed["expires_at"]}
    user.token = renewed["token"]
    state = await http.post("/games", user, {"engine": "tic-tac-toe"})
    assert state["players"][0]["user_id"] == guest["user_id"]
    assert (await http.ask("POST", "/guests/renew", user))[0] == 201


async def test_only_a_guest_with_a_token_that_is_good_can_renew_it(http: Http, ann: User) -> None:
    expired, unsigned = User("Ben"), User("Eve")
    expired.token, _ = ISSUER.issue(expired.user_id, "Ben", -1, guest=True)
    unsigned.token, _ = TokenIssuer("another secret that is long enough").issue(
        unsigned.user_id, "Eve", 60, guest=True
    )
    for user, answer in (
        (None, (401, "invalid_token")),
        (ann, (403, "forbidden")),
        (expired, (401, "token_expired")),
        (unsigned, (401, "invalid_token")),
    ):
        assert await http.refused("POST", "/guests/renew", user) == answer


async def test_guests_can_be_switched_off(tmp_path: Path) -> None:
    async with serving(tmp_path, guests=False) as http:
        guest = User("Ann")
        guest.token, _ = ISSUER.issue(guest.user_id, "Ann", 60, guest=True)
        assert await http.refused("POST", "/guests/renew", guest) == (403, "forbidden")
        assert await http.refused("POST", "/guests", body={"name": "A"}) == (403, "forbidden")
        await http.post("/games", User("Ann"), {"engine": "tic-tac-toe"})


# --- engines ------------------------------------------------------------------------------------


async def test_the_games_on_offer_say_for_how_many_and_with_which_options(http: Http) -> None:
    games = {one["name"]: one for one in (await http.get("/engines"))["engines"]}
    assert {"tic-tac-toe", "connect-four", "goofspiel"} <= set(games)
    goofspiel = games["goofspiel"]
    assert (goofspiel["min_seats"], goofspiel["max_seats"]) == (2, 6)
    assert not goofspiel["perfect_information"]
    assert goofspiel["summary"].startswith("Bid your cards")
    assert '"maximum": 13' in json.dumps(goofspiel["options"])


# --- tables -------------------------------------------------------------------------------------


async def test_a_table_starts_when_it_is_full(http: Http, ann: User, ben: User) -> None:
    status, state = await http.ask("POST", "/games", ann, {"engine": "tic-tac-toe"})
    assert status == 201
    assert (state["status"], state["seq"], state["seat"], state["view"]) == ("open", 1, 0, None)
    assert state["players"][1] == {"seat": 1, "user_id": None, "name": None, "online": False}
    started = await http.post(f"/games/{state['game_id']}/seats", ben, {})
    assert (started["status"], started["seq"], started["seat"]) == ("live", 3, 1)
    assert started["to_act"] == [0]
    assert started["legal_actions"] is None
    for viewer, seat, actions in ((ann, 0, list(range(9))), (ben, 1, None), (None, None, None)):
        shown = await http.get(f"/games/{state['game_id']}", viewer)
        assert (shown["seat"], shown["legal_actions"]) == (seat, actions)
        assert shown["view"] == {"board": [None] * 9}


@pytest.mark.parametrize(
    ("seats", "number", "own"),
    [
        (None, 2, 0),
        (4, 4, 0),
        (["me", None], 2, 0),
        ([None, None, "me"], 3, 2),
        ([None, None], 2, None),
    ],
)
async def test_who_makes_a_table_says_who_sits_where(
    http: Http, ann: User, seats: Any, number: int, own: int | None
) -> None:
    state = await http.post("/games", ann, {"engine": "goofspiel", "seats": seats})
    assert state["seat"] == own
    expected = [str(ann.user_id) if seat == own else None for seat in range(number)]
    assert [player["user_id"] for player in state["players"]] == expected


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"engine": "no-such-game"}, 404, "engine_not_found"),
        ({"engine": "goofspiel", "seats": 1}, 422, "invalid_message"),
        ({"engine": "goofspiel", "seats": 7}, 422, "invalid_message"),
        ({"engine": "goofspiel", "seats": 0}, 422, "invalid_message"),
        ({"engine": "goofspiel", "seats": []}, 422, "invalid_message"),
        ({"engine": "goofspiel", "seats": True}, 422, "invalid_message"),
        ({"engine": "goofspiel", "seats": ["me", "me"]}, 422, "invalid_message"),
        ({"engine": "goofspiel", "seats": ["me", "Ben"]}, 422, "invalid_message"),
        ({"engine": "goofspiel", "seats": ["me", 1]}, 422, "invalid_message"),
        ({"engine": "goofspiel", "options": {"cards": 99}}, 422, "invalid_message"),
        ({"engine": "goofspiel", "options": {"cards": "4"}}, 422, "invalid_message"),
        ({"engine": "goofspiel", "options": {"colour": 1}}, 422, "invalid_message"),
        ({"engine": "goofspiel", "options": []}, 422, "invalid_message"),
        ({"engine": "goofspiel", "time_control": {"kind": "fischer"}}, 422, "invalid_message"),
        ({"engine": "goofspiel", "public": "no"}, 422, "invalid_message"),
        ({"engine": "goofspiel", "colour": "red"}, 422, "invalid_message"),
        ({"engine": ""}, 422, "invalid_message"),
        ({"engine": "x" * 129}, 422, "invalid_message"),
        ({"engine": 7}, 422, "invalid_message"),
        ({}, 422, "invalid_message"),
        ([], 422, "invalid_message"),
    ],
)
async def test_a_table_that_cannot_be_is_refused(
    http: Http, ann: User, body: Any, status: int, code: str
) -> None:
    assert await http.refused("POST", "/games", ann, body) == (status, code)
    assert (await http.get("/me/games", ann))["games"] == []


async def test_a_seat_is_taken_once(http: Http, ann: User, ben: User, eve: User) -> None:
    game_id = await http.table(ann, engine="goofspiel", seats=3)
    seats = f"/games/{game_id}/seats"
    assert (await http.post(seats, ben, {"seat": 2}))["seat"] == 2
    assert await http.refused("POST", seats, eve, {"seat": 2}) == (409, "seat_taken")
    assert await http.refused("POST", seats, eve, {"seat": 3}) == (422, "invalid_message")
    assert await http.refused("POST", seats, eve, {"seat": -1}) == (422, "invalid_message")
    assert await http.refused("POST", seats, eve, {"chair": 1}) == (422, "invalid_message")
    again = await http.post(seats, ben, {"seat": 1})
    assert (again["seat"], again["seq"]) == (2, 2)
    assert (await http.post(seats, eve, {"seat": None}))["seat"] == 1
    late = User("Late")
    assert await http.refused("POST", seats, late) == (409, "game_full")
    await http.post(f"/games/{game_id}/resign", ann)
    assert await http.refused("POST", seats, late) == (409, "game_over")


async def test_of_twenty_who_race_for_one_seat_exactly_one_gets_it(http: Http, ann: User) -> None:
    game_id = await http.table(ann)
    users = [User(f"User {number}") for number in range(20)]
    answers = await asyncio.gather(
        *(
            http.ask("POST", f"/games/{game_id}/seats", user, {"seat": 1} if half else {})
            for user, half in zip(users, [True, False] * 10, strict=True)
        )
    )
    assert Counter(status for status, _ in answers) == {200: 1, 409: 19}
    codes = {answer["error"]["code"] for status, answer in answers if status == 409}
    assert codes == {"game_full"}
    [winner] = [user for user, (status, _) in zip(users, answers, strict=True) if status == 200]
    log = await http.get(f"/games/{game_id}/log")
    assert [one["kind"] for one in log["entries"]] == ["created", "seated", "seated", "started"]
    assert log["entries"][2]["payload"]["user_id"] == str(winner.user_id)


async def test_one_who_sits_down_many_times_at_once_has_one_seat(
    http: Http, ann: User, ben: User
) -> None:
    game_id = await http.table(ann, engine="goofspiel", seats=6)
    states = await asyncio.gather(*(http.post(f"/games/{game_id}/seats", ben) for _ in range(10)))
    assert {state["seat"] for state in states} == {1}
    assert (await http.get(f"/games/{game_id}"))["seq"] == 2


# --- lobby and archive --------------------------------------------------------------------------


async def pages(http: Http, path: str, user: User | None = None, **query: str) -> list[list[str]]:
    """The ids of the games of every page."""
    found = []
    while True:
        page = await http.get(path, user, **query)
        found.append([game["game_id"] for game in page["games"]])
        if page["cursor"] is None:
            return found
        query["cursor"] = page["cursor"]


async def listed(http: Http, path: str, user: User | None = None, **query: str) -> list[str]:
    return [game for page in await pages(http, path, user, **query) for game in page]


async def test_the_lobby_shows_public_games_newest_first_in_pages(tmp_path: Path) -> None:
    async with serving(tmp_path) as http:
        ann, ben = User("Ann"), User("Ben")
        assert await pages(http, "/games") == [[]]
        shown = []
        for _ in range(5):
            shown.append(await http.table(ann, engine="connect-four"))
            await http.table(ann, public=False)
        # Ids sort by the second in which they were made, and within it by chance.
        shown.sort(reverse=True)
        assert await pages(http, "/games") == [shown]
        assert await pages(http, "/games", limit="2") == [shown[:2], shown[2:4], shown[4:]]
        assert await pages(http, "/games", limit="5") == [shown]

        await http.post(f"/games/{shown[0]}/seats", ben)
        await http.post(f"/games/{shown[1]}/abort", ann)
        for status, expected in (("open", shown[2:]), ("live", shown[:1]), ("over", shown[1:2])):
            assert await pages(http, "/games", status=status) == [expected]
        assert await pages(http, "/games", engine="tic-tac-toe") == [[]]
        assert await pages(http, "/games", engine="no-such-game") == [[]]
        assert await listed(http, "/games", engine="connect-four", limit="1") == shown

        assert len((await pages(http, "/me/games", ann))[0]) == 10
        assert await pages(http, "/me/games", ben) == [shown[:1]]
        assert await pages(http, "/me/games", ben, status="open") == [[]]
        assert len(await pages(http, "/me/games", ann, engine="tic-tac-toe", limit="2")) == 3


async def test_a_game_that_is_not_public_is_found_by_its_id_only(
    http: Http, ann: User, ben: User
) -> None:
    game_id = await http.table(ann, public=False)
    assert game_id not in await listed(http, "/games", limit="100")
    assert game_id in await listed(http, "/me/games", ann)
    assert (await http.get(f"/games/{game_id}"))["seat"] is None
    assert (await http.post(f"/games/{game_id}/seats", ben))["seat"] == 1


async def test_what_the_lobby_says_of_a_game_is_no_secret(http: Http, ann: User) -> None:
    control = {"kind": "fischer", "initial": 300, "increment": 3, "first_move": 30}
    options = {"cards": 5}
    game_id = await http.table(ann, engine="goofspiel", options=options, time_control=control)
    [row] = (await http.get("/me/games", ann))["games"]
    assert row == {
        "game_id": game_id,
        "engine": "goofspiel",
        "options": {"cards": 5},
        "status": "open",
        "public": True,
        "players": [{"user_id": str(ann.user_id), "name": "Ann"}, None],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "outcome": None,
        "time_control": control,
    }
    assert row["created_at"] == pytest.approx(time.time() * 1000, abs=10_000)


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "-1"},
        {"limit": "many"},
        {"limit": ""},
        {"status": "lost"},
        {"cursor": ""},
        {"cursor": "zz"},
        {"cursor": "{}"},
        {"cursor": "é"},
        {"cursor": "A" * 5000},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/games", "/me/games"])
async def test_a_page_that_cannot_be_is_refused(
    http: Http, ann: User, path: str, query: dict[str, str]
) -> None:
    assert await http.refused("GET", path, ann, params=query) == (422, "invalid_message")


# --- the end ------------------------------------------------------------------------------------


async def test_resigning_gives_the_game_to_the_others(
    http: Http, ann: User, ben: User, eve: User
) -> None:
    game_id = await http.table(ann, engine="goofspiel", seats=3)
    resign = f"/games/{game_id}/resign"
    assert await http.refused("POST", resign, ann) == (409, "game_not_started")
    for other in (ben, eve):
        await http.post(f"/games/{game_id}/seats", other)
    assert await http.refused("POST", resign, User("Zoe")) == (403, "not_in_game")
    assert await http.post(resign, ben) == {"game_id": game_id, "seq": 5}
    state = await http.get(f"/games/{game_id}")
    assert (state["status"], state["seq"], state["to_act"]) == ("over", 6, [])
    assert state["outcome"] == {"winners": [0, 2], "reason": "resigned", "scores": None}
    assert await http.refused("POST", resign, ann) == (409, "game_over")


async def test_a_game_can_be_called_off_before_the_first_move_by_those_at_it(
    http: Http, ann: User, ben: User, eve: User
) -> None:
    game_id = await http.table(ann, ben)
    abort = f"/games/{game_id}/abort"
    assert await http.refused("POST", abort, eve) == (403, "forbidden")
    assert (await http.post(abort, ben))["seq"] == 4
    outcome = (await http.get(f"/games/{game_id}"))["outcome"]
    assert outcome == {"winners": [], "reason": "aborted", "scores": None}
    assert await http.refused("POST", abort, ann) == (409, "game_over")

    played = await http.table(ann, ben)
    await http.play(played, ann, 0, "first")
    assert await http.refused("POST", f"/games/{played}/abort", ann) == (409, "game_started")


async def test_who_made_a_table_can_call_it_off_without_sitting_at_it(
    http: Http, ann: User, ben: User
) -> None:
    game_id = await http.table(ann, seats=[None, None])
    assert await http.refused("POST", f"/games/{game_id}/abort", ben) == (403, "forbidden")
    await http.post(f"/games/{game_id}/abort", ann)
    assert (await http.get(f"/games/{game_id}"))["status"] == "over"


# --- the log ------------------------------------------------------------------------------------


async def test_a_log_hides_what_is_secret_until_the_game_is_over(
    http: Http, ann: User, ben: User
) -> None:
    game_id = await http.table(ann, ben, engine="goofspiel", options={"cards": 2})
    await http.play(game_id, ann, 2, "ann-1")
    viewers = (ann, ben, None)

    async def last(viewer: User | None) -> Any:
        log = await http.get(f"/games/{game_id}/log", viewer)
        assert (log["game_id"], log["engine"]) == (game_id, "goofspiel")
        assert [one["seq"] for one in log["entries"]] == list(range(len(log["entries"])))
        assert "seed" not in log["entries"][0]["payload"]
        return log["entries"][4]

    shown = {"seq": 4, "kind": "action", "seat": 0, "payload": {"action": 2}, "action_id": "ann-1"}
    hidden = shown | {"payload": None, "action_id": None}
    for viewer, expected in zip(viewers, (shown, hidden, hidden), strict=True):
        entry = await last(viewer)
        assert entry == expected | {"at": entry["at"]}
    await http.post(f"/games/{game_id}/resign", ben)
    for viewer in viewers:
        entry = await last(viewer)
        assert entry == shown | {"at": entry["at"]}


async def test_a_log_of_a_game_without_secrets_is_open_but_for_the_names_of_actions(
    http: Http, ann: User, ben: User
) -> None:
    game_id = await http.table(ann, ben)
    await http.play(game_id, ann, 4, "ann-1")
    for viewer, action_id in ((ann, "ann-1"), (ben, None), (None, None)):
        entry = (await http.get(f"/games/{game_id}/log", viewer))["entries"][-1]
        assert (entry["payload"], entry["action_id"]) == ({"action": 4}, action_id)


async def test_a_part_of_a_log_is_what_the_whole_has_there(
    http: Http, ann: User, ben: User
) -> None:
    game_id = await http.table(ann, ben, engine="goofspiel", options={"cards": 2})
    await http.play(game_id, ann, 2, "ann-1")
    for viewer in (ann, ben, None):
        whole = (await http.get(f"/games/{game_id}/log", viewer))["entries"]
        for first, limit in ((0, 2), (3, 1000), (4, 1), (5, 10), (2**31, 1)):
            log = await http.get(f"/games/{game_id}/log?from={first}&limit={limit}", viewer)
            assert log["engine"] == "goofspiel"
            assert log["entries"] == whole[first : first + limit]
        assert (await http.get(f"/games/{game_id}/log?from=4", viewer))["entries"] == whole[4:]
    for query in ("from=-1", "from=x", "limit=0", "limit=1001"):
        refused = await http.refused("GET", f"/games/{game_id}/log?{query}", ann)
        assert refused == (422, "invalid_message")


# --- the states -----------------------------------------------------------------------------------


async def test_states_are_what_each_viewer_was_shown_even_when_the_game_is_over(
    http: Http, ann: User, ben: User
) -> None:
    game_id = await http.table(ann, ben, engine="goofspiel", options={"cards": 3})
    viewers = (ann, ben, None)
    shown: dict[User | None, list[Any]] = {viewer: [] for viewer in viewers}

    async def look() -> None:
        for viewer in viewers:
            shown[viewer].append(await http.get(f"/games/{game_id}", viewer))

    await look()
    for user, bid in ((ann, 2), (ben, 1), (ben, 3)):
        await http.play(game_id, user, bid, f"{user.user_id}-{bid}")
        await look()
    await http.post(f"/games/{game_id}/resign", ann)
    await look()
    for viewer in viewers:
        answer = await http.get(f"/games/{game_id}/states?from=3", viewer)
        assert answer["game_id"] == game_id
        *states, _resigned, last = answer["states"]
        assert [one["seq"] for one in states] == [3, 4, 5, 6]
        for state, was in zip((*states, last), shown[viewer], strict=True):
            assert state == was | {"server_time": state["server_time"]}
    # What Ben has bid when Ann resigned is still his secret.
    assert shown[ben][3]["view"]["bid"] == 3
    assert "bid" not in shown[None][3]["view"]


async def test_states_come_in_pages_with_the_times_of_their_entries(
    http: Http, ann: User, ben: User
) -> None:
    game_id = await http.table(ann, ben)
    await http.play(game_id, ann, 4, "ann-1")
    entries = (await http.get(f"/games/{game_id}/log"))["entries"]
    paged = []
    for first in range(0, len(entries) + 1, 2):
        page = await http.get(f"/games/{game_id}/states?from={first}&limit=2")
        assert len(page["states"]) <= 2
        paged += page["states"]
    assert [(one["seq"], one["server_time"]) for one in paged] == [
        (one["seq"], one["at"]) for one in entries
    ]
    for query in ({"from": "-1"}, {"limit": "101"}, {"limit": "0"}):
        status, _ = await http.refused("GET", f"/games/{game_id}/states", params=query)
        assert status == 422
    assert await http.refused("GET", "/games/no-such-game/states") == (404, "game_not_found")


# --- what is refused everywhere -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/games/no-such-game"),
        ("GET", "/games/no-such-game/log"),
        ("POST", "/games/no-such-game/seats"),
        ("POST", "/games/no-such-game/resign"),
        ("POST", "/games/no-such-game/abort"),
        ("GET", "/games/%00"),
        ("GET", "/games/%ff%fe"),
        ("GET", "/games/" + "x" * 4000),
    ],
)
async def test_an_unknown_game_is_told(http: Http, ann: User, method: str, path: str) -> None:
    assert await http.refused(method, path, ann) == (404, "game_not_found")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("POST", "/games/x/nothing", 404),
        ("GET", "/guests", 405),
        ("DELETE", "/games/x", 405),
        ("PUT", "/games/x/seats", 405),
    ],
)
async def test_an_address_at_which_there_is_nothing_is_told(
    http: Http, method: str, path: str, status: int
) -> None:
    assert await http.refused(method, path) == (status, "not_found")


async def test_a_method_that_is_not_allowed_is_told_with_those_that_are(http: Http) -> None:
    answer = await http.session.get(f"{API}/guests")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")


AUTHENTICATED = (
    ("POST", "/games"),
    ("GET", "/me/games"),
    ("POST", "/games/x/seats"),
    ("POST", "/games/x/resign"),
    ("POST", "/games/x/abort"),
)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic QW5uOng=", "Bearer x", "Bearer é", "Bearer a.b.c", "TOKEN"],
)
async def test_a_bad_authorization_is_refused_wherever_one_is_given(
    http: Http, ann: User, header: str
) -> None:
    headers = {"Authorization": header.replace("TOKEN", ann.token)}
    for method, path in (*AUTHENTICATED, ("GET", "/games/x"), ("GET", "/games/x/log")):
        # With a body that is no good either: who is asking comes first.
        refused = await http.refused(method, path, None, b"{", headers=headers)
        assert refused == (401, "invalid_token")


async def test_strangers_are_told_that_they_need_a_token(http: Http, ann: User) -> None:
    for method, path in AUTHENTICATED:
        assert await http.refused(method, path) == (401, "invalid_token")
    answer = await http.session.get(f"{API}/me/games")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    # The word may be written in any case.
    headers = {"Authorization": f"bearer  {ann.token}"}
    assert (await http.ask("GET", "/me/games", headers=headers))[0] == 200


async def test_an_expired_token_is_told_apart(http: Http, ann: User) -> None:
    ann.token, _ = ISSUER.issue(ann.user_id, "Ann", -1)
    assert await http.refused("GET", "/me/games", ann) == (401, "token_expired")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"null",
        b'"name"',
        b"\xff\xfe",
        b'{"name": "\xff"}',
        b'{"name": "\\ud800"}',
        b'{"name": "Ann"} {}',
        b'{"name": NaN}',
        b"[" * 20_000,
        b'{"name": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"name": ' + b"9" * 5000 + b"}",
        b"name=Ann",
    ],
    ids=lambda body: repr(body[:18]),
)
async def test_what_is_no_json_of_that_form_is_refused(http: Http, body: bytes) -> None:
    assert await http.refused("POST", "/guests", None, body) == (422, "invalid_message")


async def test_a_body_may_have_so_many_bytes_and_no_more(http: Http, ann: User) -> None:
    def padded(size: int) -> bytes:
        filled = b'{"engine": "tic-tac-toe"'
        return filled + b" " * (size - len(filled) - 1) + b"}"

    assert (await http.ask("POST", "/games", ann, padded(LIMIT)))[0] == 201
    too_large = (413, "payload_too_large")
    assert await http.refused("POST", "/games", ann, padded(LIMIT + 1)) == too_large

    async def without_end() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * LIMIT

    headers = {"Authorization": f"Bearer {ann.token}"}
    async with http.session.post(f"{API}/games", data=without_end(), headers=headers) as answer:
        assert answer.status == 413


@pytest.mark.parametrize(
    ("path", "signed", "status", "code"),
    [
        ("/games", True, 413, "payload_too_large"),
        ("/guests", False, 413, "payload_too_large"),
        ("/games", False, 401, "invalid_token"),
        ("/nowhere", True, 404, "not_found"),
        ("/me/games", True, 405, "not_found"),
    ],
)
async def test_who_sends_megabytes_hears_why_they_are_refused(
    http: Http, ann: User, path: str, signed: bool, status: int, code: str
) -> None:
    host, port = http.url.removeprefix("http://").split(":")
    megabytes = 20
    head = f"POST {API}{path} HTTP/1.1\r\nHost: meeple\r\nContent-Length: {megabytes << 20}\r\n"
    head += "Connection: close\r\n"
    if signed:
        head += f"Authorization: Bearer {ann.token}\r\n"
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        # As many clients do it: the answer is looked at when everything has been sent.
        writer.write(head.encode() + b"\r\n")
        for _ in range(megabytes):
            writer.write(b" " * (1 << 20))
            await writer.drain()
        answer = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", answer)
        assert length is not None
        refused = json.loads(await reader.readexactly(int(length[1])))
    finally:
        writer.close()
    assert int(answer.split()[1]) == status
    assert refused["error"]["code"] == code


async def test_one_who_waits_to_be_told_to_send_megabytes_is_not(http: Http, ann: User) -> None:
    host, port = http.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(
            f"POST {API}/games HTTP/1.1\r\nHost: meeple\r\nContent-Length: 20000000\r\n"
            f"Authorization: Bearer {ann.token}\r\nExpect: 100-continue\r\n\r\n".encode()
        )
        assert (await reader.readline()).split()[1] == b"413"
    finally:
        writer.close()


async def test_a_refusal_is_the_same_on_the_socket(http: Http, ann: User, ben: User) -> None:
    game_id = await http.table(ann, ben)
    await http.post(f"/games/{game_id}/resign", ann)
    async with line(http.url, ann.token) as socket:
        for game in ("no-such-game", game_id):
            _, on_rest = await http.ask("POST", f"/games/{game}/resign", ann)
            assert on_rest == await socket.ask("game:resign", {"game_id": game})
            assert on_rest["ok"] is False


async def test_one_who_hangs_up_in_the_middle_is_no_failure(tmp_path: Path) -> None:
    async with server_process(tmp_path, log_level="debug") as server:
        host, port = server.url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /api/v1/guests HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
        await writer.drain()
        writer.close()
        await until(lambda: "client hung up" in server.output)
    assert "Traceback" not in server.output


async def test_one_who_asks_too_often_is_told_to_slow_down_and_no_other(tmp_path: Path) -> None:
    async with serving(tmp_path, rate=0.001, burst=3) as http:
        ann, ben = User("Ann"), User("Ben")
        for method, path, user, body in (
            ("GET", "/me/games", ann, None),
            ("POST", "/guests", None, {"name": "A"}),
        ):
            answers = [await http.ask(method, path, user, body) for _ in range(4)]
            assert [status for status, _ in answers][2:] == [answers[0][0], 429]
            error = answers[-1][1]["error"]
            assert (error["code"], error["retryable"]) == ("rate_limited", True)
        await http.get("/me/games", ben)
        assert (await http.ask("GET", "/games", None, None))[0] == 429


async def test_how_a_game_was_late_in_it_is_not_asked_again_and_again(tmp_path: Path) -> None:
    async with serving(tmp_path, rate=0.001, burst=20) as http:
        ann, ben, eve = User("Ann"), User("Ben"), User("Eve")
        game_id = await http.table(ann, ben)
        late = f"/games/{game_id}/states?from=1000"
        answers = [await http.ask("GET", late, eve) for _ in range(2)]
        assert [status for status, _ in answers] == [200, 429]
        assert answers[-1][1]["error"]["code"] == "rate_limited"
        await http.get(f"/games/{game_id}/states", ann)


# --- pages of other origins ---------------------------------------------------------------------


async def test_pages_of_any_origin_may_use_the_server_unless_it_is_told_otherwise(
    http: Http, tmp_path: Path
) -> None:
    page = {"Origin": "https://play.example"}
    asking = {"Access-Control-Request-Method": "POST"} | page
    asking["Access-Control-Request-Headers"] = "authorization, content-type"
    preflight = await http.session.options(f"{API}/games", headers=asking)
    assert preflight.status == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "authorization" in preflight.headers["Access-Control-Allow-Headers"].lower()
    for path, status in (("/engines", 200), ("/nothing", 404), ("/me/games", 401)):
        answer = await http.session.get(API + path, headers=page)
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (status, "*")

    origins = "https://play.example, https://other.example"
    async with serving(tmp_path, cors_origins=origins) as choosy:
        answer = await choosy.session.get(f"{API}/engines", headers=page)
        assert answer.headers["Access-Control-Allow-Origin"] == "https://play.example"
        answer = await choosy.session.get(f"{API}/engines", headers={"Origin": "https://evil"})
        assert "Access-Control-Allow-Origin" not in answer.headers


# --- health -------------------------------------------------------------------------------------


async def test_a_server_that_is_well_says_so(http: Http) -> None:
    live = await http.session.get("/health/live")
    assert (live.status, (await live.json())["status"]) == (200, "ok")
    ready = await http.session.get("/health/ready")
    assert ready.status == 200
    assert await ready.json() == {"status": "ok", "parts": {"log": "ok", "presence": "ok"}}


async def test_without_presence_the_server_is_ready_and_says_what_is_degraded(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with serving(tmp_path, redis=f"redis://127.0.0.1:{unused_tcp_port}") as http:
        ready = await http.session.get("/health/ready")
        assert ready.status == 200
        answer = await ready.json()
        assert (answer["status"], answer["parts"]["log"]) == ("degraded", "ok")
        assert "Redis" in answer["parts"]["presence"]
        await http.table(User("Ann"), User("Ben"))


async def test_without_its_log_the_server_is_alive_and_not_ready(tmp_path: Path) -> None:
    async with serving(tmp_path) as http:
        assert isinstance(http.node.log, SqliteGameLog)
        await http.node.log.aclose()
        ready = await http.session.get("/health/ready")
        assert ready.status == 503
        answer = await ready.json()
        assert answer["status"] == "unavailable"
        assert answer["parts"]["log"] != "ok"
        assert (await http.session.get("/health/live")).status == 200
        status, refused = await http.ask("GET", "/games")
        assert (status, refused["error"]["code"]) == (503, "unavailable")
        assert refused["error"]["retryable"] is True


# --- the document -------------------------------------------------------------------------------

ROUTES = {
    "/api/v1/guests": {"post": ("NewGuest", "Guest")},
    "/api/v1/guests/renew": {"post": (None, "Guest")},
    "/api/v1/engines": {"get": (None, "EngineList")},
    "/api/v1/games": {"post": ("NewGame", "GameState"), "get": (None, "GameList")},
    "/api/v1/me/games": {"get": (None, "GameList")},
    "/api/v1/games/{game_id}": {"get": (None, "GameState")},
    "/api/v1/games/{game_id}/seats": {"post": ("TakeSeat", "GameState")},
    "/api/v1/games/{game_id}/resign": {"post": (None, "ReceiptBody")},
    "/api/v1/games/{game_id}/abort": {"post": (None, "ReceiptBody")},
    "/api/v1/games/{game_id}/log": {"get": (None, "GameLogBody")},
    "/api/v1/games/{game_id}/states": {"get": (None, "GameStates")},
    "/health/live": {"get": (None, "Health")},
    "/health/ready": {"get": (None, "Health")},
    "/api/v1/admin/overview": {"get": (None, "Overview")},
    "/api/v1/admin/games": {"get": (None, "GameList")},
    "/api/v1/admin/games/{game_id}/log": {"get": (None, "GameLogBody")},
    "/api/v1/admin/games/{game_id}/abort": {"post": ("Because", "ReceiptBody")},
    "/api/v1/admin/users/{user_id}": {"get": (None, "UserInfo")},
    "/api/v1/admin/users/{user_id}/sanctions/{kind}": {
        "put": ("NewSanction", "Sanction"),
        "delete": (None, "Done"),
    },
    "/api/v1/admin/sanctions": {"get": (None, "SanctionList")},
    "/api/v1/admin/nodes/{node}/drain": {"post": ("Because", "Done")},
    "/api/v1/admin/audit": {"get": (None, "AuditPage")},
}


def walk(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of a JSON document."""
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node:
        if isinstance(inner, dict | list):
            yield from walk(inner)


def schema_of(content: dict[str, Any]) -> str:
    reference: str = content["content"]["application/json"]["schema"]["$ref"]
    return reference.removeprefix("#/components/schemas/")


async def test_the_document_describes_every_route(http: Http) -> None:
    document = await (await http.session.get("/api/openapi.json")).json()
    assert re.fullmatch(r"3\.1\.\d", document["openapi"])
    assert document["info"]["title"] == "Meeple"
    found = {
        path: {
            method: (
                schema_of(operation["requestBody"]) if "requestBody" in operation else None,
                schema_of(next(iter(operation["responses"].values()))),
            )
            for method, operation in item.items()
        }
        for path, item in document["paths"].items()
    }
    assert found == ROUTES
    operations = [one for item in document["paths"].values() for one in item.values()]
    assert len({one["operationId"] for one in operations}) == len(operations)
    for path, item in document["paths"].items():
        for operation in item.values():
            first, *_ = operation["responses"]
            assert re.fullmatch(r"20[012]", first)
            assert schema_of(operation["responses"]["default"]) == "Failed"
            assert operation["description"]
            in_path = {
                one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"
            }
            assert in_path == set(re.findall(r"{(\w+)}", path))


async def test_every_reference_of_the_document_leads_somewhere(http: Http) -> None:
    document = await (await http.session.get("/api/openapi.json")).json()
    references = {one["$ref"] for one in walk(document) if isinstance(one.get("$ref"), str)}
    assert len(references) > 10
    for reference in references:
        node = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        assert "type" in node or "enum" in node, reference
    assert "x-types" not in json.dumps(document)


async def test_the_documentation_can_be_read(http: Http) -> None:
    page = await http.session.get("/api/docs")
    assert page.status == 200
    text = await page.text()
    document = await (await http.session.get("/api/openapi.json")).json()
    for path in document["paths"]:
        assert escape(path) in text
    for name in document["components"]["schemas"]:
        assert f'id="{name}"' in text
    links = re.findall(r'href="([^"]*)"', text)
    assert links.count("openapi.json") == 1
    assert {one for one in links if one.startswith("#")} <= {
        f"#{name}" for name in document["components"]["schemas"]
    }


async def test_the_documentation_loads_nothing_from_another_host(http: Http) -> None:
    page = await http.session.get("/api/docs")
    text = await page.text()
    assert "//" not in text
    assert "<script" not in text
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "//" not in policy
    assert "http:" not in policy
