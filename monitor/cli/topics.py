"""`newsmon topics`: the table of topics, and their creation."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from rich.table import Table

from monitor.cli.options import add_common, console, print_json, settings_of
from monitor.kafka.admin import apply_topics
from monitor.kafka.bootstrap import resolve_bootstrap
from monitor.settings import Settings
from monitor.topics import TOPICS, Topic


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command."""
    parser = commands.add_parser("topics", help="list the topics, and create them")
    parser.add_argument(
        "action",
        nargs="?",
        choices=("list", "apply"),
        default="list",
        help="list: the table (default); apply: create what is missing",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """List or create the topics."""
    settings = settings_of(args)
    if args.action == "apply":
        for line in asyncio.run(_apply(settings)) or ["all topics are there"]:
            print(line)
        return 0
    if args.json:
        for topic in TOPICS:
            print_json(_facts(topic))
        return 0
    table = Table(
        "topic", "model", "key", "partitions", "written by", "read by", "cleanup", box=None
    )
    for topic in TOPICS:
        facts = _facts(topic)
        facts["readers"] = ", ".join(topic.readers)
        table.add_row(*(str(facts[name] or "-") for name in facts if name != "config"))
    console().print(table)
    return 0


async def _apply(settings: Settings) -> list[str]:
    bootstrap = await resolve_bootstrap(settings)
    return await apply_topics(bootstrap, replication=settings.kafka.replication)


def _facts(topic: Topic) -> dict[str, Any]:
    return {
        "name": topic.name,
        "model": topic.model.__name__ if topic.model else None,
        "key": topic.key,
        "partitions": topic.partitions,
        "writer": topic.writer,
        "readers": topic.readers,
        "cleanup": topic.config()["cleanup.policy"],
        "config": topic.config(),
    }
