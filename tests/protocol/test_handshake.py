"""Who gets in: upgrades against the rules, other pages, TLS."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.asyncio.client import connect

from examples.echo import echo_server
from meeple.socketio.transport import SocketIOServer
from tests.protocol.clients import Polling, raw_socket, receive, serve

OPEN = "/engine.io/?EIO=4&transport=websocket"


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with serve(echo_server(25, 20)) as url:
        yield url


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        (OPEN, {"Sec-WebSocket-Version": "8"}),
        (OPEN, {"Sec-WebSocket-Version": ""}),
        (OPEN, {"Sec-WebSocket-Key": ""}),
        (OPEN, {"Cookie": "x" * 9000}),
        (OPEN, {f"X-Header-{number}": "1" for number in range(200)}),
        (OPEN, {"Sec-WebSocket-Key": "short"}),
        (OPEN.replace("engine.io", "elsewhere"), {}),
        ("/?EIO=4&transport=websocket", {}),
        ("//[/engine.io/?EIO=4&transport=websocket", {}),
        (OPEN + "&sid=nobody", {}),
        (OPEN + "&EIO=3", {}),
        ("/engine.io/", {}),
    ],
)
async def test_an_upgrade_against_the_rules_is_refused(
    url: str, target: str, headers: dict[str, str]
) -> None:
    async with raw_socket(url) as raw:
        answer = await raw.request(target, headers)
        assert answer.startswith("HTTP/1.1 4")
        rest = await raw.reader.read()
        assert b"\x88" not in rest
        assert raw.reader.at_eof()


async def test_an_upgrade_without_a_slash_at_the_end_of_the_path_is_taken(url: str) -> None:
    async with raw_socket(url) as raw:
        assert (await raw.request(OPEN.replace("/?", "?"))).startswith("HTTP/1.1 101 ")


async def test_other_addresses_are_answered_by_the_other_application(
    http: aiohttp.ClientSession, url: str
) -> None:
    async with http.get(f"{url}/elsewhere") as answer:
        assert answer.status == 404
        assert "nothing here" in await answer.text()


@pytest.mark.parametrize("path", ["/socket.io/", "/socket.io"])
@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        (["https://a.example"], "https://a.example", True),
        (["https://a.example"], "https://b.example", False),
        (["*"], "https://b.example", True),
        ([], "https://b.example", False),
        (["https://a.example"], None, False),
        (["https://a.example"], "https://ü.example", False),
    ],
)
async def test_pages_of_the_origins_that_are_allowed_may_poll(
    http: aiohttp.ClientSession, path: str, origins: list[str], origin: str | None, allowed: bool
) -> None:
    headers = {} if origin is None else {"Origin": origin}
    server = SocketIOServer(["/"], origins=origins)
    async with serve(server) as url:
        address = f"{url}{path}?EIO=4&transport=polling"
        for method, status, target in (
            ("OPTIONS", 204, address),
            ("GET", 200, address),
            ("GET", 400, f"{address}&sid=nobody"),
        ):
            async with http.request(method, target, headers=headers) as answer:
                assert answer.status == status
                assert answer.headers.get("Access-Control-Allow-Origin") == (
                    origin if allowed else None
                )
                assert ("Access-Control-Allow-Credentials" in answer.headers) is allowed


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tests")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "cert.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "cert.pem", folder / "key.pem"


async def test_both_transports_and_the_upgrade_work_over_tls(
    http: aiohttp.ClientSession, certificate: tuple[Path, Path]
) -> None:
    cert, key = certificate
    trust = ssl.create_default_context(cafile=cert)
    async with (
        serve(echo_server(25, 20), ssl_certfile=str(cert), ssl_keyfile=str(key)) as url,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as session,
    ):
        polling = Polling(session, url)
        await polling.open()
        assert await polling.push("4over TLS") == (200, "ok")
        assert await polling.poll() == (200, "4over TLS")
        async with connect(polling.upgrade_address, ssl=trust) as websocket:
            await websocket.send("2probe")
            assert await receive(websocket) == "3probe"
            await websocket.send("5")
            big = bytes(range(256)) * 3_000
            await websocket.send(big)
            assert await receive(websocket) == big
            # Over TLS a connection cannot be closed by halves.
            await websocket.send("x")
            await websocket.wait_closed()
            assert websocket.close_code == 1002
        assert (await polling.poll())[0] == 400
