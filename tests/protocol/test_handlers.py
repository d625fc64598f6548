"""What the handlers of a Socket.IO namespace may count on."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from meeple.socketio.transport import MAX_INBOX, SocketIOServer
from tests.harness import until
from tests.protocol.clients import (
    Handlers,
    Polling,
    closed,
    engine_socket,
    receive,
    serve,
    socketio_socket,
)


class Served:
    def __init__(self, url: str, server: SocketIOServer) -> None:
        self.url = url
        self.server = server
        self.handlers = Handlers()
        self.other = Handlers()
        server.namespaces["/"].serve(self.handlers)
        server.namespaces["/other"].serve(self.other)
        self.gate = asyncio.Event()
        self.handlers.answers["wait"] = self._wait
        self.handlers.answers["boom"] = self._boom

    @property
    def log(self) -> list[tuple[Any, ...]]:
        return self.handlers.log

    @property
    def sids(self) -> list[str]:
        return list(self.server.namespaces["/"].clients)

    async def _wait(self, sid: str, *args: Any) -> None:
        await self.gate.wait()

    async def _boom(self, sid: str, *args: Any) -> None:
        raise ValueError("out of order")


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    server = SocketIOServer(["/", "/other"], connect_timeout=0.3)
    async with serve(server) as url:
        yield Served(url, server)


async def test_a_handler_that_raises_harms_one_event(served: Served) -> None:
    async with socketio_socket(served.url) as websocket, socketio_socket(served.url) as other:
        with capture_logs() as logs:
            await websocket.send('421["boom"]')
            await websocket.send('422["fine",2]')
            assert await receive(websocket) == "432[2]"
        assert [entry["event"] for entry in logs] == ["a handler failed"]
        await other.send('423["fine",3]')
        assert await receive(other) == "433[3]"


async def test_a_connect_that_fails_is_refused(served: Served) -> None:
    async def fail(sid: str) -> None:
        raise ValueError("out of order")

    served.handlers.answers["connect"] = fail
    with capture_logs():
        async with socketio_socket(served.url) as websocket:
            assert await receive(websocket) == "41"
            await websocket.send('421["fine"]')
            # It is in no namespace, for which there is only so much time.
            assert await closed(websocket) == 1000
    assert served.log == [("connect", None)]
    assert served.sids == []


async def test_a_connect_that_is_refused_has_no_disconnect(served: Served) -> None:
    served.handlers.accept = False
    async with socketio_socket(served.url) as websocket:
        assert await receive(websocket) == "41"
    await until(lambda: served.sids == [])
    await served.server.aclose()
    assert served.log == [("connect", None)]


async def test_who_never_connects_is_closed_and_who_does_is_not(served: Served) -> None:
    async with socketio_socket(served.url) as patient:
        async with socketio_socket(served.url, ready=False) as idle:
            assert await closed(idle) == 1000
        await patient.send('421["fine"]')
        assert await receive(patient) == "431[]"


async def test_events_of_one_client_wait_for_each_other_and_not_for_others(
    served: Served,
) -> None:
    async with socketio_socket(served.url) as websocket, socketio_socket(served.url) as other:
        for packet in ('421["wait",1]', '422["fine",2]', '423["wait",3]', '424["fine",4]'):
            await websocket.send(packet)
        await until(lambda: ("wait", 1) in served.log)
        await other.send('425["fine",5]')
        assert await receive(other) == "435[5]"
        assert ("fine", 2) not in served.log
        served.gate.set()
        assert [await receive(websocket) for _ in range(4)] == [
            "431[1]",
            "432[2]",
            "433[3]",
            "434[4]",
        ]
    mine = [entry for entry in served.log if entry[-1] in (1, 2, 3, 4)]
    assert mine == [
        ("wait", 1),
        ("done", "wait", 1),
        ("fine", 2),
        ("done", "fine", 2),
        ("wait", 3),
        ("done", "wait", 3),
        ("fine", 4),
        ("done", "fine", 4),
    ]


async def test_a_client_may_have_only_so_many_events_waiting(served: Served) -> None:
    async with socketio_socket(served.url) as websocket:
        await websocket.send('42["wait"]')
        for _ in range(MAX_INBOX):
            await websocket.send('42["fine"]')
        await websocket.ping()
        await until(lambda: ("wait",) in served.log)
        assert len(served.sids) == 1
        await websocket.send('42["fine"]')
        assert await closed(websocket) == 1008
        served.gate.set()
    await until(lambda: served.log[-1] == ("disconnect", "parse error"))
    # What waited is not handled any more.
    assert served.log == [
        ("connect", None),
        ("wait",),
        ("done", "wait"),
        ("disconnect", "parse error"),
    ]


@pytest.mark.parametrize("how", ["closes", "leaves", "is sent away", "is lost"])
async def test_a_disconnect_waits_for_the_event_that_is_handled_and_comes_once(
    served: Served, how: str
) -> None:
    reason = {
        "closes": "client disconnect",
        "leaves": "client disconnect",
        "is sent away": "server disconnect",
        "is lost": "transport close",
    }[how]
    async with socketio_socket(served.url) as websocket:
        await websocket.send('421["wait"]')
        await until(lambda: ("wait",) in served.log)
        if how == "closes":
            await websocket.close()
        elif how == "leaves":
            await websocket.send("41")
        elif how == "is sent away":
            (sid,) = served.sids
            served.server.namespaces["/"].disconnect(sid)
            served.server.namespaces["/"].disconnect(sid)
            assert await receive(websocket) == "41"
        else:
            websocket.transport.abort()
        if how != "leaves":
            await until(lambda: served.sids == [])
        assert served.log == [("connect", None), ("wait",)]
        served.gate.set()
        await until(lambda: len(served.log) >= 4)
    await served.server.aclose()
    assert served.log == [
        ("connect", None),
        ("wait",),
        ("done", "wait"),
        ("disconnect", reason),
    ]
    assert served.sids == []


@pytest.mark.parametrize("accept", [True, False])
async def test_a_client_that_goes_while_it_is_let_in_has_one_disconnect_at_most(
    served: Served, accept: bool
) -> None:
    served.handlers.accept = accept
    served.handlers.answers["connect"] = served._wait
    async with socketio_socket(served.url):
        await until(lambda: served.log)
    await until(lambda: served.sids == [])
    served.gate.set()
    await served.server.aclose()
    gone = [("disconnect", "client disconnect")] if accept else []
    assert served.log == [("connect", None), *gone]


async def test_a_shutdown_waits_for_the_event_that_is_handled(served: Served) -> None:
    async with socketio_socket(served.url) as websocket:
        await websocket.send('421["wait"]')
        await until(lambda: ("wait",) in served.log)
        closing = asyncio.create_task(served.server.aclose())
        assert await closed(websocket) == 1012
        assert not closing.done()
        served.gate.set()
        await closing
    assert served.log[2:] == [("done", "wait"), ("disconnect", "server shutting down")]


async def test_who_is_drained_gets_its_answers_first_and_is_heard_no_more(served: Served) -> None:
    async with (
        socketio_socket(served.url) as busy,
        socketio_socket(served.url) as idle,
    ):
        await busy.send('421["wait"]')
        await busy.send('422["fine",5]')
        await until(lambda: ("wait",) in served.log)
        await idle.send('423["fine",6]')
        assert await receive(idle) == "433[6]"
        draining = asyncio.create_task(served.server.drain(0))
        assert await closed(idle) == 1012
        await busy.send('424["fine",7]')
        assert not draining.done()
        served.gate.set()
        assert [await receive(busy) for _ in range(2)] == ["431[]", "432[5]"]
        assert await closed(busy) == 1012
        await draining
    assert ("fine", 7) not in served.log


async def test_a_server_that_drains_takes_no_new_clients(served: Served) -> None:
    await served.server.drain(0)
    async with engine_socket(served.url, "/socket.io") as websocket:
        assert await closed(websocket) == 1012


async def test_clients_are_drained_over_time(served: Served) -> None:
    async with contextlib.AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(socketio_socket(served.url)) for _ in range(5)]
        started = time.monotonic()
        await asyncio.gather(served.server.drain(0.5), *(closed(one) for one in sockets))
        assert 0.35 < time.monotonic() - started < 5
    assert served.sids == []


async def test_an_event_of_who_is_not_in_the_namespace_is_passed_over(served: Served) -> None:
    async with socketio_socket(served.url) as websocket:
        await websocket.send('42/other,1["fine"]')
        await websocket.send('42/unknown,2["fine"]')
        await websocket.send("41/other")
        await websocket.send('423["fine",3]')
        assert await receive(websocket) == "433[3]"
    assert served.other.log == []


async def test_who_connects_twice_is_closed(served: Served) -> None:
    async with socketio_socket(served.url) as websocket:
        await websocket.send("40")
        assert await closed(websocket) == 1008


async def test_each_namespace_has_its_own_disconnect(served: Served) -> None:
    async with socketio_socket(served.url) as websocket:
        await websocket.send("40/other,")
        assert str(await receive(websocket)).startswith("40/other,{")
        await websocket.send("41")
        await until(lambda: ("disconnect", "client disconnect") in served.log)
        assert len(served.server.namespaces["/other"].clients) == 1
    await until(lambda: served.other.log[-1] == ("disconnect", "client disconnect"))
    assert served.log == [("connect", None), ("disconnect", "client disconnect")]


async def test_acks_and_events_for_who_has_gone_are_dropped(served: Served) -> None:
    async with socketio_socket(served.url) as websocket:
        (sid,) = served.sids
        await websocket.send('421["wait"]')
        await until(lambda: ("wait",) in served.log)
    await until(lambda: served.sids == [])
    served.server.namespaces["/"].emit("news", {}, [sid, "nobody"])
    served.server.namespaces["/"].send(sid, "news", b"bytes")
    served.gate.set()
    await until(lambda: served.log[-1] == ("disconnect", "client disconnect"))


async def test_an_event_for_many_comes_the_same_on_both_transports(
    served: Served, http: aiohttp.ClientSession
) -> None:
    polling = Polling(http, served.url, "/socket.io")
    await polling.open()
    await polling.push("40")
    assert (await polling.packets())[0].startswith("40{")
    async with socketio_socket(served.url) as websocket:
        served.server.namespaces["/"].emit("news", {"text": "grüße\x1e"}, served.sids)
        expected = '42["news",{"text":"grüße\\u001e"}]'
        assert await receive(websocket) == expected
        assert await polling.packets() == [expected]
        for sid in served.sids:
            served.server.namespaces["/"].send(sid, "bytes", b"\1\2")
        assert await receive(websocket) == '451-["bytes",{"_placeholder":true,"num":0}]'
        assert await receive(websocket) == b"\1\2"
        assert await polling.packets() == [
            '451-["bytes",{"_placeholder":true,"num":0}]',
            "bAQI=",
        ]


async def test_attachments_may_come_over_polling_too(
    served: Served, http: aiohttp.ClientSession
) -> None:
    polling = Polling(http, served.url, "/socket.io")
    await polling.open()
    await polling.push("40")
    await polling.packets()
    assert (await polling.push('451-1["fine",{"_placeholder":true,"num":0}]\x1ebAQI='))[0] == 200
    assert await polling.packets() == ['461-1[{"_placeholder":true,"num":0}]', "bAQI="]
    assert served.log[1] == ("fine", b"\1\2")


async def test_another_application_is_served_beside_the_namespaces(served: Served) -> None:
    async with engine_socket(served.url, "/socket.io") as websocket:
        assert str(await receive(websocket)).startswith("0{")
