"""`newsmon dead-letters`: what could not be read, and its way back."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from monitor.cli.options import add_common, console, duration, print_json, settings_of
from monitor.cli.reading import nearest, read_messages
from monitor.errors import ConfigError
from monitor.kafka.bootstrap import resolve_bootstrap
from monitor.kafka.client import Producer, Record, open_producer, read_topic, send, send_value
from monitor.kafka.original import read_places
from monitor.messages import DeadLetter
from monitor.review.draw import draw_letter
from monitor.review.letters import matches, newest_letters, original_of, send_back
from monitor.settings import Settings
from monitor.text import plain
from monitor.topics import DEAD_LETTERS, TOPICS, Topic

_TOPICS = {topic.name: topic for topic in TOPICS if topic.model}


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command and its actions."""
    parser = commands.add_parser("dead-letters", help="what could not be read, and its way back")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list them, with reason and place")
    listing.add_argument("--all", action="store_true", help="also those that were sent back")
    listing.set_defaults(run=run_list)
    back = actions.add_parser(
        "replay",
        help="send them back to their topics",
        description="Send the original bytes of each waiting letter back to the topic and the "
        "partition that they came from, if newsmon can read them now. Each goes back once: the "
        "letter is then marked as sent back. What went twice all the same, after a crash between "
        "the two, has the same id and is counted once.",
    )
    back.add_argument("--dry-run", action="store_true", help="say what would be done, send nothing")
    back.add_argument("--force", action="store_true", help="also what still cannot be read")
    back.set_defaults(run=run_replay)
    for inner in (listing, back):
        inner.add_argument("--reason", metavar="WORDS", help="only with these words in the reason")
        inner.add_argument("--topic", metavar="NAME", help="only of this topic, e.g. mentions")
        inner.add_argument("--since", type=duration, metavar="AGE", help="e.g. 24h, 7d")
        inner.add_argument("--json", action="store_true", help="one JSON object a line")
        add_common(inner)


def run_list(args: argparse.Namespace) -> int:
    """List the letters."""
    letters = asyncio.run(_list(settings_of(args), args))
    letters = [letter for letter in letters if args.all or not letter.replayed_as]
    for letter in letters:
        if args.json:
            print_json(letter.model_dump(mode="python"))
        else:
            console().print(draw_letter(letter), soft_wrap=True)
    if not args.json and not letters:
        print("no dead letters")
    return 0


def run_replay(args: argparse.Namespace) -> int:
    """Send letters back."""
    done = asyncio.run(_replay(settings_of(args), args))
    if not args.json:
        would = "would be " if args.dry_run else ""
        print(f"{done.count(True)} {would}sent back, {done.count(False)} left")
    return 0


async def _list(settings: Settings, args: argparse.Namespace) -> list[DeadLetter]:
    topic = _topic_name(args.topic)
    return await _letters(await resolve_bootstrap(settings), topic, args)


async def _letters(bootstrap: str, topic: str | None, args: argparse.Namespace) -> list[DeadLetter]:
    # By the letter's own time: the record that marks it as sent back has that time too.
    since = datetime.now(UTC) - args.since if args.since else None
    read = [letter async for _, letter in read_messages(bootstrap, DEAD_LETTERS, DeadLetter)]
    return [
        letter
        for letter in newest_letters(read)
        if matches(letter, topic, args.reason) and (since is None or letter.seen_at >= since)
    ]


def _topic_name(name: str | None) -> str | None:
    if name is None or name in _TOPICS:
        return name
    if f"newsmon.{name}" in _TOPICS:
        return f"newsmon.{name}"
    known = [topic.removeprefix("newsmon.") for topic in _TOPICS]
    expected = f"expected one of {', '.join(known)}{nearest(name, known)}"
    raise ConfigError(f"--topic: no topic {name!r}, {expected}")


async def _replay(settings: Settings, args: argparse.Namespace) -> list[bool]:
    """Return for each letter whether it was sent back, or would be."""
    topic = _topic_name(args.topic)
    bootstrap = await resolve_bootstrap(settings)
    letters = [x for x in await _letters(bootstrap, topic, args) if not x.replayed_as]
    decided = await _decided(bootstrap, letters, args.force)
    async with open_producer(bootstrap, [DEAD_LETTERS]) as producer:
        for letter, found in decided:
            place = ""
            if isinstance(found, Record) and not args.dry_run:
                place = await _send_back(producer, letter, found)
            _tell(letter, found, place, args.json)
    return [isinstance(found, Record) for _, found in decided]


async def _decided(
    bootstrap: str, letters: Sequence[DeadLetter], force: bool
) -> list[tuple[DeadLetter, Record | str]]:
    known = [x for x in letters if x.topic in _TOPICS and x.offset >= 0]
    places = [(x.topic, x.partition, x.offset) for x in known]
    records = await read_places(bootstrap, places)
    compacted = [_TOPICS[name] for name in {x.topic for x in known} if _TOPICS[name].compact]
    newest = await _newest_offsets(bootstrap, compacted)
    decided = []
    for letter in letters:
        original = original_of(letter, records.get((letter.topic, letter.partition, letter.offset)))
        key = original.key if original else None
        superseded = newest.get((letter.topic, key), -1) > letter.offset
        topic = _TOPICS.get(letter.topic)
        decided.append((letter, send_back(letter, topic, original, superseded, force)))
    return decided


async def _newest_offsets(
    bootstrap: str, topics: Sequence[Topic]
) -> dict[tuple[str, bytes | None], int]:
    found: dict[tuple[str, bytes | None], int] = {}
    for topic in topics:
        async for record in read_topic(bootstrap, topic, from_beginning=True, follow=False):
            found[topic.name, record.key] = record.offset
    return found


async def _send_back(producer: Producer, letter: DeadLetter, record: Record) -> str:
    """Send the record, mark the letter, and return where the record stands now."""
    partition, offset = await send_value(
        producer,
        _TOPICS[letter.topic],
        record.key,
        record.value,
        headers=list(record.headers.items()),
        partition=record.partition,
        timestamp=record.timestamp,
    )
    place = f"{letter.topic}/{partition}/{offset}"
    marked = letter.model_copy(update={"replayed_as": place})
    await send(producer, DEAD_LETTERS, marked, timestamp=letter.seen_at)
    return place


def _tell(letter: DeadLetter, found: Record | str, place: str, as_json: bool) -> None:
    why = found if isinstance(found, str) else ""
    action = "left" if why else "sent" if place else "would_send"
    if as_json:
        facts = {"letter": letter.place, "reason": letter.reason, "action": action}
        print_json(facts | {"replayed_as": place, "why": why})
    else:
        text = {"left": f"left: {why}", "sent": f"sent back as {place}"}.get(
            action, "would go back"
        )
        print(plain(f"{letter.place}: {text}"))
