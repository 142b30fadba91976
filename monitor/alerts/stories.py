"""Mentions become stories, and stories become alerts: pure, bounded, without a clock.

The worker keeps one `PlaceState` per place and passes each mention of that place once::

    state, outcome = update_stories(state, mention, policy)     # send outcome.alerts, store state
    row, count = add_mention(row, mention, outcome.story_id)    # send count, store row
    row, burst = find_burst(row, policy.bursts)                 # monitor.counts.bursts
    if burst:
        state, outcome = add_burst(state, outcome.story_id, burst.text, policy)

The story's id is the first report's; everything else that the last alert tells is the same for
every order of the reports, as long as they fall into the same stories (see `absorb` for the caps,
`grouping` for what decides that).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from monitor.alerts.absorb import absorb, begin, short
from monitor.alerts.face import MINOR, alert_of, reason_for, what_is_told
from monitor.alerts.grouping import find_opposites, find_story
from monitor.alerts.policy import Policy
from monitor.alerts.story import MAX_LINKS, PlaceState, Story
from monitor.messages import Alert, Mention

_HOUR, _MINUTE = 3600.0, 60.0

Told = Mapping[str, int]
"""The newest revision that subscribers have, by story id: no smaller number is given again."""

_NOTHING: Told = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mention.

    Attributes:
        story_id: The story that it reports.
        alerts: New revisions: of that story first, then of those linked to it.
        reason: The reason of the first alert; without one `repeat` (the mention was there
            already), `nothing_new`, or `suppressed:min_outlets`, `suppressed:doubtful`,
            `suppressed:quiet`, `suppressed:silenced`.
    """

    story_id: str
    alerts: tuple[Alert, ...]
    reason: str


def update_stories(
    state: PlaceState, mention: Mention, policy: Policy, told: Told = _NOTHING
) -> tuple[PlaceState, Outcome]:
    """Put a mention into its story and say what is to be told.

    Args:
        state: The stories of the mention's place; it is not changed.
        mention: A mention that was not passed before; the moment is its `seen_at`.
        policy: The analyst's rules.
        told: For stories that were made anew from their reports: perhaps in fewer revisions.
    """
    for story in state.stories:
        if short(mention.id) in story.ids:
            return state, Outcome(story.id, (), "repeat")
    rules = policy.stories
    state = state.advanced(
        mention.seen_at.timestamp(), _HOUR * max(rules.gap_hours, rules.link_hours)
    )
    story = find_story(state.stories, mention, rules) or begin(mention)
    story = absorb(story, mention, _trusted(mention, policy), is_clear(mention, policy))
    state, outcome = _told(_linked(state, story, mention, policy), story.id, policy, told)
    return state.bounded(), outcome


def add_burst(
    state: PlaceState, story_id: str, text: str, policy: Policy, told: Told = _NOTHING
) -> tuple[PlaceState, Outcome]:
    """Tell a burst as a revision of the story that completed it.

    Args:
        state: The stories of the place; it is not changed.
        story_id: The story of the mention at which the burst was found.
        text: For instance `9 stories in 3 h, usual 0.4`; it leads the headline of this revision.
        policy: The analyst's rules.
        told: As for `update_stories`.
    """
    story = _by_id(state, story_id)
    if not story or not story.revision:
        return state, Outcome(story_id, (), "suppressed:min_outlets")
    draft = alert_of(story, _announced(state, story), policy)
    if _silenced(draft, state.now, policy):
        return state, Outcome(story_id, (), "suppressed:silenced")
    state, alert = _revised(state, story, draft, "burst", told)
    alert = alert.model_copy(update={"headline": f"{text}: {alert.headline}"})
    return state, Outcome(story_id, (alert,), "burst")


def _trusted(mention: Mention, policy: Policy) -> bool:
    return mention.outlet.casefold() in {name.casefold() for name in policy.alerts.trusted}


def is_clear(mention: Mention, policy: Policy) -> bool:
    """Say whether a report may raise an alert by itself: it has no doubts, and no low score."""
    return not mention.doubts and mention.score >= policy.alerts.sure_score


def _linked(state: PlaceState, story: Story, mention: Mention, policy: Policy) -> PlaceState:
    """Put the story into the state, linked with the other side."""
    for other in find_opposites(state.stories, story, mention, policy.stories):
        if other.id not in story.links and len(story.links) < MAX_LINKS > len(other.links):
            story = replace(story, links=[*story.links, other.id])
            state = state.put(replace(other, links=[*other.links, story.id]))
    return state.put(story)


def _told(
    state: PlaceState, story_id: str, policy: Policy, told: Told
) -> tuple[PlaceState, Outcome]:
    """Revise the story and those linked to it where they have something new to tell."""
    story = _by_id(state, story_id)
    assert story
    alerts: list[Alert] = []
    state, first, reason = _revise(state, story, policy, told)
    alerts += [first] if first else []
    for link in story.links:
        other = _by_id(state, link)
        if other and other.revision and story_id not in other.shown["links"]:
            state, alert, _ = _revise(state, other, policy, told)
            alerts += [alert] if alert else []
    return state, Outcome(story_id, tuple(alerts), reason)


def _revise(
    state: PlaceState, story: Story, policy: Policy, told: Told
) -> tuple[PlaceState, Alert | None, str]:
    draft = alert_of(story, _announced(state, story), policy)
    reason = reason_for(story, draft)
    if reason is None:
        return state, None, "nothing_new"
    held = _held_back(story, draft, reason, state.now, policy)
    if held:
        return state, None, f"suppressed:{held}"
    state, alert = _revised(state, story, draft, reason, told)
    return state, alert, reason


def _revised(
    state: PlaceState, story: Story, draft: Alert, reason: str, told: Told
) -> tuple[PlaceState, Alert]:
    revision = max(story.revision, told.get(story.id, 0)) + 1
    shown = what_is_told(story, draft)
    story = replace(story, revision=revision, revised_at=state.now, shown=shown)
    alert = draft.model_copy(update={"revision": revision, "reason": reason})
    return state.put(story), alert


def _held_back(story: Story, draft: Alert, reason: str, now: float, policy: Policy) -> str | None:
    rules = policy.alerts
    if not story.revision and not story.trusted:
        if story.voices < rules.min_outlets:
            return "min_outlets"
        if not story.clear and story.voices < rules.doubtful_outlets:
            return "doubtful"
    if reason in MINOR and now - story.revised_at < rules.quiet_minutes * _MINUTE:
        return "quiet"
    return "silenced" if _silenced(draft, now, policy) else None


def _silenced(draft: Alert, now: float, policy: Policy) -> bool:
    return any(
        (silence.start is None or silence.start.timestamp() <= now)
        and (silence.until is None or now < silence.until.timestamp())
        and silence.matches(draft)
        for silence in policy.silences
    )


def _announced(state: PlaceState, story: Story) -> tuple[str, ...]:
    """Return the links that a reader can follow: stories that have an alert."""
    live = {other.id: other.revision for other in state.stories}
    # A linked story that has left the state was announced if this one has told it.
    old = story.shown.get("links", [])
    return tuple(link for link in story.links if live.get(link, 0) or link in old)


def _by_id(state: PlaceState, story_id: str) -> Story | None:
    return next((story for story in state.stories if story.id == story_id), None)
