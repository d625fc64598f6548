"""Tokens: who a client is, said by a signed JWT.

Each algorithm is bound to its own kind of key: HS256 to the secret, RS256, ES256 and EdDSA to a
public key of that very kind. What a token's header says chooses among the keys that this server
was given and nothing more, so neither ``alg: none`` nor a public key used as a secret gets through.
"""

from __future__ import annotations

import asyncio
import re
import time
import unicodedata
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

import jwt
import msgspec
import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import HMACAlgorithm

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
#: The latest time that a token may expire at, as JSON can carry it to JavaScript.
LATEST = 2**53 - 1
#: Smaller RSA keys are not safe any more.
MIN_RSA_BITS = 2048

#: What a public key may be used for; see `_algorithm_of`.
PUBLIC_ALGORITHMS = frozenset({"RS256", "ES256", "EdDSA"})

DEFAULT_NAME = "Player"

UUID_FORM = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


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


class Key(NamedTuple):
    """A key, and the one algorithm that it may be used with."""

    algorithm: str
    key: Any


#: Says whose token it is, at once or later. None, or `InvalidToken` raised, refuses it.
TokenVerifier = Callable[[str], UUID | Identity | Awaitable[UUID | Identity | None] | None]


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
    if UUID_FORM.fullmatch(subject):
        return UUID(subject)
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

    def __init__(self, secret: str, audience: str | None = None, issuer: str | None = None) -> None:
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
            key = _load_public_key(public_key)
            self._keys[key.algorithm] = key.key
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
        if len(token) > MAX_TOKEN:
            raise InvalidToken
        try:
            header = jwt.get_unverified_header(token)
            key = await self._key_for(header.get("alg"), header.get("kid"))
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],
                audience=self._audience,
                issuer=self._issuer,
                leeway=self._leeway,
                options={"require": ["exp", "sub"], "verify_aud": self._audience is not None},
            )
            return _identity(claims)
        except jwt.ExpiredSignatureError as error:
            raise TokenExpired from error
        except (jwt.PyJWTError, ValueError) as error:
            raise InvalidToken from error

    async def _key_for(self, algorithm: object, kid: object) -> Key:
        if isinstance(algorithm, str):
            if algorithm in self._keys:
                return Key(algorithm, self._keys[algorithm])
            if self._jwks is not None and algorithm in PUBLIC_ALGORITHMS:
                key = await self._jwks.find(kid if isinstance(kid, str) else None)
                if key is not None and key.algorithm == algorithm:
                    return key
        raise InvalidToken


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
        self._keys: dict[str | None, Key] = {}
        self._tried_at: float | None = None
        self._fetched_at: float | None = None
        self._failed = False
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, kid: str | None) -> Key | None:
        """The key of that id; without an id, the only key there is. None: there is none.

        Raises:
            Unavailable: it is not known, and the last fetch failed.
        """
        key = self._known(kid)
        if key is None or self._is_old():
            now = self._monotonic()
            if self._fetching is None and (
                self._tried_at is None or now - self._tried_at >= self._min_interval
            ):
                self._tried_at = now
                self._fetching = asyncio.create_task(self._refresh())
            if self._fetching is not None:
                # Shielded: who hangs up must not end the fetch that others wait for.
                await asyncio.shield(self._fetching)
            key = self._known(kid)
        if key is None and self._failed:
            raise Unavailable("the keys that tokens are signed with cannot be fetched")
        return key

    def _known(self, kid: str | None) -> Key | None:
        if kid is not None:
            return self._keys.get(kid)
        return next(iter(self._keys.values())) if len(self._keys) == 1 else None

    def _is_old(self) -> bool:
        return self._fetched_at is None or self._monotonic() - self._fetched_at > self._max_age

    async def _refresh(self) -> None:
        # Imported here since it takes long, and few servers have their keys elsewhere.
        from aiohttp import ClientError

        self._failed = True
        try:
            self._keys = _parse_jwks(await self._fetch())
            self._fetched_at = self._monotonic()
            self._failed = False
        except (ClientError, OSError, TimeoutError, ValueError) as error:
            log.warning("the JWKS cannot be fetched", url=self._url, error=repr(error))
        finally:
            self._fetching = None

    async def _fetch(self) -> bytes:
        from aiohttp import ClientSession, ClientTimeout

        async with (
            ClientSession(timeout=ClientTimeout(total=self._timeout)) as session,
            session.get(self._url, raise_for_status=True) as response,
        ):
            try:
                await response.content.readexactly(MAX_JWKS + 1)
            except asyncio.IncompleteReadError as whole:
                return whole.partial
            raise ValueError(f"it is larger than {MAX_JWKS} bytes")


def _check_secret(secret: str) -> str:
    if len(secret.encode()) < MIN_SECRET:
        raise ConfigurationError(f"tokens: the secret must have at least {MIN_SECRET} bytes")
    try:
        HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret)
    except jwt.InvalidKeyError as error:
        raise ConfigurationError("tokens: the secret is a public or private key") from error
    return secret


def _load_public_key(pem: str) -> Key:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigurationError("tokens: the public key is not a public key in PEM") from error
    algorithm = _algorithm_of(key)
    if algorithm is None:
        raise ConfigurationError(
            "tokens: the public key must be RSA (2048 bits or more), EC (P-256) or Ed25519"
        )
    return Key(algorithm, key)


def _algorithm_of(key: object) -> str | None:
    """The one algorithm that a public key is for; None if there is none, or it is not public."""
    if isinstance(key, RSAPublicKey) and key.key_size >= MIN_RSA_BITS:
        return "RS256"
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return "ES256"
    return "EdDSA" if isinstance(key, Ed25519PublicKey) else None


def _parse_jwks(body: bytes) -> dict[str | None, Key]:
    """The keys of the set that can be used here; raises ValueError if it is not a key set."""
    keys: dict[str | None, Key] = {}
    for item in msgspec.json.decode(body, type=_Jwks).keys:
        fields = {name: value for name, value in item.items() if isinstance(value, str)}
        try:
            key = jwt.PyJWK(fields).key
        except jwt.PyJWTError:
            continue  # of a kind that we do not know: sets may hold any
        algorithm = _algorithm_of(key)
        is_for_us = fields.get("use", "sig") == "sig" and fields.get("alg", algorithm) == algorithm
        if algorithm is not None and is_for_us:
            keys[fields.get("kid")] = Key(algorithm, key)
    return keys


class _Jwks(msgspec.Struct):
    keys: list[dict[str, Any]]


def _identity(claims: dict[str, Any]) -> Identity:
    subject, issuer = claims["sub"], claims.get("iss", "")
    if not isinstance(issuer, str) or not subject:
        raise InvalidToken
    return Identity(
        user_id=user_id_of(subject, issuer),
        name=clean_name(claims.get("name")),
        expires_at=min(int(claims["exp"]), LATEST),
    )
