"""``/api/v1/dev``: for authors of games, on a server that runs for them (``serve --dev``).

These routes show every secret and ask for no token, so they are there in dev mode only, and only
for who sits at this machine: not for a page of somebody else's that is open in the same browser.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Query, Request, Response

from meeple.api.context import context
from meeple.api.msgspec_routes import body, documented, reply
from meeple.errors import Forbidden, NotFound
from meeple.schemas import rest
from meeple.schemas.dev import DevAct, DevBranch, DevNewGame
from meeple.services.dev import Dev
from meeple.services.dev_shown import DevGame, DevGames, DevInfo
from meeple.services.loopback import is_loopback
from meeple.services.projection import GameState


async def _tools(request: Request) -> Dev:
    """The author's tools, for one who sits at this machine; raises `Forbidden` for others."""
    tools = context(request).dev
    if tools is None:
        raise NotFound
    host = request.url.hostname or ""
    origin = request.headers.get("origin")
    from_host = host if origin is None else urlsplit(origin).hostname or ""
    # A page from elsewhere says so in Origin; one whose name was made to lead here, in Host.
    if not tools.anywhere and not is_loopback(host):
        raise Forbidden("the debug panel is only for this machine: use 127.0.0.1 or localhost")
    if from_host != host and not is_loopback(from_host):
        raise Forbidden("the debug panel is not for pages from elsewhere")
    return tools


dev = APIRouter(prefix="/api/v1/dev")

Tools = Annotated[Dev, Depends(_tools)]


@dev.get("", **documented(DevInfo))
async def info(tools: Tools, game_id: str | None = None) -> Response:
    """What engines raised, and what came of the last change of their files."""
    return reply(await tools.info(game_id))


@dev.get("/games", **documented(DevGames))
async def games(tools: Tools) -> Response:
    """The latest games, public or not."""
    return reply(await tools.latest())


@dev.post("/games", **documented(GameState, request=DevNewGame, status=201))
async def create(
    tools: Tools, wanted: Annotated[DevNewGame, Depends(body(DevNewGame))]
) -> Response:
    """Make a practice table with somebody in every seat."""
    return reply(await tools.create(wanted.engine, wanted.options, wanted.seats), 201)


@dev.get("/games/{game_id}", **documented(DevGame))
async def game(
    tools: Tools,
    game_id: str,
    seq: Annotated[int | None, Query(ge=0, le=2**31)] = None,
    after: Annotated[int, Query(ge=-1, le=2**31)] = -1,
) -> Response:
    """A game with all its secrets: its log after a seq, and all that is to see at another."""
    return reply(await tools.game(game_id, seq, after))


@dev.post("/games/{game_id}/act", **documented(rest.ReceiptBody, request=DevAct))
async def act(
    tools: Tools, game_id: str, wanted: Annotated[DevAct, Depends(body(DevAct))]
) -> Response:
    """Play for whoever sits in a seat."""
    receipt = await tools.act(game_id, wanted.seat, wanted.action, wanted.seq)
    return reply(rest.ReceiptBody(receipt.game_id, receipt.seq))


@dev.post("/games/{game_id}/branch", **documented(GameState, request=DevBranch, status=201))
async def branch(
    tools: Tools, game_id: str, wanted: Annotated[DevBranch, Depends(body(DevBranch))]
) -> Response:
    """Make a practice table that begins as this game did, up to a seq."""
    return reply(await tools.branch(game_id, wanted.seq), 201)
