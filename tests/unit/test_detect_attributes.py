"""Status, actors, places, speaker, claim and quantity of sentences written for the purpose."""

import pytest

from monitor.messages import Status
from tests.unit.detect_doubles import FixedScorer, article, detector


def read(text, label="deployment", language="en", title=""):
    found = detector(FixedScorer(**{label: 0.9})).find_mentions(
        article(text, title=title, language=language)
    )
    return next(m for m in found if m.evidence.field == "text")


@pytest.mark.parametrize(
    ("text", "language", "status"),
    [
        ("Russia sent two brigades to Syria last week.", "en", Status.HAPPENED),
        ("Polish troops are still stationed in Latvia.", "en", Status.ONGOING),
        ("Canada plans to deploy 400 soldiers to Mali next month.", "en", Status.PLANNED),
        ("Kyiv urged Britain to send troops to Odesa.", "en", Status.CALLED_FOR),
        ("Troops asked for at the volcano.", "en", Status.CALLED_FOR),
        ("More troops called for on the border.", "en", Status.CALLED_FOR),
        (
            "Kyiv called on the allies to provide assistance and send troops to Odesa.",
            "en",
            Status.CALLED_FOR,
        ),
        (
            "Chad's president has urged the US, the UK and Russia to deploy forces on its border.",
            "en",
            Status.CALLED_FOR,
        ),
        (
            "The mayor called on the “northern allies” for help, including sending soldiers there.",
            "en",
            Status.CALLED_FOR,
        ),
        ("It would be nice if French instructors were sent to Odesa.", "en", Status.CALLED_FOR),
        ("Было бы хорошо, если бы инструкторы были в Одессе.", "ru", Status.CALLED_FOR),
        ("Хотілося б, щоб союзники розмістили війська в Одесі.", "uk", Status.CALLED_FOR),
        ("Fears grow over an alleged build-up of troops at the river.", "en", Status.ALLEGED),
        ("Оппозиция призвала направить войска в Мали.", "ru", Status.CALLED_FOR),
        ("Київ попросив союзників надіслати війська до Одеси.", "uk", Status.CALLED_FOR),
        ("Turkey could send forces to Libya if talks fail.", "en", Status.POSSIBLE),
        ("French troops withdrew from Niger.", "en", Status.ENDED),
        ("Россия планирует направить корабли в Сирию.", "ru", Status.PLANNED),
        ("Українські війська вивели з міста Дебальцеве.", "uk", Status.ENDED),
    ],
)
def test_the_status_follows_the_words(text, language, status):
    """Plain sentences of each kind; the scorer has no opinion here."""
    assert read(text, language=language).status == status


@pytest.mark.parametrize(
    ("text", "language", "granted"),
    [
        ("Oslo denied the charge, saying that its troops moved within the valley.", "en", True),
        ("Oslo rejected the report; it said its troops moved within the valley.", "en", True),
        ("Oslo denied the charge, saying that its troops never moved.", "en", False),
        ("Oslo denied reports which say that its troops moved.", "en", False),
        ("Oslo spoke of the charge, saying that its troops moved.", "en", False),
        ("Осло отверг обвинение, заявив, что войска возвращаются в казармы.", "ru", True),
        ("Осло спростувало закиди, зазначивши, що війська перебувають у казармах.", "uk", True),
    ],
)
def test_what_is_granted_behind_a_denial_is_not_denied(text, language, granted):
    """Even where the scorer takes the whole sentence for a denial."""
    opinion = dict.fromkeys(Status, 0.004) | {Status.DENIED: 0.972}
    scorer = FixedScorer(opinion, deployment=0.9, denial=0.9)
    found = detector(scorer).find_mentions(article(text, language=language))
    deployment = next(m for m in found if m.label == "deployment")
    assert (deployment.status is not Status.DENIED) is granted


def test_a_denial_has_no_status():
    """It says that something is not so, not how real it is."""
    assert read("Russia denied sending troops to Mali.", "denial").status is None


