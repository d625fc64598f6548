"""The routes under ``/api/v1/admin``, for holders of an admin's token alone."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from meeple.api.context import Context, User, context
from meeple.api.msgspec_routes import body, documented, reply
from meeple.engine.log import GameStatus
from meeple.errors import Forbidden
from meeple.protocols import Sanction, SanctionKind
from meeple.schemas import admin as schemas
from meeple.schemas import rest
from meeple.services.admin import AdminService, Overview, UserInfo
from meeple.services.tokens import Identity

#: Bans and mutes that are listed, the newest.
MAX_LISTED = 500


async def required_admin(user: User) -> Identity:
    """Who is asking; raises `Forbidden` if that is no admin, `InvalidToken` for a stranger."""
    if not user.admin:
        raise Forbidden("this needs an admin's token")
    return user


async def admin_service(ctx: Annotated[Context, Depends(context)]) -> AdminService:
    """The use cases."""
    return ctx.admin


# On the router, so that no route can be without it.
router = APIRouter(prefix="/api/v1/admin", dependencies=[Depends(required_admin)])

Admin = Annotated[Identity, Depends(required_admin)]
Service = Annotated[AdminService, Depends(admin_service)]
PageSize = Annotated[int, Query(ge=1, le=100)]
Reason = Annotated[str, Query(max_length=500)]
Because = Annotated[schemas.Because, Depends(body(schemas.Because))]


@router.get("/overview", **documented(Overview))
async def overview(service: Service) -> Response:
    """All nodes: connections, games, rates, slowest engines, recent errors."""
    return reply(await service.overview())


@router.get("/games", **documented(rest.GameList))
async def list_games(
    service: Service,
    status: GameStatus = GameStatus.LIVE,
    engine: str | None = None,
    cursor: str | None = None,
    limit: PageSize = 50,
) -> Response:
    """The games, whether or not they are public, newest first."""
    page = await service.list_games(status, engine, cursor, limit)
    return reply(rest.GameList(page.games, page.cursor))


@router.get("/games/{game_id}/log", **documented(rest.GameLogBody))
async def get_log(
    service: Service, admin: Admin, game_id: str, secrets: bool = False, reason: Reason = ""
) -> Response:
    """A game's log as a stranger may see it; with ``secrets`` all of it, which is noted."""
    engine, entries = await service.game_log(admin, game_id, secrets=secrets, why=reason)
    return reply(rest.GameLogBody(game_id, engine, entries))


@router.post("/games/{game_id}/abort", **documented(rest.ReceiptBody, request=schemas.Because))
async def abort(service: Service, admin: Admin, game_id: str, because: Because) -> Response:
    """End a game, whatever its players think."""
    receipt = await service.abort(admin, game_id, because.reason)
    return reply(rest.ReceiptBody(receipt.game_id, receipt.seq))


@router.get("/users/{user_id}", **documented(UserInfo))
async def get_user(service: Service, user_id: UUID) -> Response:
    """What is known of a user."""
    return reply(await service.user(user_id))


@router.put(
    "/users/{user_id}/sanctions/{kind}", **documented(Sanction, request=schemas.NewSanction)
)
async def impose(
    service: Service,
    admin: Admin,
    user_id: UUID,
    kind: SanctionKind,
    wanted: Annotated[schemas.NewSanction, Depends(body(schemas.NewSanction))],
) -> Response:
    """Ban or mute a user."""
    return reply(await service.impose(admin, user_id, kind, wanted.seconds, wanted.reason))


@router.delete("/users/{user_id}/sanctions/{kind}", **documented(schemas.Done))
async def lift(
    service: Service, admin: Admin, user_id: UUID, kind: SanctionKind, reason: Reason = ""
) -> Response:
    """Take a ban or a mute back."""
    await service.lift(admin, user_id, kind, reason)
    return reply(schemas.Done())


@router.get("/sanctions", **documented(schemas.SanctionList))
async def list_sanctions(service: Service) -> Response:
    """The bans and mutes that hold."""
    held = service.sanctions()
    return reply(schemas.SanctionList(held[:MAX_LISTED], len(held)))


@router.post("/nodes/{node}/drain", **documented(schemas.Done, request=schemas.Because, status=202))
async def drain(service: Service, admin: Admin, node: str, because: Because) -> Response:
    """Have a node send its clients to the others; answered before it has."""
    await service.drain(admin, node, because.reason)
    return reply(schemas.Done(), 202)


@router.get("/audit", **documented(schemas.AuditPage))
async def audit(
    service: Service, target: str | None = None, cursor: str | None = None, limit: PageSize = 50
) -> Response:
    """What admins did, newest first; with ``target``, what was done to that."""
    page = await service.acts(target, cursor, limit)
    return reply(schemas.AuditPage(page.acts, page.cursor))
