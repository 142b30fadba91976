"""`newsmon parse`: read feed documents given as JSON lines."""

from __future__ import annotations

import argparse
import asyncio
import base64
import binascii
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any, BinaryIO

import orjson

from monitor.cli.options import add_common, print_json
from monitor.errors import ConfigError, ParseError
from monitor.feeds.entry import Entry, ParsedFeed
from monitor.feeds.pool import ParserPool


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command."""
    parser = commands.add_parser(
        "parse",
        help="parse feeds given as JSON lines",
        description="in: {name, doc (base64), base}; out: {name, language, entries: [{id, url, "
        "title, summary, content, author, published, updated}]}, times in unix seconds or null, "
        "or {name, error}",
    )
    parser.add_argument("--jsonl", metavar="FILE", nargs="?", const="-", default="-",
                        help="JSON lines to read; - is stdin")  # fmt: skip
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Parse each line's document; a document that is no feed gives an error on its line."""
    try:
        opened = nullcontext(sys.stdin.buffer) if args.jsonl == "-" else open(args.jsonl, "rb")  # noqa: PTH123, SIM115
    except OSError as exc:
        raise ConfigError(f"{args.jsonl}: cannot be read ({exc.strerror})") from exc
    with opened as stream:
        asyncio.run(_parse_all(stream, args.jsonl))
    return 0


async def _parse_all(stream: BinaryIO, name: str) -> None:
    pool = ParserPool(1)
    try:
        for number, question in _questions(stream, name):
            label = question.get("name", number)
            try:
                print_json(
                    {"name": label} | answer(await pool.parse(*_document(question), raw=True))
                )
            except ParseError as exc:
                print_json({"name": label, "error": str(exc)})
    finally:
        await pool.close()


def _questions(stream: BinaryIO, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(stream, 1):
        if not line.strip():
            continue
        try:
            question = orjson.loads(line)
        except orjson.JSONDecodeError as exc:
            raise ConfigError(f"{name}: line {number}: expected JSON, got {exc}") from exc
        if not isinstance(question, dict):
            raise ConfigError(f"{name}: line {number}: expected an object with name, doc, base")
        yield number, question


def _document(question: dict[str, Any]) -> tuple[bytes, str]:
    try:
        return base64.b64decode(question["doc"], validate=True), str(question.get("base") or "")
    except (KeyError, TypeError, ValueError, binascii.Error) as exc:
        raise ParseError("bad_input", "expected the document as base64 under 'doc'") from exc


def answer(feed: ParsedFeed) -> dict[str, Any]:
    """Return what the command says of a feed."""
    return {
        "language": feed.language,
        "format": feed.format,
        "entries": [_entry(entry, feed.home) for entry in feed.entries],
    }


def _entry(entry: Entry, home: str) -> dict[str, Any]:
    return {
        "id": entry.id,
        "url": entry.url or home,
        "title": entry.title,
        "summary": entry.summary,
        "content": entry.content or entry.summary,
        "author": entry.author,
        "author_name": entry.author_name,
        "published": entry.published,
        "updated": entry.updated,
    }
