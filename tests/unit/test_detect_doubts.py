"""Doubts: what reads like a mention and is no news of forces."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.alerts.policy import known_codes
from monitor.detect.attributes import Attributes
from monitor.detect.doubts import (
    ASIDE,
    FICTION,
    HISTORY,
    NO_CLAIM,
    NO_FORCES,
    POLICE,
    STANDING,
    Doubts,
)
from monitor.detect.past import UNNAMED, load_left
from monitor.detect.scoring import Scores, Unit
from monitor.errors import ConfigError
from monitor.messages import Label
from monitor.settings import CONFIG_DIR
from tests.unit.detect_doubles import FixedScorer, article, detector, lexicons

YEAR = 2031


def doubts(text: str, label: Label = Label.DEPLOYMENT, language: str = "en", **more: str):
    """Ask about one sentence of an article of 2031."""
    read, context = unread(more.pop("claim", "")), more
    return Doubts(lexicons()[language], {}).about(label, text, read, context, YEAR)


def unread(claim: str = "") -> Attributes:
    """Make attributes that say nothing but what is denied."""
    return Attributes((0, 0), None, [], [], None, claim, None)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Norway sent 400 soldiers to the border on Monday."),
        ("en", "The frigate left port and sailed north."),
        ("ru", "Норвегия направила к границе четыреста солдат."),
        ("uk", "Норвегія направила до кордону чотириста солдатів."),
    ],
)
def test_news_of_forces_raises_no_doubt(language: str, text: str) -> None:
    assert doubts(text, language=language) == ()


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The party mobilized its voters in the north."),
        ("ru", "Партия вывела своих избирателей на площадь."),
        ("uk", "Партія вивела своїх виборців на площу."),
    ],
)
def test_a_move_without_forces_is_doubtful_unless_the_headline_names_them(
    language: str, text: str
) -> None:
    assert doubts(text, language=language) == (NO_FORCES,)
    headline = {"en": "Army on the move", "ru": "Армия выступила", "uk": "Армія виступила"}
    assert doubts(text, language=language, title=headline[language]) == ()


@pytest.mark.parametrize(
    ("language", "alone", "with_soldiers"),
    [
        ("en", "Police units were sent to the square.", "Police and soldiers were sent there."),
        ("ru", "Силы полиции стянуты к площади.", "Полицию и солдат стянули к площади."),
        ("uk", "Сили поліції стягнуто до площі.", "Поліцію й солдатів стягнули до площі."),
    ],
)
def test_police_alone_is_doubtful(language: str, alone: str, with_soldiers: str) -> None:
    assert POLICE in doubts(alone, language=language)
    assert POLICE not in doubts(with_soldiers, language=language)


@pytest.mark.parametrize(
    ("language", "text", "past"),
    [
        ("en", "In 1979 the army moved two divisions to the coast.", True),
        ("en", "Troops stood there in 2004-2006, also between 1999 and 2001.", True),
        ("en", "The army that came in 2024 sends more soldiers in 2031.", False),
        ("en", "Soldiers have stood there since 2015.", False),
        ("en", "The country has sent 2000 troops.", False),
        ("en", "The two moved the 1990 troops by rail.", False),
        ("en", "In 2030 the army moved two divisions.", False),
        ("ru", "В 1979 году армия ввела войска.", True),
        ("uk", "У 1979 році армія ввела війська.", True),
    ],
)
def test_only_years_that_are_long_past_make_history(language: str, text: str, past: bool) -> None:
    assert (HISTORY in doubts(text, language=language)) is past


def test_without_a_year_of_the_article_nothing_is_history() -> None:
    text = "In 1979 the army moved two divisions to the coast."
    assert Doubts(lexicons()["en"], {}).about(Label.DEPLOYMENT, text, unread(), {}, None) == ()


def test_a_denial_of_something_else_is_doubtful() -> None:
    """Where the sentence does not say what is denied, the ones around it are read too."""
    told = "The minister denied that the dam was unsafe."
    assert doubts(told, Label.DENIAL, claim="the dam was unsafe") == (NO_CLAIM,)
    short = "The minister denied it."
    assert doubts(short, Label.DENIAL, prev="The dam is unsafe.") == (NO_CLAIM,)
    assert doubts(short, Label.DENIAL, prev="Troops are at the dam.") == ()


@pytest.mark.parametrize(
    ("language", "text", "past"),
    [
        ("en", "He told how soldiers held the island during World War II.", True),
        ("en", "The battalion crossed the river in the Korean war.", True),
        ("en", "The largest convoy since the Cold War left port.", False),
        ("en", "The battalion moved into a base in Cold War-era tunnels.", False),
        ("en", "In 2031 the army rebuilt what it held during World War II.", False),
        ("ru", "Полк стоял здесь во время Второй мировой войны.", True),
        ("ru", "Это самые большие учения войск после холодной войны.", False),
        ("uk", "Полк стояв тут під час Другої світової війни.", True),
        ("uk", "Це найбільші навчання військ від часів холодної війни.", False),
    ],
)
def test_what_happened_in_a_past_war_is_history(language: str, text: str, past: bool) -> None:
    assert (HISTORY in doubts(text, language=language)) is past


@pytest.mark.parametrize(
    ("text", "published", "past"),
    [
        ("He said that NATO troops had been sent to Afghanistan.", 2031, True),
        ("He said that NATO troops had been sent to Afghanistan.", 2021, False),
        ("He said that some had sent troops to Afghanistan.", 2031, True),
        ("He said that some had sent troops to Mali.", 2031, False),
        ("France had sent troops to Mali, he said.", 2031, True),
        ("Pakistan sent troops to Afghanistan on Monday.", 2031, False),
        ("NATO plans to send troops to Afghanistan next month.", 2031, False),
        ("NATO sent troops to Norway on Monday.", 2031, False),
    ],
)
def test_forces_that_left_years_ago_make_history(text: str, published: int, past: bool) -> None:
    """What is planned is no history, nor what others do there."""
    chain = detector(FixedScorer(deployment=0.9))
    when = datetime(published, 5, 1, tzinfo=UTC)
    (mention,) = chain.find_mentions(article(text, published_at=when))
    assert (HISTORY in mention.doubts) is past


def test_the_forces_that_left_are_known_codes(tmp_path: Path) -> None:
    left = load_left(CONFIG_DIR / "lexicon" / "doubts.toml")
    codes = {code for gone in left.values() for actors, _ in gone for code in actors}
    assert left.keys() | codes <= {*known_codes(), UNNAMED}
    wrong = tmp_path / "doubts.toml"
    wrong.write_text('[[left]]\nplace = "AF"\nyear = "long ago"\n')
    with pytest.raises(ConfigError, match=r"left\[0\]: expected place, actors and year"):
        load_left(wrong)


@pytest.mark.parametrize(
    ("language", "label", "text", "standing"),
    [
        ("en", Label.DRILL, "The army regularly joins exercises in the north.", True),
        ("en", Label.DRILL, "The army joined an exercise in the north.", False),
        ("en", Label.DENIAL, "It is a charge that the navy has repeatedly denied.", True),
        ("en", Label.DENIAL, "Such raids are always denied by the army.", True),
        ("en", Label.DENIAL, "It blamed the raid on the army, which Ruritania denies.", True),
        ("en", Label.DENIAL, "The minister, which some doubt, denied the raid.", False),
        ("en", Label.DENIAL, "The army denied the raid.", False),
        ("ru", Label.DRILL, "Флот регулярно проводит учения.", True),
        ("ru", Label.DENIAL, "Армия неоднократно отрицала удары.", True),
        ("ru", Label.DENIAL, "В ударе винят армию, что столица отрицает.", True),
        ("ru", Label.DENIAL, "Армия отрицает удар.", False),
        ("uk", Label.DRILL, "Флот регулярно проводить навчання.", True),
        ("uk", Label.DENIAL, "Армія неодноразово заперечувала удари.", True),
        ("uk", Label.DENIAL, "В ударі винуватять армію, що столиця заперечує.", True),
        ("uk", Label.DENIAL, "Армія заперечує удар.", False),
    ],
)
def test_what_is_always_so_is_no_news(
    language: str, label: Label, text: str, standing: bool
) -> None:
    assert (STANDING in doubts(text, label, language)) is standing


@pytest.mark.parametrize(
    ("language", "text", "headline"),
    [
        ("en", "In the film soldiers cross a strait.", ""),
        ("en", "Soldiers cross a strait.", "The Strait (2031) 1080p WEB-DL"),
        ("ru", "В фильме солдаты пересекают пролив.", ""),
        ("uk", "У фільмі солдати перетинають протоку.", ""),
    ],
)
def test_fiction_is_doubtful(language: str, text: str, headline: str) -> None:
    assert doubts(text, language=language, title=headline) == (FICTION,)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Trailers brought soldiers to the strait in the latest episode of a novel war."),
        ("ru", "Генерал Роман Камнев послал солдат на трейлерах."),
        ("uk", "Генерал Роман Каменюк послав солдатів на трейлерах."),
    ],
)
def test_a_first_name_and_a_truck_are_no_fiction(language: str, text: str) -> None:
    assert doubts(text, language=language) == ()


SENT = "The army sent tanks north."
OTHER = "Nothing moved at the fair."


class OneSentence:
    """Scores sentences that speak of tanks, and every headline by its own score."""

    version = "one"

    def __init__(self, sentence: float, headline: float, *labels: Label) -> None:
        self._scores = {False: sentence, True: headline}
        self._labels = labels or (Label.DEPLOYMENT,)

    def score(self, units: Sequence[Unit]) -> list[Scores]:
        return [Scores(dict.fromkeys(self._labels, self._of(unit))) for unit in units]

    def _of(self, unit: Unit) -> float:
        return self._scores[unit.is_title] if unit.is_title or "tanks" in unit.sentence else 0.01


@pytest.mark.parametrize(
    ("text", "title", "score", "of_title", "aside"),
    [
        (SENT, "Prices rise as the army sent for flour", 0.6, 0.01, True),
        (SENT, "Prices rise", 0.6, 0.9, True),
        (SENT, "The army sent something", 0.6, 0.2, False),
        (SENT, "The army sent something", 0.6, 0.9, False),
        (SENT, "Prices rise", 0.8, 0.01, False),
        (SENT, "", 0.6, 0.01, False),
        (f"{SENT} More tanks were deployed.", "Prices rise", 0.6, 0.01, False),
    ],
)
def test_the_only_mention_of_an_article_about_something_else_is_an_aside(
    text: str, title: str, score: float, of_title: float, aside: bool
) -> None:
    """A headline that the gate stops is about something else, whatever it would score."""
    chain = detector(OneSentence(score, of_title))
    found = chain.find_mentions(article(f"{OTHER} {text}", title))
    assert {ASIDE in mention.doubts for mention in found} == {aside}


def test_a_denial_is_no_aside() -> None:
    """Articles tend to tell in one sentence that something is denied."""
    chain = detector(OneSentence(0.6, 0.01, Label.DEPLOYMENT, Label.DENIAL))
    found = chain.find_mentions(article(f"{OTHER} {SENT}", "Prices rise"))
    assert [mention.label for mention in found] == [Label.DEPLOYMENT, Label.DENIAL]
    assert not any(ASIDE in mention.doubts for mention in found)


def test_a_mention_carries_its_doubts_and_explain_shows_them() -> None:
    chain = detector(FixedScorer(deployment=0.9))
    (mention,) = chain.find_mentions(article("The party mobilized its voters in the north."))
    assert mention.doubts == (NO_FORCES,)
    (report,) = chain.explain("The party mobilized its voters in the north.", language="en")
    assert report.attributes[Label.DEPLOYMENT].doubts == (NO_FORCES,)
