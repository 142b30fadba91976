"""What one feed of a publisher knows of its others."""

from __future__ import annotations

from monitor.feeds.feed import Feed
from monitor.feeds.siblings import Siblings
from monitor.feeds.state import FeedState, Seen
from tests.samples import article

WORLD = Feed(id="world", url="https://gazette.example/world")
NORTH = Feed(id="north", url="https://gazette.example/north")
OTHER = Feed(id="other", url="https://herald.example/feed")
ARTICLE = bytes.fromhex(article().id)


def states(*feeds: Feed) -> dict[str, FeedState]:
    return {feed.id: FeedState(feed.id, feed.url) for feed in feeds}


def test_what_another_feed_of_the_publisher_gave_is_known() -> None:
    """It names that feed; the feed itself and other publishers' feeds do not count."""
    known = states(WORLD, NORTH, OTHER)
    known["north"].seen = [Seen(b"key", ARTICLE, b"content")]
    siblings = Siblings([WORLD, NORTH, OTHER], known)

    assert siblings.elsewhere(WORLD) == {ARTICLE: "north"}
    assert siblings.elsewhere(NORTH) == siblings.elsewhere(OTHER) == {}


def test_what_another_feed_is_about_to_give_is_known_until_its_state_is_written() -> None:
    """Two feeds polled at once do not both give an article."""
    siblings = Siblings([WORLD, NORTH], states(WORLD, NORTH))

    siblings.coming(NORTH, [article()])
    during = siblings.elsewhere(WORLD)
    siblings.written(NORTH)

    assert during == {ARTICLE: "north"}
    assert siblings.elsewhere(WORLD) == {}


def test_a_feed_that_another_poller_has_is_not_known() -> None:
    """Without a state here nothing is said of it."""
    known = states(WORLD, NORTH)
    siblings = Siblings([WORLD, NORTH], known)
    siblings.coming(NORTH, [article()])

    del known["north"]

    assert siblings.elsewhere(WORLD) == {}
