"""Table chat: who hears whom, how much, how often, and from which node."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any
from uuid import UUID

import pytest

from meeple.engine.game import Game
from meeple.engine.log import Player
from meeple.errors import Forbidden, GameNotFound, InvalidMessage, RateLimited, Unavailable
from meeple.protocols import Message
from meeple.services.chat import BURST, MAX_LINES, MAX_MUTED, MAX_TEXT, Chat
from meeple.services.projection import ChatLine
from tests.services.house import ANN, BEN, EVE, House, Node

ZOE = Player(UUID(int=0xF), "Zoe")


class Everything(list[str]):
    """Holds every id."""

    def __contains__(self, one: object) -> bool:
        return True


class Lobby:
    """A node's chat; a connection is named as its user, and views every game."""

    def __init__(self, node: Node, **options: Any) -> None:
        self.seconds = 0.0
        self.inbox: defaultdict[str, list[Message]] = defaultdict(list)
        self.there = {player.name: player.user_id for player in (ANN, BEN, EVE, ZOE)}
        self.failure: Exception | None = None
        self._node = node
        self.chat = Chat(
            self._game,
            self,
            self.there.get,
            node.house.clock,
            seconds=lambda: self.seconds,
            **options,
        )

    async def _game(self, game_id: str) -> Game:
        if self.failure is not None:
            raise self.failure
        return await self._node.games.game(game_id)

    def viewers(self, game_id: str) -> Collection[str]:
        return self.there.keys()

    def games_of(self, sid: str) -> Collection[str]:
        return Everything() if sid in self.there else ()

    def send_to(self, sid: str, message: Message) -> None:
        self.inbox[sid].append(message)

    async def say(self, game_id: str, player: Player, text: str) -> None:
        acked: list[int] = []
        before = len(self.inbox[player.name])

        def heard() -> None:
            acked.append(len(self.inbox[player.name]))

        await self.chat.say(player.name, game_id, player.user_id, player.name, text, heard)
        assert acked == [before]  # before anybody hears it

    def heard(self, player: Player) -> list[str]:
        """What came as single lines."""
        return [m.payload.text for m in self.inbox[player.name] if m.event == "game:chat"]

    async def history(self, game_id: str, player: Player) -> list[str]:
        self.inbox[player.name].clear()
        await self.chat.welcome(player.name, game_id, player.user_id)
        return [line.text for message in self.inbox[player.name] for line in message.payload.lines]


@pytest.fixture
def lobby(house: House) -> Lobby:
    return Lobby(house.node())


async def test_while_a_game_is_on_players_and_spectators_do_not_hear_each_other(
    lobby: Lobby,
) -> None:
    game_id = await lobby._node.table()
    await lobby.say(game_id, ANN, "among us")
    await lobby.say(game_id, EVE, "take the corner")
    for player, heard in ((ANN, ["among us"]), (EVE, ["take the corner"])):
        assert lobby.heard(player) == heard
        assert await lobby.history(game_id, player) == heard
    assert lobby.heard(BEN) == ["among us"]
    assert await lobby.history(game_id, ZOE) == ["take the corner"]


async def test_after_the_game_players_hear_spectators_and_stay_by_themselves(lobby: Lobby) -> None:
    game_id = await lobby._node.table()
    await lobby.say(game_id, ANN, "among us")
    await lobby.say(game_id, EVE, "take the corner")
    await lobby._node.resign(game_id, BEN)
    await lobby.say(game_id, EVE, "well played")
    await lobby.say(game_id, BEN, "thanks")
    assert lobby.heard(ANN) == ["among us", "well played", "thanks"]
    assert lobby.heard(EVE) == ["take the corner", "well played"]
    everything = ["among us", "take the corner", "well played", "thanks"]
    assert await lobby.history(game_id, BEN) == everything
    assert await lobby.history(game_id, ZOE) == ["take the corner", "well played"]


async def test_a_line_says_who_said_it_where_and_when(house: House, lobby: Lobby) -> None:
    game_id = await lobby._node.table()
    await lobby.say(game_id, BEN, "  hello  ")
    await lobby.say(game_id, EVE, "hi")
    assert lobby.inbox["Ben"][0].payload == ChatLine(
        game_id, 1, BEN.user_id, "Ben", "hello", house.clock.now, "players"
    )
    assert lobby.inbox["Eve"][0].payload == ChatLine(
        game_id, None, EVE.user_id, "Eve", "hi", house.clock.now, "spectators"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "\u2003\n",
        "x" * (MAX_TEXT + 1),
        "a\nb",
        "a\x1b[2J",
        "a\0",
        "\u202eabc",
        "a\u2028b",
        "\u200b\u200d",
        "\u200e\u200f \u2060",
        "\ufe0f\u0301",
        "\u3164\u2800",
        "\U000e0041",
    ],
    ids=ascii,
)
async def test_what_is_no_line_of_text_is_refused(lobby: Lobby, text: str) -> None:
    game_id = await lobby._node.table()
    with pytest.raises(InvalidMessage, match="text"):
        await lobby.say(game_id, ANN, text)
    assert lobby.heard(BEN) == []


@pytest.mark.parametrize(
    "text", ["x" * MAX_TEXT, "שלום", "👩‍👩‍👧", "é", "नमस्ते", "می\u200cخواهم", "?"]
)
async def test_any_language_may_be_spoken(lobby: Lobby, text: str) -> None:
    await lobby.say(await lobby._node.table(), ANN, text)
    assert lobby.heard(BEN) == [text]


