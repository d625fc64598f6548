"""The public keys that tokens are verified with, each bound to its one algorithm.

A key comes as PEM from the settings, or in the set (JWKS) that an identity provider publishes. What
it may be used for is decided by its own kind, never by what a token says.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import jwt
import msgspec
import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from meeple.errors import ConfigurationError, Unavailable

log = structlog.get_logger(__name__)

#: The largest key set, in bytes.
MAX_JWKS = 512 * 1024
#: Smaller RSA keys are not safe any more.
MIN_RSA_BITS = 2048
#: What a public key may be used for; see `_algorithm_of`.
PUBLIC_ALGORITHMS = frozenset({"RS256", "ES256", "EdDSA"})


class Key(NamedTuple):
    """A key, and the one algorithm that it may be used with."""

    algorithm: str
    key: Any


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


def load_public_key(pem: str) -> Key:
    """The public key in ``pem``, bound to the algorithm that suits it.

    Raises:
        ConfigurationError: it is none, or of a kind that tokens are not taken from.
    """
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
