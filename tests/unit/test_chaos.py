"""The chaos run's own parts: its plan follows from the seed, and its readers see what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from monitor.alerts import load_policy
from monitor.counts import CountRow, add_mention, add_to_total, total_keys
from monitor.detect import load_detector
from monitor.kafka.client import Record
from monitor.messages import Article, DeadLetter, Mention, Message, make_id
from monitor.review.replay import Replay
from monitor.settings import CONFIG_DIR
from monitor.slack.blocks import story_message
from monitor.slack.peer import SlackPeer
from monitor.topics import ALERTS, ARTICLES, COUNTS, DEAD_LETTERS, MENTIONS, TOTALS
from tests.chaos.check import BAD, alerts_in, judge
from tests.chaos.deliveries import Deliveries, judge_deliveries
from tests.chaos.load import sentence
from tests.chaos.plan import KINDS, Plan, blows_of
from tests.samples import NOW, article

ARTICLES_TOLD = 12

Topics = dict[str, list[Record]]


def record(value: bytes, offset: int = 0, partition: int = 0) -> Record:
    return Record(partition, offset, None, value, NOW, {})


def records(messages: list[Any]) -> list[Record]:
    return [record(message.encode(), n) for n, message in enumerate(messages)]


def told(number: int) -> Article:
    url = f"https://load.example/{number}"
    # The second half tells the same stories in other words, by another outlet.
    text, outlet = sentence(number % 6 + 36 * (number // 6)), f"Load {number // 6}"
    return article(id=make_id("article", url), url=url, title="Report", text=text, outlet=outlet)


@pytest.fixture(scope="module")
def sound() -> Topics:
    """Return what the topics hold when all went well: 12 articles and one unreadable record."""
    articles = [told(n) for n in range(ARTICLES_TOLD)]
    detector, replay = load_detector(), Replay(load_policy(CONFIG_DIR / "alerts.toml"))
    mentions = [mention for each in articles for mention in detector.find_mentions(each)]
    rows: dict[str, CountRow] = {}
    counts: list[Message] = []
    totals: list[Message] = []
    for mention in mentions:
        replay.take(mention)
        story, key = replay.story_of[mention.id], mention.record_key
        rows[key], count = add_mention(rows.get(key, CountRow()), mention, story)
        counts.append(count)
        for name in total_keys(mention):
            before = rows.get(name, CountRow())
            rows[name], total = add_to_total(before, name, 0, mention, story)
            totals.append(total)
    letter = DeadLetter(
        topic=ARTICLES.name, partition=0, offset=99, reason="no JSON", raw="", key_raw="", size=3,
        seen_at=NOW,
    )  # fmt: skip
    return {
        ARTICLES.name: [*records(articles), record(BAD + b"0", 99)],
        MENTIONS.name: records(mentions),
        COUNTS.name: records(counts),
        TOTALS.name: records(totals),
        ALERTS.name: records(replay.alerts),
        DEAD_LETTERS.name: records([letter]),
    }


def faults(topics: Topics, bad: tuple[int, ...] = (0,)) -> set[str]:
    verdict = judge(topics, ARTICLES_TOLD, bad)
    assert verdict.ok is not any(verdict.faults.values())
    return {kind for kind, places in verdict.faults.items() if places}


def without(topics: Topics, name: str, index: int) -> Topics:
    left = list(topics[name])
    del left[index]
    return {**topics, name: left}


def test_what_is_sound_passes(sound: Topics) -> None:
    """Nothing is wrong, and there was something to judge."""
    verdict = judge(sound, ARTICLES_TOLD, (0,))

    assert verdict.ok, verdict
    assert verdict.seen["mentions"] > 5
    assert verdict.seen["alerts"] > 5


def test_repeats_under_the_same_id_are_counted_and_no_fault(sound: Topics) -> None:
    """The same record once more, on every topic that may repeat."""
    names = (ARTICLES.name, MENTIONS.name, ALERTS.name, DEAD_LETTERS.name)
    twice = {name: [*found, found[-1]] if name in names else found for name, found in sound.items()}
    twice[ARTICLES.name] = [*sound[ARTICLES.name], sound[ARTICLES.name][0]]

    verdict = judge(twice, ARTICLES_TOLD, (0,))

    assert verdict.ok, verdict
    assert dict(verdict.repeats) == {"articles": 1, "mentions": 1, "alerts": 1, "dead letters": 1}


@pytest.mark.parametrize(
    ("name", "index", "kind"),
    [
        (ARTICLES.name, 3, "articles lost"),
        (MENTIONS.name, 2, "mentions lost"),
        (COUNTS.name, -1, "counts wrong"),
        (TOTALS.name, -1, "totals wrong"),
        (ALERTS.name, 1, "alerts lost"),
        (DEAD_LETTERS.name, 0, "dead letters lost"),
    ],
)
def test_a_lost_record_is_seen(sound: Topics, name: str, index: int, kind: str) -> None:
    """One record less on a topic is a fault of its kind."""
    assert kind in faults(without(sound, name, index))


def test_an_acknowledged_record_that_is_gone_is_seen(sound: Topics) -> None:
    """The broker promised to keep number 1, and the topic does not hold it."""
    assert faults(sound, bad=(0, 1)) == {"acknowledged records lost"}


def test_a_second_id_is_seen(sound: Topics) -> None:
    """An article that comes again under another id, and a mention and an alert likewise."""
    other = told(3).model_copy(update={"id": make_id("article", "elsewhere")})
    first = Mention.decode(sound[MENTIONS.name][0].value)
    mention = first.model_copy(update={"id": make_id("mention", "elsewhere")})
    alert = next(iter(alerts_in(sound).values())).model_copy(update={"id": "another-story"})

    def added(name: str, message: Message) -> set[str]:
        return faults({**sound, name: [*sound[name], record(message.encode(), 50)]})

    assert "articles under two ids" in added(ARTICLES.name, other)
    assert "mentions that no article has" in added(MENTIONS.name, mention)
    assert added(ALERTS.name, alert) == {"alerts that no mention explains"}


def test_an_alert_of_other_content_is_seen(sound: Topics) -> None:
    """The same story and revision with another headline."""
    alert = next(iter(alerts_in(sound).values())).model_copy(update={"headline": "Another one"})
    topics = {**sound, ALERTS.name: [*sound[ALERTS.name], record(alert.encode(), 50)]}

    assert faults(topics) == {"alerts with other content"}


def test_nothing_at_all_does_not_pass() -> None:
    """A run in which nothing was published proves nothing."""
    assert not judge({name: [] for name in (t.name for t in _TOPICS)}, 0, ()).ok


_TOPICS = (ARTICLES, MENTIONS, COUNTS, TOTALS, ALERTS, DEAD_LETTERS)


def delivered(sound: Topics, change: Callable[[list[Any]], list[Any]]) -> Deliveries:
    """Have the alerts told in their order, changed, and judge that."""
    alerts = list(alerts_in(sound).values())
    peer = SlackPeer("token")
    for alert in change(alerts):
        peer.workspace.post("C0ALERTS01", story_message("name", alert, "").payload())
    return judge_deliveries({(a.id, a.revision): "C0ALERTS01" for a in alerts}, peer)


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        (lambda alerts: alerts, set()),
        (lambda alerts: alerts[1:], {"deliveries lost"}),
        (lambda alerts: [*alerts, alerts[-1]], {"deliveries repeated without a word"}),
        (lambda alerts: [*alerts, _another(alerts[0])], {"deliveries that no rule sends"}),
        (lambda alerts: sorted(alerts, key=lambda a: -a.revision), {"deliveries out of order"}),
    ],
)
def test_deliveries_are_compared_with_the_alerts(
    sound: Topics, change: Callable[[list[Any]], list[Any]], kinds: set[str]
) -> None:
    """What is lost, repeated, alien or out of order is seen, and nothing else."""
    found = delivered(sound, change)

    assert {kind for kind, told in found.wrong().items() if told} == kinds
    assert found.ok is (not kinds)


def _another(alert: Any) -> Any:
    return alert.model_copy(update={"id": "another-story"})


def test_a_delivery_in_another_channel_is_seen(sound: Topics) -> None:
    """The rules send it elsewhere."""
    alert = next(iter(alerts_in(sound).values()))
    peer = SlackPeer("token")
    peer.workspace.post("C0ALERTS01", story_message("name", alert, "").payload())

    found = judge_deliveries({(alert.id, alert.revision): "C0URGENT01"}, peer)

    assert found.misplaced == [(alert.id, alert.revision)]


def test_the_same_seed_strikes_the_same_way() -> None:
    """Kind, moment, length and target of every blow follow from the seed."""
    assert list(blows_of(Plan(blows=40, seed=5))) == list(blows_of(Plan(blows=40, seed=5)))
    assert list(blows_of(Plan(blows=40, seed=5))) != list(blows_of(Plan(blows=40, seed=6)))


def test_every_kind_falls_before_one_falls_again() -> None:
    """100 blows are spread evenly over all kinds."""
    kinds = [blow.kind for blow in blows_of(Plan(blows=2 * len(KINDS)))]

    assert set(kinds[: len(KINDS)]) == set(kinds[len(KINDS) :]) == set(KINDS)


def test_a_frozen_process_misses_its_session() -> None:
    """A freeze outlasts the session timeout, a pause does not."""
    blows = list(blows_of(Plan(blows=200)))
    session = timedelta(seconds=10).total_seconds()

    assert all(b.seconds > session for b in blows if b.kind.action == "freeze")
    assert all(1 <= b.seconds <= 8 for b in blows if b.kind.action == "pause")
