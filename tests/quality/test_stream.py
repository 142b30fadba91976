"""The count over captured news, and the file of what readers said of it. Needs no captures."""

from __future__ import annotations

import re

from monitor.messages import Label
from tests.quality.stream import measure
from training.sentences import LABELLED, key, labelled


def test_found_false_and_unread_are_told_apart() -> None:
    """A mention is a pair of sentence and label; what no reader saw is neither right nor wrong."""
    known = {
        key("both"): {"labels": ["deployment", "drill"]},
        key("none"): {"labels": []},
        key("missed"): {"labels": ["denial"]},
    }
    flagged = [
        ("en", "both", {"deployment", "denial"}),
        ("en", "none", {"drill"}),
        ("en", "missed", set[str]()),
        ("en", "never read", {"drill"}),
        ("en", "plain", set[str]()),
        ("uk", "none", set[str]()),
    ]

    found = measure(flagged, known)

    assert (found["en"].sentences, found["en"].mentions, found["en"].found) == (5, 3, 1)
    assert (found["en"].false, found["en"].unread) == (2, 1)
    assert (found["uk"].sentences, found["uk"].false, found["uk"].unread) == (1, 0, 0)


def test_the_file_of_captured_sentences_names_each_once_and_shows_none() -> None:
    """Hashes, labels and a mark of doubt: no text of an outlet."""
    lines = LABELLED.read_text("utf-8").splitlines()

    assert len(labelled()) == len(lines) > 500
    assert all(re.fullmatch(r"[0-9a-f]{20}\t[a-z,]*\t\??", line) for line in lines)
    names = {label.value for label in Label}
    assert all(set(row["labels"]) <= names for row in labelled().values())