async def test_who_talks_too_much_has_to_wait_at_all_tables(lobby: Lobby) -> None:
    game_id, elsewhere = await lobby._node.table(), await lobby._node.table()
    for number in range(BURST):
        await lobby.say(game_id, ANN, str(number))
    for table in (game_id, elsewhere):
        with pytest.raises(RateLimited, match="5 lines in 10 seconds"):
            await lobby.say(table, ANN, "more")
    await lobby.say(game_id, BEN, "not me")
    lobby.seconds += 2
    await lobby.say(game_id, ANN, "more")
    with pytest.raises(RateLimited):
        await lobby.say(game_id, ANN, "still more")


async def test_a_refused_line_does_not_count(lobby: Lobby) -> None:
    game_id = await lobby._node.table()
    for _ in range(2 * BURST):
        with pytest.raises(InvalidMessage):
            await lobby.say(game_id, ANN, "")
    await lobby.say(game_id, ANN, "hello")


async def test_a_table_remembers_its_last_lines_of_each_room(lobby: Lobby) -> None:
    game_id = await lobby._node.table()
    await lobby.say(game_id, EVE, "first")
    for number in range(MAX_LINES + 3):
        await lobby.say(game_id, ANN, str(number))
        lobby.seconds += 2
    assert await lobby.history(game_id, BEN) == [str(n) for n in range(3, MAX_LINES + 3)]
    assert await lobby.history(game_id, ZOE) == ["first"]


async def test_where_nothing_was_said_nothing_is_sent(lobby: Lobby) -> None:
    game_id = await lobby._node.table()
    await lobby.chat.welcome("Ann", game_id, ANN.user_id)
    assert lobby.inbox == {}
    await lobby.say(game_id, ANN, "hello")
    lobby.failure = Unavailable()
    assert await lobby.history(game_id, BEN) == []


# --- mute ---------------------------------------------------------------------------------------


async def test_who_mutes_another_hears_nothing_from_them_at_this_table(lobby: Lobby) -> None:
    game_id, elsewhere = await lobby._node.table(), await lobby._node.table()
    await lobby.say(game_id, BEN, "before")
    await lobby.chat.mute("Ann", game_id, ANN.user_id, BEN.user_id, True)
    await lobby.say(game_id, BEN, "after")
    assert lobby.heard(ANN) == ["before"]
    assert lobby.heard(BEN) == ["before", "after"]  # and is not told
    assert await lobby.history(game_id, ANN) == []
    await lobby.say(elsewhere, BEN, "elsewhere")
    assert lobby.heard(ANN) == ["elsewhere"]
    await lobby.chat.mute("Ann", game_id, ANN.user_id, BEN.user_id, False)
    assert await lobby.history(game_id, ANN) == ["before", "after"]


async def test_there_is_an_end_to_whom_one_can_mute(lobby: Lobby) -> None:
    game_id = await lobby._node.table()
    await lobby.chat.mute("Ann", game_id, ANN.user_id, BEN.user_id, False)  # was not muted
    for number in range(MAX_MUTED):
        await lobby.chat.mute("Ann", game_id, ANN.user_id, UUID(int=number), True)
    with pytest.raises(Forbidden):
        await lobby.chat.mute("Ann", game_id, ANN.user_id, UUID(int=MAX_MUTED), True)


# --- who may not --------------------------------------------------------------------------------


async def test_who_is_not_at_the_table_neither_talks_nor_mutes(lobby: Lobby) -> None:
    game_id = await lobby._node.table()
    del lobby.there["Ann"]
    with pytest.raises(Forbidden, match="join or watch"):
        await lobby.say(game_id, ANN, "hello")
    with pytest.raises(Forbidden, match="join or watch"):
        await lobby.chat.mute("Ann", game_id, ANN.user_id, BEN.user_id, True)
    with pytest.raises(GameNotFound):
        await lobby.say("no such game", BEN, "hello")


async def test_a_table_may_be_made_without_chat(house: House, lobby: Lobby) -> None:
    game_id = await lobby._node.table(chat=False)
    for node in (lobby._node, house.node()):
        with pytest.raises(Forbidden, match="no chat"):
            await Lobby(node).say(game_id, ANN, "hello")


async def test_who_may_not_chat_is_told(house: House) -> None:
    lobby = Lobby(house.node(), may_chat=lambda user_id: user_id != BEN.user_id)
    game_id = await lobby._node.table()
    await lobby.say(game_id, ANN, "hello")
    with pytest.raises(Forbidden, match="may not chat"):
        await lobby.say(game_id, BEN, "hello")


# --- several nodes ------------------------------------------------------------------------------


async def test_what_is_said_on_one_node_is_handed_on_to_another(house: House) -> None:
    published: list[ChatLine] = []
    here, there = Lobby(house.node(), publish=published.append), Lobby(house.node())
    game_id = await here._node.table()
    await there.chat.mute("Ben", game_id, BEN.user_id, ANN.user_id, True)
    await here.say(game_id, ANN, "among us")
    await here.say(game_id, EVE, "take the corner")
    for line in published:
        await there.chat.receive(line)
    assert there.heard(ANN) == ["among us"]
    assert there.heard(BEN) == []
    assert there.heard(ZOE) == ["take the corner"]
    assert await there.history(game_id, ANN) == ["among us"]
    assert here.heard(ANN) == ["among us"]
