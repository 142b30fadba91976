"""PURE: what became of each dead letter, and whether it can be sent back where it came from.

A letter that was sent back is written again with `replayed_as` filled in, so that the topic itself
says which ones are done.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import replace

from monitor.errors import MessageError
from monitor.kafka.client import Record
from monitor.messages import DeadLetter
from monitor.topics import Topic

REPLAY_OF = "newsmon-replay-of"
"""Header of a record that was sent back: `topic/partition/offset` of the one that was buried."""


def newest_letters(letters: Iterable[DeadLetter]) -> list[DeadLetter]:
    """Return each letter once, as it stands now, in the order in which they were written."""
    found: dict[tuple[str, str], DeadLetter] = {}
    for letter in letters:
        # A message too large to be sent has no offset that could name it.
        found[letter.place, letter.raw if letter.offset < 0 else ""] = letter
    return list(found.values())


def matches(letter: DeadLetter, topic: str | None, reason: str | None) -> bool:
    """Tell whether a letter is of a topic and has some words in its reason, any capitals."""
    return (topic is None or letter.topic == topic) and (
        reason is None or reason.casefold() in letter.reason.casefold()
    )


def original_of(letter: DeadLetter, found: Record | None) -> Record | None:
    """Return the record that was buried; None where it can no longer be had in full.

    Args:
        letter: The letter.
        found: What stands at the letter's place now; another record where the topic was made anew.
    """
    raw = base64.b64decode(letter.raw)
    if found and (found.value or b"")[: len(raw)] == raw:
        return found
    if len(raw) < letter.size:
        return None
    key = base64.b64decode(letter.key_raw) or None
    return Record(letter.partition, letter.offset, key, raw, letter.seen_at, {})


def send_back(
    letter: DeadLetter,
    topic: Topic | None,
    original: Record | None,
    superseded: bool,
    force: bool,
) -> Record | str:
    """Decide how a letter goes back to its topic.

    Args:
        letter: The letter.
        topic: Its topic; None where newsmon has none of that name.
        original: The record that was buried, if it can be had.
        superseded: Whether the topic holds a newer record of its key, which a compacted topic
            would forget for this one.
        force: Whether it goes back although it still cannot be read.

    Returns:
        The record to send, the same bytes in the same partition, or in words why there is none.
    """
    if topic is None or topic.model is None:
        return f"newsmon reads no topic {letter.topic}"
    if letter.replayed_as:
        return f"sent back already, as {letter.replayed_as}"
    if letter.offset < 0:
        return f"it never was on the topic: {letter.size} bytes are more than a record may have"
    if original is None:
        return f"the record is gone, and only the beginning of its {letter.size} bytes is kept"
    if superseded:
        return "the topic holds a newer record of its key"
    try:
        headers = dict(topic.model.decode(original.value).headers())
    except MessageError as exc:
        if not force:
            return f"still {exc}"
        headers = {}
    headers |= original.headers | {REPLAY_OF: letter.place.encode()}
    return replace(original, headers=headers)
