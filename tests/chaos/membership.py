"""Asks the broker who is a member of a group: only what works can be struck while it works."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.errors import BrokerError
from monitor.kafka.connect import cluster_id_of, open_admin
from monitor.kafka.feed_state import GROUP as POLLERS
from monitor.slack.consumer import GROUP as SLACK
from monitor.topics import WORKERS

_GROUPS = {"worker": WORKERS, "poller": POLLERS, "slack": SLACK}
_TIMEOUT_MS = 5_000


@dataclass(frozen=True)
class Membership:
    """A group as its coordinator sees it.

    Attributes:
        stable: Whether its partitions are shared out.
        members: The members' ids; a process that joins gets a new one.
    """

    stable: bool = False
    members: frozenset[str] = frozenset()


async def membership_of(bootstrap: str, role: str) -> Membership:
    """Return a role's part of its group: of the workers, the one process of this name.

    For the broker, stable means that it can be used. Where nobody answers it is not.
    """
    part = role.partition("-")[0]
    if part not in _GROUPS:
        return Membership(await cluster_id_of(bootstrap) is not None)
    try:
        async with open_admin(bootstrap, _TIMEOUT_MS) as admin:
            (response,) = await admin.describe_consumer_groups([_GROUPS[part]])
    except BrokerError:
        return Membership()
    _, _, state, _, _, members, *_ = response.groups[0]
    ids = frozenset(member[0] for member in members)
    if part == "worker":
        # Static members: their ids begin with their names.
        ids = frozenset(name for name in ids if name.startswith(f"{role}-"))
    return Membership(state == "Stable", ids)
