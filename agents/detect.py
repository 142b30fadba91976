"""articles -> mentions."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

from faust.types import StreamT

from agents.faust_guards import acknowledged
from agents.metrics import WorkerMeter
from agents.outbox import Outbox
from monitor.errors import MessageError
from monitor.messages import Article, Mention
from monitor.topics import MENTIONS, partition_of

log = logging.getLogger("newsmon.worker")

FindMentions = Callable[[Article], Sequence[Mention]]


class Detect:
    """The agent that reads `newsmon.articles`."""

    def __init__(
        self, find_mentions: FindMentions, outbox: Outbox, meter: WorkerMeter | None = None
    ) -> None:
        self._find_mentions = find_mentions
        self._outbox = outbox
        self._meter = meter or WorkerMeter()

    async def __call__(self, stream: StreamT[Any]) -> None:
        """Send every mention in each article; what cannot be read becomes a dead letter."""
        async for event in self._meter.timed("detect", acknowledged(stream)):
            try:
                article = Article.decode(event.message.value)
                # In a thread, so that a long article does not hold up the heartbeat.
                mentions = await asyncio.to_thread(self._find_mentions, article)
            except MessageError as exc:
                await self._outbox.dead_letter(event.message, str(exc))
                continue
            except Exception as exc:
                # A fault of the detector must not stop the stream for all other articles.
                log.exception("the detector failed on offset %d", event.message.offset)
                await self._outbox.dead_letter(event.message, f"detector failed: {exc!r}")
                continue
            for mention in mentions:
                await self._outbox.send(
                    MENTIONS, mention, article.fetched_at, partition=partition_of(mention.place)
                )
