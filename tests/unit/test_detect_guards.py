"""Guards: ways of speaking that only look like a mention."""

import pytest

from monitor.messages import Label, Status
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


KINDS = {
    "sport": ("sport-squad", "sport-ru", "sport-uk"),
    "business": ("sales-force", "business-ru", "business-uk"),
    "exercising a right": ("exercise-a-right", "exercise-a-right-ru", "exercise-a-right-uk"),
    "neither confirmed nor denied": (
        "neither-confirmed-nor-denied",
        "ne-podtverdil-ne-oproverg",
        "ni-pidtverdyly-ni-sprostuvaly",
    ),
    "refusing a request": ("refused-request", "refused-request-ru", "refused-request-uk"),
    "deploying software": ("deploy-software", "software-ru", "software-uk"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_readers_expect_is_guarded_in_every_language(kind):
    """English, Russian and Ukrainian each have a line for it, which the test above tries."""
    for lexicon, wanted in zip(lexicons().values(), KINDS[kind], strict=True):
        assert wanted in {guard.id for guard in lexicon.guards}


HISTORY = [
    ("en", "In 1979 Ruritania sent thousands of troops to the northern border."),
    ("ru", "В 1979 году Руритания ввела тысячи солдат в соседнюю страну."),
    ("uk", "У 1979 році Руританія ввела тисячі солдатів до сусідньої країни."),
]


@pytest.mark.parametrize(("language", "text"), HISTORY)
def test_history_is_told_as_something_that_happened(language, text):
    """A move of long ago counts as a deployment, but is neither planned nor going on."""
    (mention,) = [
        m
        for m in detector().find_mentions(article(text, language=language))
        if m.label is Label.DEPLOYMENT
    ]
    assert mention.status in {Status.HAPPENED, Status.ENDED}
