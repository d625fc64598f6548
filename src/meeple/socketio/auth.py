"""Who is behind a connection, and how its session begins and ends."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import structlog

from meeple.errors import Banned, InternalError, InvalidToken, MeepleError, Unavailable
from meeple.schemas.ws_messages import NAMESPACE
from meeple.services.connection_manager import ConnectionManager
from meeple.services.names import clean_name
from meeple.services.tokens import Identity, TokenVerifier

log = structlog.get_logger(__name__)


class SessionStore(Protocol):
    """What `AuthHandler` uses of a Socket.IO server."""

    async def save_session(
        self, sid: str, session: Mapping[str, Any], namespace: str | None = None
    ) -> None:
        """Keep ``session`` with the connection."""
        ...


@dataclass(frozen=True)
class AuthResult:
    """What came of an authentication.

    Attributes:
        success: True if the client is who ``user_id`` says.
        user_id: the user; None if it failed.
        error_code: a stable code, as in `meeple.errors`; None if it succeeded.
        error_message: what to tell the client; None if it succeeded.
        name: the user's name; None if it failed.
        expires_at: when the token expires, in seconds since 1970; None: never, or it failed.
    """

    success: bool
    user_id: UUID | None = None
    error_code: str | None = None
    error_message: str | None = None
    name: str | None = None
    expires_at: int | None = None


class AuthHandler:
    """Authenticates connections, and tells presence of them.

    Args:
        token_verifier: says whose token it is; that of the configuration by default.
        conn_manager: presence; that of the configuration by default. The handler keeps its
            connections alive, and closes it, only if it is the default.
    """

    def __init__(
        self,
        token_verifier: TokenVerifier | None = None,
        conn_manager: ConnectionManager | None = None,
    ) -> None:
        self._token_verifier = token_verifier
        self._conn_manager = conn_manager
        self._opened: ConnectionManager | None = None
        self._renewing: asyncio.Task[None] | None = None

    async def authenticate_connection(self, sid: str, auth: Mapping[str, Any] | None) -> AuthResult:
        """Verify ``auth["token"]``, whatever a client may have sent as ``auth``; never raises.

        The result's ``error_code`` is ``invalid_token``, ``token_expired``, ``banned``,
        ``unavailable`` (it cannot be verified at the moment) or ``internal_error`` (the verifier
        failed; logged).
        """
        token = auth.get("token") if isinstance(auth, Mapping) else None
        if not isinstance(token, str) or not token:
            return _failure(InvalidToken("no token was sent: the auth is {token}"))
        try:
            return _success(await self._verify(token))
        except (InvalidToken, Banned, Unavailable) as error:
            log.info("authentication failed", sid=sid, code=error.code, cause=repr(error.__cause__))
            return _failure(error)
        except Exception:
            log.exception("the token verifier failed", sid=sid)
            return _failure(InternalError("the token could not be verified"))

    async def setup_authenticated_session(
        self,
        sio: SessionStore,
        sid: str,
        user_id: UUID,
        *,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Save the connection's session and register it with presence.

        Args:
            sio: the Socket.IO server.
            sid: the connection.
            user_id: whose it is; the session's ``user_id``, as a string.
            extra: what else the session should hold, such as the name.
        """
        session = {**(extra or {}), "user_id": str(user_id)}
        await sio.save_session(sid, session, namespace=NAMESPACE)
        await self._presence().register_connection(sid, user_id)

    async def cleanup_authenticated_session(self, sid: str) -> UUID | None:
        """Unregister the connection; returns whose it was, None if it is unknown."""
        return await self._presence().unregister_connection(sid)

    async def aclose(self) -> None:
        """Close what this handler opened by itself, and nothing that it was given."""
        if self._opened is not None and self._renewing is not None:
            opened, self._opened, self._conn_manager = self._opened, None, None
            self._renewing.cancel()
            try:
                with suppress(asyncio.CancelledError):
                    await self._renewing
            finally:
                await opened.aclose()

    async def _verify(self, token: str) -> UUID | Identity | None:
        if self._token_verifier is None:
            # Here and not above: the defaults come from the top of the house, which imports
            # this module; and nothing may be opened at import.
            from meeple import bootstrap

            self._token_verifier = bootstrap.default_token_verifier()
        verdict = self._token_verifier(token)
        return await verdict if inspect.isawaitable(verdict) else verdict

    def _presence(self) -> ConnectionManager:
        if self._conn_manager is None:
            from meeple import bootstrap  # here for the same reasons

            self._conn_manager = self._opened = bootstrap.default_connection_manager()
            # Nobody else knows of it, so nobody else keeps its connections from expiring.
            self._renewing = asyncio.create_task(self._opened.run())
        return self._conn_manager


def _success(verdict: object) -> AuthResult:
    if verdict is None:
        raise InvalidToken
    if isinstance(verdict, UUID):
        verdict = Identity(user_id=verdict, name=clean_name(None), expires_at=None)
    if not isinstance(verdict, Identity):
        raise TypeError(f"a token verifier gives a UUID, an Identity or None, not {verdict!r}")
    return AuthResult(
        success=True,
        user_id=verdict.user_id,
        name=verdict.name,
        expires_at=verdict.expires_at,
    )


def _failure(error: MeepleError) -> AuthResult:
    return AuthResult(success=False, error_code=error.code, error_message=error.message)
