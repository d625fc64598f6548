"""Tokens: good ones say who it is, bad ones are refused, whatever is bad about them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from meeple.errors import ConfigurationError, InvalidToken, TokenExpired, Unavailable
from meeple.services.jwks import MAX_JWKS, KeySet
from meeple.services.names import clean_name
from meeple.services.tokens import (
    MAX_TOKEN,
    Identity,
    JwtVerifier,
    TokenIssuer,
    user_id_of,
)

SECRET = "a secret of thirty-two bytes, or more"
ALICE = uuid4()

RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
KEYS: dict[str, Any] = {"RS256": RSA, "ES256": EC, "EdDSA": ED}
TO_JWK: dict[str, Any] = {"RS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}


def pem_of(key: Any) -> str:
    pem: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem.decode()


def jwk_of(algorithm: str, kid: str, key: Any = None, **fields: str) -> dict[str, Any]:
    public = (key or KEYS[algorithm]).public_key()
    return {**TO_JWK[algorithm].to_jwk(public, as_dict=True), "kid": kid, **fields}


def claims(**changes: Any) -> dict[str, Any]:
    """Good claims, but for the changes; None leaves one out."""
    good = {"sub": str(ALICE), "name": "Alice", "exp": int(time.time()) + 3600}
    return {claim: value for claim, value in (good | changes).items() if value is not None}


def sign(
    key: Any = SECRET, algorithm: str = "HS256", kid: str | None = None, **changes: Any
) -> str:
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers=headers)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign_raw(header: bytes, payload: bytes, key: bytes = SECRET.encode()) -> str:
    """What no library would sign."""
    signed = f"{b64(header)}.{b64(payload)}"
    return f"{signed}.{b64(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"


HS256_HEADER = b'{"alg":"HS256","typ":"JWT"}'


# --- good tokens ------------------------------------------------------------------------------


async def test_a_good_token_says_who_it_is_and_until_when() -> None:
    exp = int(time.time()) + 60
    identity = await JwtVerifier(SECRET)(sign(exp=exp))
    assert identity == Identity(user_id=ALICE, name="Alice", expires_at=exp)


@pytest.mark.parametrize("algorithm", KEYS)
async def test_each_kind_of_public_key_verifies_its_own_algorithm(algorithm: str) -> None:
    verify = JwtVerifier(public_key=pem_of(KEYS[algorithm]))
    assert (await verify(sign(KEYS[algorithm], algorithm))).user_id == ALICE


async def test_what_the_issuer_signs_the_verifier_takes() -> None:
    issuer = TokenIssuer(SECRET, "meeple", "https://meeple.example")
    token, expires_at = issuer.issue(ALICE, " Alice ", 60)
    verify = JwtVerifier(SECRET, audience="meeple", issuer="https://meeple.example")
    assert await verify(token) == Identity(user_id=ALICE, name="Alice", expires_at=expires_at)
    assert 55 < expires_at - time.time() <= 60


async def test_only_the_claim_makes_an_admin_and_a_guest_is_none() -> None:
    verify, issuer = JwtVerifier(SECRET), TokenIssuer(SECRET)
    assert (await verify(issuer.issue(ALICE, "Alice", 60, admin=True)[0])).admin is True
    assert (await verify(sign(meeple_admin=True))).admin is True
    for token in (
        issuer.issue(ALICE, "Alice", 60)[0],
        issuer.issue(ALICE, "Alice", 60, guest=True, admin=True)[0],
        *(sign(meeple_admin=claim) for claim in (False, 1, "true", [True], {"a": 1})),
    ):
        assert (await verify(token)).admin is False


async def test_a_secret_and_a_public_key_can_be_trusted_side_by_side() -> None:
    verify = JwtVerifier(SECRET, pem_of(RSA))
    assert (await verify(sign())).user_id == ALICE
    assert (await verify(sign(RSA, "RS256"))).user_id == ALICE


async def test_one_of_several_audiences_is_enough() -> None:
    verify = JwtVerifier(SECRET, audience="meeple")
    assert (await verify(sign(aud=["other", "meeple"]))).user_id == ALICE


async def test_an_audience_that_nobody_asked_for_does_no_harm() -> None:
    assert (await JwtVerifier(SECRET)(sign(aud="other", iss="who"))).user_id == ALICE


async def test_leeway_forgives_a_clock_that_is_off() -> None:
    now = int(time.time())
    verify = JwtVerifier(SECRET, leeway=30)
    assert (await verify(sign(exp=now - 10))).expires_at == now - 10
    assert (await verify(sign(nbf=now + 10))).user_id == ALICE


async def test_an_expiry_beyond_all_reason_is_cut_to_what_json_can_carry() -> None:
    assert (await JwtVerifier(SECRET)(sign(exp=10**30))).expires_at == 2**53 - 1


# --- who it is --------------------------------------------------------------------------------


async def test_a_subject_that_is_no_uuid_is_mapped_by_issuer_and_subject() -> None:
    verify = JwtVerifier(SECRET)
    here = (await verify(sign(sub="auth0|17", iss="https://a.example"))).user_id
    again = (await verify(sign(sub="auth0|17", iss="https://a.example", name="X"))).user_id
    there = (await verify(sign(sub="auth0|17", iss="https://b.example"))).user_id
    other = (await verify(sign(sub="auth0|18", iss="https://a.example"))).user_id
    assert here == uuid5(uuid5(NAMESPACE_URL, "https://a.example"), "auth0|17")
    assert here == again
    assert len({here, there, other}) == 3


def test_only_the_usual_form_of_a_uuid_is_taken_as_it_is() -> None:
    assert user_id_of(str(ALICE)) == ALICE
    assert user_id_of(str(ALICE).upper()) == ALICE
    for form in (ALICE.hex, f"{{{ALICE}}}", ALICE.urn, f"{ALICE}\n"):
        assert user_id_of(form) == uuid5(uuid5(NAMESPACE_URL, ""), form)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Alice", "Alice"),
        ("  Ann  Lee\t", "Ann Lee"),
        ("a\x00b\nc\x7fd\x85e", "abcde"),
        ("\u202eecilA\u2066", "ecilA"),
        ("a\u2028b\u2029c", "abc"),
        ("\ud800x", "x"),
        ("Łukasz 王", "Łukasz 王"),
        ("x" * 31 + " y", "x" * 31),
        ("x" * 33, "x" * 32),
        ("", "Player"),
        (" \n\u200b ", "Player"),
        (None, "Player"),
        (17, "Player"),
    ],
)
def test_names_are_fit_to_be_shown(name: object, shown: str) -> None:
    assert clean_name(name) == shown


async def test_a_token_without_a_name_is_a_players() -> None:
    assert (await JwtVerifier(SECRET)(sign(name=None))).name == "Player"


# --- bad tokens -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("rubbish", id="rubbish"),
        pytest.param("a.b.c", id="three rubbish parts"),
        pytest.param("....", id="dots"),
        pytest.param("é" * 10, id="not ASCII"),
        pytest.param("\ud800.a.b", id="a lone surrogate"),
        pytest.param(f"{b64(b'[' * 6000)}.e30.x", id="a header nested too deeply"),
        pytest.param(f"{b64(b'null')}.e30.x", id="a header that is null"),
        pytest.param(sign_raw(b'{"alg":["HS256"]}', b"{}"), id="a list of algorithms"),
        pytest.param(sign_raw(b'{"typ":"JWT"}', b"{}"), id="no algorithm"),
        pytest.param(sign_raw(b'{"alg":"HS256","kid":5}', b"{}"), id="a kid that is a number"),
        pytest.param(sign_raw(b'{"alg":"HS256","crit":["x"],"x":1}', b"{}"), id="crit"),
        pytest.param(sign_raw(HS256_HEADER, b"rubbish"), id="signed rubbish"),
        pytest.param(sign_raw(HS256_HEADER, b"[]"), id="a signed list"),
        pytest.param(sign_raw(HS256_HEADER, b'{"sub":"a","exp":1e400}'), id="exp is infinite"),
        pytest.param(sign_raw(HS256_HEADER, b'{"sub":"a","exp":"soon"}'), id="exp is a word"),
        pytest.param(sign_raw(HS256_HEADER, b'{"sub":"\\ud800","exp":9e9}'), id="sub, surrogate"),
        pytest.param(sign(exp=None), id="no exp"),
        pytest.param(sign(sub=None), id="no sub"),
        pytest.param(sign(sub=""), id="an empty sub"),
        pytest.param(sign_raw(HS256_HEADER, b'{"sub":5,"exp":9e9}'), id="a sub that is a number"),
        pytest.param(sign_raw(HS256_HEADER, b'{"sub":"a","iss":5,"exp":9e9}'), id="iss, a number"),
        pytest.param(sign(nbf=int(time.time()) + 600), id="not yet valid"),
        pytest.param(sign(iat=int(time.time()) + 600), id="issued in the future"),
        pytest.param(sign(SECRET[::-1]), id="another secret"),
        pytest.param(sign(SECRET[::-1], exp=1), id="another secret, and expired"),
        pytest.param(sign(SECRET * 2, "HS512"), id="another algorithm with a secret"),
        pytest.param(sign(RSA, "RS256"), id="a key that nobody trusts"),
    ],
)
async def test_a_bad_token_is_invalid(token: str) -> None:
    with pytest.raises(InvalidToken) as caught:
        await JwtVerifier(SECRET)(token)
    assert caught.value.code == "invalid_token"


async def test_hs512_with_the_right_secret_is_refused() -> None:
    secret = SECRET * 2
    with pytest.raises(InvalidToken):
        await JwtVerifier(secret)(sign(secret, "HS512"))
    assert (await JwtVerifier(secret)(sign(secret))).user_id == ALICE


async def test_a_token_that_was_good_once_has_expired() -> None:
    with pytest.raises(TokenExpired) as caught:
        await JwtVerifier(SECRET)(sign(exp=int(time.time()) - 1))
    assert caught.value.code == "token_expired"


@pytest.mark.parametrize("changes", [{}, {"aud": "other"}, {"aud": []}, {"aud": 5}])
async def test_a_wrong_audience_is_refused(changes: dict[str, Any]) -> None:
    token = sign_raw(HS256_HEADER, json.dumps(claims(**changes)).encode())
    with pytest.raises(InvalidToken):
        await JwtVerifier(SECRET, audience="meeple")(token)


@pytest.mark.parametrize("changes", [{}, {"iss": "other"}, {"iss": ["me"]}, {"iss": "me "}])
async def test_a_wrong_issuer_is_refused(changes: dict[str, Any]) -> None:
    token = sign_raw(HS256_HEADER, json.dumps(claims(**changes)).encode())
    with pytest.raises(InvalidToken):
        await JwtVerifier(SECRET, issuer="me")(token)


@pytest.mark.parametrize("none", ["none", "None", "NONE", ""])
@pytest.mark.parametrize("signature", ["", "AAAA"])
async def test_a_token_without_a_signature_is_refused(none: str, signature: str) -> None:
    header, payload = json.dumps({"alg": none}).encode(), json.dumps(claims()).encode()
    for verify in (JwtVerifier(SECRET), JwtVerifier(public_key=pem_of(RSA))):
        with pytest.raises(InvalidToken):
            await verify(f"{b64(header)}.{b64(payload)}.{signature}")


@pytest.mark.parametrize("algorithm", KEYS)
async def test_a_public_key_is_no_secret(algorithm: str) -> None:
    pem = pem_of(KEYS[algorithm])
    token = sign_raw(HS256_HEADER, json.dumps(claims()).encode(), pem.encode())
    for verify in (JwtVerifier(public_key=pem), JwtVerifier(SECRET, pem)):
        with pytest.raises(InvalidToken):
            await verify(token)


@pytest.mark.parametrize("algorithm", ["PS256", "RS384", "RS512"])
async def test_a_public_key_is_bound_to_one_algorithm(algorithm: str) -> None:
    with pytest.raises(InvalidToken):
        await JwtVerifier(public_key=pem_of(RSA))(sign(RSA, algorithm))


async def test_a_key_of_another_kind_is_refused() -> None:
    with pytest.raises(InvalidToken):
        await JwtVerifier(public_key=pem_of(RSA))(sign(EC, "ES256"))


@pytest.mark.parametrize("part", [0, 1, 2])
async def test_a_token_that_was_tampered_with_is_refused(part: int) -> None:
    parts = sign().split(".")
    good = base64.urlsafe_b64decode(parts[part] + "==")
    forged = [good[:-2] + b"x" + good[-1:], good.replace(b"Alice", b"Mallo"), good + b" "]
    for data in forged:
        if data != good:
            token = ".".join([*parts[:part], b64(data), *parts[part + 1 :]])
            with pytest.raises(InvalidToken):
                await JwtVerifier(SECRET)(token)


async def test_an_oversized_token_is_refused_however_good_it_is() -> None:
    fits, too_long = sign(pad="x" * 4000), sign(pad="x" * MAX_TOKEN)
    assert (await JwtVerifier(SECRET)(fits)).user_id == ALICE
    with pytest.raises(InvalidToken):
        await JwtVerifier(SECRET)(too_long)


# --- settings ---------------------------------------------------------------------------------


def test_a_short_secret_is_refused_at_once() -> None:
    for secret in ("", "x" * 31):
        with pytest.raises(ConfigurationError):
            JwtVerifier(secret)
        with pytest.raises(ConfigurationError):
            TokenIssuer(secret)
    JwtVerifier("ä" * 16)  # bytes count, not characters


def test_a_public_key_is_refused_as_a_secret_at_once() -> None:
    with pytest.raises(ConfigurationError):
        JwtVerifier(pem_of(RSA))


@pytest.mark.parametrize(
    "pem",
    [
        "rubbish",
        pem_of(ec.generate_private_key(ec.SECP384R1())),
        pem_of(rsa.generate_private_key(65537, 1024)),
        RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    ],
    ids=["rubbish", "another curve", "RSA too short", "a private key"],
)
def test_a_public_key_that_cannot_be_used_is_refused_at_once(pem: str) -> None:
    with pytest.raises(ConfigurationError):
        JwtVerifier(public_key=pem)


def test_no_key_or_two_kinds_of_public_keys_are_refused_at_once() -> None:
    with pytest.raises(ConfigurationError):
        JwtVerifier()
    with pytest.raises(ConfigurationError):
        JwtVerifier(public_key=pem_of(RSA), jwks_url="https://a.example/jwks")


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "jwks.json", "https://", "ftp://a/b"])
def test_a_jwks_url_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ConfigurationError):
        JwtVerifier(jwks_url=url)


# --- JWKS -------------------------------------------------------------------------------------


class Provider:
    """An identity provider that publishes its keys over HTTP."""

    def __init__(self) -> None:
        self.keys: list[Any] = [jwk_of("RS256", "rsa"), jwk_of("ES256", "ec")]
        self.body: bytes | None = None
        self.status = 200
        self.requests = 0
        self.answering = threading.Event()
        self.answering.set()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.requests += 1
                provider.answering.wait(10)
                body = provider.body
                if body is None:
                    body = json.dumps({"keys": provider.keys}).encode()
                self.send_response(provider.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    self.close_connection = True  # the client has had enough

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/jwks"

    def close(self) -> None:
        self.answering.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.close()


class Hand:
    """A clock that goes only when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_published_keys_are_fetched_once_and_used(provider: Provider) -> None:
    provider.keys.append(jwk_of("EdDSA", "ed"))
    verify = JwtVerifier(jwks_url=provider.url)
    assert provider.requests == 0
    tokens = [sign(RSA, "RS256", "rsa"), sign(EC, "ES256", "ec"), sign(ED, "EdDSA", "ed")]
    for identity in await asyncio.gather(*(verify(token) for token in tokens * 5)):
        assert identity.user_id == ALICE
    assert provider.requests == 1


