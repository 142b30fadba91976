"""Sentences, languages and masks: offsets are exact for any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.detect.language import language_of
from monitor.detect.sentences import MAX_SENTENCE, split
from monitor.detect.text import mask, printable

ANY = st.text(alphabet=st.characters(codec=None, exclude_categories=()), max_size=300)


@given(ANY)
def test_a_mask_moves_no_character(text):
    """Offsets in the masked text are offsets in the text."""
    assert len(mask(text)) == len(text)


@given(ANY)
def test_printable_text_can_be_written_and_has_its_length(text):
    """Halves of surrogate pairs become a replacement character."""
    assert len(printable(text)) == len(text)
    printable(text).encode("utf-8")


def test_markup_controls_and_bidi_marks_become_spaces():
    """What a reader does not see cannot hide a word."""
    assert mask("<b>Troops</b>\u202e left\x00") == "   Troops      left "


@given(ANY)
def test_sentences_are_in_order_and_cover_all_words(text):
    """Nothing but space lies between two sentences."""
    masked, place = mask(text), 0
    for span in split(masked):
        assert not masked[place : span.start].strip()
        assert masked[span.start : span.end] == masked[span.start : span.end].strip()
        assert 0 < span.end - span.start <= MAX_SENTENCE
        place = span.end
    assert not masked[place:].strip()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("The U.S. Navy left. The ships sailed at 5 p.m. on Monday.", 2),
        ("Gen. A. B. Stone met Mr. Reed. They spoke.", 2),
        ("It left the U.S. The ship is new.", 2),
        ("“We deny it.” The minister left.", 2),
        ("“We deny it!” he said.", 1),
        ("Instructors… would be sent there.", 1),
        ("Войска вышли в 2019 г. из города. Их 5 тыс. человек.", 2),
        ("Генерал А. Б. Камнев прибыл. Учения начались.", 2),
        ("Про це заявив ген. Кам'яний. Навчання тривають на пл. Ринок.", 2),
        ("Headline without a stop\nThe text begins here.", 2),
        ("a line that was wrapped\nin the middle, goes on.", 1),
        ("Is it true? Yes! It is.", 3),
    ],
)
def test_sentences_are_split_where_a_reader_would(text, count):
    """Abbreviations, initials, quotes and ellipses do not end a sentence; real ends do."""
    assert len(split(text)) == count


@pytest.mark.parametrize(
    ("text", "declared", "language"),
    [
        ("Troops left the city on Monday.", None, "en"),
        ("Войска покинули город в понедельник.", None, "ru"),
        ("Війська залишили місто в понеділок.", None, "uk"),
        ("Війська залишили місто в понеділок.", "ru", "uk"),
        ("Troops left the city on Monday.", "en-GB", "en"),
        ("Les troupes ont quitté la ville ce lundi matin dans le calme.", "fr", None),
        ("Les troupes ont quitté la ville ce lundi matin dans le calme.", None, None),
        ("Војници су напустили град у понедељак ујутру, јавља штаб.", None, None),
        ("軍隊は月曜日に街を去った。", None, None),
        ("", None, None),
        ("12345", "xx", None),
    ],
)
def test_the_language_is_chosen_by_declaration_and_letters(text, declared, language):
    """Only English, Russian and Ukrainian are read; letters beat a wrong Cyrillic declaration."""
    assert language_of(text, declared) == language
