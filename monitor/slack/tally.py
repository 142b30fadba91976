"""PURE: what was done, in numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass
class Tally:
    """What was done since the start.

    Attributes:
        told: Revisions whose outcome is durable.
        posts: Messages sent: stories, replies and digests.
        edits: Story messages replaced.
        digests: Digests among the posts.
        folded: Revisions that were told in digests.
        retries: Calls that failed and were made again.
        found: Messages that had arrived although Slack had not confirmed.
        maybe_repeats: Messages sent again without knowing whether the first one had arrived.
        maybe_lost: Messages not sent again in that case, because the rules say so.
        dead: Revisions that Slack does not accept in any form; they are dead letters.
        skipped: Records that were no news: told before, discarded by a route, or too old.
    """

    told: int = 0
    posts: int = 0
    edits: int = 0
    digests: int = 0
    folded: int = 0
    retries: int = 0
    found: int = 0
    maybe_repeats: int = 0
    maybe_lost: int = 0
    dead: int = 0
    skipped: int = 0

    def line(self) -> str:
        """Write the numbers as `key=value`."""
        return " ".join(f"{name}={value}" for name, value in asdict(self).items())
