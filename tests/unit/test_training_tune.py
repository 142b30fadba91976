"""Thresholds and calibration of the training."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training import tune

PLAIN = {"pool": "rest"}


def rows(truth: list[bool]) -> list[dict]:
    return [
        {"lang": "en", "file": "dev2.en.jsonl", "source": PLAIN,
         "labels": ["deployment"] if right else []}
        for right in truth
    ]  # fmt: skip


@given(
    st.lists(st.tuples(st.booleans(), st.floats(-30, 30)), min_size=1, max_size=200),
    st.floats(-8, 8),
)
def test_a_calibration_line_never_runs_away(cells: list[tuple[bool, float]], offset: float) -> None:
    """Logits far from their calibration made full Newton steps end at slopes of thousands."""
    logits = np.array([[logit + offset, 0.0, 0.0] for _, logit in cells], np.float32)
    slope, bias = tune.calibration(rows([right for right, _ in cells]), logits)[0]
    assert math.isfinite(slope)
    assert abs(slope) < 50
    assert abs(bias) < 200


def test_scores_of_a_calibrated_scorer_are_kept() -> None:
    """Where the log-odds are right already, the line is nearly slope 1 and offset 0."""
    random = np.random.default_rng(0)
    odds = random.normal(0, 3, 20_000)
    right = random.random(20_000) < 1 / (1 + np.exp(-odds))
    logits = np.stack([odds, odds * 0, odds * 0], 1).astype(np.float32)
    slope, bias = tune.calibration(rows(right.tolist()), logits)[0]
    assert abs(slope - 1) < 0.05
    assert abs(bias) < 0.05
