"""The keys that tokens are made with and verified by, as the settings name them."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from meeple.config import Settings
from meeple.errors import ConfigurationError
from meeple.services.tokens import JwtVerifier, TokenIssuer, TokenVerifier


def token_verifier(settings: Settings) -> TokenVerifier:
    """Verifies tokens by the keys of the settings; by the server's own secret if they name none."""
    public_key = settings.public_key
    if public_key and not public_key.lstrip().startswith("-----BEGIN"):
        try:
            public_key = Path(public_key).expanduser().read_text()
        except OSError as error:
            raise ConfigurationError(f"public_key: {error}") from error
    return JwtVerifier(
        secret=_secret(settings),
        public_key=public_key or None,
        jwks_url=settings.jwks_url or None,
        audience=settings.audience or None,
        issuer=settings.issuer or None,
    )


def token_issuer(settings: Settings) -> TokenIssuer | None:
    """Makes tokens with the server's secret; None if tokens come from elsewhere."""
    secret = _secret(settings)
    if secret is None:
        return None
    return TokenIssuer(secret, audience=settings.audience or None, issuer=settings.issuer or None)


def _secret(settings: Settings) -> str | None:
    """The HS256 secret: the one that is set, or the server's own, made when first needed.

    None if the settings name another key and no secret.
    """
    if settings.secret or settings.public_key or settings.jwks_url:
        return settings.secret or None
    path = settings.data_folder / "secret"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):
            # Written beside and linked into place: whoever reads it, reads a whole one.
            draft = path.with_name(f"secret.{secrets.token_hex(4)}")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(48))
            try:
                os.link(draft, path)
            finally:
                draft.unlink()
        return path.read_text().strip()
    except OSError as error:
        raise ConfigurationError(f"the secret cannot be kept in {path}: {error}") from error
