"""When a feed is polled next. Pure: (state, outcome, now) to a plan.

The time that a feed's document covers bounds what can be lost: items that come and go between two
polls are gone. So the interval follows from the feed's own window and rate; what the server and
the feed ask for is a floor; failures stretch it; nothing is ever switched off.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zlib import crc32

from monitor.feeds.state import FeedState

HOUR, DAY = 3600.0, 86_400.0
MIN_S, MAX_S = 300.0, 4 * HOUR
RETRY_S = 900.0
"""Shortest wait after a failure."""
FLOOR_CAP_S = DAY
RETRY_AFTER_CAP_S = 7 * DAY
REFUSED_S = 4 * HOUR
"""Shortest wait after a 403, or a 429 that names no time."""
CLOCK_STEP_S = 60.0
"""A clock that goes back less is being kept right, not put right."""
JITTER = 0.1
SPREAD_S = 60.0
CAP_S = 7 * DAY
"""No feed waits longer, whatever happens."""

GOOD = frozenset({"new", "no_news", "unchanged", "same_body", "gap"})
_SCORES = {"hard": 1.0, "soft": 0.5, "temporary": 0.25}
_HARD = frozenset({"http_410", "dns", "not_a_feed", "empty", "bad_url", "private_address"})
_TEMPORARY = frozenset({"dns_temporary"})
_OURS = frozenset({"publish_failed", "dns_temporary", "dns", "connect", "timeout"})
_REFUSED = frozenset({"http_403", "http_429", "challenge"})


@dataclass(frozen=True)
class Outcome:
    """How a poll ended, as far as the schedule cares.

    Attributes:
        word: One of a bounded set: `GOOD` ones, else what failed.
        retry_after_s: What the server asked for with 429 or 503; None = nothing.
        frozen: Whether the failure is ours (the network is down), so that no score grows.
    """

    word: str
    retry_after_s: float | None = None
    frozen: bool = False


@dataclass(frozen=True)
class Pace:
    """What the catalogue and the settings say of a feed.

    Attributes:
        start_s: Interval of a feed whose pace is not known yet.
        fixed_s: The catalogue's interval; None follows the feed's own pace.
        floors: Whether the feed's and the server's wishes hold; not for an intranet feed that
            has an interval of its own.
    """

    start_s: float = RETRY_S
    fixed_s: float | None = None
    floors: bool = True


@dataclass(frozen=True)
class Plan:
    """The next poll.

    Attributes:
        at: When, unix seconds.
        interval_s: The feed's interval without failures, floors and jitter.
        fail_score: The new score.
        retry_after_until: The server's word, unix seconds; 0 = none.
        loss_risk: Whether the floor is longer than a third of the window.
    """

    at: float
    interval_s: float
    fail_score: float
    retry_after_until: float
    loss_risk: bool


def plan(state: FeedState, outcome: Outcome, now: float, pace: Pace) -> Plan:
    """Decide when to poll next.

    Never sooner than `Retry-After` or a floor asks for (up to a day, a week for `Retry-After`),
    never later than a week from now.

    Args:
        state: As it is after the poll; its score is that of before.
        outcome: How the poll ended.
        now: Unix seconds.
        pace: What catalogue and settings say.
    """
    good = outcome.word in GOOD
    score = 0.0 if good else _score(state.fail_score, outcome)
    interval = usual_interval(state, now, pace)
    asked = max(state.floor_s, state.own_floor_s)
    floor = min(asked, FLOOR_CAP_S) if pace.floors else 0.0
    wait = interval if good else _after_failure(state, outcome, score, interval, now, pace)
    if outcome.word == "gap":
        wait /= 2
    wait *= 1 + JITTER * _noise(state.feed_id, now)
    if wait < floor:
        wait = floor * (1 + JITTER * abs(_noise(state.feed_id, now)))
    retry = min(outcome.retry_after_s or 0.0, RETRY_AFTER_CAP_S)
    until = now + retry if retry else state.retry_after_until
    at = min(max(now + wait, until), now + CAP_S)
    if pace.floors:
        at = after_skips(at, state.skip_hours, state.skip_days)
    return Plan(
        at=at,
        interval_s=interval,
        fail_score=score,
        retry_after_until=until if until > now else 0.0,
        loss_risk=bool(state.window_s) and floor > state.window_s / 3,
    )


def due_at(state: FeedState, now: float) -> float:
    """Return when a feed is due, unix seconds.

    A last poll that lies ahead says that the clock was put back since. Nobody knows then how long
    ago that was: the feed is polled at once, or when the publisher has asked for.
    """
    if state.last_poll_at > now + CLOCK_STEP_S:
        return max(now, state.retry_after_until)
    return state.next_poll_at


def usual_interval(state: FeedState, now: float, pace: Pace) -> float:
    """Return the interval that a feed's own window and rate ask for, seconds."""
    if pace.fixed_s is not None:
        return pace.fixed_s
    least = min(MIN_S, pace.start_s)
    newest = max(state.newest_at, state.last_new_at)
    silent = now - newest if newest else 0.0
    if silent >= 30 * DAY:
        return DAY
    if silent >= 7 * DAY:
        return 6 * HOUR
    wishes = []
    if state.window_s:
        wishes.append(state.window_s / 3)
    if state.rate_per_h:
        wishes.append(HOUR / (2 * state.rate_per_h))
    wish = min(wishes) if wishes else pace.start_s
    return min(max(wish, least), max(MAX_S, pace.start_s))


