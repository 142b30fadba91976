"""Which story a mention belongs to, and which denial meets which claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.alerts.absorb import event_time
from monitor.alerts.likeness import closeness, shared, terms, text_likeness
from monitor.alerts.policy import StoryRules
from monitor.alerts.story import MAX_LINKS, Story
from monitor.messages import UNKNOWN_PLACE, Label, Mention, Status

_HOUR, _DAY = 3600.0, 86_400.0

# What nearness is made of, beside the cosine of the words. The proportions are those of a logistic
# regression on pairs of report and story (tests/quality/grouping.json), rounded. Where a place has
# one story the codes alone may carry a report into it, for instance from another language; the
# busier the place, the more its words must say.
_NEAR = {
    "copy": 3.0,
    "article": 0.25,  # told by an article that told the story before
    "status": 0.25,  # with a status that the story has
    "rivals": 0.2,  # divided by the number of open stories of its label and actors
    "unnamed": 0.15,  # where one of them names no actor
    "other script": 0.2,  # instead of the words
    "actors": 0.1,  # times the share of actors in common
    "day": 0.1,  # less per day that it lies before or after the story's reports
}

_ALLIANCES = frozenset({"NATO", "EU", "UN"})
"""Actors for which another report may name members."""


def find_story(stories: Sequence[Story], mention: Mention, rules: StoryRules) -> Story | None:
    """Return the open story that the mention reports, the likest one; None where there is none."""
    when = event_time(mention)
    told = [
        story for story in stories if story.label == mention.label and _in_time(story, when, rules)
    ]
    if not told:
        return None
    words, headline = terms(mention.evidence.sentence), terms(mention.title)
    rivals = sum(bool(shared(set(mention.actors), story.actors)) for story in told)
    report = _Report(mention, when, words, {*words, *headline}, rivals)
    best: tuple[float, float, str] | None = None
    found: Story | None = None
    for story in told:
        score = _nearness(story, report)
        if score < rules.near:
            continue
        rank = (score, story.last, story.id)
        if best is None or rank > best:
            best, found = rank, story
    return found


@dataclass(frozen=True, slots=True)
class _Report:
    """A mention, read once for all stories that it is compared with."""

    mention: Mention
    when: float
    words: list[str]
    all_words: set[str]
    rivals: int


def _in_time(story: Story, when: float, rules: StoryRules) -> bool:
    gap, span = rules.gap_hours * _HOUR, rules.span_hours * _HOUR
    first, last = min(story.first, when), max(story.last, when)
    return story.first - gap <= when <= story.last + gap and last - first <= span


def _nearness(story: Story, report: _Report) -> float:
    """Return how near the report is to the story; see `_NEAR`.

    A copy is near whatever codes were read from it; a report with another actor never is.
    """
    mention = report.mention
    _, copied = text_likeness(report.words, story.samples.values())
    if copied:
        return _NEAR["copy"]
    actors = shared(set(mention.actors), story.actors)
    named = {*mention.actors, *story.actors}
    if mention.actors and story.actors and not actors and not named & _ALLIANCES:
        return 0.0
    words = closeness(report.all_words, story.samples.values())
    apart = max(story.first - report.when, report.when - story.last, 0.0)
    score = _NEAR["other script"] if words is None else words
    score += _NEAR["article"] * (mention.article_id[:10] in story.articles)
    score += _NEAR["status"] * (mention.status in story.statuses)
    score -= _NEAR["day"] * apart / _DAY
    if mention.place == UNKNOWN_PLACE:  # there all that name no place meet: the words decide
        return score
    if actors:
        return score + _NEAR["actors"] * actors + _NEAR["rivals"] / report.rivals
    if not (mention.actors and story.actors):
        return score + _NEAR["unnamed"]
    return score


def find_opposites(
    stories: Sequence[Story], story: Story, mention: Mention, rules: StoryRules
) -> list[Story]:
    """Return the stories that this one has to be linked with, now that it has this report.

    A denial meets the one claim that it fits best; a claim meets the denials that have none yet.
    They fit where the words are near, and at a known place also where the denier is a party to the
    claim (it acts, or it happens at its place) or one of them names nobody. A story that was never
    more than denied is no claim.
    """
    denial = story.label == Label.DENIAL
    words = terms(f"{mention.claim} {mention.evidence.sentence}")
    known = mention.place != UNKNOWN_PLACE
    found: list[tuple[float, float, str, Story]] = []
    for other in stories:
        claim = other if denial else story
        if (other.label == Label.DENIAL) == denial or claim.status == Status.DENIED:
            continue
        if not _in_reach(story, other, rules) or (other.links and not denial):
            continue
        text, _ = text_likeness(words, other.samples.values())
        party = _party(story, other) if denial else _party(other, story)
        if (known and party) or text >= rules.denial_words:
            same_article = mention.article_id[:10] in other.articles
            found.append((party + text + same_article, other.last, other.id, other))
    found.sort(key=lambda entry: entry[:3], reverse=True)
    return [entry[3] for entry in found[: 1 if denial else MAX_LINKS]]


def _party(denial: Story, claim: Story) -> float:
    """Return how sure the denier is a party to the claim: 1 it acts, 0 it is none of its."""
    if any(denier in claim.actors for denier in denial.actors):
        return 1.0
    if any(denier in claim.places for denier in denial.actors):
        return 0.5
    return 0.0 if denial.actors and claim.actors else 0.25


def _in_reach(story: Story, other: Story, rules: StoryRules) -> bool:
    reach = rules.link_hours * _HOUR
    return story.first - reach <= other.last and other.first - reach <= story.last
