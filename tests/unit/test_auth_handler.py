"""The `AuthHandler`: it takes what it needs through its constructor, so nothing is patched."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, MagicMock
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from meeple.errors import InvalidToken, TokenExpired, Unavailable
from meeple.services.tokens import Identity, TokenVerifier
from meeple.socketio.auth import AuthHandler, AuthResult

USER = uuid4()


def handler_for(verifier: Any) -> AuthHandler:
    return AuthHandler(token_verifier=verifier, conn_manager=AsyncMock())


def raising(error: Exception) -> MagicMock:
    return MagicMock(side_effect=error)


# --- authenticate -----------------------------------------------------------------------------


async def test_the_verifier_is_asked_once_with_the_token_alone() -> None:
    verifier = MagicMock(return_value=USER)
    result = await handler_for(verifier).authenticate_connection("sid", {"token": "valid"})
    verifier.assert_called_once_with("valid")
    assert result.success
    assert result.user_id == USER
    assert result.error_code is None
    assert result.error_message is None


async def test_a_lambda_is_a_verifier() -> None:
    result = await handler_for(lambda token: USER).authenticate_connection("s", {"token": "t"})
    assert result == AuthResult(success=True, user_id=USER, name="Player")


async def _later(token: str) -> Identity:
    await asyncio.sleep(0)
    return Identity(user_id=USER, name=token, expires_at=17)


@pytest.mark.parametrize(
    "verifier",
    [
        lambda token: Identity(user_id=USER, name=token, expires_at=17),
        _later,
        AsyncMock(return_value=Identity(user_id=USER, name="Alice", expires_at=17)),
    ],
    ids=["sync", "async", "AsyncMock"],
)
async def test_a_verifier_may_say_more_and_take_its_time(verifier: TokenVerifier) -> None:
    result = await handler_for(verifier).authenticate_connection("sid", {"token": "Alice"})
    assert result == AuthResult(success=True, user_id=USER, name="Alice", expires_at=17)


@pytest.mark.parametrize(
    "auth",
    [None, {}, {"token": None}, {"token": ""}, {"token": 5}, {"token": ["t"]}, "token", ["t"], 5],
)
async def test_an_auth_without_a_token_is_refused_unasked(auth: Any) -> None:
    verifier = MagicMock(return_value=USER)
    result = await handler_for(verifier).authenticate_connection("sid", auth)
    verifier.assert_not_called()
    assert (result.success, result.user_id, result.error_code) == (False, None, "invalid_token")
    assert result.error_message


@pytest.mark.parametrize(
    ("verifier", "code"),
    [
        (lambda token: None, "invalid_token"),
        (AsyncMock(return_value=None), "invalid_token"),
        (raising(InvalidToken()), "invalid_token"),
        (raising(TokenExpired()), "token_expired"),
        (AsyncMock(side_effect=TokenExpired()), "token_expired"),
        (raising(Unavailable()), "unavailable"),
    ],
    ids=["None", "later None", "invalid", "expired", "later expired", "unavailable"],
)
async def test_a_refused_token_gets_its_code(verifier: TokenVerifier, code: str) -> None:
    result = await handler_for(verifier).authenticate_connection("sid", {"token": "t"})
    assert (result.success, result.user_id, result.error_code) == (False, None, code)
    assert result.error_message


@pytest.mark.parametrize(
    "verifier",
    [
        raising(RuntimeError("the secret is swordfish")),
        AsyncMock(side_effect=RuntimeError("the secret is swordfish")),
        MagicMock(),
        lambda token: str(USER),
        lambda token: True,
    ],
    ids=["raises", "raises later", "a bare MagicMock", "a string", "True"],
)
async def test_a_verifier_that_fails_is_logged_and_tells_the_client_nothing(
    verifier: TokenVerifier,
) -> None:
    with capture_logs() as logs:
        result = await handler_for(verifier).authenticate_connection("sid", {"token": "t"})
    assert (result.success, result.user_id, result.error_code) == (False, None, "internal_error")
    assert "swordfish" not in str(result)
    [entry] = logs
    assert entry["log_level"] == "error"
    assert entry["exc_info"]


async def test_a_token_is_not_logged() -> None:
    with capture_logs() as logs:
        await handler_for(raising(InvalidToken())).authenticate_connection(
            "sid", {"token": "swordfish"}
        )
    assert logs
    assert "swordfish" not in str(logs)


# --- the session ------------------------------------------------------------------------------


async def test_a_session_is_saved_and_then_registered() -> None:
    order = MagicMock()
    sio, presence = AsyncMock(), AsyncMock()
    order.attach_mock(sio.save_session, "save")
    order.attach_mock(presence.register_connection, "register")
    await AuthHandler(MagicMock(), presence).setup_authenticated_session(sio, "sid", USER)
    sio.save_session.assert_awaited_once_with("sid", {"user_id": str(USER)}, namespace="/game")
    presence.register_connection.assert_awaited_once_with("sid", USER)
    assert [call[0] for call in order.mock_calls] == ["save", "register"]


async def test_a_session_may_hold_more_but_never_another_user() -> None:
    sio = AsyncMock()
    await handler_for(None).setup_authenticated_session(
        sio, "sid", USER, extra={"name": "Alice", "user_id": "mallory"}
    )
    session = {"user_id": str(USER), "name": "Alice"}
    sio.save_session.assert_awaited_once_with("sid", session, namespace="/game")


@pytest.mark.parametrize("user_id", [USER, None])
async def test_a_cleanup_unregisters_and_says_whose_it_was(user_id: UUID | None) -> None:
    presence = AsyncMock()
    presence.unregister_connection.return_value = user_id
    handler = AuthHandler(conn_manager=presence)
    assert await handler.cleanup_authenticated_session("sid") == user_id
    presence.unregister_connection.assert_awaited_once_with("sid")


async def test_what_a_handler_was_given_it_does_not_close() -> None:
    presence = AsyncMock()
    handler = AuthHandler(lambda token: USER, presence)
    await handler.cleanup_authenticated_session("sid")
    await handler.aclose()
    presence.aclose.assert_not_awaited()


# --- the defaults -----------------------------------------------------------------------------

ALONE = """
import asyncio, pathlib, sys
from uuid import UUID
from unittest.mock import AsyncMock
from meeple.services.tokens import TokenIssuer
from meeple.socketio.auth import AuthHandler

