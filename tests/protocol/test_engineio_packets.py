"""Engine.IO packets and payloads without a socket, against python-engineio as the other side."""

from __future__ import annotations

import json

import pytest
from engineio.packet import Packet as OtherPacket
from engineio.payload import Payload as OtherPayload
from hypothesis import given
from hypothesis import strategies as st

from meeple.socketio.protocol import engineio
from meeple.socketio.protocol.engineio import Handshake, Packet
from meeple.socketio.protocol.errors import ProtocolError

# Packets over polling are separated by a character that JSON never holds as it is; what looks like
# JSON is decoded by the other side.
texts = st.text(st.characters(exclude_characters="\x1e", exclude_categories=["Cs"]))
packets = st.lists(texts.map(lambda text: "4x" + text) | st.binary(), min_size=1, max_size=10)


@given(packets)
def test_a_payload_is_read_by_another_library(sent: list[Packet]) -> None:
    read = OtherPayload(encoded_payload=engineio.encode_payload(sent)).packets
    assert [packet.data if packet.binary else f"4{packet.data}" for packet in read] == sent


@given(packets)
def test_a_payload_of_another_library_is_read(sent: list[Packet]) -> None:
    others = [OtherPacket(4, packet[1:] if isinstance(packet, str) else packet) for packet in sent]
    body = OtherPayload(packets=others).encode().encode()
    assert engineio.decode_payload(body, max_packets=10) == sent


@given(st.binary() | texts.map(str.encode))
def test_a_random_payload_is_read_or_refused(body: bytes) -> None:
    try:
        read = engineio.decode_payload(body, max_packets=3)
    except ProtocolError:
        with pytest.raises(ProtocolError):
            engineio.decode_payload(body + b"\x1e4x", max_packets=3)
    else:
        assert 1 <= len(read) <= 3
        assert all(isinstance(packet, bytes) or packet[0] in "123456" for packet in read)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", 1002),
        (b"\x1e", 1002),
        (b"4one\x1e", 1002),
        (b"0{}", 1002),
        (b"7", 1002),
        (b"abc", 1002),
        (b"b@", 1002),
        (b"bAQI", 1002),
        ("bAQIDBA=ü".encode(), 1002),
        (b"4\xff", 1007),
        (b"2\x1e" * 3 + b"2", 1009),
        (b"\x1e" * 1_000_000, 1009),
    ],
)
def test_a_payload_against_the_rules_is_refused(body: bytes, code: int) -> None:
    with pytest.raises(ProtocolError) as raised:
        engineio.decode_payload(body, max_packets=3)
    assert raised.value.close_code == code


@pytest.mark.parametrize("packet", ["1", "2", "2probe", "3", "3probe", "4", "4x", "5", "6"])
def test_each_packet_of_a_client_is_taken(packet: str) -> None:
    assert engineio.decode_payload(packet.encode(), max_packets=1) == [packet]
    assert engineio.check_text(packet) == packet


@pytest.mark.parametrize("packet", ["", "0", "7", "b", " 4", "٤"])
def test_any_other_packet_is_refused(packet: str) -> None:
    with pytest.raises(ProtocolError):
        engineio.check_text(packet)


def test_the_open_packet_says_what_the_protocol_asks_for() -> None:
    packet = engineio.open_packet(Handshake("an id", ("websocket",), 300, 200, 1_000))
    assert packet[0] == "0"
    assert json.loads(packet[1:]) == {
        "sid": "an id",
        "upgrades": ["websocket"],
        "pingInterval": 300,
        "pingTimeout": 200,
        "maxPayload": 1_000,
    }
