"""The routes under ``/api/v1``: read once, call one service method, answer."""

from __future__ import annotations

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from meeple.api.context import Context, Optional, User, address, bearer, context
from meeple.api.msgspec_routes import body, documented, reply
from meeple.engine.log import Bot, GameStatus, Player
from meeple.errors import Forbidden
from meeple.schemas import rest
from meeple.services.names import checked_name
from meeple.services.projection import GameState
from meeple.services.rate_limit import FOLDED

router = APIRouter(prefix="/api/v1")

Ctx = Annotated[Context, Depends(context)]
PageSize = Annotated[int, Query(ge=1, le=100)]
FirstSeq = Annotated[int, Query(alias="from", ge=0, le=2**31)]


@router.post("/guests", **documented(rest.Guest, request=rest.NewGuest, status=201))
async def create_guest(
    request: Request,
    ctx: Ctx,
    wanted: Annotated[rest.NewGuest, Depends(body(rest.NewGuest))],
) -> Response:
    """Get a guest account: a token and a user id."""
    ctx.limit(address(request))
    if ctx.guest_tokens is None:
        raise Forbidden("this server has no guest accounts")
    user_id = uuid4()
    name = checked_name(wanted.name)
    token, expires_at = ctx.guest_tokens.issue(user_id, name, ctx.guest_ttl, guest=True)
    return reply(rest.Guest(token, user_id, name, expires_at), 201)


@router.post("/guests/renew", **documented(rest.Guest, status=201))
async def renew_guest(request: Request, ctx: Ctx, user: User) -> Response:
    """Get a fresh token for the same guest account, for one that has not expired yet."""
    if ctx.guest_tokens is None:
        raise Forbidden("this server has no guest accounts")
    if not ctx.guest_tokens.is_guests(bearer(request) or ""):
        raise Forbidden("this is no guest's token; get a fresh one where you got it")
    token, expires_at = ctx.guest_tokens.issue(user.user_id, user.name, ctx.guest_ttl, guest=True)
    return reply(rest.Guest(token, user.user_id, user.name, expires_at), 201)


@router.get("/engines", **documented(rest.EngineList))
async def list_engines(ctx: Ctx) -> Response:
    """The games on offer."""
    return reply(
        rest.EngineList(
            [
                rest.EngineInfo(
                    name=rules.name,
                    summary=rules.summary,
                    min_seats=rules.seats[0],
                    max_seats=rules.seats[-1],
                    perfect_information=rules.perfect_information,
                    options=rules.options_schema,
                )
                for rules in ctx.catalog
            ]
        )
    )


@router.post("/games", **documented(GameState, request=rest.NewGame, status=201))
async def create_game(
    ctx: Ctx, user: User, wanted: Annotated[rest.NewGame, Depends(body(rest.NewGame))]
) -> Response:
    """Make a table."""
    state = await ctx.games.create_game(
        Player(user.user_id, user.name),
        wanted.engine,
        options=wanted.options,
        seats=_seats(wanted.seats),
        public=wanted.public,
        time_control=wanted.time_control,
        claim_after=wanted.claim_after,
        chat=wanted.chat,
    )
    return reply(state, 201)


def _seats(
    wanted: int | list[str | rest.BotSeat | None] | None,
) -> int | list[str | Bot | None] | None:
    if not isinstance(wanted, list):
        return wanted
    return [Bot(one.bot, one.level) if isinstance(one, rest.BotSeat) else one for one in wanted]


@router.get("/games", **documented(rest.GameList))
async def list_games(
    ctx: Ctx,
    user: Optional,
    status: GameStatus | None = None,
    engine: str | None = None,
    cursor: str | None = None,
    limit: PageSize = 50,
) -> Response:
    """The lobby and the archive: public games, newest first."""
    page = await ctx.games.reader.list_games(
        status=status, engine=engine, cursor=cursor, limit=limit
    )
    return reply(rest.GameList(page.games, page.cursor))


