"""`newsmon story`: the whole thread of a story, in order and with evidence."""

from __future__ import annotations

import argparse
import asyncio
from datetime import timedelta
from typing import Any

from monitor.alerts import load_policy
from monitor.cli.options import add_common, console, print_json, settings_of
from monitor.cli.reading import read_messages
from monitor.kafka.bootstrap import resolve_bootstrap
from monitor.messages import UNKNOWN_PLACE, Alert, Mention
from monitor.review.draw import draw_thread
from monitor.review.replay import Replay
from monitor.review.thread import Archive, Thread
from monitor.settings import Settings
from monitor.topics import ALERTS, MENTIONS


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command."""
    parser = commands.add_parser(
        "story",
        help="show the whole thread of a story, with evidence",
        description="Show a story from its first report to its last revision: each sentence with "
        "outlet and link, each revision with its reason, the claim or the denials. Reports older "
        "than the mentions that the topic keeps (7 days) are shown as far as alerts hold them.",
    )
    parser.add_argument("id", help="the id of the alert, or its first digits")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show one story."""
    thread = asyncio.run(_thread(settings_of(args), args.id))
    if args.json:
        print_json(_facts(thread))
    else:
        console().print(draw_thread(thread), soft_wrap=True)
    return 0


async def _thread(settings: Settings, prefix: str) -> Thread:
    policy = load_policy(settings.alert.policy)
    bootstrap = await resolve_bootstrap(settings)
    archive = Archive(prefix)
    async for record, alert in read_messages(bootstrap, ALERTS, Alert):
        archive.add(alert, record.timestamp)
    story = archive.story()
    # Alerts hold five sentences. Who else told the story is found as the workers found it, from
    # mentions that begin before it, so that those of older stories go where they went.
    since = story.counts.first_seen - timedelta(hours=policy.stories.span_hours)
    replay, near = Replay(policy), []
    async for _, mention in read_messages(bootstrap, MENTIONS, Mention, since=since):
        replay.take(mention)
        if mention.label == story.label and mention.place in (*story.places, UNKNOWN_PLACE):
            near.append(mention)
    ids = {replay.story_of[name] for name in archive.shown_ids() if name in replay.story_of}
    return archive.thread([m for m in near if replay.story_of[m.id] in ids])


def _facts(thread: Thread) -> dict[str, Any]:
    reports = [{"at": r.at, **r.evidence.model_dump(mode="python")} for r in thread.reports]
    return {
        "story": thread.story.model_dump(mode="python"),
        "revisions": [
            {"at": told.at, **told.alert.model_dump(mode="python")} for told in thread.revisions
        ],
        "reports": reports,
        "linked": [alert.model_dump(mode="python") for alert in thread.linked],
        "forgotten": thread.forgotten,
    }
