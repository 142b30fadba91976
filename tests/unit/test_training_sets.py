"""Which sentences training sees, and which it must not."""

from __future__ import annotations

from training.sets import beside


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
