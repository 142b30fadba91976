"""The feeds of one publisher: an article that two of them give becomes news once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from monitor.feeds.feed import Feed
from monitor.feeds.state import FeedState
from monitor.messages import Article


class Siblings:
    """Knows what the other feeds of a publisher gave, or are about to give."""

    def __init__(self, feeds: Iterable[Feed], states: Mapping[str, FeedState]) -> None:
        """Note which feeds belong together.

        Args:
            feeds: The catalogue.
            states: What is known of each feed, by its id; looked at again each time.
        """
        self._states = states
        self._names: dict[str, list[str]] = {}
        self._coming: dict[str, frozenset[bytes]] = {}
        for feed in feeds:
            self._names.setdefault(feed.domain, []).append(feed.id)

    def coming(self, feed: Feed, articles: Sequence[Article]) -> None:
        """Note what a feed is about to give: its state does not say so yet."""
        self._coming[feed.id] = frozenset(bytes.fromhex(article.id) for article in articles)

    def written(self, feed: Feed) -> None:
        """Note that the feed's state says all that it gave, or that nothing came of it."""
        self._coming.pop(feed.id, None)

    def elsewhere(self, feed: Feed) -> dict[bytes, str]:
        """Return the articles that other feeds of this publisher have, each with a feed's id."""
        found: dict[bytes, str] = {}
        for name in sorted(self._names.get(feed.domain, ()), reverse=True):
            if name != feed.id and (state := self._states.get(name)):
                found.update((seen.article, name) for seen in state.seen)
                found.update((article, name) for article in self._coming.get(name, ()))
        return found
