"""PURE: which rights each role needs on a Kafka that checks rights, and no more than these.

Reading and writing follow from the table of topics; the rest is what Kafka wants for groups, for
asking how things stand, and from whoever makes the topics.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from shlex import quote
from typing import Literal

from monitor.topics import (
    ARTICLES,
    DEAD_LETTERS,
    MENTIONS,
    POLLERS,
    SLACK,
    TOLD,
    TOPICS,
    WORKERS,
    Topic,
)

WORDS: dict[str, frozenset[str]] = {
    "poller": frozenset({"poller"}),
    "worker": frozenset({"worker", "detect", "alert", "count"}),
    "slack": frozenset({"slack"}),
    "viewer": frozenset({"terminal", "web"}),
    "subscriber": frozenset({"subscribers"}),
}
"""Roles that run or read all day, each with its words in the table of topics."""

OPERATOR = "operator"
"""Whoever makes the topics, looks back and mends: `topics apply`, `up`, `doctor`, `trace`, ..."""

_ALL = "newsmon"
_LAG = (ARTICLES, MENTIONS, DEAD_LETTERS)
_MEND = ("Read", "Write", "Create", "Alter", "Delete", "Describe", "DescribeConfigs")


@dataclass(frozen=True)
class Right:
    """Operations that a role may do on one resource.

    Attributes:
        role: The role.
        kind: What the resource is.
        name: Its name; with `prefixed`, how its name begins.
        operations: Kafka's names of what is allowed. Read and Write include Describe.
        prefixed: Whether all resources whose names begin so are meant.
    """

    role: str
    kind: Literal["topic", "group"]
    name: str
    operations: tuple[str, ...]
    prefixed: bool = False


def rights() -> tuple[Right, ...]:
    """List the rights of all roles, in the order of the flow."""
    on_topics = (
        Right(role, "topic", topic.name, operations)
        for role, words in WORDS.items()
        for topic in TOPICS
        if (operations := tuple(_operations(topic, words)))
    )
    return (
        *on_topics,
        # The views show how much there is still to do.
        *(
            Right("viewer", "topic", t.name, ("Describe",))
            for t in (ARTICLES, MENTIONS, DEAD_LETTERS)
        ),
        Right("poller", "group", POLLERS, ("Read",)),
        Right("worker", "group", WORKERS, ("Read",)),
        # After a reset the workers read what subscribers have been told.
        Right("worker", "group", TOLD, ("Describe",)),
        Right("slack", "group", SLACK, ("Read",)),
        Right("viewer", "group", WORKERS, ("Describe",)),
        Right("subscriber", "group", "subscriber-", ("Read",), prefixed=True),
        Right(OPERATOR, "topic", _ALL, _MEND, prefixed=True),
        Right(OPERATOR, "group", _ALL, ("Read", "Describe", "Delete"), prefixed=True),
    )


def command(right: Right, principal_prefix: str) -> str:
    """Return the line for Kafka's own tool that grants a right.

    Args:
        right: What to grant.
        principal_prefix: The principal is this and the role, as `User:newsmon-` and `poller`.
    """
    operations = " ".join(f"--operation {operation}" for operation in right.operations)
    prefixed = " --resource-pattern-type prefixed" if right.prefixed else ""
    return (
        'kafka-acls.sh --bootstrap-server "$BROKERS" --command-config "$ADMIN" --add'
        f" --allow-principal {quote(principal_prefix + right.role)} {operations}"
        f" --{right.kind} {right.name}{prefixed}"
    )


def table() -> str:
    """Return the rights as a Markdown table, one row a role."""
    lines = ["| role | topics | groups |", "|---|---|---|"]
    for role in (*WORDS, OPERATOR):
        mine = [right for right in rights() if right.role == role]
        cells = (_cell([r for r in mine if r.kind == kind]) for kind in ("topic", "group"))
        lines.append(f"| {role} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _operations(topic: Topic, words: frozenset[str]) -> Iterator[str]:
    if words & set(topic.readers):
        yield "Read"
    if words & set(topic.writer.split(", ")):
        yield "Write"


def _cell(mine: list[Right]) -> str:
    names: dict[tuple[str, ...], list[str]] = {}
    for right in mine:
        names.setdefault(right.operations, []).append(
            f"`{right.name}{'*' if right.prefixed else ''}`"
        )
    return "; ".join(f"{', '.join(does)}: {', '.join(on)}" for does, on in names.items())
