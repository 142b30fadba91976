"""What `newsmon up` tells operators: which of its processes run, and how often each came back."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.supervisor.state import UpState

ReadState = Callable[[], UpState | None]
"""Reads what `newsmon up` tells about itself; None before it has told anything."""


class RoleMetrics(Collector):
    """The processes of `newsmon up`, brokers included, as its state names them."""

    def __init__(self, read: ReadState) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        """Look at the state as it is now."""
        state = self._read()
        running = GaugeMetricFamily(
            "newsmon_role_up", "1 while the process of a role runs", labels=["role"]
        )
        restarts = CounterMetricFamily(
            "newsmon_role_restarts", "times that a role was started again", labels=["role"]
        )
        for role in state.roles if state else ():
            running.add_metric([role.name], float(role.state == "running"))
            restarts.add_metric([role.name], role.restarts)
        return [running, restarts]


def not_running(state: UpState | None) -> str:
    """Name the processes that do not run; empty where all do."""
    broken = [role for role in state.roles if role.state != "running"] if state else []
    return "; ".join(f"{role.name} is {role.state}" for role in broken)
