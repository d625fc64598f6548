"""Tokens: who a client is, said by a signed JWT.

Each algorithm is bound to its own kind of key: HS256 to the secret, RS256, ES256 and EdDSA to a
public key of that very kind. What a token's header says chooses among the keys that this server
was given and nothing more, so neither ``alg: none`` nor a public key used as a secret gets through.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import jwt
import msgspec
from jwt.algorithms import HMACAlgorithm

from meeple.engine.log import is_bot_user_id
from meeple.errors import ConfigurationError, InvalidToken, TokenExpired
from meeple.services.jwks import PUBLIC_ALGORITHMS, Key, KeySet, load_public_key
from meeple.services.names import clean_name

#: The shortest secret, in bytes: as long as the hash that it keys.
MIN_SECRET = 32
#: The longest token, in characters.
MAX_TOKEN = 8 * 1024
#: The latest time that a token may expire at, as JSON can carry it to JavaScript.
LATEST = 2**53 - 1

#: The claim of guests' tokens; those that ``meeple token`` or others sign do not have it.
GUEST = "meeple_guest"
#: The claim of admins' tokens: true. No guest's token has it.
ADMIN = "meeple_admin"

UUID_FORM = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Identity(msgspec.Struct, frozen=True):
    """Who a client is.

    Attributes:
        user_id: the user's id.
        name: what the others at the table read.
        expires_at: when the token expires, in seconds since 1970; None: never.
        admin: whether the token says that they run this server.
    """

    user_id: UUID
    name: str
    expires_at: int | None
    admin: bool = False


#: Says whose token it is, at once or later. None, or `InvalidToken` raised, refuses it.
TokenVerifier = Callable[[str], UUID | Identity | Awaitable[UUID | Identity | None] | None]


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

    def issue(
        self,
        user_id: UUID,
        name: str,
        ttl_seconds: int,
        *,
        guest: bool = False,
        admin: bool = False,
    ) -> tuple[str, int]:
        """A token for the user, and when it expires, in seconds since 1970.

        Args:
            user_id: whose it is.
            name: what others read.
            ttl_seconds: how long it is good for.
            guest: whether it can be renewed; such a token bears the claim `GUEST`.
            admin: whether it is an admin's; such a token bears the claim `ADMIN`.
        """
        now = int(time.time())
        expires_at = now + ttl_seconds
        claims = {"sub": str(user_id), "name": clean_name(name), "iat": now, "exp": expires_at}
        if guest:
            claims[GUEST] = True
        if admin:
            claims[ADMIN] = True
        return jwt.encode(self._claims | claims, self._secret, algorithm="HS256"), expires_at

    def is_guests(self, token: str) -> bool:
        """Whether a token, which a `JwtVerifier` has taken, is one of this server's guests'."""
        try:
            claims = jwt.decode(
                token, self._secret, algorithms=["HS256"], options={"verify_aud": False}
            )
        except jwt.PyJWTError:
            return False
        return claims.get(GUEST) is True


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
            key = load_public_key(public_key)
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


def _check_secret(secret: str) -> str:
    if len(secret.encode()) < MIN_SECRET:
        raise ConfigurationError(f"tokens: the secret must have at least {MIN_SECRET} bytes")
    try:
        HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret)
    except jwt.InvalidKeyError as error:
        raise ConfigurationError("tokens: the secret is a public or private key") from error
    return secret


def _identity(claims: dict[str, Any]) -> Identity:
    subject, issuer = claims["sub"], claims.get("iss", "")
    if not isinstance(issuer, str) or not subject:
        raise InvalidToken
    user_id = user_id_of(subject, issuer)
    if is_bot_user_id(user_id):
        raise InvalidToken("that user is a bot of the house's")
    return Identity(
        user_id=user_id,
        name=clean_name(claims.get("name")),
        expires_at=min(int(claims["exp"]), LATEST),
        admin=claims.get(ADMIN) is True and claims.get(GUEST) is not True,
    )
