"""One event told in turn: detector and alerting together, as an analyst reads the thread.

Troops are asked for, a second outlet tells it, one side denies, the first soldiers arrive. Once
with invented countries' news, once with the seed article and follow-ups written for this test.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from monitor.alerts import PlaceState, load_policy, update_stories
from monitor.detect import load_detector
from monitor.messages import Alert, Article, Label, Mention, Status, make_id
from monitor.settings import CONFIG_DIR
from tests import shared_dir

BEGIN = datetime(2030, 5, 6, 9, 0, tzinfo=UTC)
Told = tuple[str, str, str]
"""Outlet, title, text."""

FICTION: list[Told] = [
    (
        "Geyser Herald",
        "A plea from the volcano",
        "Norway should deploy troops in Iceland before the volcano wakes, Prime Minister Sigrun "
        "Alda said.",
    ),
    (
        "North Desk",
        "Iceland's call is heard",
        "Norway has been asked to deploy troops in Iceland because the volcano may wake, officials "
        "in Reykjavik said.",
    ),
    (
        "Lighthouse Radio",
        "Oslo's answer",
        "Norway denied reports that its troops had already landed in Iceland.",
    ),
    (
        "Fjord Dispatch",
        "First soldiers at the volcano",
        "Some 120 Norwegian soldiers arrived in Iceland on Tuesday, before the volcano wakes, the "
        "army said.",
    ),
]

AFTER_THE_SEED: list[Told] = [
    (
        "Harbour Times",
        "Kyiv's plea to three allies",
        "Ukraine's defence minister has called on the US, the UK and Canada to deploy troops in "
        "Ukraine near the border with Russia.",
    ),
    (
        "Maple Wire",
        "Ottawa's answer",
        "Canada denied reports that its troops had been deployed in Ukraine.",
    ),
    (
        "Quay Gazette",
        "First Canadian soldiers arrive in Ukraine",
        "About 200 Canadian soldiers arrived in Ukraine on Friday, the army said.",
    ),
]


@dataclass
class Thread:
    """What became of each mention, in order, and every revision that was told, with its cause."""

    filed: list[tuple[str, Mention, str]]
    told: list[tuple[str, Alert]]

    def of(self, story_id: str) -> list[Alert]:
        """Return the revisions of a story."""
        return [alert for _, alert in self.told if alert.id == story_id]

    def reasons(self, story_id: str, outlet: str) -> list[str]:
        """Return why the articles of an outlet gave a story new revisions."""
        return [a.reason for cause, a in self.told if (cause, a.id) == (outlet, story_id)]


def tell(articles: list[Told]) -> Thread:
    """Detect and file the articles, an hour apart."""
    detector, policy = load_detector(), load_policy(CONFIG_DIR / "alerts.toml")
    thread = Thread([], [])
    places: dict[str, PlaceState] = {}
    for number, (outlet, title, text) in enumerate(articles):
        at = BEGIN + timedelta(hours=number)
        article = Article(
            id=make_id(outlet, title),
            feed_id=outlet,
            url=f"https://{make_id(outlet)}.example/",
            title=title,
            text=text,
            outlet=outlet,
            language="en",
            published_at=at,
            fetched_at=at,
        )
        for mention in detector.find_mentions(article):
            state = places.get(mention.place, PlaceState())
            places[mention.place], outcome = update_stories(state, mention, policy)
            thread.filed.append((outlet, mention, outcome.story_id))
            thread.told += [(outlet, alert) for alert in outcome.alerts]
    return thread


def claims_at(thread: Thread, place: str) -> dict[str, set[str]]:
    """Return the outlets whose reports of a deployment at a place went to each story."""
    found: dict[str, set[str]] = {}
    for outlet, mention, story_id in thread.filed:
        if mention.label == Label.DEPLOYMENT and mention.place == place:
            found.setdefault(story_id, set()).add(outlet)
    return found


def test_an_event_is_one_story_from_the_call_to_the_arrival() -> None:
    """Call, second outlet, denial and arrival are revisions of one story, each with its reason."""
    thread = tell(FICTION)
    ((story_id, outlets),) = claims_at(thread, "IS").items()
    story = thread.of(story_id)
    assert {FICTION[0][0], FICTION[1][0], FICTION[3][0]} <= outlets
    assert [alert.revision for alert in story] == list(range(1, len(story) + 1))
    reasons = [alert.reason for alert in story]
    assert (reasons[:2], reasons[-2:]) == (["new", "new_outlet"], ["denied", "new_status"])
    assert (story[0].status, story[-2].status) == (Status.CALLED_FOR, Status.CALLED_FOR)
    assert (story[-1].status, story[-1].severity) == (Status.HAPPENED, "high")
    assert story[-1].headline.startswith("Some 120 Norwegian soldiers arrived")
    assert "Sigrun Alda" in " ".join(story[-1].speakers)
    (denial,) = story[-1].denied_by
    assert thread.of(denial)[0].denies == (story_id,)


@pytest.mark.slow
def test_the_seed_article_and_its_follow_ups_are_one_story() -> None:
    """A real article's call, an outlet that retells it, a denial and an arrival: one thread."""
    (seed,) = sorted(shared_dir("seed").glob("*.txt"))
    thread = tell([("Seed", "", seed.read_text("utf-8")), *AFTER_THE_SEED])
    story_id, outlets = max(claims_at(thread, "UA").items(), key=lambda item: len(item[1]))
    assert {"Seed", "Harbour Times", "Quay Gazette"} <= outlets
    story = thread.of(story_id)
    assert [alert.revision for alert in story] == list(range(1, len(story) + 1))
    assert thread.reasons(story_id, "Seed")[0] == "new"
    assert thread.reasons(story_id, "Harbour Times") == ["new_outlet"]
    assert thread.reasons(story_id, "Maple Wire") == ["new_status", "denied"]
    assert thread.reasons(story_id, "Quay Gazette") == ["new_status"]
    # Until the arrival nothing of it has happened, whatever the first article said of other places.
    assert Status.HAPPENED not in {alert.status for alert in story[:-1]}
    assert story[-1].headline == AFTER_THE_SEED[-1][1]
    assert story[0].status == Status.CALLED_FOR
    assert story[-1].status == Status.HAPPENED
    assert {"US", "GB", "CA"} <= set(story[-1].actors)
    assert "Reznikov" in " ".join(story[-1].speakers)
    (denial,) = story[-1].denied_by
    assert thread.of(denial)[-1].denies == (story_id,)
