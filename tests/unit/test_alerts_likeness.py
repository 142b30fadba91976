"""How alike sentences are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.likeness import fingerprint, shared, terms, text_likeness

LONG = "Nine grey lorries with folded bridges crossed the frozen river towards the old fort."


def near(left: str, right: str) -> tuple[float, bool]:
    return text_likeness(terms(left), [" ".join(terms(right))])


def test_a_copy_with_small_changes_is_a_copy() -> None:
    """An agency text with one word more and other stops is seen through."""
    assert near(LONG, LONG.replace("old fort.", "old fort, reports say!"))[1]


def test_the_same_words_in_another_order_are_no_copy() -> None:
    """Neighbouring pairs decide, not the bag of words."""
    mixed = "Towards the fort, old and frozen, crossed folded lorries; grey bridges, nine of river."
    share, copied = near(LONG, mixed)
    assert share > 0.9
    assert not copied


def test_short_sentences_are_never_copies() -> None:
    """Four words in common happen by chance."""
    assert near("Swedish lorries crossed here.", "Swedish lorries crossed here.") == (1.0, False)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Бригады пересекли реку", "Бригада пересекла реки"),
        ("Бригади перетнули річкою", "Бригадою перетнуто річковий"),
        ("Lorries crossed rivers", "The lorry was crossing a river"),
    ],
)
def test_inflected_words_are_the_same_word(left: str, right: str) -> None:
    """Stems of five letters bridge most endings of Slavic words and some of English ones."""
    assert near(left, right)[0] >= 1 / 3


def test_words_that_every_report_has_tell_nothing() -> None:
    """Troops, drills and the grammar around them are no common ground."""
    assert terms("The troops were deployed during a military exercise") == []
    assert terms("Войска проводят военные учения") == ["прово"]


def test_nothing_is_shared_with_nothing() -> None:
    """An empty side is like nobody."""
    assert (shared([], ["a"]), shared([], [])) == (0.0, 0.0)


@given(st.sets(st.text(min_size=1)), st.sets(st.text(min_size=1)))
def test_likeness_is_symmetric_and_between_0_and_1(left: set[str], right: set[str]) -> None:
    """Which sentence came first does not matter."""
    assert shared(left, right) == shared(right, left)
    assert 0 <= shared(left, right) <= 1


@given(st.text())
def test_any_text_has_terms_and_a_fingerprint(text: str) -> None:
    """Hostile text is no error, and the number of terms is bounded."""
    words = terms(text)
    assert len(words) <= 40
    assert len(fingerprint(words)) == 8
