"""Traces of an action, when somebody asks for them."""

from __future__ import annotations

from pathlib import Path

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from meeple.client import Rest
from meeple.config import Settings
from tests.harness import server_here, until
from tests.line import line


async def test_an_action_is_a_trace_with_its_append(tmp_path: Path) -> None:
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))

    def named(name: str) -> list[ReadableSpan]:
        return [span for span in spans.get_finished_spans() if span.name == name]

    async with server_here(Settings(data=str(tmp_path)), tracing=provider) as (url, _):
        async with Rest(url) as rest:
            account, other = await rest.guest("Ann"), await rest.guest("Ben")
        async with Rest(url, account.token) as ann_rest, Rest(url, other.token) as ben_rest:
            made = await ann_rest.create_game("tic-tac-toe")
            await ben_rest.take_seat(made.game_id)
        async with line(url, account.token) as ann:
            await ann.ask("game:join", {"game_id": made.game_id})
            spans.clear()
            played = {"game_id": made.game_id, "action": 4}
            assert (await ann.ask("game:action", played))["ok"]
            assert not (await ann.ask("game:action", {**played, "seq": 1}))["ok"]
            await until(lambda: len(named("game:action")) == 2)
    action, refused = named("game:action")
    assert action.attributes is not None
    assert action.attributes["meeple.game_id"] == made.game_id
    assert [event.name for event in action.events] == ["ack"]
    (append,) = [
        span
        for span in named("log append")
        if span.parent is not None and span.parent.span_id == action.context.span_id
    ]
    assert append.attributes is not None
    assert append.attributes["meeple.kinds"] == ("action",)
    assert refused.status.description == "stale_seq"
    assert account.token not in str([span.attributes for span in spans.get_finished_spans()])
