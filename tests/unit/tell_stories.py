"""Passing mentions through the stories of a place, for the tests of stories."""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from monitor.alerts import Outcome, PlaceState, Policy, update_stories
from monitor.messages import Alert, Mention

DEFAULT = Policy()
SECOND = "Swedish units landed near the old lighthouse, a ship's crew told the radio."
OTHER = "Convoys of fuel lorries rolled through the valley before dawn."


def told(
    mentions: Iterable[Mention], policy: Policy = DEFAULT, state: PlaceState | None = None
) -> tuple[PlaceState, list[Outcome]]:
    """Pass mentions through, with the state written and read in between as the worker does."""
    state = state or PlaceState()
    outcomes = []
    for item in mentions:
        state, outcome = update_stories(state, item, policy)
        state = PlaceState.from_json(orjson.loads(orjson.dumps(state.to_json())))
        outcomes.append(outcome)
    return state, outcomes


def reasons(outcomes: list[Outcome]) -> list[str]:
    return [outcome.reason for outcome in outcomes]


def last(outcomes: list[Outcome]) -> Alert:
    return [alert for outcome in outcomes for alert in outcome.alerts][-1]
