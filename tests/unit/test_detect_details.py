"""Quantity: what a sentence counts."""

import pytest

from monitor.detect.details import quantity
from tests.unit.detect_doubles import lexicons


@pytest.mark.parametrize(
    ("language", "text", "value", "unit"),
    [
        ("en", "They sent 500 heavily armed Ruritanian troops.", 500, "troops"),
        ("en", "Two thousand soldiers left.", 2000, "soldiers"),
        ("en", "Hundreds of marines landed.", 100, "marines"),
        ("en", "It moved 1,200 tanks.", 1200, "tanks"),
        ("ru", "Туда отправили 3 тыс. военных.", 3000, "военных"),
        ("uk", "Туди відправили дві тисячі солдатів.", 2000, "солдатів"),
    ],
)
def test_a_number_of_forces_is_read_with_its_words_between(language, text, value, unit):
    """Scales multiply; adjectives may stand between number and unit."""
    found = quantity(text, lexicons()[language])
    assert (found.value, found.unit) == (value, unit)


@pytest.mark.parametrize("text", ["It cost $500 for the troops.", "In 1979, troops left."])
def test_a_number_of_something_else_is_none(text):
    """Money, and a year that a comma sets apart."""
    assert quantity(text, lexicons()["en"]) is None
