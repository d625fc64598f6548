"""What a server counts."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from meeple.client import Client, Refused, Rest
from meeple.config import Settings
from tests.harness import server_here
from tests.line import line


async def metrics(url: str) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels."""
    async with aiohttp.ClientSession() as http, http.get(f"{url}/metrics") as answer:
        assert answer.status == 200
        assert answer.content_type == "text/plain"
        text = await answer.text()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_play_is_counted(tmp_path: Path) -> None:
    async with server_here(Settings(data=str(tmp_path))) as (url, _), Rest(url) as rest:
        accounts = [await rest.guest(name) for name in ("Ann", "Ben")]
        async with (
            Rest(url, accounts[0].token) as ann_rest,
            Rest(url, accounts[1].token) as ben_rest,
            Client(url, accounts[0].token) as ann,
            Client(url, accounts[1].token) as ben,
        ):
            game_id = (await ann_rest.create_game("tic-tac-toe")).game_id
            await ben_rest.take_seat(game_id)
            tables = [await ann.join(game_id), await ben.join(game_id)]
            await tables[0].act(4)
            await tables[1].act(0)
            with pytest.raises(Refused, match="turn"):
                await tables[1].act(1)
            found = await metrics(url)
            assert found["meeple_connections",] == 2
            assert found["meeple_games_in_memory",] == 1
            assert found["meeple_events_total", "game:action", "ok"] == 2
            assert found["meeple_events_total", "game:action", "not_your_turn"] == 1
            assert found["meeple_action_seconds_count",] == 2
            assert found["meeple_action_seconds_bucket", "+Inf"] == 2
            assert found["meeple_engine_seconds_count", "tic-tac-toe"] >= 2
            assert found["meeple_appends_total", "committed"] == 4
            assert found["meeple_commit_size_sum",] == 4
            assert found["meeple_commit_seconds_count",] == found["meeple_commit_size_count",]
            assert found["meeple_bots_waiting",] == 0
            # The only node has no bus, and no worker's name.
            assert not [name for name, *_ in found if "bus" in name or "worker" in name]
            assert found["process_resident_memory_bytes",] > 10_000_000
        found = await metrics(url)
        ended = [value for (name, *_), value in found.items() if name.startswith("meeple_sessions")]
        assert sum(ended) == 2


async def test_a_made_up_event_makes_no_label(tmp_path: Path) -> None:
    async with server_here(Settings(data=str(tmp_path))) as (url, node):
        async with Rest(url) as rest:
            account = await rest.guest("Ann")
        async with line(url, account.token) as ann:
            for _ in range(3):
                assert not (await ann.ask(f"game:{uuid4()}", {}))["ok"]
        names = {event for event, _ in node.handlers.answered}
        assert names == {"unknown"}
