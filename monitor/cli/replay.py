"""`newsmon replay`: today's detection over kept articles, and what it would change."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from monitor.cli.options import add_common, console, duration, print_json, settings_of
from monitor.cli.progress import progress
from monitor.cli.reading import read_messages
from monitor.detect import Detector, load_detector
from monitor.errors import ConfigError
from monitor.kafka.batch import send_mentions
from monitor.kafka.bootstrap import resolve_bootstrap
from monitor.kafka.client import open_producer
from monitor.kafka.gauge import group_offsets
from monitor.messages import Article, Mention
from monitor.review.draw import draw_difference
from monitor.review.redetect import KINDS, Difference, comparable, differences
from monitor.settings import Settings
from monitor.topics import ARTICLES, MENTIONS, WORKERS

_BATCH = 500


@dataclass(frozen=True)
class _Found:
    """What a replay found.

    Attributes:
        bootstrap: The brokers.
        changes: How today's mentions differ.
        articles: How many articles were read.
        left: How many the workers have not read yet.
    """

    bootstrap: str
    changes: list[Difference]
    articles: int
    left: int


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command."""
    parser = commands.add_parser(
        "replay",
        help="detect again in kept articles",
        description="Run today's detection (rules, weights, thresholds) over articles that the "
        "topic keeps (7 days), and compare with the mentions that the topic holds. New mentions "
        "are published, and become stories, counts and alerts as any other. Those that changed or "
        "are gone are only shown: what was published stays until it leaves the windows.",
    )
    parser.add_argument(
        "--since",
        type=moment,
        required=True,
        metavar="T",
        help="articles fetched since: an age (24h, 7d) or a time (2026-03-01T12:00Z)",
    )
    parser.add_argument("--until", type=moment, metavar="T", help="... and until; default now")
    parser.add_argument("--dry-run", action="store_true", help="show all, publish nothing")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    add_common(parser)
    parser.set_defaults(run=run)


def moment(text: str) -> datetime:
    """Read an age such as `24h`, or a time with its zone, for argparse's `type`."""
    try:
        return datetime.now(UTC) - duration(text)
    except argparse.ArgumentTypeError:
        pass
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        when = None
    if when is None or when.tzinfo is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no age such as 24h and no time with its zone such as 2026-03-01T12:00Z"
        )
    return when.astimezone(UTC)


def run(args: argparse.Namespace) -> int:
    """Detect, compare, show, and publish what is new."""
    until = args.until or datetime.now(UTC)
    if args.since >= until:
        raise ConfigError("--since: must lie before --until")
    settings = settings_of(args)
    detector = load_detector(threshold=settings.detect.threshold)
    found = asyncio.run(_find(settings, detector, args.since, until))
    for change in found.changes:
        if change.kind != "same":
            _show(change, as_json=args.json)
    numbers = Counter(change.kind for change in found.changes)
    _say(f"{found.articles} articles: " + ", ".join(f"{numbers[kind]} {kind}" for kind in KINDS))
    if found.left:
        _say(f"{found.left} more are still to be read by the workers, and are left to them")
    if not args.dry_run:
        added = [change.mention for change in found.changes if change.kind == "added"]
        asyncio.run(_publish(found.bootstrap, added))
    return 0


async def _find(settings: Settings, detector: Detector, since: datetime, until: datetime) -> _Found:
    bootstrap = await resolve_bootstrap(settings)
    articles, left = await _articles(bootstrap, since, until)
    today: list[Mention] = []
    with progress("detecting", len(articles), "articles") as tell:
        for article in articles:
            today += await asyncio.to_thread(detector.find_mentions, article)
            tell(1)
    # From the beginning whatever `since` is: a mention may be older than the newest copy of its
    # article.
    kept = [mention async for _, mention in read_messages(bootstrap, MENTIONS, Mention)]
    before = comparable(kept, today, {article.id for article in articles}, since, until)
    return _Found(bootstrap, differences(before, today), len(articles), left)


async def _articles(bootstrap: str, since: datetime, until: datetime) -> tuple[list[Article], int]:
    """Return the articles that the workers have read, the oldest first, and how many are left."""
    done = await group_offsets(bootstrap, WORKERS)
    articles, left = [], 0
    async for record, article in read_messages(bootstrap, ARTICLES, Article, since=since):
        if not since <= article.fetched_at <= until:
            continue
        if record.offset < done.get((ARTICLES.name, record.partition), 0):
            articles.append(article)
        else:
            left += 1
    return sorted(articles, key=lambda article: article.fetched_at), left


async def _publish(bootstrap: str, mentions: Sequence[Mention]) -> None:
    sent, refused = 0, 0
    try:
        async with open_producer(bootstrap, [MENTIONS]) as producer:
            with progress("publishing", len(mentions), "mentions") as tell:
                for start in range(0, len(mentions), _BATCH):
                    batch = mentions[start : start + _BATCH]
                    refused += len(await send_mentions(producer, batch))
                    sent += len(batch)
                    tell(len(batch))
    finally:
        if sent < len(mentions):
            _say(f"stopped: {sent} of {len(mentions)} published; run it again for the rest")
        if refused:
            _say(f"{refused} mentions are too large for a record and were not published")


def _show(change: Difference, *, as_json: bool) -> None:
    if not as_json:
        console().print(draw_difference(change), soft_wrap=True)
        return
    fields = {name: {"before": b, "after": a} for name, (b, a) in change.fields.items()}
    mention = change.mention.model_dump(mode="python")
    print_json({"change": change.kind, "fields": fields, "mention": mention})


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
