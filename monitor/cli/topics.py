"""`newsmon topics`: the table of topics, and their creation."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import asdict
from typing import Any

from rich.table import Table

from monitor.acls import command, rights
from monitor.cli.options import add_common, console, print_json, settings_of
from monitor.kafka.admin import apply_topics
from monitor.kafka.bootstrap import resolve_bootstrap
from monitor.kafka.layout import replication_of
from monitor.settings import Settings
from monitor.topics import TOPICS, Topic


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command."""
    parser = commands.add_parser("topics", help="list the topics, and create them")
    parser.add_argument(
        "action",
        nargs="?",
        choices=("list", "apply", "acls"),
        default="list",
        help="list: the table (default); apply: create what is missing; acls: the rights that each "
        "role needs, as lines for kafka-acls.sh",
    )
    parser.add_argument(
        "--principal-prefix",
        default="User:newsmon-",
        metavar="TEXT",
        help="acls: what stands before the role in the principals (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """List or create the topics, or print the rights on them."""
    settings = settings_of(args)
    if args.action == "apply":
        for line in asyncio.run(_apply(settings)) or ["all topics are there"]:
            print(line)
        return 0
    if args.action == "acls":
        for right in rights():
            if args.json:
                print_json(asdict(right))
            else:
                print(command(right, args.principal_prefix))
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
    return await apply_topics(bootstrap, replication=replication_of(settings))


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
