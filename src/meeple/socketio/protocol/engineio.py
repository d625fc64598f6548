"""Engine.IO protocol 4: packets, and the payloads of long-polling.

A packet is a text whose first character is its type, or bytes, which are a binary message.
Source: the specification in the repository of Socket.IO, ``docs/engine.io-protocol``.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

import msgspec

from meeple.socketio.protocol.errors import ProtocolError

OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP = "0123456"

#: What a client may send once its session is open.
FROM_CLIENT = frozenset((CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP))
SEPARATOR = "\x1e"
PROBE_PING = PING + "probe"
PROBE_PONG = PONG + "probe"

Packet = str | bytes


class Handshake(msgspec.Struct, frozen=True, rename="camel"):
    """What the open packet says; times in milliseconds, sizes in bytes."""

    sid: str
    upgrades: tuple[str, ...]
    ping_interval: int
    ping_timeout: int
    max_payload: int


def open_packet(handshake: Handshake) -> str:
    """The first packet of a session."""
    return OPEN + msgspec.json.encode(handshake).decode()


def encode_payload(packets: Iterable[Packet]) -> str:
    """The body of a long-polling answer."""
    return SEPARATOR.join(
        packet if isinstance(packet, str) else "b" + base64.b64encode(packet).decode()
        for packet in packets
    )


def decode_payload(body: bytes, *, max_packets: int) -> list[Packet]:
    """The packets of a long-polling request's body.

    Raises:
        ProtocolError: it is not UTF-8, holds too many packets, or one that is none.
    """
    try:
        texts = body.decode().split(SEPARATOR, max_packets)
    except UnicodeDecodeError as error:
        raise ProtocolError("the payload is not UTF-8", 1007) from error
    if len(texts) > max_packets:
        raise ProtocolError(f"a payload may hold {max_packets} packets", 1009)
    return [_decode_text(text) for text in texts]


def check_text(packet: str) -> str:
    """``packet`` if its type is one that a client may send; raises `ProtocolError` if not."""
    if packet[:1] not in FROM_CLIENT:
        raise ProtocolError("unknown packet type")
    return packet


def _decode_text(text: str) -> Packet:
    if not text.startswith("b"):
        return check_text(text)
    try:
        return base64.b64decode(text[1:], validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProtocolError("a binary packet is not base64") from error
