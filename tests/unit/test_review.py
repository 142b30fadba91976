"""Looking back: replays, comparisons, threads; and what may become of a dead letter."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest

from monitor.alerts import Policy, Watch, load_policy
from monitor.errors import ConfigError
from monitor.kafka.client import Record
from monitor.messages import Alert, DeadLetter, Label, Mention, Status
from monitor.review.compare import compare
from monitor.review.draw import draw_change, draw_letter, draw_thread
from monitor.review.letters import REPLAY_OF, matches, newest_letters, original_of, send_back
from monitor.review.replay import Replay
from monitor.review.thread import Archive
from monitor.settings import CONFIG_DIR
from monitor.topics import ALERTS, FEED_STATE, MENTIONS, Topic
from tests.samples import NOW
from tests.unit.build_mentions import mention

POLICY = load_policy(CONFIG_DIR / "alerts.toml")
ISLANDS = Watch(name="islands", place=("IS",))


def replayed(mentions: list[Mention], policy: Policy = POLICY) -> Replay:
    replay = Replay(policy)
    for each in mentions:
        replay.take(each)
    return replay


def news() -> list[Mention]:
    """Return a claim by two outlets, its denial, and something else elsewhere."""
    return [
        mention(status="planned", at=0),
        mention("Swedish troops to come to Finland.", outlet="The Anchor", status="planned", at=10),
        mention("No battalions arrived at Ostrava Bay.", label="denial", at=20, outlet="Herald"),
        mention("A drill begins on the island.", label="drill", places=("IS",), at=30),
    ]


def test_a_replay_ignores_repeats() -> None:
    """A mention that stands twice on the topic is told and counted once."""
    once, twice = replayed(news()), replayed([each for each in news() for _ in range(2)])

    assert once.alerts == twice.alerts
    assert len(once.story_of) == 4


def test_places_may_come_mixed() -> None:
    """Only the order within a place matters, as partitions are read in any mixture."""
    first, *others, elsewhere = news()

    alerts = replayed([elsewhere, first, *others]).alerts

    assert {(a.id, a.revision): a for a in alerts} == {
        (a.id, a.revision): a for a in replayed(news()).alerts
    }


def test_a_burst_is_replayed_too() -> None:
    """After a quiet history many stories at once raise an alert, as in the workers."""
    old = [mention(f"Old affair number {n}.", at=n * 24 * 60, name=str(n)) for n in range(9)]
    words = ["harbour", "airfield", "border", "bridge", "capital", "depot", "railway", "coast"]
    rush = [
        mention(
            f"Columns reached the {word}.", actors=(code,), outlet=f"Outlet {word}",
            at=9 * 24 * 60 + n, name=word,
        )
        for n, (word, code) in enumerate(zip(words, "SE NO DK PL DE FR GB US".split(), strict=True))
    ]  # fmt: skip

    reasons = [alert.reason for alert in replayed(old + rush).alerts]

    assert "burst" in reasons
    assert "burst" not in [alert.reason for alert in replayed(old).alerts]


def kinds(before: list[Alert], after: list[Alert], watch: str | None = None) -> list[str]:
    return [change.kind for change in compare(before, after, watch)]


def test_equal_rules_change_nothing() -> None:
    """The same alerts on both sides are the same stories."""
    alerts = replayed(news()).alerts

    assert kinds(alerts, alerts) == ["same"] * 3


def test_a_new_watch_adds_what_it_fits() -> None:
    """On the topic nothing has its tag yet."""
    watched = replayed(news(), POLICY.model_copy(update={"watches": (ISLANDS,)})).alerts

    (change,) = compare(replayed(news()).alerts, watched, "islands")

    assert change.kind == "added"
    assert change.alert.label == Label.DRILL
    assert kinds(watched, replayed(news()).alerts, "islands") == ["removed"]


def test_stricter_rules_take_away_and_change() -> None:
    """With two outlets needed, what one outlet told goes; the claim is told later, so otherwise."""
    strict = POLICY.model_copy(
        update={"alerts": POLICY.alerts.model_copy(update={"min_outlets": 2})}
    )
    changes = compare(replayed(news()).alerts, replayed(news(), strict).alerts, None)

    assert {change.alert.label: change.kind for change in changes} == {
        Label.DRILL: "removed",
        Label.DENIAL: "removed",
        Label.DEPLOYMENT: "changed",
    }


def test_another_severity_is_a_change_with_both_values() -> None:
    """The field is named, the old value first."""
    calm = POLICY.model_copy(update={"severity": ()})

    (drill,) = [
        change
        for change in compare(replayed(news()).alerts, replayed(news(), calm).alerts, None)
        if change.alert.label == Label.DRILL
    ]

    assert drill.kind == "changed"
    assert drill.fields["severity"] == ("medium", "low")
    assert "severity: medium → low" in draw_change(drill).plain


def test_a_story_whose_beginning_is_gone_is_still_the_same() -> None:
    """The id came from a report that the topic no longer keeps; a shown sentence tells."""
    whole, rest = replayed(news()).alerts, replayed(news()[1:]).alerts

    changes = compare(whole, rest, None)

    assert {change.kind for change in changes} <= {"same", "changed"}
    assert len(changes) == 3


def archive(prefix: str, alerts: list[Alert]) -> Archive:
    found = Archive(prefix)
    for alert in alerts:
        found.add(alert, alert.counts.last_seen)
    return found


def test_a_thread_has_every_report_also_those_no_longer_kept() -> None:
    """Mentions and the sentences of old revisions are put together, each once, in order."""
    replay = replayed(news())
    claim = replay.story_of[news()[0].id]

    thread = archive(claim, replay.alerts).thread([news()[1]])

    assert [report.evidence.outlet for report in thread.reports] == ["The Lantern", "The Anchor"]
    assert [told.alert.revision for told in thread.revisions] == list(
        range(1, len(thread.revisions) + 1)
    )
    assert [alert.label for alert in thread.linked] == [Label.DENIAL]
    text = draw_thread(thread).plain
    assert text.count("“") == len(thread.reports) + len(thread.linked)
    assert "denied by" in text


def test_a_denial_that_is_gone_is_named() -> None:
    """The link is told although the topic no longer holds the other side."""
    replay = replayed(news())
    claim = replay.story_of[news()[0].id]
    kept = [alert for alert in replay.alerts if alert.label != Label.DENIAL]

    thread = archive(claim, kept).thread([])

    assert thread.forgotten == thread.story.denied_by
    assert thread.forgotten[0] in draw_thread(thread).plain


def test_a_prefix_must_fit_exactly_one_story() -> None:
    """None and several are errors that say what to do."""
    alerts = replayed(news()).alerts

    with pytest.raises(ConfigError, match="no id of a kept alert"):
        archive("zz", alerts).story()
    with pytest.raises(ConfigError, match="begins 3 ids"):
        archive("", alerts).story()


def test_hostile_text_does_not_reach_the_terminal() -> None:
    """Escapes in a sentence, an outlet or a reason are taken out."""
    bad = mention("Troops \x1b[2Jarrived.", outlet="Ev\x1bil", status="happened")
    replay = replayed([bad])
    thread = archive("", replay.alerts).thread([bad])

    texts = [draw_thread(thread).plain, draw_letter(letter(reason="no\x1b[2J")).plain]

    assert not any("\x1b" in text for text in texts)


VALUE = mention().encode()


def letter(**changes: Any) -> DeadLetter:
    fields = {
        "topic": MENTIONS.name,
        "partition": 4,
        "offset": 17,
        "reason": "not a valid Mention: id: Field required",
        "raw": base64.b64encode(VALUE).decode(),
        "key_raw": base64.b64encode(b"deployment:FI").decode(),
        "size": len(VALUE),
        "seen_at": NOW,
    }
    return DeadLetter(**(fields | changes))


def decided(
    buried: DeadLetter,
    topic: Topic | None = MENTIONS,
    found: Record | None = None,
    superseded: bool = False,
    force: bool = False,
) -> Record | str:
    return send_back(buried, topic, original_of(buried, found), superseded, force)


def test_a_letter_goes_back_as_it_came() -> None:
    """Same bytes, key, partition and time; CloudEvents headers, and one that says what it is."""
    record = decided(letter())

    assert isinstance(record, Record)
    assert (record.key, record.value, record.partition) == (b"deployment:FI", VALUE, 4)
    assert record.timestamp == NOW
    assert record.headers["ce_type"] == b"newsmon.mention.v1"
    assert record.headers[REPLAY_OF] == b"newsmon.mentions/4/17"


def test_the_record_on_the_topic_is_preferred() -> None:
    """It has all bytes of a long value, and its own headers."""
    long = mention("A very long sentence. " * 5000).encode()
    cut = letter(raw=base64.b64encode(long[: 64 * 1024]).decode(), size=len(long))
    there = Record(4, 17, b"k", long, NOW, {"ce_id": b"own"})

    record = decided(cut, found=there)

    assert isinstance(record, Record)
    assert record.value == long
    assert record.headers["ce_id"] == b"own"
    assert "only the beginning" in str(decided(cut))


def test_a_record_of_a_topic_made_anew_is_not_mistaken() -> None:
    """What stands at the old place now has other bytes: the letter's own are sent."""
    record = decided(letter(), found=Record(4, 17, b"k", b"{}", NOW, {}))

    assert isinstance(record, Record)
    assert record.value == VALUE