@pytest.mark.parametrize(
    ("text", "label", "language", "actors", "places"),
    [
        ("Russian troops crossed into Georgia.", "deployment", "en", {"RU"}, {"GE"}),
        (
            "The US, the UK and Canada sent troops to Poland.",
            "deployment",
            "en",
            {"US", "GB", "CA"},
            {"PL"},
        ),
        (
            "Chinese warships entered the Taiwan Strait.",
            "deployment",
            "en",
            {"CN"},
            {"Taiwan Strait"},
        ),
        ("Hezbollah sent fighters to Syria.", "deployment", "en", {"Hezbollah"}, {"SY"}),
        ("NATO began drills in Estonia.", "drill", "en", {"NATO"}, {"EE"}),
        ("Российские войска вошли в Грузию.", "deployment", "ru", {"RU"}, {"GE"}),
        (
            "Китайські кораблі увійшли до Тайванської протоки.",
            "deployment",
            "uk",
            {"CN"},
            {"Taiwan Strait"},
        ),
    ],
)
def test_who_acts_and_where(text, label, language, actors, places):
    """Codes from the words of the sentence."""
    mention = read(text, label, language)
    assert set(mention.actors) == actors
    assert set(mention.places) == places


def test_spans_are_cut_out_of_the_sentence():
    """Each code that the sentence names can be shown with its words and its role."""
    mention = read("Russian troops moved from Belarus to Ukraine.")
    for span in (*mention.actor_spans, *mention.place_spans):
        assert mention.evidence.sentence[span.start : span.end] == span.name
    assert {span.code: span.role for span in mention.place_spans}["UA"] == "destination"
    assert {span.role for span in mention.actor_spans} == {"agent"}


@pytest.mark.parametrize(
    ("text", "label", "language", "speaker"),
    [
        (
            "Troops left, the state department said on Monday.",
            "deployment",
            "en",
            "the state department",
        ),
        (
            "Prime Minister Ann Stone said troops would go to Mali.",
            "deployment",
            "en",
            "Prime Minister Ann Stone",
        ),
        ("“No troops are there,” said Ann Stone.", "denial", "en", "Ann Stone"),
        ("Troops left, according to two officials.", "deployment", "en", "two officials"),
        ("Moscow has repeatedly denied sending troops.", "denial", "en", "Moscow"),
        ("It is a charge Tehran denies.", "denial", "en", "Tehran"),
        ("Ministry: no troops were sent abroad", "denial", "en", "Ministry"),
        (
            "Войска ушли, заявил министр обороны Иван Камнев.",
            "deployment",
            "ru",
            "министр обороны Иван Камнев",
        ),
        ("По данным Пентагона, войска ушли.", "deployment", "ru", "Пентагона"),
        ("Міноборони спростувало відправлення військ.", "denial", "uk", "Міноборони"),
        ("Troops left the town.", "deployment", "en", ""),
    ],
)
def test_the_speaker_is_the_subject_of_the_saying(text, label, language, speaker):
    """In the sentence's own words, the person rather than the title."""
    assert read(text, label, language).speaker == speaker


def test_a_denial_tells_what_is_denied():
    """The words behind the verb, to the end of the clause."""
    mention = read(
        "The Kremlin denied sending troops to Mali, calling the report a fake.", "denial"
    )
    assert mention.claim == "sending troops to Mali"


def test_a_claim_goes_on_behind_an_initial() -> None:
    """The full stop in the name of a country does not end what is denied."""
    mention = read("Moscow denied reports that U.S. troops were sent to Mali.", "denial")
    assert mention.claim == "reports that U.S. troops were sent to Mali"


@pytest.mark.parametrize(
    ("text", "language", "value", "unit"),
    [
        ("Ruritania sent 1,500 troops to Mali.", "en", 1500, "troops"),
        ("Ruritania sent two warships to Mali.", "en", 2, "warships"),
        ("It moved 20 thousand soldiers.", "en", 20_000, "soldiers"),
        ("Направили 3 тыс. военных.", "ru", 3000, "военных"),
        ("Відправили 40 танків.", "uk", 40, "танків"),
    ],
)
def test_forces_are_counted(text, language, value, unit):
    """The first number of something that moves or drills."""
    quantity = read(text, language=language).quantity
    assert (quantity.value, quantity.unit) == (value, unit)


def test_money_and_years_are_not_forces():
    """A number without a unit of forces is no quantity."""
    assert read("In 2019 the army moved for $500 million.").quantity is None
