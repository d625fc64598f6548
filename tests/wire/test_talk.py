"""Offers and chat over real sockets, by the Python client and by a bare one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest

from meeple.client import Client, OfferKind, Refused, Rest, TableClient
from meeple.config import Settings
from meeple.engine.base import Outcome
from meeple.engine.log import Bot
from meeple.schemas.rest import BotSeat
from meeple.services.tokens import TokenIssuer
from tests.harness import server_here, until
from tests.line import Line, line

SECRET = "a secret that is only for the tests of talk"
ISSUER = TokenIssuer(SECRET)


class Person(NamedTuple):
    user_id: UUID
    token: str


def person(name: str) -> Person:
    user_id = uuid4()
    return Person(user_id, ISSUER.issue(user_id, name, 3600)[0])


class Table(NamedTuple):
    """Ann against Ben, watched by Eve; each with a client."""

    url: str
    game_id: str
    people: list[Person]
    clients: list[Client]
    ann: TableClient
    ben: TableClient
    eve: TableClient

    async def all(self, condition: Any) -> None:
        for one in (self.ann, self.ben, self.eve):
            await one.wait_for(condition)


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    settings = Settings(data=str(tmp_path), secret=SECRET, bot_workers=1)
    async with server_here(settings) as (url, _):
        yield url


@pytest.fixture
async def table(url: str) -> AsyncIterator[Table]:
    people = [person(name) for name in ("Ann", "Ben", "Eve")]
    async with AsyncExitStack() as stack:
        rests = [await stack.enter_async_context(Rest(url, one.token)) for one in people]
        game_id = (await rests[0].create_game("tic-tac-toe")).game_id
        await rests[1].take_seat(game_id)
        clients = [await stack.enter_async_context(Client(url, one.token)) for one in people]
        yield Table(
            url,
            game_id,
            people,
            clients,
            await clients[0].join(game_id),
            await clients[1].join(game_id),
            await clients[2].spectate(game_id),
        )


def offers(table: TableClient) -> Any:
    return [(one.kind, one.seat) for one in table.state.offers or ()]


# --- offers -------------------------------------------------------------------------------------


async def test_players_agree_to_a_draw(table: Table) -> None:
    seq = await table.ben.offer("draw")
    await table.all(lambda one: offers(one) == [(OfferKind.DRAW, 1)])
    assert table.ann.state.seq == seq
    assert await table.ann.answer("draw", True) == seq + 1
    await table.all(lambda one: one.outcome == Outcome((), "draw_agreed"))
    assert not table.eve.state.offers


async def test_a_player_takes_an_action_back(table: Table) -> None:
    await table.ann.act(4)
    await table.ann.offer("takeback")
    await table.ben.wait_for(offers)
    await table.ben.answer(OfferKind.TAKEBACK, True)
    await table.all(lambda one: one.state.view == {"board": [None] * 9} and one.seq > 4)
    await table.ann.wait_for(lambda one: one.my_turn)
    await table.ann.act(0)
    await table.all(lambda one: one.state.view["board"][0] == 0)


async def test_what_is_refused_says_why(table: Table) -> None:
    refused = {}
    for one, kind in (
        (table.ann, "takeback"),
        (table.ann, "rematch"),
        (table.ann, "more_time"),
        (table.eve, "draw"),
        (table.ann, "the moon"),
    ):
        with pytest.raises(Refused) as caught:
            await one.offer(kind)
        refused[kind] = caught.value.code
    assert refused == {
        "takeback": "offer_not_allowed",
        "rematch": "offer_not_allowed",
        "more_time": "offer_not_allowed",
        "draw": "not_in_game",
        "the moon": "invalid_message",
    }
    with pytest.raises(Refused, match="no_offer"):
        await table.ben.answer("draw", True)
    await table.ann.offer("draw")
    await table.ben.wait_for(offers)
    await table.ben.answer("draw", False)
    with pytest.raises(Refused, match="offer_too_soon") as caught:
        await table.ann.offer("draw")
    assert not caught.value.retryable


async def test_players_go_on_with_their_seats_swapped(table: Table) -> None:
    await table.ann.resign()
    await table.all(lambda one: one.outcome is not None)
    await table.ann.offer("rematch")
    await table.ben.wait_for(offers)
    await table.ben.answer("rematch", True)
    await table.all(lambda one: one.rematch is not None)
    new = table.eve.rematch
    assert new is not None
    ann, ben = [await client.join(new) for client in table.clients[:2]]
    assert (ann.seat, ben.seat) == (1, 0)
    await ben.act(4)
    await ann.wait_for(lambda one: one.my_turn)
    async with Rest(table.url) as rest:
        assert (await rest.game(table.game_id)).rematch == new


async def test_the_houses_bot_grants_a_takeback_and_a_rematch_and_no_draw(url: str) -> None:
    ann = person("Ann")
    async with Rest(url, ann.token) as rest, Client(url, ann.token) as client:
        made = await rest.create_game("tic-tac-toe", seats=["me", BotSeat("random", 1)])
        table = await client.join(made.game_id)
        await table.act(4)
        await table.wait_for(lambda one: one.my_turn)
        with pytest.raises(Refused, match="do not agree"):
            await table.offer("draw")
        await table.offer("takeback")
        await table.wait_for(lambda one: one.my_turn and not any(one.state.view["board"]))
        assert table.state.view == {"board": [None] * 9}
        await table.act(0)
        await table.wait_for(lambda one: one.my_turn)
        await table.resign()
        await table.offer("rematch")
        await table.wait_for(lambda one: one.rematch is not None)
        assert table.rematch is not None
        # The bot begins.
        again = await client.join(table.rematch)
        await again.wait_for(lambda one: one.my_turn)
        assert (again.seat, again.state.players[0].bot) == (1, Bot("random", 1))


# --- chat ---------------------------------------------------------------------------------------


async def test_players_talk_and_who_comes_later_reads_it(table: Table) -> None:
    await table.ann.chat("hello")
    await table.ben.chat("good luck")
    for one in (table.ann, table.ben):
        await one.wait_for(lambda one: one.heard == 2)
        assert [(said.name, said.text) for said in one.lines] == [
            ("Ann", "hello"),
            ("Ben", "good luck"),
        ]
    again = await table.clients[0].join(table.game_id)
    await again.wait_for(lambda one: [said.text for said in one.lines] == ["hello", "good luck"])


async def test_who_is_muted_is_heard_no_more(table: Table) -> None:
    await table.ann.mute(table.people[1].user_id)
    await table.ben.chat("nanana")
    await table.ann.mute(table.people[1].user_id, False)
    await table.ben.chat("sorry")
    await table.ann.wait_for(lambda one: one.heard)
    assert [said.text for said in table.ann.lines] == ["sorry"]


async def everything(*lines: Line) -> None:
    """Return once all that was sent to the lines has come."""
    for one in lines:
        await one.ask("game:heartbeat", {})


def talk(one: Line) -> list[Any]:
    return [(event, payload) for event, payload in one.heard if "chat" in event]


async def test_no_word_of_the_players_reaches_a_spectator_nor_the_other_way_round(
    table: Table,
) -> None:
    here = {"game_id": table.game_id}
    tokens = [one.token for one in table.people]
    zoe = person("Zoe")
    async with (
        line(table.url, tokens[0]) as ann,
        line(table.url, tokens[1]) as ben,
        line(table.url, tokens[2]) as eve,
    ):
        assert (await ann.ask("game:join", here))["ok"]
        # A player who watches from another connection is still a player.
        for one in (ben, eve):
            assert (await one.ask("game:spectate", here))["ok"]
        for one, text in ((ann, "among us"), (ben, "so we are"), (eve, "the corner!")):
            assert await one.ask("game:chat", {**here, "text": text}) == {
                "ok": True,
                **here,
            }
        async with line(table.url, zoe.token) as later, line(table.url, tokens[1]) as back:
            assert (await later.ask("game:spectate", here))["ok"]
            assert (await back.ask("game:spectate", here))["ok"]
            await everything(ann, ben, eve, later, back)
            for one in (eve, later):
                assert "among us" not in repr(one.heard)
                assert "so we are" not in repr(one.heard)
                assert "the corner!" in repr(talk(one))
            for one in (ann, ben, back):
                assert "the corner!" not in repr(one.heard)
                assert "among us" in repr(talk(one))
        async with Rest(table.url, zoe.token) as rest:
            log = await rest.log(table.game_id)
            assert "among us" not in repr(log)


async def test_chat_that_is_refused_says_why(table: Table) -> None:
    here = {"game_id": table.game_id}
    async with line(table.url, table.people[0].token) as ann:
        refused = [await ann.ask("game:chat", {**here, "text": "x"})]
        assert (await ann.ask("game:join", here))["ok"]
        refused += [
            await ann.ask("game:chat", {**here, "text": text}) for text in ("", "x" * 281, 7)
        ]
        refused.append(await ann.ask("game:mute", {**here, "user_id": "Ben", "muted": True}))
        replies = [await ann.ask("game:chat", {**here, "text": str(n)}) for n in range(6)]
        assert [reply["ok"] for reply in replies] == [True] * 5 + [False]
        error = replies[-1]["error"]
        assert (error["code"], error["retryable"]) == ("rate_limited", True)
        assert "5 lines" in error["message"]
    codes = [reply["error"]["code"] for reply in refused]
    assert codes == ["forbidden"] + ["invalid_message"] * 4


async def test_a_table_made_without_chat_has_none(url: str) -> None:
    ann = person("Ann")
    async with Rest(url, ann.token) as rest, Client(url, ann.token) as client:
        made = await rest.create_game("tic-tac-toe", chat=False)
        table = await client.join(made.game_id)
        with pytest.raises(Refused, match="no chat"):
            await table.chat("hello")


async def test_chat_comes_after_the_state_that_it_is_about(table: Table) -> None:
    await table.ann.chat("hello")
    async with line(table.url, table.people[1].token) as ben:
        await ben.ask("game:join", {"game_id": table.game_id})
        await until(lambda: talk(ben))
        events = [event for event, _ in ben.heard]
        assert events.index("ack") < events.index("game:state") < events.index("game:chats")
