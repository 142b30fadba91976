"""The quality gate: no figure of the detector sinks below its floor."""

import json

import pytest

from monitor.detect import load_detector
from tests import shared_dir
from tests.quality.measure import written
from tests.quality.report import FLOORS, below, figures, new_floors, written_figures
from training.tables import EXAMPLES


@pytest.mark.slow
def test_no_figure_is_below_its_floor():
    """Labels and attributes of all three languages on the held-out label files."""
    measured, _ = figures(shared_dir("labels"), load_detector())
    floors = json.loads(FLOORS.read_text())
    others = ("stories ", "written ")
    own = {name: floor for name, floor in floors.items() if not name.startswith(others)}
    assert below(measured, own) == []


def test_no_figure_of_the_written_sentences_is_below_its_floor():
    """These need no label files: the gate for whoever clones the repository."""
    measured, _ = written_figures(load_detector())
    floors = json.loads(FLOORS.read_text())
    own = {name: floor for name, floor in floors.items() if name.startswith("written ")}
    assert len(own) > 5
    assert below(measured, own) == []


def test_training_does_not_know_the_written_sentences():
    learnt = {line.split("\t")[2] for line in EXAMPLES.read_text("utf-8").splitlines()}
    assert not learnt & {row["text"] for row in written()}


def test_a_figure_under_its_floor_is_named():
    """Also one that is no longer measured."""
    assert len(below({"a": 0.5}, {"a": 0.6, "b": 0.1})) == 2
    assert below({"a": 0.6}, {"a": 0.6}) == []


def test_a_floor_sinks_only_when_told_to():
    """Better figures raise it; worse ones need the flag."""
    assert new_floors({"a": 0.9}, {"a": 0.5}, lower=False) == {"a": 0.88}
    assert new_floors({"a": 0.3}, {"a": 0.5}, lower=False) == {"a": 0.5}
    assert new_floors({"a": 0.3}, {"a": 0.5}, lower=True) == {"a": 0.28}