async def test_many_who_wait_share_one_fetch(provider: Provider) -> None:
    keys = KeySet(provider.url, min_interval=0)
    found = await asyncio.gather(*(keys.find("rsa") for _ in range(5)))
    assert None not in found
    assert provider.requests == 1


async def test_a_token_that_no_published_key_could_have_signed_costs_no_fetch(
    provider: Provider,
) -> None:
    for algorithm, secret in (("HS256", SECRET), ("HS512", SECRET * 2)):
        with pytest.raises(InvalidToken):
            await JwtVerifier(jwks_url=provider.url)(sign(secret, algorithm, "rsa"))
    assert provider.requests == 0


async def test_a_token_needs_no_kid_if_there_is_one_key(provider: Provider) -> None:
    provider.keys = [jwk_of("RS256", "rsa")]
    assert (await JwtVerifier(jwks_url=provider.url)(sign(RSA, "RS256"))).user_id == ALICE
    provider.keys.append(jwk_of("ES256", "ec"))
    with pytest.raises(InvalidToken):
        await JwtVerifier(jwks_url=provider.url)(sign(RSA, "RS256"))


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(sign(RSA, "RS256", "ec"), id="the id of another key"),
        pytest.param(sign(rsa.generate_private_key(65537, 2048), "RS256", "rsa"), id="forged"),
        pytest.param(sign(RSA, "PS256", "rsa"), id="another algorithm"),
        pytest.param(sign(RSA, "RS256", "who"), id="an unknown key"),
        pytest.param(sign(SECRET, "HS256", "rsa"), id="a secret"),
        pytest.param(sign(SECRET, "HS256", "oct"), id="a published secret"),
        pytest.param(sign_raw(b'{"alg":"none","kid":"rsa"}', b"{}"), id="none"),
        pytest.param(
            sign_raw(
                b'{"alg":"HS256","kid":"rsa"}', json.dumps(claims()).encode(), pem_of(RSA).encode()
            ),
            id="confusion",
        ),
    ],
)
async def test_a_published_key_is_bound_to_one_algorithm_too(
    provider: Provider, token: str
) -> None:
    provider.keys.append({"kty": "oct", "kid": "oct", "k": b64(SECRET.encode())})
    verify = JwtVerifier(jwks_url=provider.url)
    with pytest.raises(InvalidToken) as caught:
        await verify(token)
    assert caught.value.code == "invalid_token"
    assert (await verify(sign(RSA, "RS256", "rsa"))).user_id == ALICE


