"""Names in sentences, in three languages and their inflections."""

import time
from functools import cache

import pytest

from monitor.detect.gazetteer import Gazetteer, load_gazetteer, tokenize
from monitor.errors import ConfigError
from monitor.settings import CONFIG_DIR


@cache
def gazetteer() -> Gazetteer:
    return load_gazetteer(CONFIG_DIR / "gazetteer")


def codes(text, language="en", year=None):
    return [name.code for name in gazetteer().find(text, tokenize(text), language, year)]


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("The U.S. and the UK met South Korea's envoy.", "en", ["US", "GB", "KR"]),
        ("Give us the people of Mali.", "en", ["ML"]),
        (
            "Ships left the Black Sea for Sevastopol, the Kremlin said.",
            "en",
            ["Black Sea", "UA", "RU"],
        ),
        ("The Pentagon and Hezbollah disagree with NATO.", "en", ["US", "Hezbollah", "NATO"]),
        ("Войска вышли из Сирии в Южную Осетию.", "ru", ["SY", "GE"]),
        ("Российские и белорусские военные в Чёрном море", "ru", ["RU", "BY", "Black Sea"]),
        ("Кремлю ответили в Вашингтоне и НАТО.", "ru", ["RU", "US", "NATO"]),
        ("Війська вийшли з Маріуполя до Криму.", "uk", ["UA", "UA"]),
        ("Польські солдати у Балтійському морі", "uk", ["PL", "Baltic Sea"]),
        ("north korea denies it", "en", ["KP"]),
    ],
)
def test_names_are_found_in_their_inflected_forms(text, language, expected):
    """Longest name first, capitals respected, all-lower-case text forgiven."""
    assert codes(text, language) == expected


def test_a_leader_is_out_of_office_outside_the_years():
    """The name still points to the country, and says that it is not the office that speaks."""
    text = "Poroshenko spoke."
    names = {year: gazetteer().find(text, tokenize(text), "en", year)[0] for year in (2016, 2025)}
    assert names[2016].in_office
    assert not names[2025].in_office


def test_offsets_are_those_of_the_text():
    """A name can be cut out of the sentence again."""
    text = "Near Nagorno-Karabakh, Russia's troops"
    for name in gazetteer().find(text, tokenize(text), "en"):
        assert text[name.start : name.end] == name.text


def test_a_sentence_costs_well_under_a_millisecond():
    """The look-up does not grow with the number of names."""
    text = "Russian and Belarusian troops near Kharkiv and the Black Sea, the Pentagon said. " * 2
    tokens = tokenize(text)
    start = time.perf_counter()
    for _ in range(50):
        gazetteer().find(text, tokens, "en")
    assert (time.perf_counter() - start) / 50 < 0.005


def test_a_missing_file_is_a_clear_error(tmp_path):
    """The error names the file."""
    with pytest.raises(ConfigError, match=r"countries\.toml"):
        load_gazetteer(tmp_path)
