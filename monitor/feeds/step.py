"""One poll as it ended: the next state, what must be published before it, its line in the log."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from monitor.feeds.feed import Feed
from monitor.feeds.schedule import Pace
from monitor.feeds.state import FeedState
from monitor.messages import Article
from monitor.settings import PollSettings

log = logging.getLogger("newsmon.poll")

ORDINARY = frozenset({"new", "no_news", "unchanged", "same_body"})


@dataclass
class Step:
    """One poll: the next state, and what must be published before it is written."""

    state: FeedState
    word: str
    detail: str = ""
    articles: tuple[Article, ...] = ()
    events: tuple[str, ...] = ()


def pace_of(feed: Feed, settings: PollSettings) -> Pace:
    """Return what catalogue and settings say of a feed's pace."""
    return Pace(
        start_s=float(settings.interval),
        fixed_s=None if feed.interval is None else float(feed.interval),
        floors=not (feed.allow_private and feed.interval is not None),
    )


def report(feed: Feed, step: Step) -> None:
    """Log a poll: one line, at info for errors and events, at debug for ordinary ones."""
    state = step.state
    events = ",".join(
        [*step.events, *(["stale"] * state.stale), *(["loss_risk"] * state.loss_risk)]
        + ([] if state.trust else ["validators_lie"])
    )
    ordinary = step.word in ORDINARY and not step.events
    log.log(
        logging.DEBUG if ordinary else logging.INFO,
        "feed=%s outcome=%s url=%s next_in_s=%.0f score=%g %s%s",
        feed.id,
        step.word,
        state.effective_url or feed.url,
        state.next_poll_at - state.last_poll_at,
        state.fail_score,
        f"events={events} " if events else "",
        step.detail,
    )
