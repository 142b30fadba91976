"""`newsmon watch`: the watches of the policy, and what a changed rule would do."""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.alerts import Policy, load_policy
from monitor.cli.options import add_common, console, duration, print_json, settings_of
from monitor.cli.reading import read_messages, watch_named
from monitor.kafka.bootstrap import resolve_bootstrap
from monitor.messages import Alert, Mention
from monitor.review.compare import KINDS, Change, compare
from monitor.review.draw import draw_change
from monitor.review.replay import Replay
from monitor.settings import Settings
from monitor.topics import ALERTS, MENTIONS


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command and its actions."""
    parser = commands.add_parser("watch", help="the watches of the policy file")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list the watches")
    listing.set_defaults(run=run_list)
    trial = actions.add_parser(
        "test",
        help="show what changed rules would do",
        description="Pass the mentions that the topic keeps (7 days) through the policy file as it "
        "is now, and compare with the alerts that were told: what would have come, gone, or been "
        "told otherwise. Nothing is sent. Workers read the file when they start.",
    )
    trial.add_argument("name", nargs="?", help="only what this watch tells; default all alerts")
    trial.add_argument(
        "--since",
        type=duration,
        default=timedelta(days=7),
        metavar="AGE",
        help="alerts with news in this time, e.g. 24h; default 7d",
    )
    trial.add_argument("--all", action="store_true", help="show also what stays the same")
    trial.set_defaults(run=run_test)
    for inner in (listing, trial):
        inner.add_argument("--policy", type=Path, metavar="FILE", help="another policy file")
        inner.add_argument("--json", action="store_true", help="one JSON object a line")
        add_common(inner)


def run_list(args: argparse.Namespace) -> int:
    """List the watches."""
    path = args.policy or settings_of(args).alert.policy
    for watch in load_policy(path).watches:
        facts = watch.model_dump(mode="json", exclude_defaults=True)
        if args.json:
            print_json(facts)
        else:
            name = facts.pop("name")
            keys = (f"{k}={','.join(v) if isinstance(v, list) else v}" for k, v in facts.items())
            print(f"{name}: {'  '.join(keys) or 'every alert'}")
    return 0


def run_test(args: argparse.Namespace) -> int:
    """Compare the alerts of the topic with those that the policy file would give."""
    settings = settings_of(args)
    path = args.policy or settings.alert.policy
    policy = load_policy(path)
    if args.name:
        watch_named(policy, args.name, path)
    since = datetime.now(UTC) - args.since
    changes = asyncio.run(_changes(settings, policy, args.name, since))
    for change in changes:
        if change.kind != "same" or args.all:
            if args.json:
                print_json(_facts(change))
            else:
                console().print(draw_change(change), soft_wrap=True)
    if not args.json:
        found = Counter(change.kind for change in changes)
        print(", ".join(f"{found[kind]} {kind}" for kind in KINDS))
    return 0


async def _changes(
    settings: Settings, policy: Policy, watch: str | None, since: datetime
) -> list[Change]:
    bootstrap = await resolve_bootstrap(settings)
    replay = Replay(policy)
    # From the beginning whatever `since` is: stories and bursts need their history.
    async for _, mention in read_messages(bootstrap, MENTIONS, Mention):
        replay.take(mention)
    told = [alert async for _, alert in read_messages(bootstrap, ALERTS, Alert, since=since)]
    return compare(
        [alert for alert in told if alert.counts.last_seen >= since],
        [alert for alert in replay.alerts if alert.counts.last_seen >= since],
        watch,
    )


def _facts(change: Change) -> dict[str, Any]:
    return {
        "change": change.kind,
        "id": change.alert.id,
        "fields": {name: {"before": b, "after": a} for name, (b, a) in change.fields.items()},
        "before": change.before.model_dump(mode="python") if change.before else None,
        "after": change.after.model_dump(mode="python") if change.after else None,
    }