USER = UUID(int=7)

async def main(folder, secret):
    token, expires_at = TokenIssuer(secret).issue(USER, "Alice", 60)
    handler = AuthHandler()
    assert "meeple.bootstrap" not in sys.modules
    assert list(folder.iterdir()) == [], "something was opened before it was needed"

    good = await handler.authenticate_connection("sid", {"token": token})
    assert (good.success, good.user_id, good.name, good.expires_at) == (
        True, USER, "Alice", expires_at), good
    bad = await handler.authenticate_connection("sid", {"token": token + "x"})
    assert (bad.success, bad.error_code) == (False, "invalid_token"), bad

    await handler.setup_authenticated_session(AsyncMock(), "sid", USER)
    assert await handler.cleanup_authenticated_session("sid") == USER
    assert await handler.cleanup_authenticated_session("sid") is None
    await handler.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}, "something goes on after it was closed"
    print("alone and well")

asyncio.run(main(pathlib.Path(sys.argv[1]), sys.argv[2]))
"""


@pytest.mark.process
async def test_without_arguments_it_works_by_the_configuration(tmp_path: Path) -> None:
    secret = "a secret of thirty-two bytes, or more"
    data = tmp_path / "data"
    data.mkdir()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", ALONE, str(data), secret),
        env={**os.environ, "MEEPLE_DATA": str(data), "MEEPLE_SECRET": secret},
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    assert b"alone and well" in output