async def test_keys_that_are_not_for_us_are_passed_over(provider: Provider) -> None:
    small = rsa.generate_private_key(65537, 1024)
    provider.keys += [
        jwk_of("RS256", "enc", use="enc"),
        jwk_of("RS256", "rs512", alg="RS512"),
        jwk_of("RS256", "small", small),
        {**RSAAlgorithm.to_jwk(RSA, as_dict=True), "kid": "private"},
        {"kty": "quantum", "kid": "q"},
        {"kty": "RSA", "kid": "broken", "n": 5, "e": "!"},
        {"kty": "EC", "kid": "odd", "alg": ["ES256"]},
        {},
    ]
    keys = KeySet(provider.url)
    for kid in ("enc", "rs512", "small", "private", "q", "broken", "odd"):
        assert await keys.find(kid) is None
    good = await keys.find("rsa")
    assert good is not None
    assert good.algorithm == "RS256"


async def test_a_new_key_is_found_but_strangers_cannot_make_us_fetch(provider: Provider) -> None:
    clock = Hand()
    keys = KeySet(provider.url, min_interval=10, monotonic=clock)
    assert await keys.find("rsa") is not None
    provider.keys.append(jwk_of("EdDSA", "new"))
    for kid in ("new", "a", "b", "c"):
        assert await keys.find(kid) is None
    assert provider.requests == 1

    clock.now += 10
    found = await asyncio.gather(*(keys.find(kid) for kid in ("a", "new", "b")))
    assert [key is not None for key in found] == [False, True, False]
    assert provider.requests == 2


