"""What a poll leaves behind: (feed, state, answer) to the next state. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from monitor.feeds.entry import ParsedFeed
from monitor.feeds.feed import Feed
from monitor.feeds.fetch import Answer
from monitor.feeds.headers import floor_seconds
from monitor.feeds.schedule import DAY, GOOD, Outcome, Pace, plan
from monitor.feeds.select import Selection
from monitor.feeds.state import FeedState, bounded_header
from monitor.feeds.window import measure, turnover

PROOF_VOTES, PROOF_S = 10, 7 * DAY
"""A permanent redirect is believed after this many equal answers over this long."""
STALE_S = 30 * DAY
MAX_LIES = 2
_MOVED_AWAY = frozenset({"http_404", "http_410", "dns", "not_a_feed"})


@dataclass(frozen=True)
class Request:
    """What to ask for."""

    url: str
    etag: str
    last_modified: str


def request_of(feed: Feed, state: FeedState, now: float) -> Request:
    """Choose address and validators: once a day none, to see whether they tell the truth."""
    url = state.effective_url or feed.url
    if not state.trust or now - state.last_200_at > DAY:
        return Request(url, "", "")
    return Request(url, state.etag, state.last_modified)


def fitting(feed: Feed, state: FeedState) -> FeedState:
    """Make a stored state fit the catalogue: a new address has no validators and no redirects."""
    if state.url == feed.url:
        return state
    return replace(
        state,
        url=feed.url,
        effective_url="",
        moved_to="",
        moved_votes=0,
        etag="",
        last_modified="",
        body_hash="",
        trust=True,
        lies=0,
        retry_after_until=0.0,
        gone_votes=0,
        fail_score=0.0,
        failing_since=0,
        next_poll_at=0.0 if state.url else state.next_poll_at,
    )


def after_failure(state: FeedState, outcome: Outcome, now: float, pace: Pace) -> FeedState:
    """Take note of a poll that gave nothing."""
    after = replace(state, failing_since=state.failing_since or int(now))
    if outcome.word == "http_410":
        after.gone_votes += 1
        after.gone_since = after.gone_since or int(now)
    else:
        after.gone_votes = after.gone_since = 0
    if state.effective_url and outcome.word in _MOVED_AWAY:
        after.effective_url = after.moved_to = ""
        after.moved_votes = 0
    return _finish(after, outcome, now, pace)


def after_unchanged(
    state: FeedState, answer: Answer, body_hash: str, now: float, pace: Pace
) -> FeedState:
    """Take note of a 304, or of a 200 with the bytes of before (then `body_hash` is its hash).

    The items that the document shows stay shown: nothing needs to be refreshed.
    """
    after = _success(state, answer, now)
    if answer.status == 304:
        after.last_304_at = int(now)
    else:
        after.body_hash, after.last_200_at, after.lies = body_hash, int(now), 0
    return _finish(after, Outcome("unchanged" if answer.status == 304 else "same_body"), now, pace)


def after_document(
    feed: Feed,
    state: FeedState,
    answer: Answer,
    body_hash: str,
    parsed: ParsedFeed,
    chosen: Selection,
    now: float,
    pace: Pace,
) -> FeedState:
    """Take note of a new document and of what was chosen from it."""
    after = _success(state, answer, now)
    after.url = feed.url
    _judge_validators(state, after, parsed, chosen)
    after.body_hash, after.last_200_at = body_hash, int(now)
    after.format, after.items, after.seen = parsed.format, len(parsed.entries), chosen.seen
    after.own_floor_s = float(parsed.pace_s)
    after.skip_hours, after.skip_days = parsed.skip_hours, parsed.skip_days
    _judge_redirect(state, after, answer, chosen)
    _measure(state, after, parsed, chosen, now)
    gap = "gap" in chosen.events
    after.gaps += gap
    word = "gap" if gap else "new" if chosen.new + chosen.revised else "no_news"
    return _finish(after, Outcome(word), now, pace)


def _success(state: FeedState, answer: Answer, now: float) -> FeedState:
    headers = answer.headers
    etag = bounded_header(headers.get("etag"))
    last_modified = bounded_header(headers.get("last-modified"))
    if answer.status == 304:  # it need not repeat them
        etag, last_modified = etag or state.etag, last_modified or state.last_modified
    floor = floor_seconds(headers)
    if answer.status == 304 and "cache-control" not in headers and "expires" not in headers:
        floor = state.floor_s
    return replace(
        state,
        etag=etag,
        last_modified=last_modified,
        floor_s=floor,
        failing_since=0,
        gone_votes=0,
        gone_since=0,
    )


def _judge_validators(
    state: FeedState, after: FeedState, parsed: ParsedFeed, chosen: Selection
) -> None:
    """Distrust validators that called a changed document unchanged.

    The proof is a new item that is older than the last "unchanged".
    """
    if not state.trust or not state.last_304_at or state.last_304_at < state.last_200_at:
        return
    dates = [e.published for e in parsed.entries if e.published and e.published > state.newest_at]
    if chosen.new and dates and min(dates) < state.last_304_at - 600:
        after.lies = state.lies + 1
        after.trust = after.lies < MAX_LIES
    else:
        after.lies = 0


def _judge_redirect(state: FeedState, after: FeedState, answer: Answer, chosen: Selection) -> None:
    if not answer.permanent:
        after.moved_to, after.moved_votes = "", 0
        return
    if answer.permanent != state.moved_to:
        after.moved_to, after.moved_votes = answer.permanent, 1
        after.moved_since = after.last_200_at
        return
    after.moved_votes = state.moved_votes + 1
    proven = after.moved_votes >= PROOF_VOTES and after.last_200_at - after.moved_since >= PROOF_S
    if proven and "gap" not in chosen.events and after.items:
        after.effective_url, after.moved_to, after.moved_votes = answer.permanent, "", 0


def _measure(
    state: FeedState, after: FeedState, parsed: ParsedFeed, chosen: Selection, now: float
) -> None:
    dates = [entry.published for entry in parsed.entries if entry.published]
    past = [date for date in dates if date <= now]
    window, rate = measure(past, len(parsed.entries), now)
    if not window and not state.first_poll:
        elapsed = now - state.last_poll_at
        window = turnover(after.items, chosen.new, elapsed) or state.window_s
        rate = after.items * 3600 / window if window else 0.0
    after.window_s, after.rate_per_h = window, rate
    after.newest_at = max(past, default=state.newest_at)
    if chosen.new:
        after.last_new_at = after.newest_at if state.first_poll and past else int(now)
    after.stale = bool(after.newest_at) and now - after.newest_at > STALE_S


def _finish(state: FeedState, outcome: Outcome, now: float, pace: Pace) -> FeedState:
    """Apply the schedule to a state that is ours to change."""
    state.polls += 1
    state.last_poll_at = int(now)
    next_poll = plan(state, outcome, now, pace)
    state.next_poll_at, state.interval = next_poll.at, next_poll.interval_s
    state.fail_score, state.loss_risk = next_poll.fail_score, next_poll.loss_risk
    state.retry_after_until = next_poll.retry_after_until
    if outcome.word in GOOD:
        state.failing_since = 0
    state.note(now, outcome.word)
    return state
