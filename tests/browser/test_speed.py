"""How quick the page is: what it loads, when a board is there, and whether things jump."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.browser.conftest import Arrive
from tests.browser.every_game import table
from tests.browser.person import Person

pytestmark = pytest.mark.asyncio(loop_scope="package")

#: A phone on a slow line: 1.6 Mbit/s, 150 ms there and back, a processor four times as slow.
SLOW = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
#: Of everything that is loaded until the first board stands, as it comes over the line.
MOST_BYTES = 150_000
#: Seconds. About 2 on a machine with nothing else to do; others test on this one at the same time.
MOST_SECONDS = 6
MOST_SHIFT = 0.1

SHIFTS = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shift += one.value;
}).observe({ type: "layout-shift", buffered: true });
"""


async def slow_down(person: Person) -> list[int]:
    """Makes line and processor slow, the cache empty; gives the sizes of what is loaded."""
    session = await person.context.new_cdp_session(person.page)
    loaded: list[int] = []

    def finished(event: dict[str, Any]) -> None:
        loaded.append(int(event["encodedDataLength"]))

    session.on("Network.loadingFinished", finished)
    await session.send("Network.enable")
    await session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    await session.send("Network.emulateNetworkConditions", SLOW)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    return loaded


async def shift(person: Person) -> float:
    found: float = await person.page.evaluate("window.shift")
    return found


@pytest.mark.parametrize("engine", ["openspiel:chess", "goofspiel", "connect-four"])
async def test_the_first_board_is_there_soon_on_a_slow_line_and_nothing_jumps(
    arrive: Arrive, engine: str
) -> None:
    ann = await arrive(**PHONE)
    await ann.page.add_init_script(SHIFTS)
    await ann.enter("Ann")
    await ann.page.wait_for_selector("button.tile:not([disabled])")
    game_id = await table(ann, {"name": engine, "min_seats": 2})
    await ann.page.goto("about:blank")
    loaded = await slow_down(ann)
    started = time.monotonic()
    await ann.page.goto(f"{ann.url}/#/game/{game_id}")
    await ann.page.locator('[role="gridcell"], .card.playable').first.wait_for()
    seconds = time.monotonic() - started
    print(f"{engine}: {sum(loaded)} bytes, {seconds:.1f} s, shift {await shift(ann):.3f}")
    assert seconds < MOST_SECONDS
    assert 20_000 < sum(loaded) < MOST_BYTES
    assert await shift(ann) < MOST_SHIFT


async def test_the_lobby_loads_little_and_does_not_jump(arrive: Arrive) -> None:
    ann = await arrive(**PHONE)
    await ann.page.add_init_script(SHIFTS)
    loaded = await slow_down(ann)
    await ann.page.goto(ann.url)
    await ann.page.locator(".tile strong").first.wait_for()
    await ann.page.locator(".games .empty, .games .row").first.wait_for()
    print(f"lobby: {sum(loaded)} bytes, shift {await shift(ann):.3f}")
    assert 20_000 < sum(loaded) < MOST_BYTES
    assert await shift(ann) < MOST_SHIFT


async def test_nothing_jumps_while_one_plays(arrive: Arrive) -> None:
    ann = await arrive(**PHONE)
    await ann.page.add_init_script(SHIFTS)
    await ann.enter("Ann")
    await ann.make_table("Goofspiel")
    for _ in range(4):
        await ann.my_turn()
        before = await ann.seq()
        await ann.page.locator(".card.playable").first.click()
        await ann.moved(before)
    await asyncio.wait_for(ann.my_turn(), 10)
    print(f"goofspiel: shift {await shift(ann):.3f}")
    assert await shift(ann) < MOST_SHIFT


async def test_a_lobby_that_is_looked_at_asks_for_the_games_on_offer_but_once(
    arrive: Arrive,
) -> None:
    ann = await arrive()
    asked: list[str] = []
    ann.page.on("request", lambda request: asked.append(request.url))
    await ann.enter("Ann")
    for _ in range(2):
        async with ann.page.expect_response("**/games?status=open*"):
            pass
    assert sum(url.endswith("/engines") for url in asked) == 1
