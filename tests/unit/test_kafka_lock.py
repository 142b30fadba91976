"""The lock file as it is delivered."""

from __future__ import annotations

import re

from monitor.kafka import jars


def test_the_lock_names_each_jar_once_with_hash_and_size():
    """Names are unique (the store is flat), hashes whole, sizes plausible, paths plain."""
    locked = jars.locked()
    assert len({jar.name for jar in locked}) == len(locked) > 40
    for jar in locked:
        assert re.fullmatch(r"[0-9a-f]{64}", jar.sha256)
        assert 1000 < jar.size < 20_000_000
        assert re.fullmatch(r"[\w./-]+\.jar", jar.path)
        assert ".." not in jar.path


def test_the_lock_holds_one_version_of_kafka_and_a_log():
    """All of Kafka's jars are of one release, and log4j is there to write its log."""
    versions = {
        jar.path.split("/")[-2] for jar in jars.locked() if jar.path.startswith("org/apache/kafka/")
    }
    assert versions == {jars.kafka_version()}
    assert {"log4j-core", "log4j-slf4j-impl"} <= {jar.path.split("/")[-3] for jar in jars.locked()}
