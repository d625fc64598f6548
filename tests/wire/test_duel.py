"""Whole games of Duel over a real server, with two clients."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from meeple.client import Client, Refused, Rest, TableClient
from meeple.config import Settings
from meeple.engines.duel.decks import ready_made
from tests.harness import server_here

SECRET = "a secret that is only for the tests of Duel"


class Both(NamedTuple):
    """The two players' tables of one game."""

    ann: TableClient
    ben: TableClient

    async def settled(self) -> list[TableClient]:
        """Who is to act, once both have heard the same."""
        seq = max(self.ann.seq, self.ben.seq)
        for one in self:
            await one.wait_for(lambda table: table.seq >= seq)
        return [one for one in self if one.my_turn]

    async def do(self, table: TableClient, action: Any) -> None:
        seq = await table.act(action)
        for one in self:
            await one.wait_for(lambda table: table.seq >= seq)


@asynccontextmanager
async def duel(folder: Path, **options: Any) -> AsyncIterator[Both]:
    async with server_here(Settings(data=str(folder), secret=SECRET)) as (url, _):
        async with Rest(url) as rest:
            ann, ben = await rest.guest("Ann"), await rest.guest("Ben")
        async with Rest(url, ann.token) as rest:
            game_id = (await rest.create_game("duel", options=options)).game_id
        async with Rest(url, ben.token) as rest:
            await rest.take_seat(game_id)
        async with Client(url, ann.token) as one, Client(url, ben.token) as other:
            yield Both(await one.join(game_id), await other.join(game_id))


def forced_type(table: TableClient) -> str | None:
    request = table.state.request
    return request.forced["type"] if request is not None and request.kind == "forced" else None


async def until_somebody_must_discard(both: Both) -> TableClient:
    """With a hand of five, one who only ends turns must soon discard."""
    for _ in range(30):
        for table in await both.settled():
            legal = table.state.legal_actions or []
            if forced_type(table) == "discard":
                return table
            await both.do(table, {"type": "end"} if {"type": "end"} in legal else legal[0])
    raise AssertionError("nobody had to discard")


async def test_two_clients_play_a_whole_game(tmp_path: Path) -> None:
    chance = Random(1)
    async with duel(tmp_path) as both:
        while both.ann.outcome is None:
            for table in await both.settled():
                state = table.state
                assert state.request is not None
                assert state.legal_actions is not None
                assert len(state.request.labels or ()) == len(state.legal_actions)
                await both.do(table, chance.choice(state.legal_actions))
            for table in both:
                hands = [one for one in table.state.view["board"]["zones"] if one["name"] == "hand"]
                for hand in hands:
                    own = hand["seat"] == table.seat
                    assert all((card is not None) == own for card in hand["cards"])
        await both.settled()
        assert both.ann.outcome == both.ben.outcome
        assert both.ann.outcome.reason in ("points", "no_creatures", "deck_out", "turn_limit")


async def test_nothing_but_a_forced_action_is_taken(tmp_path: Path) -> None:
    async with duel(tmp_path, hand_size=5) as both:
        table = await until_somebody_must_discard(both)
        seq = table.seq
        for action in ({"type": "end"}, {"type": "attack", "attack": 0}, "rubbish"):
            with pytest.raises(Refused) as refused:
                await table.act(action)
            assert refused.value.code == "forced_action_required"
        [other] = [one for one in both if one is not table]
        with pytest.raises(Refused, match="not_your_turn"):
            await other.act({"type": "end"})
        assert table.seq == seq
        while forced_type(table) is not None:  # a hand may be more than one card too large
            assert table.state.request is not None
            card = table.state.request.forced["cards"][0]
            await both.do(table, {"type": "choose", "card": card})
        assert other.my_turn


@pytest.mark.parametrize("who_is_forced", [True, False])
async def test_one_may_resign_while_somebody_is_forced(tmp_path: Path, who_is_forced: bool) -> None:
    async with duel(tmp_path, hand_size=5) as both:
        forced = await until_somebody_must_discard(both)
        [other] = [one for one in both if one is not forced]
        loser, winner = (forced, other) if who_is_forced else (other, forced)
        await loser.resign()
        await winner.wait_for(lambda table: table.outcome)
        assert winner.outcome is not None
        assert (winner.outcome.winners, winner.outcome.reason) == ((winner.seat,), "resigned")


async def test_a_deck_of_ones_own_is_taken_or_refused_with_the_reason(tmp_path: Path) -> None:
    async with duel(tmp_path, own_decks=True) as both:
        own = list(ready_made("hedge", 30))
        assert both.ann.state.legal_actions is None
        with pytest.raises(Refused, match="A deck has 30 cards; this one has 29"):
            await both.ann.act({"type": "own_deck", "cards": own[:29]})
        await both.do(both.ann, {"type": "own_deck", "cards": own})
        await both.do(both.ben, {"type": "deck", "deck": "pond"})
        assert both.ann.state.legal_actions is not None
        assert both.ann.state.view["decks"] == ["own", ""]
