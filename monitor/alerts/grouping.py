"""Which story a mention belongs to, and which denial meets which claim."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.alerts.absorb import event_time
from monitor.alerts.likeness import shared, terms, text_likeness
from monitor.alerts.policy import StoryRules
from monitor.alerts.story import MAX_LINKS, Story
from monitor.messages import UNKNOWN_PLACE, Label, Mention, Status

_HOUR = 3600.0


def find_story(stories: Sequence[Story], mention: Mention, rules: StoryRules) -> Story | None:
    """Return the open story that the mention reports, the likest one; None where there is none."""
    words = terms(mention.evidence.sentence)
    when = event_time(mention)
    best: tuple[float, float, str] | None = None
    found: Story | None = None
    for story in stories:
        if story.label != mention.label or not _in_time(story, when, rules):
            continue
        score = _nearness(story, mention, words, rules)
        if score is None:
            continue
        rank = (score, story.last, story.id)
        if best is None or rank > best:
            best, found = rank, story
    return found


def _in_time(story: Story, when: float, rules: StoryRules) -> bool:
    gap, span = rules.gap_hours * _HOUR, rules.span_hours * _HOUR
    first, last = min(story.first, when), max(story.last, when)
    return story.first - gap <= when <= story.last + gap and last - first <= span


def _nearness(story: Story, mention: Mention, words: list[str], rules: StoryRules) -> float | None:
    """Return how near the mention is to the story; None where it is another one."""
    text, copied = text_likeness(words, story.samples.values())
    if copied:
        return 3.0 + text
    actors = shared(set(mention.actors), story.actors)
    agree = actors > 0 or not mention.actors or not story.actors
    if not agree:
        return None
    if mention.article_id[:10] in story.articles:
        return 2.0 + text + actors
    # Where no actor is shared the words must help; where no place is known only they can tell.
    needed = rules.near if mention.place == UNKNOWN_PLACE else rules.near / 2 * (actors == 0)
    if text < needed:
        return None
    return text + actors


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
        if (known and party) or text >= rules.near:
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
