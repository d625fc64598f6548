"""Two meet by a link and play what is hidden, while everything breaks that can break."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import Arrive
from tests.browser.every_game import act
from tests.browser.hearing import Hearing
from tests.browser.person import Person
from tests.chaos.balancer import Balancer, balancer
from tests.harness import ServerProcess, server_process

pytestmark = pytest.mark.asyncio(loop_scope="package")

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
AWAY = 10
SEATS = ("ann", "ben")


@asynccontextmanager
async def line(server: ServerProcess) -> AsyncIterator[tuple[Balancer, Callable[[bool], None]]]:
    """A line of one's own to the server, and what cuts it or lets it through again."""
    up = [True]
    async with balancer(lambda: [server.url] if up[0] else [], Random(1)) as between:

        def switch(on: bool) -> None:
            up[0] = on
            if not on:
                between.cut()

        yield between, switch


async def invite(ann: Person, ben: Person, game: str, **rules: str) -> None:
    """Ann makes a table; Ben comes by the link that she sends him."""
    await ann.enter("Ann")
    dialog = await ann.choose(game)
    await dialog.get_by_text("A friend, by link").click()
    await dialog.get_by_text("House rules").click()
    for rule, value in rules.items():
        await dialog.get_by_label(rule.replace("_", " ")).fill(value)
    await dialog.locator("button.main").click()
    link = await ann.page.get_by_label("Invitation link").input_value()
    await ben.enter("Ben", link.removeprefix(ann.url))
    for one in (ann, ben):
        await one.page.wait_for_selector("main[data-status=live]")


async def bid(person: Person, index: int) -> None:
    """Bid the card of that place in the hand."""
    await person.my_turn()
    before = await person.seq()
    cards = person.page.locator(".card.playable")
    await cards.nth(index % await cards.count()).click()
    await person.moved(before)


async def test_goofspiel_goes_on_through_a_reload_a_cut_line_and_a_killed_server(
    browser: Browser, tmp_path: Path
) -> None:
    async with (
        server_process(tmp_path) as server,
        line(server) as (near, _),
        line(server) as (far, reach_ben),
    ):
        ann = await Person.arrive(browser, near.url)
        ben = await Person.arrive(browser, far.url, **PHONE)
        heard = Hearing(ann.page), Hearing(ben.page)
        await invite(ann, ben, "Goofspiel", Cards_in_each_hand="6")
        await bid(ann, 5)
        await bid(ben, 0)

        await bid(ben, 2)
        await ben.page.reload()
        await bid(ann, 3)

        with ben.broken_line():
            reach_ben(False)
            await expect(ben.page.get_by_text("Connection lost")).to_be_visible()
            await expect(ben.page.get_by_role("group", name="Table")).to_be_visible()
            await bid(ann, 0)
            await asyncio.sleep(AWAY)
            reach_ben(True)
            await bid(ben, 1)

        with ann.broken_line(), ben.broken_line():
            await bid(ben, 0)
            await server.kill()
            await ann.my_turn()
            # She bids while there is no server: it is kept.
            await ann.page.locator(".card.playable").first.click()
            await expect(ann.page.get_by_text("Your move is kept")).to_be_visible()
            before = await ann.seq()
            await server.start()
            await ann.moved(before)
            await bid(ann, 0)

        await bid(ben, 0)
        await bid(ann, 0)
        await bid(ben, 0)
        for one in (ann, ben):
            await one.page.wait_for_selector("main[data-status=over]")
        for seat, ear in enumerate(heard):
            assert_bids_are_kept_secret(seat, await ear.states())
            assert_others_actions_are_hidden(seat, await ear.logs())
        await ann.leave()
        await ben.leave()


def assert_bids_are_kept_secret(seat: int, states: list[dict[str, Any]]) -> None:
    """The other's bid changes nothing that this seat is shown before its own, but their number."""
    by_seq = {state["seq"]: state for state in states}
    seen = 0
    for seq, state in by_seq.items():
        before = by_seq.get(seq - 1)
        waits = state["to_act"] == [seat] and before is not None and len(before["to_act"]) == 2
        if before is None or not waits:
            continue
        seen += 1
        sizes = [one["view"]["hand_sizes"][1 - seat] for one in (before, state)]
        assert sizes[1] == sizes[0] - 1
        sized = [{**one["view"], "hand_sizes": None} for one in (before, state)]
        assert sized[0] == sized[1]
        assert state["legal_actions"] == before["legal_actions"]
    assert seen >= 1


