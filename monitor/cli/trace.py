"""`newsmon trace`: the way of one article through the topics."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from monitor.cli.options import add_common, print_json, settings_of
from monitor.cli.reading import read_messages
from monitor.errors import NewsmonError
from monitor.kafka.admin import partitions_of
from monitor.kafka.bootstrap import resolve_bootstrap
from monitor.kafka.client import Record
from monitor.messages import Alert, Article, DeadLetter, Mention
from monitor.settings import Settings
from monitor.slack.journal import Journal
from monitor.text import plain
from monitor.topics import ALERTS, ARTICLES, DEAD_LETTERS, MENTIONS, TOPICS


@dataclass(frozen=True, slots=True)
class Step:
    """One record that the article led to.

    Attributes:
        place: `topic/partition/offset`; a channel for what went to Slack.
        at: The record's time, UTC: when the article was fetched. None for Slack.
        id: Of the article, mention or story.
        text: What it is, in words.
    """

    place: str
    at: datetime | None
    id: str
    text: str


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command."""
    parser = commands.add_parser(
        "trace",
        help="follow one article from its topic to Slack",
        description="Show every record that an article led to: the article, its mentions, the "
        "revisions of alerts that show it, what was told to Slack, and dead letters. Topics keep "
        "articles and mentions for 7 days.",
    )
    parser.add_argument("article", help="the article's id, its first digits, or its URL")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show the way of one article."""
    steps = asyncio.run(_steps(settings_of(args), args.article))
    for step in steps:
        if args.json:
            print_json(asdict(step))
        else:
            at = f"{step.at:%Y-%m-%d %H:%M:%S}Z" if step.at else " " * 20
            print(f"{at}  {step.place:<28} {step.id[:12]:<12} {plain(step.text)}")
    return 0


async def _steps(settings: Settings, wanted: str) -> list[Step]:
    bootstrap = await resolve_bootstrap(settings)
    await partitions_of(bootstrap, TOPICS)
    steps, places, urls, ids = list[Step](), set[str](), {wanted}, set[str]()
    async for record, article in read_messages(bootstrap, ARTICLES, Article):
        if article.url == wanted or article.id.startswith(wanted):
            places.add(_place(ARTICLES.name, record))
            urls.add(article.url)
            ids.add(article.id)
            text = f"{article.outlet}: {article.title}"
            steps.append(Step(_place(ARTICLES.name, record), record.timestamp, article.id, text))
    mentions = set[str]()
    async for record, mention in read_messages(bootstrap, MENTIONS, Mention):
        if mention.url == wanted or mention.article_id.startswith(wanted):
            mentions.add(mention.id)
            ids.add(mention.article_id)
            places.add(_place(MENTIONS.name, record))
            said = mention.evidence.sentence
            text = f"{mention.label} {mention.status or ''} at {mention.place}: {said}"
            steps.append(Step(_place(MENTIONS.name, record), record.timestamp, mention.id, text))
    _demand_one(wanted, ids)
    shown = [step async for step in _alerts(bootstrap, mentions, urls)]
    steps += shown + await _deliveries(bootstrap, {step.id for step in shown})
    return steps + [step async for step in _letters(bootstrap, places)]


def _demand_one(wanted: str, ids: set[str]) -> None:
    if not ids:
        raise NewsmonError(f"{wanted}: no article or mention that is kept has this id or URL")
    if len(ids) > 1:
        raise NewsmonError(f"{wanted}: the beginning of {len(ids)} ids, expected that of one")


async def _alerts(bootstrap: str, mentions: set[str], urls: set[str]) -> AsyncIterator[Step]:
    async for record, alert in read_messages(bootstrap, ALERTS, Alert):
        if any(e.mention_id in mentions or e.url in urls for e in alert.evidence):
            text = f"revision {alert.revision}, {alert.reason}: {alert.headline}"
            yield Step(_place(ALERTS.name, record), record.timestamp, alert.id, text)


async def _deliveries(bootstrap: str, stories: set[str]) -> list[Step]:
    async def keep(_: object) -> None:
        """Change nothing: the journal is only read."""

    journal = Journal(keep)
    await journal.load(bootstrap)
    return [
        Step(f"Slack {entry.channel}", None, entry.story, f"revision {entry.told} was told")
        for story in sorted(stories)
        for entry in journal.of_story(story)
    ]


async def _letters(bootstrap: str, places: set[str]) -> AsyncIterator[Step]:
    async for record, letter in read_messages(bootstrap, DEAD_LETTERS, DeadLetter):
        if letter.place in places:
            place = _place(DEAD_LETTERS.name, record)
            yield Step(place, record.timestamp, letter.place, letter.reason)


def _place(topic: str, record: Record) -> str:
    return f"{topic}/{record.partition}/{record.offset}"
