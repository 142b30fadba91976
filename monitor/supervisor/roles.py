"""PURE: which roles run, in which order they start and stop, and when a dead one starts again."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.settings import Settings

_STEADY_S = 60.0
"""A role that ran this long is healthy: its back-off begins anew."""

_POLLER, _SLACK, _WORKERS = 1, 2, 10
"""Ports of the operators' doors above that of `newsmon up`: the same whatever else runs."""

_LONGEST_PAUSE_S = 30.0
_LONGEST_PAUSE_KILLED_S = 2.0


@dataclass(frozen=True)
class Role:
    """One process of the flow.

    Attributes:
        name: What it is called in logs and in `newsmon status`.
        command: How it is started.
        patience_s: How long it may take to stop after SIGTERM, in seconds.
    """

    name: str
    command: tuple[str, ...]
    patience_s: float = 15.0


def roles(settings: Settings, common: Sequence[str]) -> tuple[Role, ...]:
    """List the roles in the order in which they start; they stop in the opposite order.

    What reads comes before what writes, so that nothing waits for its reader.

    Args:
        settings: Which sinks are configured, how many workers there are.
        common: Options for every role (`--config`, `--data-dir`).
    """
    chosen = [
        _role(
            f"worker-{n}", "worker", "--instance", f"worker-{n}",
            *_door(settings, _WORKERS + n), *common,
        )
        for n in range(settings.workers)
    ]  # fmt: skip
    if settings.slack.enabled:
        door = _door(settings, _SLACK)
        chosen.append(_role("slack", "slack", "--instance", "slack", *door, *common))
    if settings.web.enabled:
        chosen.append(_role("web", "web", *common))
    chosen.append(_role("poller", "poll", *_door(settings, _POLLER), *common))
    return tuple(chosen)


def restart_pause_s(uptime_s: float, failures: int, *, killed: bool = False) -> float:
    """Return how long to wait before a dead role is started again, in seconds.

    Args:
        uptime_s: How long it ran.
        failures: How often in a row it died young, this time included.
        killed: Whether a signal ended it: then the fault is not its own, and it is soon back.
    """
    if uptime_s >= _STEADY_S:
        return 0.5
    longest = _LONGEST_PAUSE_KILLED_S if killed else _LONGEST_PAUSE_S
    return float(min(longest, 2 ** min(failures - 1, 10)))


def common_options(config: Path | None, data_dir: Path) -> tuple[str, ...]:
    """Return the options by which a role finds the same settings and data."""
    given = ("--config", str(config.absolute())) if config else ()
    return (*given, "--data-dir", str(data_dir))


def _door(settings: Settings, above: int) -> tuple[str, ...]:
    base = settings.metrics.port
    return ("--metrics-port", str(base + above)) if base else ()


def _role(name: str, command: str, *options: str) -> Role:
    return Role(name, (sys.executable, "-m", "monitor.cli", command, *options))
