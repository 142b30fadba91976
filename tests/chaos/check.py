"""Compares what the topics hold with what was published."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field

from monitor.counts import merged, total_keys
from monitor.detect import load_detector
from monitor.kafka.client import Record, read_topic
from monitor.messages import Alert, Article, Count, DeadLetter, Mention, Total, WindowCount, make_id
from monitor.topics import ALERTS, ARTICLES, COUNTS, DEAD_LETTERS, MENTIONS, TOTALS, Topic


@dataclass
class Verdict:
    """What an independent reader found; all but the first lines must be zero or empty."""

    articles: int = 0
    mentions: int = 0
    alerts: int = 0
    repeated_articles: int = 0
    repeated_mentions: int = 0
    repeated_alerts: int = 0
    lost_articles: list[int] = field(default_factory=list)
    articles_with_two_ids: list[int] = field(default_factory=list)
    lost_mentions: int = 0
    alien_mentions: int = 0
    wrong_counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    wrong_totals: dict[str, tuple[int, int]] = field(default_factory=dict)
    keys_without_alert: list[str] = field(default_factory=list)
    unequal_alert_repeats: int = 0
    revision_gaps: int = 0
    lost_dead_letters: int = 0
    alien_dead_letters: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing is lost, wrong or unequal."""
        facts = list(asdict(self).items())
        return not any(value for _, value in facts[6:]) and self.mentions > 0


async def check(bootstrap: str, published: int, bad_records: int) -> Verdict:
    """Read all topics and judge.

    Args:
        bootstrap: The broker.
        published: Articles 0 to `published` - 1 were published.
        bad_records: Unreadable records that were put on the articles topic.
    """
    verdict = Verdict()
    articles = _articles(await _read(bootstrap, ARTICLES), published, verdict)
    mentions = _mentions(await _read(bootstrap, MENTIONS), articles, verdict)
    _counts(await _read(bootstrap, COUNTS), mentions, verdict)
    _totals(await _read(bootstrap, TOTALS), mentions, verdict)
    _alerts(await _read(bootstrap, ALERTS), mentions, verdict)
    letters = [DeadLetter.decode(r.value) for r in await _read(bootstrap, DEAD_LETTERS)]
    expected = {x.event_id for x in letters if x.topic == ARTICLES.name and "no JSON" in x.reason}
    verdict.lost_dead_letters = bad_records - len(expected)
    verdict.alien_dead_letters = len({x.event_id for x in letters} - expected)
    return verdict


async def _read(bootstrap: str, topic: Topic) -> list[Record]:
    return [r async for r in read_topic(bootstrap, topic, from_beginning=True, follow=False)]


def _articles(records: list[Record], published: int, verdict: Verdict) -> dict[str, Article]:
    by_id: dict[str, Article] = {}
    ids: dict[int, set[str]] = defaultdict(set)
    for record in records:
        if not (record.value or b"").startswith(b"{"):
            continue
        article = Article.decode(record.value)
        verdict.repeated_articles += article.id in by_id
        by_id.setdefault(article.id, article)
        ids[int(article.url.rsplit("/", 1)[1])].add(article.id)
    verdict.articles = len(by_id)
    verdict.lost_articles = [n for n in range(published) if n not in ids]
    verdict.articles_with_two_ids = [n for n, found in ids.items() if len(found) > 1]
    return by_id


def _mentions(
    records: list[Record], articles: dict[str, Article], verdict: Verdict
) -> dict[str, Mention]:
    expected = set(_expected(articles.values()))
    found: dict[str, Mention] = {}
    for record in records:
        mention = Mention.decode(record.value)
        verdict.repeated_mentions += mention.id in found
        found[mention.id] = mention
    verdict.mentions = len(found)
    verdict.lost_mentions = len(expected - found.keys())
    verdict.alien_mentions = len(found.keys() - expected)
    return found


def _expected(articles: Iterable[Article]) -> Iterator[str]:
    """Name the mentions that there must be; what reads the same is looked into once."""
    detector = load_detector()
    known: dict[tuple[str, str], list[Mention]] = {}
    for article in articles:
        told = (article.title, article.text)
        if told not in known:
            known[told] = detector.find_mentions(article)
        for mention in known[told]:
            yield make_id("mention", article.id, mention.label, mention.evidence.sentence)


def _counts(records: list[Record], mentions: dict[str, Mention], verdict: Verdict) -> None:
    reports, outlets = Counter[str](), defaultdict[str, set[str]](set)
    for mention in mentions.values():
        reports[mention.record_key] += 1
        outlets[mention.record_key].add(mention.outlet)
    newest: dict[str, Count] = {}
    for record in records:
        count = Count.decode(record.value)
        newest[count.key] = count
    for key in reports.keys() | newest.keys():
        week = newest[key].windows["7d"] if key in newest else None
        _compare(verdict.wrong_counts, key, week, reports[key], len(outlets[key]))


def _totals(records: list[Record], mentions: dict[str, Mention], verdict: Verdict) -> None:
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
    for key in reports.keys() | parts.keys():
        week = merged(parts[key].values()).windows["7d"] if key in parts else None
        _compare(verdict.wrong_totals, key, week, reports[key], len(outlets[key]))


def _compare(
    wrong: dict[str, tuple[int, int]],
    key: str,
    week: WindowCount | None,
    reports: int,
    outlets: int,
) -> None:
    found = (week.mentions, week.outlets) if week else (0, 0)
    for seen, expected in zip(found, (reports, outlets), strict=True):
        if seen != expected:
            wrong[key] = (seen, expected)


def _alerts(records: list[Record], mentions: dict[str, Mention], verdict: Verdict) -> None:
    bytes_of: dict[tuple[str, int], bytes] = {}
    revisions: dict[str, set[int]] = defaultdict(set)
    keys = set()
    for record in records:
        alert = Alert.decode(record.value)
        known = bytes_of.setdefault((alert.id, alert.revision), record.value or b"")
        verdict.unequal_alert_repeats += known != record.value
        verdict.repeated_alerts += alert.revision in revisions[alert.id]
        revisions[alert.id].add(alert.revision)
        keys |= {f"{alert.label}:{place}" for place in alert.places or ("ZZ",)}
    verdict.alerts = len(bytes_of)
    verdict.revision_gaps = sum(len(seen) != max(seen) for seen in revisions.values())
    verdict.keys_without_alert = sorted(
        {m.record_key for m in mentions.values() if m.record_key not in keys}
    )
