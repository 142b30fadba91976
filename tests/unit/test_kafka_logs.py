"""The limit on aiokafka's log, and the comparison of topic settings."""

from __future__ import annotations

import logging

from monitor.kafka.differences import compare
from monitor.kafka.logs import RateLimit, limit_aiokafka


def record(line: int) -> logging.LogRecord:
    return logging.LogRecord("aiokafka.client", logging.ERROR, "client.py", line, "m", None, None)


def test_one_place_speaks_once_in_a_while():
    """Repeats within the time are dropped, other places are not."""
    now = 0.0
    limit = RateLimit(30, clock=lambda: now)
    assert limit.filter(record(1))
    now = 29.9
    assert not limit.filter(record(1))
    assert limit.filter(record(2))
    now = 30.1
    assert limit.filter(record(1))


def test_child_loggers_are_limited_too(caplog):
    """aiokafka logs through many loggers; the limit holds for each of them, once."""
    logger = logging.getLogger("aiokafka.client")
    limit_aiokafka()
    limit_aiokafka()
    with caplog.at_level(logging.ERROR, logger="aiokafka.client"):
        for _ in range(5):
            logger.error("the same line")
    assert len(caplog.records) <= 1
    assert sum(isinstance(item, RateLimit) for item in logger.filters) == 1


def test_topic_settings_are_compared_by_meaning():
    """A list in another order is the same; a missing value differs."""
    declared = {"cleanup.policy": "compact,delete", "retention.ms": "5"}
    assert compare(declared, {"cleanup.policy": "delete,compact", "retention.ms": "5"}) == ()
    assert compare(declared, {"cleanup.policy": "delete", "retention.ms": None}) == (
        "cleanup.policy is delete, declared compact,delete",
        "retention.ms is None, declared 5",
    )
