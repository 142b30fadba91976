"""The rights of each role follow from the table of topics, and the docs state them."""

from __future__ import annotations

import pytest

from monitor.acls import OPERATOR, Right, command, rights, table
from monitor.topics import ALERTS, TOPICS
from tests import ROOT


def test_the_docs_state_the_rights() -> None:
    """The table of docs/cluster.md is the one that the code has."""
    assert table() in (ROOT / "docs" / "cluster.md").read_text("utf-8")


@pytest.mark.parametrize("operation", ["Read", "Write"])
def test_every_topic_has_somebody_who_may(operation: str) -> None:
    """Whatever is written by a role can be read by one, apart from the operator."""
    granted = {
        right.name
        for right in rights()
        if right.kind == "topic" and operation in right.operations and right.role != OPERATOR
    }
    only_operators = {topic.name for topic in TOPICS if topic.readers == ("operators",)}

    assert granted >= {topic.name for topic in TOPICS} - only_operators


def test_nobody_but_the_worker_and_the_operator_raises_alerts() -> None:
    """Writing rights on the alerts are what an attacker would want."""
    may = {r.role for r in rights() if r.name == ALERTS.name and "Write" in r.operations}

    assert may == {"worker"}


def test_a_right_is_a_line_for_the_tool_of_kafka() -> None:
    """Names that a shell would read otherwise are quoted."""
    line = command(Right("web", "group", "x-", ("Read", "Describe"), prefixed=True), "User:CN=a b,")

    assert line.endswith(
        " --add --allow-principal 'User:CN=a b,web' --operation Read --operation Describe"
        " --group x- --resource-pattern-type prefixed"
    )
