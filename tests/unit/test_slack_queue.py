"""What a channel sends next, and what may be committed."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.messages import Severity
from monitor.slack.progress import Progress
from monitor.slack.queue import Queue
from monitor.slack.rules import SlackRules
from monitor.slack.samples import sample_alert
from tests.samples import NOW

LATER = timedelta(seconds=1)


def queue(*alerts: tuple[str, int, Severity], **tables: object) -> Queue:
    made = Queue(SlackRules.model_validate(tables))
    for offset, (story, revision, severity) in enumerate(alerts):
        alert = sample_alert(NOW, id=story, revision=revision, severity=severity)
        made.add(alert, 0, offset, NOW)
    return made


def told(made: Queue, seconds: float = 1) -> list[tuple[str, int]]:
    step = made.next(NOW + timedelta(seconds=seconds))
    return [(item.alert.id, item.alert.revision) for item in step.items]


def test_a_few_alerts_go_one_by_one():
    """Five waiting are five messages."""
    made = queue(*((f"s{n}", 1, Severity.HIGH) for n in range(5)))

    assert told(made) == [("s0", 1)]


def test_more_than_five_are_folded():
    """Six waiting are one digest of six."""
    made = queue(*((f"s{n}", 1, Severity.HIGH) for n in range(6)))

    assert len(told(made)) == 6


def test_what_waits_too_long_is_folded():
    """Two alerts of which one waits longer than a minute are one digest."""
    made = queue(("a", 1, Severity.LOW), ("b", 1, Severity.LOW))

    assert len(told(made, 60)) == 1
    assert len(told(made, 61)) == 2


def test_critical_passes_the_others_and_is_not_folded():
    """But an earlier revision of the same story goes first."""
    others = [(f"s{n}", 1, Severity.LOW) for n in range(8)]
    made = queue(*others, ("worst", 1, Severity.HIGH), ("worst", 2, Severity.CRITICAL))

    step = made.next(NOW + LATER)
    assert told(made) == [("worst", 1)]
    made.remove(step.items)
    assert told(made) == [("worst", 2)]


def test_muted_alerts_come_in_one_digest_afterwards():
    """The step says until when to wait; then all come at once."""
    until = NOW + timedelta(hours=1)
    mute = {"name": "m", "until": until}
    made = queue(("a", 1, Severity.LOW), ("b", 1, Severity.LOW), mutes=[mute])

    waiting = made.next(NOW + LATER)
    assert not waiting.items
    assert waiting.until == until
    assert len(told(made, 3601)) == 2


def test_a_critical_revision_brings_the_held_ones_of_its_story_along():
    """Quiet hours never turn the order of a story round."""
    quiet = {"start": "11:00", "end": "13:00"}
    made = queue(("a", 1, Severity.LOW), ("b", 1, Severity.LOW), ("a", 2, Severity.CRITICAL),
                 quiet=quiet)  # fmt: skip

    assert told(made) == [("a", 1)]


def test_low_severity_is_gathered():
    """With `low_minutes` it waits, the rest does not."""
    made = queue(("a", 1, Severity.LOW), ("b", 1, Severity.HIGH), fold={"low_minutes": 5})

    assert told(made) == [("b", 1)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(Severity), st.integers(0, 90)),
        max_size=25,
    ),
    st.integers(2, 6),
)
def test_all_are_told_once_and_each_story_in_order(came: list, most: int):
    """Whatever comes when: nothing is forgotten, nothing is told twice."""
    rules = {
        "fold": {"most": most, "low_minutes": 1},
        "quiet": {"start": "12:00", "end": "12:01"},
        "mutes": [{"name": "m", "status": "planned", "until": NOW + timedelta(minutes=2)}],
    }
    made = Queue(SlackRules.model_validate(rules))
    now, revisions, out = NOW, dict.fromkeys("abc", 0), []
    for offset, (story, severity, pause) in enumerate(came):
        revisions[story] += 1
        status = "planned" if pause % 2 else "happened"
        alert = sample_alert(
            now, id=story, revision=revisions[story], severity=severity, status=status
        )
        made.add(alert, 0, offset, now)
        now += timedelta(seconds=pause)
        step = made.next(now)
        made.remove(step.items)
        out += step.items
    for _ in range(200):
        step = made.next(now)
        made.remove(step.items)
        out += step.items
        now = step.until or now
    assert len(made) == 0
    for story, last in revisions.items():
        mine = [item.alert.revision for item in out if item.alert.id == story]
        assert mine == list(range(1, last + 1))


@given(st.permutations(range(8)), st.integers(0, 8))
def test_a_commit_never_jumps_over_an_open_record(order: list[int], count: int):
    """Done in any order: the commit is the first offset that is still open."""
    progress = Progress()
    for offset in range(8):
        progress.take(3, offset)
    done = set(order[:count])
    for offset in order[:count]:
        progress.done(3, offset)
        progress.committed(progress.ready())

    first_open = min(set(range(8)) - done, default=8)
    assert len(progress) == 8 - first_open
    assert progress.ready() == {}


def test_a_partition_that_went_away_is_forgotten():
    """What is done for it later changes nothing."""
    progress = Progress()
    progress.take(1, 5)
    progress.drop(frozenset({1}))
    progress.done(1, 5)

    assert progress.ready() == {}
