"""Invented feeds on loopback, in a thread, for tests that start processes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

Feeds = dict[str, list[tuple[str, str]]]

Answer = Callable[[str], tuple[bytes, str]]
"""Makes of a path the body and its media type, which may be empty."""


@contextmanager
def answering(answer: Answer) -> Iterator[int]:
    """Serve on loopback without a word on stderr, and yield the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body, kind = answer(self.path)
            self.send_response(200)
            if kind:
                self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()


@contextmanager
def served(feeds: Feeds) -> Iterator[str]:
    """Serve feeds of (title, text) items and yield a feeds file for them.

    What is appended to `feeds` later appears in the feed.
    """
    when = format_datetime(datetime.now(UTC))

    def answer(path: str) -> tuple[bytes, str]:
        name = path.strip("/").removesuffix(".xml")
        items = "".join(
            f"<item><title>{escape(title)}</title><link>http://{name}.example/{n}</link>"
            f"<guid>{n}</guid><pubDate>{when}</pubDate>"
            f"<description>{escape(text)}</description></item>"
            for n, (title, text) in enumerate(feeds.get(name, []))
        )
        body = f'<rss version="2.0"><channel><title>{name}</title>{items}</channel></rss>'
        return body.encode(), "application/rss+xml"

    with answering(answer) as port:
        yield "\n".join(
            f'[[feeds]]\nid = "{name}"\nurl = "http://127.0.0.1:{port}/{name}.xml"\n'
            f'outlet = "{name}"\ncountry = "GB"\nlanguage = "en"\ninterval = 2\n'
            "allow_private = true\nmax_age_hours = 0\n"
            for name in feeds
        )
