"""PURE: board -> Prometheus text, format 0.0.4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib.metadata import version

from monitor.stats.board import Board
from monitor.topics import WORKERS
from monitor.web.hub import Hub

Sample = tuple[Mapping[str, str], float]


def metrics(board: Board, hub: Hub, now: datetime) -> str:
    """Write all metrics."""
    return "".join(_family(*family) for family in _families(board, hub, now))


def _families(
    board: Board, hub: Hub, now: datetime
) -> Iterable[tuple[str, str, str, Iterable[Sample]]]:
    pulse = board.pulse
    yield "newsmon_build_info", "gauge", "1, with the version", [({"version": _version()}, 1)]
    yield (
        "newsmon_broker_up",
        "gauge",
        "1 while the broker answers",
        [({}, float(pulse is not None and not board.trouble))],
    )
    if pulse:
        yield (
            "newsmon_topic_records_total",
            "counter",
            "records ever written to a topic",
            [({"topic": name}, n) for name, n in pulse.written.items()],
        )
        yield (
            "newsmon_consumer_lag_records",
            "gauge",
            "records that a consumer group has still to do",
            [({"group": WORKERS, "topic": name}, n) for name, n in pulse.lag.items()],
        )
        yield (
            "newsmon_dlq_messages_total",
            "counter",
            "records that could not be read",
            [({}, pulse.dead_letters)],
        )
    yield (
        "newsmon_feeds",
        "gauge",
        "feeds by how they are",
        [({"condition": c}, n) for c, n in board.feed_conditions(now).items()],
    )
    yield (
        "newsmon_feed_last_success_timestamp_seconds",
        "gauge",
        "when a feed was last polled without fault",
        [({"feed": f.feed_id}, f.last_good_at) for f in board.feeds.values() if f.last_good_at],
    )
    yield (
        "newsmon_mentions",
        "gauge",
        "reports in the last 24 hours",
        [({"label": r.label, "place": r.place}, r.mentions("24h")) for r in board.rows(now)],
    )
    yield "newsmon_web_readers", "gauge", "open live connections", [({}, len(hub.readers))]
    yield (
        "newsmon_web_events_total",
        "counter",
        "events handed to readers",
        [({"event": name}, n) for name, n in hub.sent.items()],
    )
    yield (
        "newsmon_web_slow_readers_total",
        "counter",
        "times that a slow reader was sent back to the newest state",
        [({}, hub.dropped + sum(reader.dropped for reader in hub.readers))],
    )


def _family(name: str, kind: str, about: str, samples: Iterable[Sample]) -> str:
    lines = [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]
    for labels, value in samples:
        inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        lines.append(f"{name}{{{inside}}} {value:.15g}" if inside else f"{name} {value:.15g}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _version() -> str:
    return version("newsmon")
