"""The parse worker: a process that reads documents and writes parsed feeds, until it is killed.

Frames on stdin and stdout: a length in four bytes, then that many bytes. A question is two frames
(the options as JSON, the document); an answer is one frame whose first byte says what follows:
`R` ready, `W` wait (the language model is being loaded, the answer follows), `F` a feed, `E` an
error, `L` a feed and this worker's last answer.
"""

from __future__ import annotations

import os
import resource
import struct
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from monitor.errors import ParseError
from monitor.feeds.encoding import to_utf8
from monitor.feeds.entry import Entry, ParsedFeed
from monitor.feeds.language import detect_language, language_code, load_model, model_loaded
from monitor.feeds.memory import Memory
from monitor.feeds.page import read_page
from monitor.feeds.parse import parse_text
from monitor.feeds.text import clip, html_to_text

MAX_TEXT = 200_000
MAX_TITLE = 1_000
MEMORY = 2 << 30
"""Address space of one worker, bytes: a parse that needs more fails alone."""
_REST_AT = 300 << 10
"""A worker that once held this much (KiB) is replaced, so that memory does not pile up."""


def read_frame(stream: BinaryIO) -> bytes | None:
    """Read one frame; None at the end of the stream."""
    head = stream.read(4)
    return stream.read(struct.unpack(">I", head)[0]) if len(head) == 4 else None


def write_frame(stream: BinaryIO, data: bytes) -> None:
    """Write one frame."""
    stream.write(struct.pack(">I", len(data)))
    stream.write(data)
    stream.flush()


def answer(
    options: dict[str, Any],
    doc: bytes,
    memory: Memory,
    wait: Callable[[], None] = lambda: None,
) -> bytes:
    """Parse one document; never raises for what is in it.

    Args:
        options: `base`, `content_type`, `detect`, `raw`, `page`.
        doc: The document.
        memory: Items that were read before.
        wait: Called before something slow that is not the document's fault.
    """
    base, detect = options.get("base", ""), options.get("detect", True)

    def readable(text: bytes) -> ParsedFeed:
        feed = parse_text(text, base)
        make_readable(feed, detect, wait)
        return feed

    try:
        if options.get("page"):
            wait()  # the library takes a second to load
            return b"F" + read_page(doc, base, options.get("content_type", "")).encode()
        text = to_utf8(doc, options.get("content_type", ""))
        if options.get("raw"):
            feed = parse_text(text, base)
        else:
            feed = memory.read(f"{detect} {base}", text, readable)
            if detect:
                fill_languages(feed.entries)
        return b"F" + feed.encode()
    except ParseError as exc:
        return b"E" + orjson.dumps([exc.outcome, str(exc).partition(": ")[2][:300]])
    except (MemoryError, RecursionError) as exc:
        return b"E" + orjson.dumps(["too_large", f"{type(exc).__name__} while parsing"])
    except Exception as exc:  # noqa: BLE001 - hostile input meets three parsers; name it and go on
        return b"E" + orjson.dumps(["parse_failed", f"{type(exc).__name__}: {exc}"[:300]])


def make_readable(feed: ParsedFeed, detect: bool, wait: Callable[[], None] = lambda: None) -> None:
    """Put the plain text into each entry in place of its markup, and a language beside it."""
    channel = language_code(feed.language)
    for entry in feed.entries:
        plain = (html_to_text(entry.summary), html_to_text(entry.content))
        entry.text = clip(max(plain, key=len), MAX_TEXT)
        entry.title = clip(entry.title, MAX_TITLE)
        entry.summary = entry.content = ""
        entry.language = language_code(entry.language) or channel
        if detect and not entry.language:
            if not model_loaded():
                wait()
                load_model()
            entry.language = detect_language(f"{entry.title} {entry.text}")


def fill_languages(entries: list[Entry]) -> None:
    """Give items too short to tell the language that most others have."""
    known = Counter(entry.language for entry in entries if entry.language)
    usual = known.most_common(1)[0][0] if known else None
    for entry in entries:
        entry.language = entry.language or usual


def _peak_kib() -> int:
    """Return the most memory that this program held, KiB."""
    if sys.platform == "linux":
        # Not ru_maxrss: that one starts at what the parent held when it forked.
        status = Path("/proc/self/status").read_text("ascii")
        return int(status.partition("VmHWM:")[2].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    """Answer until stdin ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    stdin, stdout = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not end up in a frame
    write_frame(stdout, b"R")
    memory = Memory()
    while (options := read_frame(stdin)) is not None:
        doc = read_frame(stdin)
        if doc is None:
            return
        reply = answer(orjson.loads(options), doc, memory, lambda: write_frame(stdout, b"W"))
        last = _peak_kib() > _REST_AT
        if last and reply[:1] == b"F":
            reply = b"L" + reply[1:]
        try:
            write_frame(stdout, reply)
        except BrokenPipeError:
            return  # the poller is gone
        if reply[:1] == b"L":
            return


if __name__ == "__main__":
    main()
