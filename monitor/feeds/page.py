"""The page of an article to its text: THE use of trafilatura, in a process that can be killed."""

from __future__ import annotations

from monitor.errors import ParseError
from monitor.feeds.encoding import decode
from monitor.feeds.entry import Entry, ParsedFeed
from monitor.feeds.text import tidy

MAX_TEXT = 200_000


def read_page(doc: bytes, url: str, content_type: str = "") -> ParsedFeed:
    """Find the text of an article in its page, without menus, comments and tables.

    Args:
        doc: HTML.
        url: Its address.
        content_type: The answer's header.

    Returns:
        A feed of one entry that has the text, at most `MAX_TEXT` characters.

    Raises:
        ParseError: `no_text`: none was found.
    """
    import trafilatura  # an extra, and slow to load: only a worker that needs it pays for it

    # A header's charset comes before the page's own word for it.
    markup, _ = decode(doc, f"{content_type} {doc[:2048].decode('latin-1')}")
    found = trafilatura.extract(
        markup, url=url or None, fast=True, include_comments=False, include_tables=False
    )
    text = tidy(found or "")[:MAX_TEXT]
    if not text:
        raise ParseError("no_text", "expected an article's page, found no text in it")
    return ParsedFeed(format="page", entries=[Entry(url=url, text=text)])
