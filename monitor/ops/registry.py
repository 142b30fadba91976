"""The metrics of one process: a registry with what every role tells, and its text."""

from __future__ import annotations

from importlib.metadata import version

from prometheus_client import CollectorRegistry, Info, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import choose_encoder


def new_registry(role: str) -> CollectorRegistry:
    """Return a registry that tells version, memory, CPU time and open files of this process.

    Args:
        role: `poller`, `worker`, `slack`, `web` or `up`.
    """
    # Without it each counter has a second series, which no rule here uses.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    about = Info("newsmon_build", "1, with version and role", registry=registry)
    about.info({"version": version("newsmon"), "role": role})
    return registry


def exposition(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """Write all metrics.

    Args:
        registry: From `new_registry`.
        accept: The request's Accept header: Prometheus asks for OpenMetrics, people for text.

    Returns:
        The body and its content type.
    """
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type
