"""Compares what the topics hold with what was published.

`read_all` reads, `judge` decides: from the articles follows which mentions there must be, and from
the mentions, in their order, which alerts, counts and totals.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from monitor.alerts import load_policy
from monitor.counts import merged, total_keys
from monitor.detect import load_detector
from monitor.kafka.client import Record, read_topic
from monitor.messages import Alert, Article, Count, DeadLetter, Mention, Total, WindowCount, make_id
from monitor.review.replay import Replay
from monitor.settings import CONFIG_DIR
from monitor.topics import ALERTS, ARTICLES, COUNTS, DEAD_LETTERS, MENTIONS, TOTALS

READ = (ARTICLES, MENTIONS, COUNTS, TOTALS, ALERTS, DEAD_LETTERS)
BAD = b"\xff no article "
"""How a record begins that is no article; its number follows."""

Records = Mapping[str, Sequence[Record]]
"""By topic name; those of one partition in their order."""


@dataclass
class Verdict:
    """What an independent reader found.

    Attributes:
        seen: How much there was of each thing.
        repeats: What came again under the same id: harmless, and counted.
        faults: What is lost, wrong or under a second id, by kind, each with its place.
    """

    seen: Counter[str] = field(default_factory=Counter)
    repeats: Counter[str] = field(default_factory=Counter)
    faults: dict[str, list[str]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether there is no fault, and something to judge."""
        return not any(self.faults.values()) and bool(self.seen["mentions"])

    def note(self, kind: str, places: Iterable[object]) -> None:
        """Note faults of a kind; none is worth noting too, as it was looked for."""
        self.faults.setdefault(kind, []).extend(str(place) for place in places)


async def check(bootstrap: str, published: int, bad_records: int = 0) -> Verdict:
    """Read all topics and judge; see `judge`.

    Args:
        bootstrap: The broker.
        published: Articles 0 to `published` - 1 were published.
        bad_records: So many unreadable records, from number 0 on, were acknowledged.
    """
    return judge(await read_all(bootstrap), published, range(bad_records))


async def read_all(bootstrap: str) -> dict[str, list[Record]]:
    """Read every topic that is judged.

    Raises:
        BrokerError: The broker does not answer.
    """
    return {
        topic.name: [
            r async for r in read_topic(bootstrap, topic, from_beginning=True, follow=False)
        ]
        for topic in READ
    }


def judge(records: Records, published: int, bad: Collection[int]) -> Verdict:
    """Judge what the topics hold.

    Args:
        records: What `read_all` gave.
        published: Articles 0 to `published` - 1 were published.
        bad: Numbers of the unreadable records that the broker has acknowledged.
    """
    verdict = Verdict()
    verdict.seen["published"] = published
    articles = _articles(records[ARTICLES.name], published, verdict)
    mentions = _mentions(records[MENTIONS.name], articles, verdict)
    _counts(records[COUNTS.name], mentions, verdict)
    _totals(records[TOTALS.name], mentions, verdict)
    _alerts(records[ALERTS.name], mentions, verdict)
    _dead_letters(records[DEAD_LETTERS.name], records[ARTICLES.name], bad, verdict)
    return verdict


def alerts_in(records: Records) -> dict[tuple[str, int], Alert]:
    """Return the alerts by story and revision, as they were told first."""
    found: dict[tuple[str, int], Alert] = {}
    for record in records[ALERTS.name]:
        alert = Alert.decode(record.value)
        found.setdefault((alert.id, alert.revision), alert)
    return found


def _articles(records: Sequence[Record], published: int, verdict: Verdict) -> dict[str, Article]:
    by_id: dict[str, Article] = {}
    ids: dict[int, set[str]] = defaultdict(set)
    for record in records:
        if (record.value or b"").startswith(BAD):
            continue
        article = Article.decode(record.value)
        verdict.repeats["articles"] += article.id in by_id
        by_id.setdefault(article.id, article)
        ids[int(article.url.rsplit("/", 1)[1])].add(article.id)
    verdict.seen["articles"] = len(by_id)
    verdict.note("articles lost", (n for n in range(published) if n not in ids))
    verdict.note("articles under two ids", (n for n, found in ids.items() if len(found) > 1))
    return by_id


def _mentions(
    records: Sequence[Record], articles: Mapping[str, Article], verdict: Verdict
) -> dict[str, Mention]:
    expected = dict(_expected(articles.values()))
    found: dict[str, Mention] = {}
    for record in records:
        mention = Mention.decode(record.value)
        verdict.repeats["mentions"] += mention.id in found
        found.setdefault(mention.id, mention)
    verdict.seen["mentions"] = len(found)
    verdict.note("mentions lost", (expected[name] for name in expected.keys() - found.keys()))
    verdict.note(
        "mentions that no article has", (found[name].url for name in found.keys() - expected.keys())
    )
    return found