async def test_a_withdrawn_key_is_no_longer_trusted_once_the_set_has_grown_old(
    provider: Provider,
) -> None:
    clock = Hand()
    keys = KeySet(provider.url, max_age=600, monotonic=clock)
    assert await keys.find("rsa") is not None
    del provider.keys[0]
    clock.now += 600
    assert await keys.find("rsa") is not None
    clock.now += 1
    assert await keys.find("rsa") is None
    assert provider.requests == 2


async def test_a_provider_that_is_down_makes_us_unavailable_not_the_token_invalid(
    provider: Provider,
) -> None:
    provider.status = 503
    with pytest.raises(Unavailable) as caught:
        await JwtVerifier(jwks_url=provider.url)(sign(RSA, "RS256", "rsa"))
    assert caught.value.retryable

    provider.close()
    with pytest.raises(Unavailable):
        await JwtVerifier(jwks_url=provider.url)(sign(RSA, "RS256", "rsa"))


async def test_known_keys_stay_in_use_while_the_provider_is_down(provider: Provider) -> None:
    clock = Hand()
    keys = KeySet(provider.url, max_age=600, min_interval=10, monotonic=clock)
    assert await keys.find("rsa") is not None
    provider.status = 500
    clock.now += 601
    assert await keys.find("rsa") is not None
    with pytest.raises(Unavailable):
        await keys.find("new")
    assert provider.requests == 2

    provider.status = 200
    clock.now += 10
    assert await keys.find("new") is None
    assert provider.requests == 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"rubbish",
        b"[]",
        b"{}",
        b'{"keys":5}',
        b'{"keys":[5]}',
        b'{"keys":[]}' + b" " * MAX_JWKS,
    ],
)
async def test_an_answer_that_is_no_key_set_counts_as_none(provider: Provider, body: bytes) -> None:
    provider.body = body
    with pytest.raises(Unavailable):
        await KeySet(provider.url).find("rsa")


async def test_a_provider_that_hangs_is_given_up_and_the_loop_goes_on(provider: Provider) -> None:
    provider.answering.clear()
    keys = KeySet(provider.url, timeout=0.2)
    waiting = asyncio.create_task(keys.find("rsa"))
    turns = 0
    async with asyncio.timeout(5):
        while not waiting.done():
            await asyncio.sleep(0)
            turns += 1
    with pytest.raises(Unavailable):
        await waiting
    assert turns > 10


async def test_who_hangs_up_does_not_end_the_fetch_that_others_wait_for(
    provider: Provider,
) -> None:
    provider.answering.clear()
    keys = KeySet(provider.url)
    first = asyncio.create_task(keys.find("rsa"))
    second = asyncio.create_task(keys.find("rsa"))
    async with asyncio.timeout(5):
        while provider.requests == 0:  # noqa: ASYNC110  (the provider is in another thread)
            await asyncio.sleep(0.005)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    provider.answering.set()
    assert await second is not None
    assert provider.requests == 1


def test_an_identity_cannot_be_changed() -> None:
    identity = Identity(user_id=UUID(int=1), name="A", expires_at=None)
    with pytest.raises(AttributeError):
        identity.name = "B"  # type: ignore[misc]
