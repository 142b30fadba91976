"""What subscribers have been told, noted before the workers make their tables anew.

A worker that files kept mentions again makes the alerts of them again. The marks say which of those
are known. They are the offsets of a consumer group without members: they stand where the tables
stand, and Kafka forgets them after a week, as it forgets the mentions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.errors import FormatError, MessageError
from monitor.kafka.admin import offsets, partitions_of
from monitor.kafka.client import read_topic
from monitor.kafka.gauge import group_offsets
from monitor.kafka.rewind import commit
from monitor.messages import Alert
from monitor.topics import ALERTS, MENTIONS, TOLD, WORKERS


@dataclass(frozen=True)
class Told:
    """What subscribers know of the stories that kept mentions make.

    Attributes:
        mentions: By partition, the offset before which all mentions have been told.
        revisions: By story id, the newest revision that was told before the tables were made anew.
    """

    mentions: Mapping[int, int] = field(default_factory=dict)
    revisions: Mapping[str, int] = field(default_factory=dict)

    def includes(self, partition: int, offset: int) -> bool:
        """Tell whether what a mention has to tell was told."""
        return offset < self.mentions.get(partition, 0)


async def read_told(bootstrap: str) -> Told:
    """Read the marks; without any nothing is known, and no topic is read.

    Raises:
        BrokerError: The cluster cannot be reached.
    """
    marks = await group_offsets(bootstrap, TOLD)
    if not marks:
        return Told()
    revisions: dict[str, int] = {}
    async for record in read_topic(bootstrap, ALERTS, from_beginning=True, follow=False):
        if record.offset >= marks.get((ALERTS.name, record.partition), 0):
            continue  # told since: the table has it
        try:
            alert = Alert.decode(record.value)
        except MessageError:
            continue  # nobody could read it, so nobody knows it
        revisions[alert.id] = max(alert.revision, revisions.get(alert.id, 0))
    mentions = {number: mark for (name, number), mark in marks.items() if name == MENTIONS.name}
    return Told(mentions, revisions)


def lost_ends(committed: Mapping[int, int], ends: Mapping[int, int]) -> dict[int, int]:
    """Return by partition how many records are gone that the workers had read."""
    return {
        number: committed[number] - end
        for number, end in sorted(ends.items())
        if committed.get(number, 0) > end
    }


async def check_ends(bootstrap: str) -> None:
    """Make sure that the mentions that the workers have read are still there.

    Where a damaged topic has lost its end, new mentions get the offsets of lost ones, and the
    tables would take them for known.

    Raises:
        FormatError: Some are gone; says how many and what helps.
        BrokerError: The cluster cannot be reached.
    """
    ends = await offsets(bootstrap, await partitions_of(bootstrap, [MENTIONS]))
    done = await group_offsets(bootstrap, WORKERS)
    lost = lost_ends(
        {number: at for (name, number), at in done.items() if name == MENTIONS.name},
        {number: end for (_, number), (_, end) in ends.items()},
    )
    if lost:
        raise FormatError(
            f"{MENTIONS.name}: the last {sum(lost.values())} records that the workers had read are"
            f" gone (partitions {', '.join(map(str, lost))}; a damaged disk?);"
            " `newsmon reset --state` makes the tables anew from the mentions that are left"
        )


async def mark_told(bootstrap: str, mentions: Mapping[int, int]) -> None:
    """Note that subscribers know the alerts that stand on the topic now.

    Args:
        bootstrap: The brokers; no worker may run.
        mentions: By partition, the offset before which all mentions have been told.

    Raises:
        BrokerError: The cluster cannot be reached or refuses.
    """
    bounds = await offsets(bootstrap, await partitions_of(bootstrap, [ALERTS]))
    marks = {place: end for place, (_, end) in bounds.items()}
    marks |= {(MENTIONS.name, number): mark for number, mark in mentions.items()}
    await commit(bootstrap, TOLD, marks)
