"""How well mentions are put into stories, on events that were told apart by reading.

`grouping.json` names the events: for each label, a name and the ids of the labelled rows that tell
of it; and for headlines that several outlets have, the ids of their articles. Two rows are the
same event when an analyst would file them under one alert: the same party does the same thing at
the same place, in whatever words, and comment on it belongs to it. Events were told apart by
reading all rows of the chosen days, so an event stands among others of the same label, actor and
place. No text of an outlet is in the file. The proportions of nearness were chosen on this set.

A story is by definition of one time: an event is cut where nobody reports it for more than a day,
and three days after its first report, as the policy that ships says.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.alerts import PlaceState, Policy, update_stories
from monitor.alerts.policy import known_codes
from monitor.messages import Article, Evidence, Label, Mention, Status, make_id
from tests.quality.captures import articles
from tests.quality.measure import ALIASES

EVENTS = Path(__file__).with_name("grouping.json")
_GAP, _SPAN = timedelta(hours=24), timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Told:
    """A mention and the event that a reader gave it."""

    mention: Mention
    event: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """B-cubed precision and recall (Bagga and Baldwin 1998), and how much they rest on.

    Attributes:
        precision: Of the mentions in a mention's story, the share of its own event; the mean.
        recall: Of the mentions of a mention's event, the share in its own story; the mean.
        mentions: How many mentions.
        events: How many events.
        stories: How many stories were made.
    """

    precision: float
    recall: float
    mentions: int
    events: int
    stories: int

    @property
    def f1(self) -> float:
        """The harmonic mean."""
        return 2 * self.precision * self.recall / max(1e-9, self.precision + self.recall)


def b_cubed(events: Sequence[str], stories: Sequence[str]) -> Agreement:
    """Compare two ways of grouping the same items, each item's group by name."""
    both = Counter(zip(events, stories, strict=True))
    of_event, of_story = Counter(events), Counter(stories)
    total = max(1, len(events))
    precision = sum(n * n / of_story[story] for (_, story), n in both.items()) / total
    recall = sum(n * n / of_event[event] for (event, _), n in both.items()) / total
    return Agreement(precision, recall, len(events), len(of_event), len(of_story))


def stories_of(mentions: Iterable[Mention], policy: Policy) -> list[str]:
    """Run the mentions through the stories code, in the order given, as the worker does."""
    states: dict[str, PlaceState] = defaultdict(PlaceState)
    found = []
    for mention in mentions:
        states[mention.place], outcome = update_stories(states[mention.place], mention, policy)
        found.append(outcome.story_id)
    return found


def measure(told: Sequence[Told], policy: Policy) -> Agreement:
    """Group the mentions and compare with the events."""
    ordered = sorted(told, key=lambda t: (t.mention.seen_at, t.mention.id))
    return b_cubed(_cut(ordered), stories_of([t.mention for t in ordered], policy))


def _cut(ordered: Sequence[Told]) -> list[str]:
    """Name each mention's event, anew where the policy ends a story."""
    begun: dict[str, tuple[int, datetime, datetime]] = {}
    names = []
    for told in ordered:
        at = told.mention.time
        number, first, last = begun.get(told.event, (0, at, at))
        if at - last > _GAP or at - first > _SPAN:
            number, first = number + 1, at
        begun[told.event] = (number, first, at)
        names.append(f"{told.event}#{number}")
    return names


def grouping_figures(base: Path, policy: Policy) -> tuple[dict[str, float], list[str]]:
    """Measure every part of the set that is there, and all of it together.

    Args:
        base: The shared test material.
        policy: The rules of stories.

    Returns:
        F1 by name, and the lines of the report.
    """
    events = json.loads(EVENTS.read_text("utf-8"))
    parts = {
        f"labelled {name}": labelled(base / "labels", named)
        for name, named in events["labelled"].items()
    }
    if (base / "feeds").is_dir():
        parts["syndicated headlines"] = syndicated(base / "feeds", events["syndicated"])
    parts["all"] = [told for part in parts.values() for told in part]
    lines, figures = ["\nstories, B-cubed                       precision  recall     F1"], {}
    for name, told in parts.items():
        found = measure(told, policy)
        figures[f"stories {name}"] = found.f1
        lines.append(
            f"  {name:<36}{found.precision:>8.3f} {found.recall:>8.3f} {found.f1:>7.3f}   "
            f"({found.mentions} mentions, {found.events} events, {found.stories} stories)"
        )
    return figures, lines


def syndicated(folder: Path, events: Mapping[str, Sequence[str]]) -> list[Told]:
    """Make mentions of headlines in the captures that several outlets have of one event.

    They are of any subject and name no codes here: only the words tell them apart.

    Args:
        folder: The captures.
        events: Each event's articles.
    """
    named = {article: event for event, ids in events.items() for article in ids}
    return [
        Told(_headline(article), f"headline/{named[article.id]}")
        for article in articles(folder)
        if article.id in named
    ]


def _headline(article: Article) -> Mention:
    length = len(article.title)
    return Mention(
        id=make_id("headline", article.id),
        article_id=article.id,
        label=Label.DEPLOYMENT,
        status=Status.HAPPENED,
        cue="",
        score=1.0,
        evidence=Evidence(sentence=article.title, field="title", start=0, end=length),
        title=article.title,
        url=article.url,
        outlet=article.outlet,
        language=article.language,
        published_at=article.published_at,
        seen_at=article.fetched_at,
        detector="by hand",
    )


def labelled(folder: Path, events: Mapping[str, Mapping[str, Sequence[str]]]) -> list[Told]:
    """Make mentions of labelled rows, with the attributes that a reader gave them.

    Args:
        folder: The label files.
        events: By label, each event's rows.
    """
    wanted = {
        (row, label): f"{label}/{event}"
        for label, named in events.items()
        for event, ids in named.items()
        for row in ids
    }
    names = {row for row, _ in wanted}
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.open(encoding="utf-8"):
            row = json.loads(line)
            if row["id"] in names:
                found += [
                    Told(_mention(row, attribute), wanted[row["id"], attribute["label"]])
                    for attribute in row["attrs"]
                    if (row["id"], attribute["label"]) in wanted
                ]
    return found


def _mention(row: Mapping, attribute: Mapping) -> Mention:
    label, source = Label(attribute["label"]), row["source"]
    at = datetime.fromisoformat(row["date"][:10].replace("/", "-")).replace(hour=12, tzinfo=UTC)
    status = attribute.get("status")
    return Mention(
        id=make_id("row", row["id"], label),
        article_id=make_id("article", source["repo"], source["doc"]),
        label=label,
        status=Status(status) if status and label is not Label.DENIAL else None,
        cue="",
        actors=_codes(attribute.get("actor")),
        places=_codes(attribute.get("place")),
        speaker=attribute.get("speaker") or "",
        score=1.0,
        evidence=Evidence(
            sentence=row["text"],
            field="title" if source.get("kind") == "title" else "text",
            start=0,
            end=len(row["text"]),
        ),
        title=row.get("title") or row["text"],
        url=source.get("url") or "",
        outlet=row.get("outlet") or source["doc"],
        language=row["lang"],
        published_at=at,
        seen_at=at,
        detector="by hand",
    )


def _codes(names: Sequence[str] | None) -> tuple[str, ...]:
    """Keep what newsmon has a code for: no detector could say more."""
    codes = [ALIASES.get(name, name) for name in names or ()]
    return tuple(code for code in codes if code in known_codes())
