"""What the captured feeds would have told an analyst, and how much of it was worth telling.

    python -m tests.quality.alerts [--sample 60] [--feeds DIR]

Runs the captures through the detector and the policy that ships, prints how many alerts that is
per 1,000 articles, and, of the stories in `judged.json`, how many a reader found worth an alert,
and how many alerts those are. A story is worth it when its first sentence reports, announces or
denies a move, a presence or an exercise of forces as news; history, police, metaphors and other
denials are not. With `--sample` it prints so many stories to be judged: always the same for the
same detector.

What other readers had labelled as sentences (`training/captured.tsv`), without a thought of alerts,
is printed beside it: how many of the mentions that may raise an alert alone are right, and of those
that may not.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from monitor.alerts import PlaceState, Policy, is_clear, load_policy, update_stories
from monitor.detect import load_detector
from monitor.messages import Mention, make_id
from monitor.settings import CONFIG_DIR
from tests.quality import material
from tests.quality.captures import articles, mentions
from training.tables import CAPTURED, key, read_labels

JUDGED = Path(__file__).with_name("judged.json")
LANGUAGES = ("en", "ru", "uk")


@dataclass
class Told:
    """What was told.

    Attributes:
        mentions: How many mentions were found.
        revisions: Alerts by reason.
        alerts: Alerts by story.
        first: The mention that began each story that was told, by story.
    """

    mentions: int = 0
    revisions: Counter[str] = field(default_factory=Counter)
    alerts: Counter[str] = field(default_factory=Counter)
    first: dict[str, Mention] = field(default_factory=dict)


def tell(found: list[Mention], policy: Policy) -> Told:
    """Put the mentions into stories, in the order in which they were published."""
    told, places = Told(len(found)), dict[str, PlaceState]()
    begun: dict[str, Mention] = {}
    for mention in sorted(found, key=lambda m: (m.seen_at, m.id)):
        state = places.get(mention.place, PlaceState())
        places[mention.place], outcome = update_stories(state, mention, policy)
        begun.setdefault(outcome.story_id, mention)
        for alert in outcome.alerts:
            told.revisions[alert.reason] += 1
            told.alerts[alert.id] += 1
            told.first[alert.id] = begun[alert.id]
    return told


def right_by_doubt(found: list[Mention], policy: Policy) -> dict[bool, tuple[int, int]]:
    """Count the mentions of labelled sentences, doubtful or not: the right ones and all."""
    known, counts = read_labels(CAPTURED), dict[bool, tuple[int, int]]()
    for mention in found:
        row = known.get(key(mention.evidence.sentence))
        if row is not None:
            doubtful = not is_clear(mention, policy)
            right, read = counts.get(doubtful, (0, 0))
            counts[doubtful] = right + (mention.label in row["labels"]), read + 1
    return counts


def sample_of(told: Told, size: int) -> list[str]:
    """Choose stories evenly by id, so that the choice says nothing about them."""
    return sorted(told.first, key=lambda story: make_id("sample", story))[:size]


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=0, help="print so many stories to judge")
    parser.add_argument("--feeds", type=Path, help="folder of the captures")
    args = parser.parse_args()
    folder = material("feeds", args.feeds)
    detector, policy = load_detector(), load_policy(CONFIG_DIR / "alerts.toml")
    items = articles(folder)
    readable = [item for item in items if item.language in LANGUAGES]
    found = list(mentions(detector, readable))
    told = tell(found, policy)
    alerts = sum(told.revisions.values())
    print(
        f"detector {detector.version}: {len(items)} articles, {len(readable)} in {LANGUAGES}, "
        f"{told.mentions} mentions, {len(told.first)} stories told in {alerts} alerts\n"
        f"per 1,000 articles in a language that is read: {_rate(len(told.first), readable):.1f} "
        f"stories, {_rate(alerts, readable):.1f} alerts; by reason {dict(told.revisions)}"
    )
    judged: dict[str, bool] = json.loads(JUDGED.read_text("utf-8"))
    for least in (0.0, 0.6, 0.75, 0.85):
        known = [s for s, first in told.first.items() if s in judged and first.score >= least]
        worth = [story for story in known if judged[story]]
        print(
            f"  score from {least:.2f}: {len(worth)} of {len(known)} judged stories worth it, "
            f"{_alerts(told, worth)} of their {_alerts(told, known)} alerts"
        )
    for doubtful, (right, read) in sorted(right_by_doubt(found, policy).items()):
        kind = "in" if doubtful else "without"
        print(f"  labelled mentions {kind} doubt: {right} of {read} right")
    for story in sample_of(told, args.sample):
        mention = told.first[story]
        codes = f"{','.join(mention.actors)} > {','.join(mention.places)}"
        print(f"{story} {judged.get(story, '?')} {mention.score:.2f} {mention.label} "
              f"{mention.status or ''} {codes} | {mention.evidence.sentence}")  # fmt: skip
    return 0


def _alerts(told: Told, stories: list[str]) -> int:
    return sum(told.alerts[story] for story in stories)


def _rate(number: int, items: list[object] | list) -> float:
    return 1000 * number / max(1, len(items))


if __name__ == "__main__":
    sys.exit(main())
