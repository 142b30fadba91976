# ruff: noqa: SLF001 - private parts of a pinned version, and the tests notice a change
"""What we change in feedparser (6.0.14, pinned), each with its reason; imported for its effect.

Faults: it fails of ends without beginnings, its date readers invent dates, its author reader takes
quadratic time, it resolves ids as if they were addresses, it does not know RSS 1.1.
Cost: half of its time goes into copies and look-ups that the same result can be had without.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import feedparser
from feedparser import mixin
from feedparser.util import FeedParserDict


def _forgiving(end: Callable[[Any], None]) -> Callable[[Any], None]:
    def forgive(self: Any) -> None:  # noqa: ANN401
        with suppress(TypeError, LookupError):  # an end without its beginning
            end(self)

    return forgive


MAX_AUTHOR = 300
_ABSOLUTE = re.compile(r"https?://[^/\s][^\s]*")
_MAPPED = {*FeedParserDict.keymap, "category", "enclosures", "license", "updated", "updated_parsed"}

_get_mapped = FeedParserDict.get
_join = mixin._urljoin
_ENDS = {
    name: _forgiving(getattr(mixin._FeedParserMixin, name))
    for name in ("_end_width", "_end_height", "_end_media_credit", "_end_media_player")
}
_split_author = mixin._FeedParserMixin._sync_author_detail


def _get(self: Any, key: str, default: Any = None) -> Any:  # noqa: ANN401 - feedparser's dict
    return _get_mapped(self, key, default) if key in _MAPPED else dict.get(self, key, default)


def _join_relative(base: str, uri: str) -> str:
    return uri if _ABSOLUTE.fullmatch(uri) else str(_join(base, uri))


def _split_short_author(self: Any, key: str = "author") -> None:  # noqa: ANN401
    if len(self._get_context().get(key) or "") <= MAX_AUTHOR:
        _split_author(self, key)


def adapt() -> None:
    """Apply the changes; a second call changes nothing."""
    feedparser.api.PREFERRED_XML_PARSERS[:] = ["monitor.feeds.sax"]
    feedparser.datetimes._date_handlers.clear()
    parser = mixin._FeedParserMixin
    parser.namespaces["http://purl.org/net/rss1.1#"] = ""
    parser.can_be_relative_uri = parser.can_be_relative_uri - {"id"}
    parser._sync_author_detail = _split_short_author
    for name, end in _ENDS.items():
        setattr(parser, name, end)
    mixin._urljoin = _join_relative
    mixin.copy = SimpleNamespace(deepcopy=FeedParserDict)  # what it copies is flat
    FeedParserDict.get = _get
