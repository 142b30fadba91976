"""The pattern language of the data files."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.detect.patterns import any_of, compile_pattern

CLASSES = {"force": ("troop*", "soldiers", "air force")}
WORDS = st.lists(st.text("abcй'", min_size=1, max_size=5), min_size=1, max_size=8)


@given(WORDS)
def test_a_shared_beginning_loses_no_word(words):
    """The compressed alternation matches exactly the words it was made of."""
    pattern = re.compile(any_of(words))
    assert all(pattern.fullmatch(word) for word in words)
    assert not pattern.fullmatch("zz")


@pytest.mark.parametrize(
    ("pattern", "text", "hit"),
    [
        ("sent ~ {force}", "It sent three hundred fresh troops.", True),
        ("sent ~~ {force}", "It sent three hundred fresh new troops.", False),
        ("sent ~ {force}", "It sent money; troops stayed.", False),
        ("deploy* {force}", "Deploying soldiers", True),
        ("no plan* to", "There are no plans to go", True),
        ("{force}", "the air-force base", True),
        ("soldiers", "Soldiersville", False),
    ],
)
def test_a_pattern_matches_what_it_says(pattern, text, hit):
    """Words, beginnings, classes and gaps, within a clause and at word borders."""
    assert bool(compile_pattern(pattern, CLASSES).search(text)) is hit


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("", "empty"),
        ("~ troops", "between two words"),
        ("sent ~", "ends with a gap"),
        ("{navy} left", "unknown class 'navy'"),
        ("*", "no word"),
        ("a*", "nearly anything"),
        ("(a+)+$", "no word"),
    ],
)
def test_a_bad_pattern_is_refused_with_its_reason(pattern, why):
    """No pattern can match everything or be slow."""
    with pytest.raises(ValueError, match=re.escape(why)):
        compile_pattern(pattern, CLASSES)