@pytest.mark.parametrize(
    ("changes", "options", "why"),
    [
        ({"raw": base64.b64encode(b"{}").decode(), "size": 2}, {}, "still not a valid Mention"),
        ({"replayed_as": "newsmon.mentions/4/23"}, {}, "sent back already"),
        ({"offset": -1}, {}, "never was on the topic"),
        ({}, {"superseded": True}, "newer record of its key"),
        ({"topic": "gossip"}, {"topic": None}, "reads no topic gossip"),
        ({}, {"topic": FEED_STATE}, "reads no topic"),
    ],
)
def test_what_cannot_go_back_is_left_with_its_reason(
    changes: dict[str, Any], options: dict[str, Any], why: str
) -> None:
    """Nothing is sent that would be buried again, or that would hide something newer."""
    assert why in str(decided(letter(**changes), **options))


def test_force_sends_what_cannot_be_read() -> None:
    """The bytes go back as they are."""
    record = decided(letter(raw=base64.b64encode(b"{}").decode(), size=2), force=True)

    assert isinstance(record, Record)
    assert record.value == b"{}"
    assert "superseded" not in record.headers
    assert isinstance(decided(letter(), ALERTS, superseded=True, force=True), str)


def test_a_letter_is_listed_once_as_it_stands() -> None:
    """The mark replaces the letter; messages that never had an offset are told apart by bytes."""
    marked = letter(replayed_as="newsmon.mentions/4/23")
    large = [letter(offset=-1, raw=raw, reason="too large") for raw in ("YQ==", "Yg==")]

    found = newest_letters([letter(), letter(offset=18), *large, marked])

    assert found == [marked, letter(offset=18), *large]
    assert marked.event_id != letter().event_id


def test_letters_are_chosen_by_topic_and_words() -> None:
    """Words of the reason in any capitals."""
    assert matches(letter(), None, None)
    assert matches(letter(), MENTIONS.name, "FIELD required")
    assert not matches(letter(), ALERTS.name, None)
    assert not matches(letter(), None, "too large")


def test_a_replay_knows_ended_stories() -> None:
    """A status that comes later is a revision of the same story."""
    replay = replayed([mention(at=0), mention(status="ended", at=60, name="e", outlet="Herald")])

    assert [alert.status for alert in replay.alerts][-1] == Status.ENDED
    assert replay.alerts[-1].counts.last_seen - replay.alerts[0].counts.last_seen == timedelta(
        hours=1
    )
