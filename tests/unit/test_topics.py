"""The table of topics."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.topics import ALERTS, FEED_STATE, PARTITIONS, TOPICS, partition_of


@given(st.text())
def test_a_partition_is_always_in_range_and_always_the_same(text: str) -> None:
    """Any text has one partition."""
    assert 0 <= partition_of(text) < PARTITIONS
    assert partition_of(text) == partition_of(text)


def test_what_faust_reads_is_never_compacted() -> None:
    """Holes in the offsets of a compacted topic stall Faust's commits."""
    for topic in TOPICS:
        if {"detect", "alert", "count"} & set(topic.readers):
            assert not topic.compact
            assert topic.config()["cleanup.policy"] == "delete"


def test_configs_are_what_the_design_says() -> None:
    """Alerts are compacted and deleted after 30 days; feed states are kept for ever."""
    assert ALERTS.config()["cleanup.policy"] == "compact,delete"
    assert ALERTS.config()["retention.ms"] == str(30 * 24 * 3600 * 1000)
    assert FEED_STATE.config()["cleanup.policy"] == "compact"
    assert "retention.ms" not in FEED_STATE.config()
