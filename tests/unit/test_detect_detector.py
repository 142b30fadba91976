"""The chain from article to mentions."""

import time

import pytest

from monitor.detect.candidates import MAX_SCORED, MAX_TEXT
from monitor.detect.detector import load_detector
from monitor.messages import Label, Mention, Status
from tests import shared_dir
from tests.unit.detect_doubles import FixedScorer, article, detector

SENT = "Ruritania sent 500 troops to Kazakhstan on Monday."


def test_the_evidence_is_the_article_itself():
    """Start and end cut the sentence out of its field."""
    one = article(f"It rained. {SENT} It stopped.", title="Troops sent to Kazakhstan")
    for mention in detector().find_mentions(one):
        source = one.title if mention.evidence.field == "title" else one.text
        assert source[mention.evidence.start : mention.evidence.end] == mention.evidence.sentence


def test_the_headline_is_a_unit_of_its_own():
    """It is scored as a title, without context."""
    scorer = FixedScorer(deployment=0.9)
    detector(scorer).find_mentions(article(SENT, title="Troops on the move"))
    assert [(unit.is_title, unit.title) for unit in scorer.asked] == [
        (True, ""),
        (False, "Troops on the move"),
    ]


def test_a_headline_that_opens_the_text_is_one_mention():
    """The same sentence with the same label is the same fact."""
    found = detector().find_mentions(article(SENT, title=SENT))
    assert [(m.label, m.evidence.field) for m in found] == [(Label.DEPLOYMENT, "title")]


def test_the_same_article_gives_the_same_mentions():
    """Ids do not depend on the process or on what came before."""
    one = article(SENT, title="Troops leave")
    assert detector().find_mentions(one) == detector().find_mentions(one)


def test_a_mention_survives_the_wire():
    """What the detector makes can be written and read."""
    mention = detector().find_mentions(article(SENT))[0]
    assert Mention.decode(mention.encode()) == mention
    assert mention.seen_at == article(SENT).fetched_at


def test_the_threshold_decides():
    """A score under the limit is no mention."""
    assert detector(FixedScorer(deployment=0.49)).find_mentions(article(SENT)) == []
    assert len(detector(FixedScorer(deployment=0.5)).find_mentions(article(SENT))) == 1


def test_what_stops_at_the_gate_is_not_scored():
    """The scorer sees only sentences that name forces, movement or denial."""
    scorer = FixedScorer(deployment=1.0)
    detector(scorer).find_mentions(article(f"The bakery opened at dawn. {SENT}"))
    assert [unit.sentence for unit in scorer.asked] == [SENT]


@pytest.mark.parametrize(
    ("text", "language", "reason"),
    [
        ("", "en", "empty"),
        ("  \n\t\u200b ", None, "empty"),
        ("Les soldats ont quitté la ville ce lundi matin.", "fr", "language"),
        ("兵士は町を去った", None, "language"),
        ("Troops left the town on Monday.", "fr", "language"),
        ("兵士は町を去った", "\ud800", "language"),
        ("\x00\u202e\ud800", "en", "empty"),
        ("<p><br></p>&nbsp;", "en", "empty"),
        ("x" * 2_000_000, "en", "too_long"),
        ("Troops left the town. " * 20_000, "en", "too_long"),
        ("Troops left the town. " * (MAX_SCORED + 5), "en", "too_many"),
    ],
)
def test_what_is_not_looked_at_is_counted_with_a_reason(text, language, reason):
    """Nothing is skipped in silence."""
    examined = detector(FixedScorer()).examine(article(text, language=language))
    assert examined.skipped[reason] > 0


@pytest.mark.parametrize(
    "text",
    [
        "x" * 2_000_000,
        "Troops left. " * 160_000,
        "troops " * 7_200,
        "Troops " + "a," * 25_000 + " left.",
        "\u202eTroops\x00 left\u200f the\x07 town\ud83d.\udc00",
        "<p>Troops <b>left</b> the town.</p>" * 50,
        "<" * 50_000 + " troops",
        "&nbsp;" * 9_000 + "troops left",
        "deny " * 9_000,
        "“" * 5_000 + "troops left.”" * 500,
        "U.S. " * 9_000,
    ],
    ids=lambda text: f"{text[:12]!a}",
)
@pytest.mark.parametrize("language", ["en", "ru", "uk", "xx", "", None, "english", "\ud800"])
def test_hostile_text_is_bounded_in_time_and_raises_nothing(text, language):
    """Two megabytes, one endless sentence, markup, halves of characters: an answer, soon."""
    one = article("").model_copy(update={"text": text, "language": language})
    start = time.perf_counter()
    for mention in detector(FixedScorer(deployment=0.9, denial=0.9)).find_mentions(one):
        mention.encode()
    assert time.perf_counter() - start < 20
    assert MAX_TEXT < 2_000_000


def _has(mention, *words):
    return any(word in mention.evidence.sentence for word in words)


def test_the_seed_article_gives_what_a_reader_would_mark():
    """Deployment called for by three allies, a Kremlin denial, drills near Russia's borders."""
    text = next(shared_dir("seed").glob("*.txt")).read_text("utf-8")
    for title in ("", "Minister wants allied troops in Ukraine"):
        one = article(text, title=title)
        found = load_detector().find_mentions(one)
        for mention in found:
            source = one.title if mention.evidence.field == "title" else one.text
            assert (
                source[mention.evidence.start : mention.evidence.end] == mention.evidence.sentence
            )
        called = next(m for m in found if m.evidence.start == 0 and m.evidence.field == "text")
        assert (called.label, called.status) == (Label.DEPLOYMENT, Status.CALLED_FOR)
        assert set(called.actors) == {"US", "GB", "CA"}
        assert called.place == "UA"
        assert "Reznikov" in called.speaker
        assert {m.status for m in found if _has(m, "trainers", "instructors")} == {
            Status.CALLED_FOR
        }
        assert {m.status for m in found if _has(m, "alleged military")} == {Status.ALLEGED}
        moved = [m for m in found if m.label is Label.DEPLOYMENT and _has(m, "moving troops")]
        assert [m.status for m in moved] == [Status.ONGOING]
        denial = next(m for m in found if m.label is Label.DENIAL)
        assert denial.actors[0] == "RU"
        assert "Kremlin" in denial.speaker
        drill = next(m for m in found if m.label is Label.DRILL)
        assert "drills" in drill.evidence.sentence
        assert "Peskov" in drill.speaker
        assert drill.actors[0] == "NATO"
