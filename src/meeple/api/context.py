"""What the routes work with, and who is asking."""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from meeple.errors import InvalidToken, RateLimited
from meeple.protocols import GameLog
from meeple.services.admin import AdminService
from meeple.services.connection_manager import ConnectionManager
from meeple.services.dev import Dev
from meeple.services.engine_catalog import EngineCatalog
from meeple.services.game_service import GameService
from meeple.services.health import Health
from meeple.services.rate_limit import RateLimiter
from meeple.services.tokens import Identity, TokenIssuer, TokenVerifier


@dataclass(frozen=True, kw_only=True)
class Context:
    """The services behind the routes.

    Attributes:
        admin: what admins may ask.
        health: whether the parts that the server depends on do their work.
        limiter: how many requests a user, or for guests' accounts an address, may make.
        guest_tokens: makes guests' tokens; None if there are no guests here.
        guest_ttl: seconds that a guest's token is good for.
        draining: whether the server is going away.
        metrics: the server's counters, in the text format of Prometheus.
            all_metrics: those of all workers on this port; None if this process is the only one.
            dev: what only authors of games may do; None unless the server runs for them.
    """

    games: GameService
    admin: AdminService
    catalog: EngineCatalog
    verifier: TokenVerifier
    log: GameLog
    connections: ConnectionManager
    health: Health
    limiter: RateLimiter
    guest_tokens: TokenIssuer | None
    guest_ttl: int
    draining: Callable[[], bool] = lambda: False
    metrics: Callable[[], bytes] = bytes
    all_metrics: Callable[[], Awaitable[bytes]] | None = None
    dev: Dev | None = None

    def limit(self, client: Hashable, tokens: float = 1) -> None:
        """Count a request of the client's; raises `RateLimited` if there were too many."""
        if not self.limiter.take(client, time.monotonic(), tokens):
            raise RateLimited

    async def identify(self, request: Request) -> Identity | None:
        """Whose bearer token the request has; None if it has none.

        Raises:
            InvalidToken, TokenExpired: the token is no good.
        """
        token = bearer(request)
        if token is None:
            return None
        verified = self.verifier(token)
        if inspect.isawaitable(verified):
            verified = await verified
        if verified is None:
            raise InvalidToken
        return Identity(verified, "Player", None) if isinstance(verified, UUID) else verified


def context(request: Request) -> Context:
    """The application's context."""
    found: Context = request.app.state.context
    return found


def bearer(request: Request) -> str | None:
    """The request's bearer token; None if it has none, `InvalidToken` if it has something else."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise InvalidToken("the Authorization header has the form: Bearer TOKEN")
    return token.strip()


def address(request: Request) -> str:
    """Where a stranger's request comes from."""
    return request.client.host if request.client else ""


#: For the documentation only: what it says of the header, `Context.identify` reads.
_bearer = HTTPBearer(auto_error=False, description="A guest's token, or your identity provider's.")


async def optional_user(request: Request, _: Annotated[Any, Depends(_bearer)]) -> Identity | None:
    """Who is asking, None for a stranger; raises `RateLimited` if too often."""
    ctx = context(request)
    user = await ctx.identify(request)
    ctx.limit(address(request) if user is None else user.user_id)
    return user


async def required_user(
    request: Request, user: Annotated[Identity | None, Depends(optional_user)]
) -> Identity:
    """Who is asking; raises `InvalidToken` for a stranger."""
    if user is None:
        raise InvalidToken("this needs an Authorization header: Bearer TOKEN")
    return user


User = Annotated[Identity, Depends(required_user)]
Optional = Annotated[Identity | None, Depends(optional_user)]
