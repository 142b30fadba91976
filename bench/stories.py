"""State and work per mention on one hot key, as it grows old.

    python -m bench.stories [--mentions 100000] [--step 10000]

Prints, per step, CPU microseconds per mention for stories and for counts, and the bytes of their
states as they would be written to a changelog. Both must stay flat.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import orjson

from monitor.alerts import PlaceState, Policy, update_stories
from monitor.alerts.filters import SeverityRule, Watch
from monitor.counts import CountRow, add_mention
from monitor.messages import Evidence, Label, Mention, Status, make_id

_BEGIN = datetime(2030, 1, 1, tzinfo=UTC)
_ACTORS = ("US", "GB", "FR", "DE", "PL", "RU", "BY", "TR", "CA", "IT", "ES", "NL", "SE", "FI")
_WORDS = """
brigade harbour convoy northern frigate airfield rotation tanks battalion valley engineers
midnight bridge coast radar helicopters border reserve artillery rail depot crossing island
squadron
""".split()


def mentions(number: int, per_hour: int) -> Iterator[Mention]:
    """Tell many events of one place, in an order that is mixed but always the same."""
    dice = 12345
    for n in range(number):
        dice = (dice * 1103515245 + 12345) % 2**31
        actor = _ACTORS[dice % len(_ACTORS)]
        words = [_WORDS[(dice >> shift) % len(_WORDS)] for shift in (3, 7, 11, 15, 19, 23)]
        sentence = f"Report {n}: {actor} moved a {' '.join(words)} to the capital on the day."
        label = (Label.DEPLOYMENT, Label.DEPLOYMENT, Label.DRILL, Label.DENIAL)[(dice >> 5) % 4]
        seen = _BEGIN + timedelta(hours=n / per_hour)
        yield Mention(
            id=make_id("bench", str(n)),
            article_id=make_id("article", str(n // 2)),
            label=label,
            status=None if label is Label.DENIAL else list(Status)[(dice >> 9) % 8],
            cue="moved",
            actors=(actor,),
            places=("XA",),
            speaker=f"Speaker {dice % 50}",
            score=0.9,
            evidence=Evidence(sentence=sentence, field="text", start=0, end=len(sentence)),
            title=sentence[:60],
            url=f"https://news.example/{n}",
            outlet=f"Outlet {(dice >> 13) % 300}",
            language="en",
            published_at=seen - timedelta(minutes=dice % 180),
            seen_at=seen,
            detector="bench",
        )


def main(words: list[str]) -> None:
    """Run and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mentions", type=int, default=100_000)
    parser.add_argument("--step", type=int, default=10_000)
    parser.add_argument("--per-hour", type=int, default=120)
    args = parser.parse_args(words)
    severity = (SeverityRule(level="high", status="happened", min_outlets=2),)  # type: ignore[arg-type]
    policy = Policy(severity=severity, watches=(Watch(name="urgent", severity="high"),))  # type: ignore[arg-type]
    place: object = None
    rows: dict[str, object] = {}
    spent = [0.0, 0.0]
    alerts = 0
    print(f"{'mentions':>9} {'stories µs':>10} {'counts µs':>10} {'place bytes':>11} "
          f"{'row bytes':>10} {'open':>5} {'alerts':>7}")  # fmt: skip
    for n, mention in enumerate(mentions(args.mentions, args.per_hour), 1):
        begin = time.process_time()
        state, outcome = update_stories(PlaceState.from_json(place), mention, policy)  # type: ignore[arg-type]
        place = state.to_json()
        middle = time.process_time()
        row = CountRow.from_json(rows.get(mention.record_key))  # type: ignore[arg-type]
        row, _ = add_mention(row, mention, outcome.story_id)
        rows[mention.record_key] = row.to_json()
        spent[0] += middle - begin
        spent[1] += time.process_time() - middle
        alerts += len(outcome.alerts)
        if n % args.step == 0:
            largest = max(len(orjson.dumps(value)) for value in rows.values())
            print(f"{n:>9} {spent[0] / args.step * 1e6:>10.0f} {spent[1] / args.step * 1e6:>10.0f} "
                  f"{len(orjson.dumps(place)):>11} {largest:>10} {len(state.stories):>5} "
                  f"{alerts:>7}", flush=True)  # fmt: skip
            spent, alerts = [0.0, 0.0], 0
