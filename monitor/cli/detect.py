"""`newsmon detect --jsonl`: articles in, mentions out, one JSON object a line."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from monitor.cli.options import add_common, print_json, settings_of
from monitor.detect import Detector, load_detector
from monitor.errors import ConfigError
from monitor.messages import Article, Mention
from monitor.settings import CONFIG_DIR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_LINE = 32 << 20
"""Bytes of a line; a longer one is reported and skipped."""


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command."""
    parser = commands.add_parser(
        "detect",
        help="find mentions in articles given as JSON lines",
        description="Reads {id, title, text, language} a line and prints {id, mentions} a line. "
        "A line that cannot be read gives {id, error}; the exit code is then 1.",
    )
    parser.add_argument(
        "--jsonl",
        nargs="?",
        const="-",
        default="-",
        metavar="FILE",
        help="the articles; - (default) reads standard input",
    )
    parser.add_argument("--threshold", choices=("alert", "search"), help="default: the settings'")
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Answer every line; the exit code says whether all could be read."""
    settings = settings_of(args)
    detector = load_detector(CONFIG_DIR, args.threshold or settings.detect.threshold)
    failed = False
    with ExitStack() as stack:
        for line in _lines(_open(args.jsonl, stack)):
            answer = _answer(detector, line)
            failed = failed or "error" in answer
            print_json(answer)
    return 1 if failed else 0


def _open(name: str, stack: ExitStack) -> BinaryIO:
    if name == "-":
        return sys.stdin.buffer
    try:
        return stack.enter_context(Path(name).open("rb"))
    except OSError as exc:
        raise ConfigError(f"{name}: cannot be read ({exc.strerror})") from exc


def _lines(source: BinaryIO) -> Iterator[bytes]:
    while line := source.readline(_MAX_LINE + 1):
        whole = line.endswith(b"\n") or len(line) <= _MAX_LINE
        while not whole and (rest := source.readline(_MAX_LINE)):
            whole = rest.endswith(b"\n")
        if line.strip():
            yield line


def _answer(detector: Detector, line: bytes) -> dict[str, object]:
    known: dict[str, object] = {}
    try:
        if len(line) > _MAX_LINE:
            raise ValueError(f"the line is longer than {_MAX_LINE >> 20} MiB")
        data = _read(line)
        if not isinstance(data, dict):
            raise ValueError(f"expected an object, got {type(data).__name__}")
        known = {"id": data["id"]} if "id" in data else {}
        mentions = detector.find_mentions(_article(data))
    except ValueError as exc:
        return {**known, "error": str(exc)}
    return {"id": data["id"], "mentions": [_facts(mention) for mention in mentions]}


def _read(line: bytes) -> object:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        # Halves of surrogate pairs are JSON for the standard library, and some tools write them.
        return json.loads(line)


def _article(data: dict[str, object]) -> Article:
    values = {}
    for name, needed in (("id", True), ("title", False), ("text", False), ("language", False)):
        value = data.get(name)
        if value is None and not needed:
            continue
        if name == "id" and isinstance(value, int):
            value = str(value)
        if not isinstance(value, str):
            raise ValueError(f"{name}: expected a text, got {type(value).__name__}")
        values[name] = value
    return Article(
        id=values["id"],
        feed_id="",
        url="",
        title=values.get("title", ""),
        text=values.get("text", ""),
        outlet="",
        language=values.get("language"),
        fetched_at=_EPOCH,
    )


def _facts(mention: Mention) -> dict[str, object]:
    return {
        "label": mention.label,
        "field": mention.evidence.field,
        "start": mention.evidence.start,
        "end": mention.evidence.end,
        "status": mention.status,
        "cue": mention.cue,
        "actors": mention.actors,
        "places": mention.places,
        "speaker": mention.speaker,
        "claim": mention.claim,
        "score": mention.score,
        "sentence": mention.evidence.sentence,
        "quantity": mention.quantity.model_dump() if mention.quantity else None,
    }
