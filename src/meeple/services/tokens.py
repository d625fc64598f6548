"""Tokens: who a client is, said by a signed JWT.

Each algorithm is bound to its own kind of key: HS256 to the secret, RS256, ES256 and EdDSA to a
public key of that very kind. What a token's header says chooses among the keys that this server
was given and nothing more, so neither ``alg: none`` nor a public key used as a secret gets through.
"""

from __future__ import annotations

import asyncio
import time
import unicodedata
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

import jwt
import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from meeple.errors import ConfigurationError, InvalidToken, TokenExpired, Unavailable

log = structlog.get_logger(__name__)

#: The shortest secret, in bytes: as long as the hash that it keys.
MIN_SECRET = 32
#: The longest token, in characters.
MAX_TOKEN = 8 * 1024
#: The longest name, in characters.
MAX_NAME = 32
#: The largest key set, in bytes.
MAX_JWKS = 512 * 1024
#: Smaller RSA keys are not safe any more.
MIN_RSA_BITS = 2048

DEFAULT_NAME = "Player"


class Identity(msgspec.Struct, frozen=True):
    """Who a client is.

    Attributes:
        user_id: the user's id.
        name: what the others at the table read.
        expires_at: when the token expires, in seconds since 1970; None: never.
    """

    user_id: UUID
    name: str
    expires_at: int | None


#: Says whose token it is, at once or later. None, or `InvalidToken` raised, refuses it.
TokenVerifier = Callable[[str], UUID | Identity | None | Awaitable[UUID | Identity | None]]


def clean_name(name: object) -> str:
    """A name as others may see it: no control or formatting characters, at most `MAX_NAME`.

    Anything that is not a string, or has nothing to show, becomes `DEFAULT_NAME`.
    """
    if not isinstance(name, str):
        return DEFAULT_NAME
    # Cc, Cf (which could reverse the text around it), Cs (which no encoder takes), Co, Cn.
    shown = (c for c in name if unicodedata.category(c)[0] != "C" and c not in "\u2028\u2029")
    return "".join(shown).strip()[:MAX_NAME].strip() or DEFAULT_NAME


def user_id_of(subject: str, issuer: str = "") -> UUID:
    """The user id that a token's ``sub`` stands for.

    A UUID in its usual form is taken as it is. Any other string, of whatever identity provider,
    is mapped to a UUID of version 5: of ``sub``, in the namespace that is the UUID of version 5
    of ``iss`` (empty if there is none) in the URL namespace.
    """
    try:
        user_id = UUID(subject)
    except ValueError:
        user_id = None
    if user_id is not None and str(user_id) == subject.lower():
        return user_id
    return uuid5(uuid5(NAMESPACE_URL, issuer), subject)


class TokenIssuer:
    """Signs tokens with HS256: those of guests, and those of ``meeple token``.

    Args:
        secret: at least 32 bytes; shared with the `JwtVerifier`.
        audience: the ``aud`` claim, if any.
        issuer: the ``iss`` claim, if any.

    Raises:
        ConfigurationError: the secret is too short.
    """

    def __init__(
        self, secret: str, audience: str | None = None, issuer: str | None = None
    ) -> None:
        self._secret = _check_secret(secret)
        claims = {"aud": audience, "iss": issuer}
        self._claims = {claim: value for claim, value in claims.items() if value is not None}

    def issue(self, user_id: UUID, name: str, ttl_seconds: int) -> tuple[str, int]:
        """A token for the user, and when it expires, in seconds since 1970."""
        now = int(time.time())
        expires_at = now + ttl_seconds
        claims = {"sub": str(user_id), "name": clean_name(name), "iat": now, "exp": expires_at}
        return jwt.encode(self._claims | claims, self._secret, algorithm="HS256"), expires_at