def first_poll_at(feed_id: str, now: float, feeds: int, pace: Pace) -> float:
    """Spread the first polls of a new catalogue: at most a minute, less for few feeds."""
    span = min(SPREAD_S, 0.15 * feeds, pace.fixed_s or pace.start_s)
    return now + span * (crc32(feed_id.encode()) % 1000) / 1000


def is_ours(word: str) -> bool:
    """Tell whether a failure may be our own network's."""
    return word in _OURS


def network_down(recent: Iterable[tuple[float, str]], now: float) -> bool:
    """Tell from all polls of the last minute whether it is us: more than half of 6 or more fail."""
    words = [word for at, word in recent if now - at <= 60]
    return len(words) >= 6 and sum(map(is_ours, words)) * 2 > len(words)


def after_skips(at: float, hours: Sequence[int], days: Sequence[int]) -> float:
    """Move a time out of the hours and days that a feed rules out, by at most a day."""
    limit = at + FLOOR_CAP_S
    if len(set(hours)) >= 24 or len(set(days)) >= 7:
        return at
    moved = at
    while moved < limit:
        moment = datetime.fromtimestamp(moved, UTC)
        if moment.hour not in hours and moment.weekday() not in days:
            return moved
        moved = (moved // HOUR + 1) * HOUR
    return limit


def _score(score: float, outcome: Outcome) -> float:
    if outcome.frozen or outcome.word == "publish_failed":
        return score
    kind = (
        "hard" if outcome.word in _HARD else "temporary" if outcome.word in _TEMPORARY else "soft"
    )
    return score + _SCORES[kind]


def _after_failure(
    state: FeedState, outcome: Outcome, score: float, interval: float, now: float, pace: Pace
) -> float:
    if outcome.frozen or outcome.word == "publish_failed":
        return min(interval, RETRY_S)
    unit = interval if pace.fixed_s is not None else max(interval, min(RETRY_S, pace.start_s))
    # Doubling is right for short intervals, extreme for long ones.
    wait = unit * 2 ** min(score, 6.0) if unit < HOUR else unit * (1 + score)
    dead = bool(state.failing_since) and now - state.failing_since > 30 * DAY
    cap = 7 * DAY if dead or _retired(state) else DAY
    if score < 2 and state.window_s:
        cap = max(state.window_s / 3, unit)
    wait = 7 * DAY if _retired(state) else min(wait, cap)
    if outcome.word in _REFUSED and outcome.retry_after_s is None:
        wait = max(wait, REFUSED_S)
    return wait


def _retired(state: FeedState) -> bool:
    """Three answers 410 over two days: the publisher means it."""
    return state.gone_votes >= 3 and state.last_poll_at - state.gone_since >= 2 * DAY


def _noise(feed_id: str, now: float) -> float:
    """Return -1 to 1, different for each feed and each poll, the same for the same arguments."""
    return (crc32(f"{feed_id} {now:.3f}".encode()) % 2001) / 1000 - 1
