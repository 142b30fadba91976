"""Captured news from end to end, and the file of what readers said of it."""

from __future__ import annotations

import re

import pytest

from monitor.detect import load_detector
from monitor.messages import Label
from tests import shared_dir
from tests.quality.measure import Tally
from tests.quality.stream import Flagged, flags, measure, streams
from training.tables import CAPTURED, key, read_labels


def test_found_false_and_unread_are_told_apart() -> None:
    """A mention is a pair of sentence and label; what no reader saw is neither right nor wrong."""
    known = {
        key("both"): {"labels": ["deployment", "drill"]},
        key("none"): {"labels": []},
        key("missed"): {"labels": ["denial"]},
    }
    flagged: list[tuple[str, str, Flagged]] = [
        ("en", "both", {"alert": {"deployment", "denial"}, "search": {"deployment", "drill"}}),
        ("en", "none", {"alert": {"drill"}}),
        ("en", "missed", {}),
        ("en", "never read", {"alert": {"drill"}}),
        ("en", "plain", {}),
        ("uk", "none", {}),
    ]

    found = measure(flagged, known)

    alert, search, other = found["alert", "en"], found["search", "en"], found["alert", "uk"]
    assert alert.tally == Tally(right=1, wrong=2, missed=2)
    assert (alert.sentences, alert.unread) == (5, 1)
    assert search.tally == Tally(right=2, wrong=0, missed=1)
    assert (other.sentences, other.tally, other.unread) == (1, Tally(), 0)


def test_a_text_counts_once_and_not_where_training_has_it() -> None:
    """Also when another item, with another headline, brings it again."""
    text = "Norway sent 120 soldiers to Iceland on Monday. The volcano is quiet."
    detector = load_detector()
    readings = [detector.read(title, text, "en") for title in ("One", "Two")]

    found = [row[1] for row in flags(detector, readings, seen={"The volcano is quiet."})]

    assert found == ["One", "Norway sent 120 soldiers to Iceland on Monday.", "Two"]
    (flagged,) = [row[2] for row in flags(detector, readings, set()) if "soldiers" in row[1]]
    assert flagged == {"alert": {"deployment"}, "search": {"deployment"}}


@pytest.mark.slow
def test_news_that_training_never_saw_is_read_well_enough() -> None:
    """At the default threshold, in English: what is found, what is invented, and nothing unread."""
    stream = streams(load_detector(), shared_dir("feeds"), others=True)["alert", "en"]

    found = stream.tally.right / (stream.tally.right + stream.tally.missed)
    assert stream.sentences > 10_000
    assert found >= 0.72
    assert stream.false_per_1000 <= 1.5
    assert stream.unread <= 5


def test_the_file_of_captured_sentences_names_each_once_and_shows_none() -> None:
    """Hashes, labels and a mark of doubt: no text of an outlet."""
    lines = CAPTURED.read_text("utf-8").splitlines()

    assert len(read_labels(CAPTURED)) == len(lines) > 500
    assert all(re.fullmatch(r"[0-9a-f]{20}\t[a-z,]*\t\??", line) for line in lines)
    names = {label.value for label in Label}
    assert all(set(row["labels"]) <= names for row in read_labels(CAPTURED).values())
