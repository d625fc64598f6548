"""The metrics of all workers on one port, whichever of them is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from meeple.socketio.peers import FORWARDING_FAILURES, Peers

log = structlog.get_logger(__name__)


class WorkerMetrics:
    """Asks the other workers, and labels each sample with its worker's name.

    Args:
        own: this worker's metrics, in the text format of Prometheus.
        peers: the other workers.
    """

    def __init__(self, own: Callable[[], bytes], peers: Peers) -> None:
        self._own = own
        self._peers = peers

    async def render(self) -> bytes:
        """Everything, in the text format; a worker that does not answer is ``up 0``."""
        names = self._peers.others()
        texts = await asyncio.gather(*map(self._ask, names))
        registry = CollectorRegistry()
        found = {self._peers.name: self._own(), **dict(zip(names, texts, strict=True))}
        registry.register(_Labelled(found))
        return generate_latest(registry)

    async def _ask(self, worker: str) -> bytes:
        try:
            return await self._peers.get(worker, "/metrics?alone=1")
        except FORWARDING_FAILURES as error:
            log.warning("worker's metrics are missing", worker=worker, error=repr(error))
            return b""


class _Labelled(Collector):
    def __init__(self, texts: dict[str, bytes]) -> None:
        self._texts = texts

    def collect(self) -> Iterator[Metric]:
        """Every family once, with the samples of all workers."""
        up = GaugeMetricFamily("meeple_worker_up", "1 if it answers", labels=("worker",))
        families: dict[str, Metric] = {up.name: up}
        for worker, text in self._texts.items():
            up.add_metric((worker,), float(bool(text)))
            for one in text_string_to_metric_families(text.decode()):
                family = families.setdefault(
                    one.name, Metric(one.name, one.documentation, one.type)
                )
                for sample in one.samples:
                    labels = {"worker": worker, **sample.labels}
                    family.samples.append(sample._replace(labels=labels))
        yield from families.values()
