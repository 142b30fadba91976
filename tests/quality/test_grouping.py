"""The gate of grouping: stories agree with the events that a reader told apart."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from monitor.alerts import Policy
from tests import shared_dir
from tests.quality.grouping import EVENTS, Told, b_cubed, grouping_figures, measure
from tests.quality.report import FLOORS, below
from tests.unit.build_mentions import mention


@pytest.mark.slow
def test_no_figure_of_grouping_is_below_its_floor() -> None:
    """Labelled rows of two winters, and headlines that several outlets have."""
    shared_dir("feeds")
    floors = json.loads(FLOORS.read_text())
    own = {name: floor for name, floor in floors.items() if name.startswith("stories ")}
    measured, _ = grouping_figures(shared_dir("labels").parent, Policy())
    assert own
    assert below(measured, own) == []


def test_b_cubed_is_that_of_its_authors() -> None:
    """Equal groups agree wholly; one group for all keeps recall, one each keeps precision."""
    events = ["a", "a", "b", "b"]
    same, one, each = (
        b_cubed(events, list("xxyy")),
        b_cubed(events, "xxxx"),
        b_cubed(events, "wxyz"),
    )
    assert (same.precision, same.recall, same.f1) == (1, 1, 1)
    assert (one.precision, one.recall) == (0.5, 1)
    assert (each.precision, each.recall) == (1, 0.5)
    assert b_cubed(list("aab"), list("xyy")).f1 == pytest.approx(2 / 3)


def test_an_event_is_cut_where_a_story_ends_by_definition() -> None:
    """Reports three days apart are two stories, so the measure does not ask for one."""
    told = [Told(mention(at=0), "e"), Told(mention(at=3 * 24 * 60, name="2"), "e")]
    found = measure(told, Policy())
    assert told[1].mention.time - told[0].mention.time == timedelta(days=3)
    assert (found.f1, found.events, found.stories) == (1, 2, 2)


def test_the_set_names_each_row_once_and_has_hard_negatives() -> None:
    """No row is in two events of a label; many events stand beside others of their days."""
    for named in json.loads(EVENTS.read_text("utf-8"))["labelled"].values():
        for events in named.values():
            rows = [row for ids in events.values() for row in ids]
            assert len(rows) == len(set(rows))
        assert sum(map(len, named.values())) > 60
