"""What the stand-in for Slack knows: channels, messages, and what it accepts into them.

The answers are Slack's own; HTTP, tokens and faults stand in `peer.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor.slack.limits import refusal

Answer = dict[str, Any]

PAGE = 200


@dataclass
class Posted:
    """A message that was accepted.

    Attributes:
        channel: Id of its channel.
        ts: Its name.
        payload: What was sent, as it stands after edits.
        thread_ts: The message that it replies to.
        edits: The payloads that it had before.
    """

    channel: str
    ts: str
    payload: dict[str, Any]
    thread_ts: str = ""
    edits: list[dict[str, Any]] = field(default_factory=list)

    @property
    def versions(self) -> list[dict[str, Any]]:
        """All payloads, the oldest first."""
        return [*self.edits, self.payload]


class Workspace:
    """Channels and messages.

    Attributes:
        messages: What was accepted, in order.
        accepted: Every payload that was accepted, edits too, in order.
        channels: Id by name; a channel that is not here does not exist.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.messages: list[Posted] = []
        self.accepted: list[dict[str, Any]] = []
        self.channels = {"alerts": "C0ALERTS01", "urgent": "C0URGENT01", "hook": "C0WEBHOOK1"}
        self._clock = clock
        self._last = 0.0

    def channel_id(self, given: str, *, by_name: bool) -> str:
        """Return a channel's id; most of Slack's methods do not take a name. Empty: no such one."""
        if given in self.channels.values():
            return given
        return self.channels.get(given.removeprefix("#"), "") if by_name else ""

    def post(self, channel: str, body: dict[str, Any]) -> Answer:
        """Accept a message, as `chat.postMessage` does."""
        if error := refusal(body):
            return _refused(error)
        thread = str(body.get("thread_ts") or "")
        if thread and not self._find(channel, thread):
            return _refused("thread_not_found")
        # Names are times, and no two messages have the same one.
        self._last = max(self._last + 0.000001, self._clock())
        posted = Posted(channel, f"{self._last:.6f}", body, thread)
        self.messages.append(posted)
        self.accepted.append(body)
        return {"ok": True, "channel": channel, "ts": posted.ts}

    def update(self, channel: str, body: dict[str, Any]) -> Answer:
        """Replace a message, as `chat.update` does."""
        if error := refusal(body):
            return _refused(error)
        posted = self._find(channel, str(body.get("ts")))
        if not posted:
            return _refused("message_not_found")
        posted.edits.append(posted.payload)
        posted.payload = body
        self.accepted.append(body)
        return {"ok": True, "channel": channel, "ts": posted.ts}

    def history(self, channel: str, form: Mapping[str, Any]) -> Answer:
        """List messages, the newest first: of the channel, or with `ts` those of a thread."""
        oldest, thread = float(form.get("oldest") or 0), str(form.get("ts", ""))
        found = [
            posted
            for posted in reversed(self.messages)
            if posted.channel == channel
            and float(posted.ts) > oldest
            and (thread in {posted.thread_ts, posted.ts} if thread else not posted.thread_ts)
        ]
        start, limit = int(form.get("cursor") or 0), min(int(form.get("limit", 100)), PAGE)
        page = [
            {"type": "message", "ts": posted.ts, "text": posted.payload.get("text", "")}
            | ({"metadata": posted.payload["metadata"]} if "metadata" in posted.payload else {})
            for posted in found[start : start + limit]
        ]
        cursor = str(start + limit) if start + limit < len(found) else ""
        return {"ok": True, "messages": page, "response_metadata": {"next_cursor": cursor}}

    def _find(self, channel: str, ts: str) -> Posted | None:
        backwards = reversed(self.messages)
        return next((m for m in backwards if m.ts == ts and m.channel == channel), None)


class Meter:
    """A token bucket for each channel and method.

    Attributes:
        refused: How often somebody came too soon.
    """

    def __init__(
        self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Make full buckets.

        Args:
            rate: Calls a second.
            burst: Calls at once after a pause.
            clock: Tells the seconds.
        """
        self.refused = 0
        self._rate, self._burst, self._clock = rate, float(burst), clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def grant(self, name: str) -> bool:
        """Take a token, where there is one."""
        now = self._clock()
        tokens, since = self._buckets.get(name, (self._burst, now))
        tokens = min(self._burst, tokens + (now - since) * self._rate)
        granted = tokens >= 1
        self._buckets[name] = (tokens - granted, now)
        self.refused += not granted
        return granted


def _refused(error: str) -> Answer:
    return {"ok": False, "error": error}