class JwtVerifier:
    """Verifies JWTs; a `TokenVerifier`.

    Args:
        secret: takes tokens signed with HS256; at least 32 bytes.
        public_key: takes RS256, ES256 or EdDSA, whichever suits it; PEM.
        jwks_url: where the public keys are published (http or https), instead of ``public_key``.
        audience: what ``aud`` must be, or contain; None: anything goes.
        issuer: what ``iss`` must be; None: anything goes.
        leeway: seconds by which the issuer's clock may be off.

    Raises:
        ConfigurationError: no key at all, both kinds of public keys, or one that cannot be used.
    """

    def __init__(
        self,
        secret: str | None = None,
        public_key: str | None = None,
        jwks_url: str | None = None,
        audience: str | None = None,
        issuer: str | None = None,
        leeway: float = 0,
    ) -> None:
        if secret is None and public_key is None and jwks_url is None:
            raise ConfigurationError("tokens: give a secret, a public key or a JWKS URL")
        if public_key is not None and jwks_url is not None:
            raise ConfigurationError("tokens: give a public key or a JWKS URL, not both")
        #: algorithm -> the one key that it is verified with
        self._keys: dict[str, Any] = {}
        if secret is not None:
            self._keys["HS256"] = _check_secret(secret)
        if public_key is not None:
            algorithm, key = _load_public_key(public_key)
            self._keys[algorithm] = key
        self._jwks = KeySet(jwks_url) if jwks_url is not None else None
        self._audience = audience
        self._issuer = issuer
        self._leeway = leeway

    async def __call__(self, token: str) -> Identity:
        """Whose token it is.

        The user's id is made of ``sub`` as `user_id_of` says; the name is the claim ``name``.

        Raises:
            TokenExpired: it was good once.
            InvalidToken: it never was, or is not yet.
            Unavailable: the key set cannot be fetched at the moment.
        """
        if len(token) > MAX_TOKEN or not token.isascii():
            raise InvalidToken
        try:
            header = jwt.get_unverified_header(token)
            algorithm, key = await self._key_for(header.get("alg"), header.get("kid"))
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._audience,
                issuer=self._issuer,
                leeway=self._leeway,
                options={"require": ["exp", "sub"], "verify_aud": self._audience is not None},
            )
        except jwt.ExpiredSignatureError as error:
            raise TokenExpired from error
        except (jwt.PyJWTError, ValueError) as error:
            raise InvalidToken from error
        return _identity(claims)

    async def _key_for(self, algorithm: object, kid: object) -> tuple[str, Any]:
        if isinstance(algorithm, str) and algorithm in self._keys:
            return algorithm, self._keys[algorithm]
        if self._jwks is None or algorithm not in PUBLIC_ALGORITHMS:
            raise InvalidToken
        key = await self._jwks.find(kid if isinstance(kid, str) else None)
        if key is None or key.algorithm_name != algorithm:
            raise InvalidToken
        return key.algorithm_name, key.key


class KeySet:
    """The public keys that an identity provider publishes (JWKS).

    They are fetched when first needed, again when they have grown old, and when a token names a
    key that is not among them; but never more often than every ``min_interval``, whatever
    strangers send, and only once for all who wait. While the provider cannot be reached, the
    keys that it gave last stay in use.

    Args:
        url: http or https.
        timeout: seconds that one fetch may take.
        min_interval: seconds between the starts of two fetches, at least.
        max_age: seconds after which the keys are fetched again.
        monotonic: seconds of a clock that never runs backwards.

    Raises:
        ConfigurationError: the URL is not one.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float = 5.0,
        min_interval: float = 10.0,
        max_age: float = 600.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
            raise ConfigurationError("tokens: the JWKS URL must begin with http:// or https://")
        self._url = url
        self._timeout = timeout
        self._min_interval = min_interval
        self._max_age = max_age
        self._monotonic = monotonic
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._tried_at: float | None = None
        self._fetched_at: float | None = None
        self._failed = False
        self._fetching = asyncio.Lock()

    async def find(self, kid: str | None) -> jwt.PyJWK | None:
        """The key of that id; without an id, the only key there is. None: there is none.

        Raises:
            Unavailable: it is not known, and the last fetch failed.
        """
        key = self._known(kid)
        if (key is None or self._is_old()) and self._may_try():
            async with self._fetching:
                if self._may_try():
                    await self._refresh()
            key = self._known(kid)
        if key is None and self._failed:
            raise Unavailable("the keys that tokens are signed with cannot be fetched")
        return key

    def _known(self, kid: str | None) -> jwt.PyJWK | None:
        if kid is not None:
            return self._keys.get(kid)
        return next(iter(self._keys.values())) if len(self._keys) == 1 else None

    def _is_old(self) -> bool:
        now = self._monotonic()
        return self._fetched_at is None or now - self._fetched_at > self._max_age

    def _may_try(self) -> bool:
        now = self._monotonic()
        return self._tried_at is None or now - self._tried_at >= self._min_interval

    async def _refresh(self) -> None:
        # Imported here since it takes long, and few servers have their keys elsewhere.
        from aiohttp import ClientError, ClientSession, ClientTimeout

        self._tried_at = self._monotonic()
        self._failed = True  # also if this is cancelled
        try:
            async with (
                ClientSession(timeout=ClientTimeout(total=self._timeout)) as session,
                session.get(self._url, raise_for_status=True) as response,
            ):
                body = await response.content.readexactly(MAX_JWKS + 1)
                raise ValueError(f"more than {MAX_JWKS} bytes")
        except asyncio.IncompleteReadError as end:
            body = end.partial
        except (ClientError, OSError, TimeoutError, ValueError) as error:
            log.warning("JWKS cannot be fetched", url=self._url, error=repr(error))
            return
        try:
            self._keys = _parse_jwks(body)
        except (jwt.PyJWTError, ValueError) as error:
            log.warning("JWKS cannot be read", url=self._url, error=repr(error))
            return
        self._failed = False
        self._fetched_at = self._tried_at
