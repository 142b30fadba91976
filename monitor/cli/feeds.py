"""`newsmon feeds`: look at the catalogue, try it, extend it, and see how its feeds do."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from monitor.cli.options import add_common, print_json, settings_of
from monitor.errors import ConfigError, FeedError, MessageError
from monitor.feeds.discover import candidates
from monitor.feeds.feed import Feed, load_feeds
from monitor.feeds.fetch import Fetcher
from monitor.feeds.hosts import HostGate
from monitor.feeds.opml import read_opml
from monitor.feeds.pool import ParserPool
from monitor.feeds.report import Health, health_of, summary
from monitor.feeds.state import FeedState
from monitor.kafka.bootstrap import resolve_bootstrap
from monitor.kafka.client import read_topic
from monitor.settings import PollSettings, Settings
from monitor.text import plain
from monitor.topics import FEED_STATE


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command and its actions."""
    parser = commands.add_parser("feeds", help="list, check and import feeds")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _action(actions, "list", _list, "show the catalogue")
    check = _action(actions, "check", _check, "fetch feeds once and say what came; stores nothing")
    check.add_argument("ids", nargs="*", metavar="ID", help="which ones (default: all)")
    _action(actions, "report", _report, "show how the feeds do, from the pollers' own records")
    load = _action(actions, "import", _import, "print catalogue entries for the feeds of an OPML")
    load.add_argument("file", type=Path, metavar="OPML")
    add = _action(actions, "add", _add, "find a site's feed and print its catalogue entry")
    add.add_argument("url", metavar="URL", help="a feed, or a page that names one")


