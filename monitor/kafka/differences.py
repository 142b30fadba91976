"""How the topics of a cluster differ from what `monitor/topics.py` declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from monitor.errors import BrokerError
from monitor.topics import Topic


async def find_differences(
    admin: AIOKafkaAdminClient, topics: Sequence[Topic], copies: Mapping[str, int]
) -> dict[str, tuple[str, ...]]:
    """Return how the settings of topics differ from their declaration, one line each, by topic.

    Args:
        admin: An open connection.
        topics: They must exist.
        copies: Replicas by topic, which some settings depend on.

    Raises:
        BrokerError: The settings may not be read.
    """
    if not topics:
        return {}
    declared = {topic.name: topic.config(copies[topic.name]) for topic in topics}
    resources = [
        ConfigResource(ConfigResourceType.TOPIC, name, configs=dict(config))
        for name, config in declared.items()
    ]
    found: dict[str, tuple[str, ...]] = {}
    for answer in await admin.describe_configs(resources):
        for code, why, _, name, entries in answer.resources:
            if code:
                raise BrokerError(f"cannot read the settings of {name}: {why}")
            actual = {entry[0]: entry[1] for entry in entries}
            found[name] = compare(declared[name], actual)
    return found


def compare(declared: Mapping[str, str], actual: Mapping[str, str | None]) -> tuple[str, ...]:
    """Say how a topic's settings differ from the declared ones, whatever the order of a list."""
    return tuple(
        f"{key} is {actual.get(key)}, declared {value}"
        for key, value in declared.items()
        if set((actual.get(key) or "").split(",")) != set(value.split(","))
    )
