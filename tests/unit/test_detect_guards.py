"""Guards: ways of speaking that only look like a mention."""

import pytest

from monitor.messages import Label
from tests.unit.detect_doubles import article, detector, lexicons

GUARDS = [
    pytest.param(lexicon, guard, label, id=guard.id)
    for lexicon in lexicons().values()
    for guard in lexicon.guards
    for label in sorted(guard.blocks)
]


@pytest.mark.parametrize(("lexicon", "guard", "label"), GUARDS)
def test_a_guard_stops_its_example(lexicon, guard, label):
    """Each line has an example that has a cue, and that nothing but the guard stops."""
    assert lexicon.cue(label, guard.example)
    assert lexicon.guard(label, guard.example) is guard
    found = detector().find_mentions(article(guard.example, language=lexicon.language))
    assert label not in {mention.label for mention in found}


def test_a_guard_leaves_another_cue_in_the_sentence_alone():
    """Guards are about their own words, not about the whole sentence."""
    text = "The army neither confirmed nor denied the move; the ministry called the report fake."
    assert lexicons()["en"].guard(Label.DENIAL, text) is None