@router.get("/me/games", **documented(rest.GameList))
async def list_my_games(
    ctx: Ctx,
    user: User,
    status: GameStatus | None = None,
    engine: str | None = None,
    cursor: str | None = None,
    limit: PageSize = 50,
) -> Response:
    """The games in which you have a seat, newest first."""
    page = await ctx.games.reader.list_games(
        status=status, engine=engine, player=user.user_id, cursor=cursor, limit=limit
    )
    return reply(rest.GameList(page.games, page.cursor))


@router.get("/games/{game_id}", **documented(GameState))
async def get_game(ctx: Ctx, user: Optional, game_id: str) -> Response:
    """One game as you may see it; without a token, as a spectator may."""
    return reply(await ctx.games.reader.game_state(game_id, None if user is None else user.user_id))


@router.post("/games/{game_id}/seats", **documented(GameState, request=rest.TakeSeat))
async def take_seat(
    ctx: Ctx,
    user: User,
    game_id: str,
    wanted: Annotated[rest.TakeSeat, Depends(body(rest.TakeSeat))],
) -> Response:
    """Sit down; the game starts when the table is full."""
    player = Player(user.user_id, user.name)
    return reply(await ctx.games.take_seat(game_id, player, wanted.seat))


@router.post("/games/{game_id}/resign", **documented(rest.ReceiptBody))
async def resign(ctx: Ctx, user: User, game_id: str) -> Response:
    """Give up."""
    receipt = await ctx.games.resign(game_id, user.user_id)
    return reply(rest.ReceiptBody(receipt.game_id, receipt.seq))


@router.post("/games/{game_id}/abort", **documented(rest.ReceiptBody))
async def abort(ctx: Ctx, user: User, game_id: str) -> Response:
    """Call a game off before its first action, or at any time if only bots play it."""
    receipt = await ctx.games.abort(game_id, user.user_id)
    return reply(rest.ReceiptBody(receipt.game_id, receipt.seq))


@router.get("/games/{game_id}/log", **documented(rest.GameLogBody))
async def get_log(
    ctx: Ctx,
    user: Optional,
    game_id: str,
    first: FirstSeq = 0,
    limit: Annotated[int | None, Query(ge=1, le=1000)] = None,
) -> Response:
    """The replay from the seq ``from`` on, as far as you may see it: all once the game is over."""
    user_id = None if user is None else user.user_id
    entries = await ctx.games.reader.replay(game_id, user_id, first, limit)
    engine = (await ctx.games.game(game_id)).rules.name
    return reply(rest.GameLogBody(game_id, engine, entries))


@router.get("/games/{game_id}/states", **documented(rest.GameStates))
async def get_states(
    request: Request,
    ctx: Ctx,
    user: Optional,
    game_id: str,
    first: FirstSeq = 0,
    limit: PageSize = 50,
) -> Response:
    """The game as you may see it, after each entry of its log from the seq ``from`` on."""
    user_id = None if user is None else user.user_id
    ctx.limit(user_id or address(request), (first + limit) / FOLDED)
    states = await ctx.games.reader.states(game_id, user_id, first, limit)
    return reply(rest.GameStates(game_id, states))


health = APIRouter(prefix="/health")


@health.get("/live", **documented(rest.Health))
async def live(request: Request) -> Response:
    """Answers as long as the process does."""
    return reply(rest.Health("ok"))


@health.get("/ready", **documented(rest.Health))
async def ready(ctx: Ctx) -> Response:
    """200 if games can be played; presence that is down degrades, and does not stop them."""
    if ctx.draining():
        return reply(rest.Health("draining"), 503)
    parts = await ctx.health.check()
    playable = parts["log"] == "ok"
    fine = all(part == "ok" for part in parts.values())
    status = "ok" if fine else "degraded" if playable else "unavailable"
    return reply(rest.Health(status, parts), 200 if playable else 503)


metrics = APIRouter()


@metrics.get("/metrics", include_in_schema=False)
async def get_metrics(ctx: Ctx, alone: bool = False) -> Response:
    """What the server counts, for Prometheus: all workers', or this one's ``alone``."""
    everybodys = None if alone else ctx.all_metrics
    found = ctx.metrics() if everybodys is None else await everybodys()
    return Response(found, media_type=CONTENT_TYPE_LATEST)
