"""An analyst's corrections in `config/detect.toml`."""

import shutil

import pytest

from monitor.detect.check import check_detect_config
from monitor.detect.corrections import load_corrections
from monitor.errors import ConfigError
from monitor.settings import CONFIG_DIR
from tests.unit.detect_doubles import FixedScorer, article, detector


def load(tmp_path, text):
    path = tmp_path / "detect.toml"
    path.write_text(text)
    return load_corrections(path, CONFIG_DIR / "lexicon")


NEVER = '[[never]]\nlabel = "drill"\nlanguage = "en"\npattern = "fire drill*"\nwhy = "a building"\n'
ALWAYS = '[[always]]\nlabel = "drill"\nlanguage = "en"\npattern = "Copper Anvil"\n'


def test_never_takes_a_mention_away(tmp_path):
    """Whatever the score."""
    rules = load(tmp_path, NEVER)
    assert detector(FixedScorer(drill=1.0), rules).find_mentions(article("A fire drill.")) == []


def test_always_makes_a_mention_even_past_the_gate(tmp_path):
    """Whatever the score, and though no word of the gate is there."""
    rules = load(tmp_path, ALWAYS)
    found = detector(FixedScorer(), rules).find_mentions(article("They opened Copper Anvil."))
    assert [(m.label, m.score) for m in found] == [("drill", 0.99)]


def test_never_goes_before_always(tmp_path):
    """The careful rule wins."""
    rules = load(tmp_path, ALWAYS + NEVER)
    text = "Copper Anvil was a fire drill."
    assert detector(FixedScorer(drill=1.0), rules).find_mentions(article(text)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (NEVER.replace("fire drill*", "~ drill"), "never[0].pattern: '~ drill': '~' must stand"),
        (NEVER.replace("fire drill*", "{navy}"), "unknown class 'navy'"),
        (NEVER.replace('"en"', '"fr"'), "never[0].language"),
        (NEVER.replace("drill", "dril", 1), "never[0].label"),
        (NEVER + 'wy = "x"\n', "did you mean 'why'"),
        ('[gate]\nen = ["x", "(a+)+"]\n', "gate.en: '(a+)+'"),
        ("[thresholds.alert.en]\ndenial = 2.0\n", "thresholds.alert.en.denial: expected a number"),
        ("[[never]\n", "no valid TOML"),
    ],
)
def test_a_fault_is_refused_with_file_key_and_reason(tmp_path, text, expected):
    """Nothing is ignored in silence."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert expected in str(caught.value)
    assert "detect.toml" in str(caught.value)


def test_a_missing_file_corrects_nothing(tmp_path):
    """The file is optional."""
    assert load_corrections(tmp_path / "detect.toml", CONFIG_DIR / "lexicon").rules == ()


def test_the_shipped_file_passes_its_own_examples():
    """Every example of config/detect.toml comes true with the shipped weights."""
    assert check_detect_config() == []


def test_an_example_that_fails_is_reported(tmp_path):
    """With its number and what came instead."""
    shutil.copytree(CONFIG_DIR, tmp_path / "config")
    path = tmp_path / "config" / "detect.toml"
    path.write_text(
        '[[examples]]\nlanguage = "en"\ntext = "The bakery opened."\n'
        'expect = [{ label = "drill" }]\n'
    )
    assert check_detect_config(path) == [
        f"{path}: examples[0]: expected drill, got none in 'The bakery opened.'"
    ]