def _action(actions: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:  # noqa: ANN401
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text, description=text)
    parser.add_argument("--feeds", type=Path, metavar="FILE", help="the catalogue (TOML)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    add_common(parser)
    parser.set_defaults(run=run)
    return parser


def _catalogue(args: argparse.Namespace, settings: Settings) -> tuple[Feed, ...]:
    return load_feeds(args.feeds or settings.poll.feeds)


def _list(args: argparse.Namespace) -> int:
    feeds = _catalogue(args, settings_of(args))
    if args.json:
        for feed in feeds:
            print_json(feed.model_dump(exclude_none=True))
        return 0
    table = Table("id", "outlet", "country", "language", "kind", "url", box=None)
    for feed in feeds:
        table.add_row(
            feed.id, feed.publisher, feed.country, feed.language or "?", feed.kind, feed.url
        )
    Console().print(table)
    return 0


def _check(args: argparse.Namespace) -> int:
    settings = settings_of(args)
    feeds = {feed.id: feed for feed in _catalogue(args, settings)}
    unknown = [name for name in args.ids if name not in feeds]
    if unknown:
        raise ConfigError(f"no feed {unknown[0]!r} in the catalogue; see `newsmon feeds list`")
    chosen = [feeds[name] for name in args.ids] or list(feeds.values())
    failed = asyncio.run(_check_all(chosen, settings.poll, args.json))
    print(f"{len(chosen) - failed} of {len(chosen)} feeds gave a document")
    return 1 if failed else 0


async def _check_all(feeds: Sequence[Feed], poll: PollSettings, as_json: bool) -> int:
    parsers = ParserPool(poll.parsers)
    failed = 0
    try:
        async with Fetcher(poll.contact, poll.timeout, HostGate(poll.concurrency)) as fetcher:
            tries = [_look(feed, fetcher, parsers) for feed in feeds]
            for next_done in asyncio.as_completed(tries):
                row = await next_done
                failed += "error" in row
                if as_json:
                    print_json(row)
                else:
                    print(plain("  ".join(f"{key}={value}" for key, value in row.items())))
    finally:
        await parsers.close()
    return failed


async def _look(feed: Feed, fetcher: Fetcher, parsers: ParserPool) -> dict[str, object]:
    try:
        answer = await fetcher.fetch(feed.url, allow_private=feed.allow_private)
        if answer.status != 200:
            return {"id": feed.id, "error": f"http_{answer.status}"}
        parsed = await parsers.parse(
            answer.body, answer.url, answer.headers.get("content-type", ""), detect=False
        )
    except FeedError as exc:
        return {"id": feed.id, "error": str(exc)}
    return {
        "id": feed.id,
        "format": parsed.format,
        "items": len(parsed.entries),
        "language": parsed.language,
        "cache_control": answer.headers.get("cache-control"),
    }


def _report(args: argparse.Namespace) -> int:
    settings = settings_of(args)
    feeds = _catalogue(args, settings)
    states = asyncio.run(_states(settings))
    rows = [health_of(feed, states.get(feed.id), time.time()) for feed in feeds]
    if args.json:
        for row in rows:
            print_json(row.as_dict())
        return 0
    _print_report(rows)
    return 0


def _print_report(rows: Sequence[Health]) -> None:
    names = ("feed", "outcome", "format", "items", "window h", "newest h", "every min", "worries")
    table = Table(*names, box=None)
    for row in sorted(rows, key=lambda r: (not r.worries, r.id)):
        table.add_row(
            row.id,
            row.outcome,
            row.format,
            str(row.items),
            "?" if row.window_h is None else f"{row.window_h:g}",
            "?" if row.newest_h is None else f"{row.newest_h:g}",
            f"{row.interval_s / 60:.0f}",
            ", ".join((*row.worries, *(["blocked"] if row.blocked else []))),
        )
    console = Console()
    console.print(table)
    console.print("  ".join(f"{name} {count}" for name, count in summary(rows).items()))


async def _states(settings: Settings) -> dict[str, FeedState]:
    states = {}
    bootstrap = await resolve_bootstrap(settings)
    async for record in read_topic(bootstrap, FEED_STATE, from_beginning=True, follow=False):
        try:
            state = FeedState.decode(record.value or b"")
        except MessageError:
            continue  # the poller says so in its log
        states[state.feed_id] = state
    return states


def _import(args: argparse.Namespace) -> int:
    settings = settings_of(args)
    try:
        outlines = read_opml(args.file.read_bytes())
    except OSError as exc:
        raise ConfigError(f"{args.file}: cannot be read ({exc.strerror})") from exc
    except ConfigError as exc:
        raise ConfigError(f"{args.file}: {exc}") from exc
    known = {feed.url for feed in _catalogue(args, settings)}
    taken = {feed.id for feed in _catalogue(args, settings)}
    for outline in outlines:
        if outline.url in known:
            print(f"# already there: {plain(outline.url)}")
            continue
        try:
            name = _free_id(outline.title or outline.url, taken)
            feed = Feed(id=name, url=outline.url, outlet=outline.title, language=outline.language)
        except ValueError:
            print(f"# no http or https address: {plain(outline.url)}")
            continue
        _print_entry(feed, args.json)
    return 0


def _add(args: argparse.Namespace) -> int:
    settings = settings_of(args)
    if args.url.partition("://")[0] not in {"http", "https"}:
        raise ConfigError(f"{args.url}: expected an http or https address")
    found = asyncio.run(_discover(args.url, settings.poll))
    if found is None:
        raise FeedError("not_a_feed", f"no feed found at {args.url}, nor at the places it names")
    taken = {feed.id for feed in _catalogue(args, settings)}
    url, title, language = found
    feed = Feed(id=_free_id(title or url, taken), url=url, outlet=title, language=language)
    _print_entry(feed, args.json)
    return 0


async def _discover(url: str, poll: PollSettings) -> tuple[str, str, str | None] | None:
    parsers = ParserPool(1)
    try:
        async with Fetcher(poll.contact, poll.timeout, HostGate(4)) as fetcher:
            page = await fetcher.fetch(url)
            tries = [url, *candidates(page.body.decode("utf-8", "replace"), page.url)]
            for candidate in tries[:12]:
                try:
                    answer = page if candidate == url else await fetcher.fetch(candidate)
                    parsed = await parsers.parse(answer.body, answer.url, detect=False)
                except FeedError:
                    continue
                return answer.permanent or candidate, parsed.title, parsed.language
    finally:
        await parsers.close()
    return None


def _free_id(text: str, taken: set[str]) -> str:
    """Make a new id from a title, and remember it."""
    letters = (char if char.isascii() and char.isalnum() else "-" for char in text.lower())
    base = "-".join(filter(None, "".join(letters).split("-")))[:60] or "feed"
    name = next(n for n in _numbered(base) if n not in taken)
    taken.add(name)
    return name


def _numbered(base: str) -> Iterable[str]:
    yield base
    for number in range(2, 100_000):
        yield f"{base}-{number}"


def _print_entry(feed: Feed, as_json: bool) -> None:
    fields = feed.model_dump(exclude_defaults=True, exclude_none=True)
    if as_json:
        print_json(fields)
        return
    print("[[feeds]]")
    for name, value in fields.items():
        print(f"{name} = {json.dumps(plain(str(value)), ensure_ascii=False)}")
    print()
