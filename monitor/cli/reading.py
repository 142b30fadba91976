"""What commands share in reading a topic's messages and in naming what is not there."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import TypeVar

from monitor.alerts import Policy, Watch
from monitor.errors import ConfigError, MessageError
from monitor.kafka.client import Record, read_topic
from monitor.messages import Message
from monitor.topics import Topic

M = TypeVar("M", bound=Message)


async def read_messages(
    bootstrap: str,
    topic: Topic,
    model: type[M],
    *,
    since: datetime | None = None,
    follow: bool = False,
) -> AsyncIterator[tuple[Record, M]]:
    """Read a topic from its beginning or from a moment on; what is no message is told on stderr.

    Raises:
        BrokerError: No broker, or no such topic.
    """
    records = read_topic(bootstrap, topic, from_beginning=True, follow=follow, since=since)
    async for record in records:
        try:
            message = model.decode(record.value)
        except MessageError as exc:
            place = f"{topic.name}/{record.partition}/{record.offset}"
            print(f"newsmon: {place}: {exc}", file=sys.stderr)
            continue
        yield record, message


def watch_named(policy: Policy, name: str, file: object) -> Watch:
    """Return a watch of the policy.

    Raises:
        ConfigError: There is none of that name.
    """
    known = {watch.name: watch for watch in policy.watches}
    if name not in known:
        expected = f"expected one of {', '.join(known)}" if known else "it has no watches"
        raise ConfigError(f"{file}: no watch {name!r}, {expected}{nearest(name, list(known))}")
    return known[name]


def nearest(word: str, known: Sequence[str]) -> str:
    """Return `, did you mean ...?` where a known word is near, else nothing."""
    by_fold = {name.casefold(): name for name in known}
    near = get_close_matches(word.casefold(), by_fold, n=1)
    return f", did you mean {by_fold[near[0]]!r}?" if near else ""