_detector = cache(load_detector)


def _expected(articles: Iterable[Article]) -> Iterator[tuple[str, str]]:
    """Name the mentions that there must be, with their places.

    What reads the same is looked into once; the load's titles tell nothing.
    """
    detector = _detector()
    known: dict[str, list[Mention]] = {}
    for article in articles:
        if article.text not in known:
            known[article.text] = detector.find_mentions(article)
        for mention in known[article.text]:
            name = make_id("mention", article.id, mention.label, mention.evidence.sentence)
            yield name, f"{mention.record_key} of {article.url}"


def _counts(records: Sequence[Record], mentions: Mapping[str, Mention], verdict: Verdict) -> None:
    reports, outlets = Counter[str](), defaultdict[str, set[str]](set)
    for mention in mentions.values():
        reports[mention.record_key] += 1
        outlets[mention.record_key].add(mention.outlet)
    newest: dict[str, Count] = {}
    for record in records:
        count = Count.decode(record.value)
        newest[count.key] = count
    weeks = {key: count.windows["7d"] for key, count in newest.items()}
    verdict.note("counts wrong", _differences(weeks, reports, outlets))


def _totals(records: Sequence[Record], mentions: Mapping[str, Mention], verdict: Verdict) -> None:
    """Compare the sums over all partitions with the mentions: reports and outlets."""
    reports, outlets = Counter[str](), defaultdict[str, set[str]](set)
    for mention in mentions.values():
        for key in total_keys(mention):
            reports[key] += 1
            outlets[key].add(mention.outlet)
    parts: dict[str, dict[int, Total]] = defaultdict(dict)
    for record in records:
        total = Total.decode(record.value)
        parts[total.key][total.part] = total
    weeks = {key: merged(found.values()).windows["7d"] for key, found in parts.items()}
    verdict.note("totals wrong", _differences(weeks, reports, outlets))


def _differences(
    found: Mapping[str, WindowCount],
    reports: Mapping[str, int],
    outlets: Mapping[str, Collection[str]],
) -> Iterator[str]:
    for key in sorted(reports.keys() | found.keys()):
        week = found.get(key)
        seen = (week.mentions, week.outlets) if week else (0, 0)
        expected = (reports.get(key, 0), len(outlets.get(key, ())))
        if seen != expected:
            yield f"{key}: {seen} reports and outlets instead of {expected}"


def _alerts(records: Sequence[Record], mentions: Mapping[str, Mention], verdict: Verdict) -> None:
    """Compare with a replay of the mentions in their order: every revision to the byte."""
    replay = Replay(load_policy(CONFIG_DIR / "alerts.toml"))
    for mention in mentions.values():
        replay.take(mention)
    expected = {(alert.id, alert.revision): alert.encode() for alert in replay.alerts}
    found: set[tuple[str, int]] = set()
    unequal: list[str] = []
    for record in records:
        alert = Alert.decode(record.value)
        name = (alert.id, alert.revision)
        verdict.repeats["alerts"] += name in found
        found.add(name)
        if name in expected and expected[name] != record.value:
            unequal.append(_alert_name(name))
    verdict.seen["alerts"] = len(found)
    verdict.note("alerts lost", map(_alert_name, expected.keys() - found))
    verdict.note("alerts that no mention explains", map(_alert_name, found - expected.keys()))
    verdict.note("alerts with other content", unequal)


def _alert_name(name: tuple[str, int]) -> str:
    return f"{name[0]} revision {name[1]}"


def _dead_letters(
    letters: Sequence[Record],
    articles: Sequence[Record],
    acknowledged: Collection[int],
    verdict: Verdict,
) -> None:
    # By their place: one that was sent twice stands twice, and both are to be kept.
    bad = {
        (r.partition, r.offset): r.value or b"" for r in articles if (r.value or b"")[:1] == b"\xff"
    }
    numbers = {int(value.removeprefix(BAD)) for value in bad.values()}
    found: set[tuple[int, int]] = set()
    alien: list[str] = []
    for record in letters:
        letter = DeadLetter.decode(record.value)
        place = (letter.partition, letter.offset)
        if letter.topic != ARTICLES.name or place not in bad:
            alien.append(f"{letter.topic}{list(place)}: {letter.reason}")
        verdict.repeats["dead letters"] += place in found
        found.add(place)
    verdict.seen["dead letters"] = len(found)
    verdict.note("acknowledged records lost", (n for n in acknowledged if n not in numbers))
    verdict.note("dead letters lost", bad.keys() - found)
    verdict.note("dead letters that no record explains", alien)