def assert_others_actions_are_hidden(seat: int, logs: list[list[dict[str, Any]]]) -> None:
    """Of what the other one did, a log of a game that is on says only that it was done."""
    live = [entries for entries in logs if entries and entries[-1]["kind"] == "action"]
    assert live
    for entries in live:
        others = [one for one in entries if one["kind"] == "action" and one["seat"] == 1 - seat]
        assert all(one["payload"] is None for one in others)


async def test_duel_is_played_to_the_end_and_no_hand_is_sent_to_the_other(arrive: Arrive) -> None:
    ann, ben = await arrive(), await arrive(**PHONE)
    heard = Hearing(ann.page), Hearing(ben.page)
    await invite(ann, ben, "Duel", Points_that_win="1")
    chance = Random(4)
    for _ in range(200):
        mover = await to_move(ann, ben)
        if mover is None:
            break
        before = await mover.seq()
        attack = mover.page.locator(".actions .list.plain button", has_text="ttack")
        if await attack.count():
            await attack.last.click()
        else:
            await act(mover.page, chance)
        await mover.moved(before)
    await ann.page.wait_for_selector("main[data-status=over]")
    states = [await ear.states() for ear in heard]
    for seat in (0, 1):
        assert_hand_stays_secret(1 - seat, states[1 - seat], states[seat])
        assert_others_actions_are_hidden(seat, await heard[seat].logs())
        with pytest.raises(AssertionError):
            assert_hand_stays_secret(seat, states[seat], states[seat])


async def test_one_tries_both_sides_in_two_tabs_as_the_readme_says(arrive: Arrive) -> None:
    ann = await arrive()
    await ann.enter("Ann")
    await ann.make_table("Tic tac toe", against="A friend, by link")
    async with ann.context.expect_page() as opening:
        await ann.page.get_by_role("link", name="open a second player").click()
    other = await opening.value
    await other.get_by_label("Your name").fill("Ben")
    await other.keyboard.press("Enter")
    await ann.cell("Row 1, column 1")
    await other.wait_for_selector("main.my-turn")
    await expect(other.get_by_role("gridcell", name="x of Ann")).to_be_visible()


async def to_move(*people: Person) -> Person | None:
    """Whose turn it is; None if the game is over."""
    waiting = [
        asyncio.ensure_future(one.page.wait_for_selector("main.my-turn, main[data-status=over]"))
        for one in people
    ]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    for one in people:
        if await one.page.locator("main.my-turn").count():
            return one
    return None


def assert_hand_stays_secret(
    owner: int, owners: list[dict[str, Any]], others: list[dict[str, Any]]
) -> None:
    """At no seq has the other one been shown a card that the owner has in hand at that seq."""
    hands = {state["seq"]: hand_of(state["view"], owner) for state in owners if state["view"]}
    shown = {state["seq"]: state for state in others if state["view"]}
    names = {name for hand in hands.values() for name in hand.values()}
    compared = 0
    for seq in hands.keys() & shown.keys():
        compared += len(hands[seq])
        assert not set(hands[seq]) & ids_in(shown[seq])
    assert compared > 20
    # What was never laid on the table, and is no card of the other's, is not told of either.
    known = {name for state in shown.values() for name in names_in(state["view"]["board"])}
    told = "\n".join(line for state in shown.values() for line in state["view"]["log"]["lines"])
    assert not {name for name in names - known if name in told}


def zones(view: Any) -> list[dict[str, Any]]:
    return view["board"]["zones"] if view else []


def hand_of(view: Any, seat: int) -> dict[int, str]:
    """The cards in the seat's hand, by id, as far as they are shown."""
    hands = [one["cards"] for one in zones(view) if one["seat"] == seat and one["name"] == "hand"]
    return {card["id"]: card["name"] for hand in hands for card in hand if card is not None}


def ids_in(state: dict[str, Any]) -> set[int]:
    """The cards that are shown, or that this seat's actions speak of."""
    board = state["view"]["board"]
    shown = {card["id"] for zone in board["zones"] for card in zone["cards"] if card is not None}
    clicked = {key for keys in board.get("moves", {}).values() for key in keys}
    acted = {
        value
        for action in state["legal_actions"] or []
        for value in action.values()
        if isinstance(value, int)
    }
    return shown | clicked | acted


def names_in(board: dict[str, Any]) -> set[str]:
    return {one["name"] for zone in board["zones"] for one in zone["cards"] if one is not None}
