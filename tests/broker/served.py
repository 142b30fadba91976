"""Invented feeds on loopback, in a thread, for tests that start processes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

Feeds = dict[str, list[tuple[str, str]]]


@contextmanager
def served(feeds: Feeds) -> Iterator[str]:
    """Serve feeds of (title, text) items and yield a feeds file for them.

    What is appended to `feeds` later appears in the feed.
    """
    when = format_datetime(datetime.now(UTC))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.strip("/").removesuffix(".xml")
            items = "".join(
                f"<item><title>{escape(title)}</title><link>http://{name}.example/{n}</link>"
                f"<guid>{n}</guid><pubDate>{when}</pubDate>"
                f"<description>{escape(text)}</description></item>"
                for n, (title, text) in enumerate(feeds.get(name, []))
            )
            body = f'<rss version="2.0"><channel><title>{name}</title>{items}</channel></rss>'
            self.send_response(200)
            self.send_header("Content-Type", "application/rss+xml")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield "\n".join(
            f'[[feeds]]\nid = "{name}"\nurl = "http://127.0.0.1:{server.server_port}/{name}.xml"\n'
            f'outlet = "{name}"\ncountry = "GB"\nlanguage = "en"\ninterval = 2\n'
            "allow_private = true\nmax_age_hours = 0\n"
            for name in feeds
        )
    finally:
        server.shutdown()
