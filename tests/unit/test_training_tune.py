"""Weights, thresholds and calibration of the training."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from monitor.detect.evidence import NAMES
from training import tune
from training.rows import LABELS

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


def believed(number: int) -> tuple[list[dict], np.ndarray]:
    """Rows of which networks and a cue say something, and labels drawn from it."""
    random = np.random.default_rng(1)
    known = np.zeros((number, len(LABELS), len(NAMES)))
    known[:, :, NAMES.index("encoder")] = random.normal(0, 2, (number, 1))
    known[:, :, NAMES.index("cue")] = random.random((number, 1)) < 0.5
    odds = known[:, 0, NAMES.index("encoder")] + 2 * known[:, 0, NAMES.index("cue")] - 2
    found = rows((random.random(number) < 1 / (1 + np.exp(-odds))).tolist())
    return [row | {"id": str(place)} for place, row in enumerate(found)], known


def test_weights_are_found_again() -> None:
    """Labels drawn from known weights give these weights back."""
    found, known = believed(20_000)
    line = tune.lines(found, known)["deployment"]["*"]
    assert abs(line["encoder"] - 1) < 0.1
    assert abs(line["cue"] - 2) < 0.15
    assert abs(line["offset"] + 2) < 0.15


def test_a_fold_is_weighed_by_the_others() -> None:
    """Of rows whose labels are pure chance nothing can be known: unseen odds say so."""
    found, known = believed(400)
    random = np.random.default_rng(2)
    for row in found:
        row["labels"] = ["deployment"] if random.random() < 0.5 else []
    truth = np.array([bool(row["labels"]) for row in found])
    seen = tune.log_odds(found, known, tune.lines(found, known))[:, 0]
    unseen = tune.unseen(found, known)[:, 0]
    assert ((seen > 0) == truth).mean() > ((unseen > 0) == truth).mean()


def test_the_calibration_goes_into_the_weights() -> None:
    """Weights and thresholds move together: the same rows count before and after."""
    found, known = believed(500)
    by = tune.lines(found, known)
    odds = tune.log_odds(found, known, by)
    lines = [[0.5, -1.0], [2.0, 1.0], [1.0, 0.0]]
    moved = tune.log_odds(found, known, tune.as_in_streams(by, lines))
    for place, line in enumerate(lines):
        share = 1 / (1 + np.exp(-moved[:, place]))
        clear = abs(odds[:, place] - tune.odds_of(0.45)) > 0.01
        counts = (odds[:, place] >= tune.odds_of(0.45))[clear]
        assert (counts == (share >= tune.limit(0.45, line))[clear]).all()


def test_the_sieve_turns_away_few_true_mentions_and_many_others() -> None:
    """Of what would be found it may lose a share, whatever the words and logits are."""
    found, known = believed(4_000)
    for row in found:
        row["labels"] = [label.value for label in LABELS if row["labels"]]
    random = np.random.default_rng(3)
    known[:, :, NAMES.index("sieve")] = known[:, :, NAMES.index("encoder")]
    known[:, :, NAMES.index("sieve")] += random.normal(0, 1, (len(found), 1))
    odds = tune.log_odds(found, known, tune.lines(found, known))
    passed = tune.pass_on(known, tune.exits(found, known, odds))
    counted = np.array([bool(row["labels"]) for row in found])
    counted &= odds[:, 0] >= tune.odds_of(tune.COUNTS_FROM["search"]["en"])
    assert passed[counted].mean() >= 0.96
    assert passed.mean() < 0.8
