"""The page for admins: who gets in, and what one does there."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.async_api import expect

from meeple import config, keys
from meeple.client import Rest
from tests.browser.axe import assert_accessible, with_axe
from tests.browser.conftest import Arrive
from tests.browser.person import Person
from tests.harness import ServerProcess, until
from tests.line import line

pytestmark = pytest.mark.asyncio(loop_scope="package")


def token(server: ServerProcess, name: str, *, admin: bool = False) -> str:
    issuer = keys.token_issuer(config.load({}, data=str(server.folder)))
    assert issuer is not None
    return issuer.issue(uuid4(), name, 3600, admin=admin)[0]


async def live_game(server: ServerProcess, ann: str) -> str:
    async with Rest(server.url, ann) as rest:
        game_id = (await rest.create_game("goofspiel")).game_id
    async with Rest(server.url, token(server, "Ben")) as rest:
        await rest.take_seat(game_id)
    return game_id


async def sign_in(person: Person, text: str) -> None:
    await person.page.goto(f"{person.url}/admin")
    await person.page.get_by_label("Admin token").fill(text)
    await person.page.get_by_role("button", name="Sign in").click()


async def test_a_players_token_does_not_get_in(arrive: Arrive, server: ServerProcess) -> None:
    ann = await arrive()
    await sign_in(ann, token(server, "Ann"))
    await expect(ann.page.get_by_role("alert")).to_have_text(
        "This is a player's token, not an admin's."
    )
    await expect(ann.page.get_by_role("heading", name="Overview")).to_have_count(0)
    assert await ann.page.evaluate("sessionStorage.getItem('meeple.admin')") == ""
    # The browser says so too, in its own time; the page has nothing else to complain of.
    await until(lambda: ann.complaints)
    assert all("403" in complaint for complaint in ann.complaints)
    ann.complaints.clear()


async def test_an_admin_looks_into_a_game_aborts_it_and_finds_it_in_the_audit(
    arrive: Arrive, server: ServerProcess
) -> None:
    player = token(server, "Ann")
    game_id = await live_game(server, player)
    root = await arrive()
    page = root.page
    async with line(server.url, player) as ann:
        await ann.ask("game:join", {"game_id": game_id})
        await ann.ask("game:action", {"game_id": game_id, "action": 7})

        await sign_in(root, token(server, "Root", admin=True))
        await expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        await expect(page.locator("tr[data-node]")).to_have_count(1)
        await expect(page.get_by_role("cell", name="goofspiel")).to_be_visible()

        await page.get_by_role("link", name="Games").click()
        row = page.locator(f'tr[data-game="{game_id}"]')
        await expect(row).to_contain_text("Goofspiel")
        await row.get_by_role("link", name=game_id).click()
        await expect(page.get_by_text("hidden", exact=True)).to_have_count(1)
        assert "seed" not in await page.locator("table").inner_text()
        await page.get_by_role("button", name="Show secrets").click()
        await page.get_by_label("Reason").fill("somebody complained")
        await page.get_by_role("button", name="Show secrets now").click()
        await expect(page.get_by_text('{"action":7}')).to_be_visible()

        await page.get_by_role("link", name="Games").click()
        await row.get_by_role("button", name="Abort game").click()
        await page.get_by_label("Reason").fill("they cheat")
        await page.keyboard.press("Enter")
        await expect(row).to_have_count(0)
        over = await ann.event("game:over")
        assert over["outcome"]["reason"] == "aborted_by_admin"

    await page.get_by_role("link", name="Audit").click()
    for what, why in (("abort", "they cheat"), ("see secrets", "somebody complained")):
        act = page.locator("tbody tr", has_text=game_id).filter(has_text=why)
        await expect(act).to_contain_text("Root")
        await expect(act).to_contain_text(what)


async def test_an_admin_bans_a_user_and_lifts_it_again(
    arrive: Arrive, server: ServerProcess
) -> None:
    player = token(server, "Ann")
    game_id = await live_game(server, player)
    root = await arrive()
    page = root.page
    await sign_in(root, token(server, "Root", admin=True))
    await page.get_by_role("link", name="Games").click()
    await page.locator(f'tr[data-game="{game_id}"]').get_by_role("link", name="Ann").click()
    await expect(page.get_by_role("heading", name="Ann")).to_be_visible()
    async with line(server.url, player) as ann:
        await page.get_by_role("button", name="Ban this user").click()
        await page.get_by_label("Reason").fill("rude")
        await page.get_by_label("For").select_option("a week")
        await page.get_by_role("button", name="Ban now").click()
        assert (await ann.event("auth_error"))["code"] == "banned"
    await page.get_by_role("link", name="Users").click()
    row = page.locator("tbody tr", has_text="rude")
    await row.get_by_role("button", name="Lift the ban").click()
    await page.get_by_role("button", name="Lift now").click()
    await expect(row).to_have_count(0)
    async with line(server.url, player) as ann:
        assert (await ann.ask("game:join", {"game_id": game_id}))["ok"]
    # Whoever closes the page keeps nothing; whoever reloads it goes on.
    await page.reload()
    await expect(page.get_by_role("heading", name="Users")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("Admin token")).to_be_visible()


async def test_axe_finds_nothing_serious_on_the_page_for_admins(
    arrive: Arrive, server: ServerProcess
) -> None:
    game_id = await live_game(server, token(server, "Ann"))
    root = await arrive()
    page = root.page
    await page.goto(f"{root.url}/admin")
    await page.get_by_label("Admin token").wait_for()
    await with_axe(root)
    await assert_accessible(page, "signing in")
    await page.get_by_label("Admin token").fill(token(server, "Root", admin=True))
    await page.get_by_role("button", name="Sign in").click()
    await page.locator("tr[data-node]").wait_for()
    await assert_accessible(page, "the overview")
    for name in ("Users", "Audit", "Games"):
        await page.get_by_role("link", name=name).click()
        await page.get_by_role("heading", name=name).wait_for()
        await assert_accessible(page, name)
    row = page.locator(f'tr[data-game="{game_id}"]')
    await row.get_by_role("button", name="Abort game").click()
    await page.get_by_label("Reason").wait_for()
    await assert_accessible(page, "the question before an act")
    await page.keyboard.press("Escape")
    await row.get_by_role("link", name=game_id).click()
    await page.get_by_role("button", name="Show secrets").wait_for()
    await assert_accessible(page, "a game")
