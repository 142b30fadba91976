"""Which sentences training sees, and which it must not."""

from __future__ import annotations

import re

from monitor.messages import Label
from training.sets import beside
from training.tables import READ, read_labels


def row(text: str, title: str = "", prev: str = "") -> dict:
    return {"lang": "en", "text": text, "title": title, "prev": prev}


def test_what_stands_beside_rows_is_given_once() -> None:
    """Headlines and sentences before, in the order of the rows, without doubles."""
    rows = [row("One.", "Headline", "Before one."), row("Two.", "Headline", "One.")]
    assert [found["text"] for found in beside(rows, [])] == ["Headline", "Before one."]


def test_nothing_that_stands_beside_a_held_out_row_is_given() -> None:
    """Neither its text nor its headline nor the sentence before, however it is written."""
    rows = [row("One.", "HELD headline!", "Held text."), row("Two.", "Kept", "Held before.")]
    held = [row("Held text.", "Held headline", "Held before.")]
    assert [found["text"] for found in beside(rows, held)] == ["Kept"]


def test_the_file_of_read_sentences_names_each_once_and_shows_none() -> None:
    """Hashes, labels and a mark of doubt: the texts belong to others."""
    lines = READ.read_text("utf-8").splitlines()
    known = read_labels(READ)

    assert len(known) == len(lines) > 3000
    assert all(re.fullmatch(r"[0-9a-f]{20}\t[a-z,]*\t\??", line) for line in lines)
    assert {label for row in known.values() for label in row["labels"]} == set(Label)
