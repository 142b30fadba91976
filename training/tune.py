"""Thresholds, exits and calibration: how the logits of the exported file are to be read.

They belong to the exported file, not to the weights in training: quantizing moves logits a little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from monitor.messages import Label
from training import rows as rows_
from training.rows import LABELS, LANGUAGES, Row

Floats = NDArray[np.float32]

ALARM_COST = {
    "search": dict.fromkeys(LANGUAGES, 1.0),
    "alert": {"en": 1.25, "ru": 1.5, "uk": 1.5},
}
"""How many misses a false alarm is worth, in the F1 that a threshold maximizes.

The dev files hold many more mentions than a news stream. In English nearly half of what 1.25 flags
beyond 1.75 in captured news is right.
"""

_SHRINK = 8.0
"""Positives that a language needs for its own threshold to count as much as the common one."""

_GRID = np.arange(-4.0, 5.0, 0.02)
_SMOOTH = 0.35
"""Width over which the curve is smoothed, so that no single row sets a threshold."""

_LOST = {Label.DEPLOYMENT: 0.03, Label.DRILL: 0.0, Label.DENIAL: 0.03}
"""Share of true mentions that the sieve may turn away; to lose no drill costs next to nothing."""


def thresholds(
    rows: Sequence[Row], logits: Floats, costs: Mapping[str, float]
) -> dict[str, list[float]]:
    """Choose for each language, in the order of the labels, the logit with the best F1.

    A language with few positives leans on the threshold of all languages together.
    """
    truth = rows_.targets(rows)
    languages = np.array([row["lang"] for row in rows])
    found: dict[str, list[float]] = {language: [] for language in LANGUAGES}
    for index in range(len(LABELS)):
        for language in LANGUAGES:
            mine, cost = languages == language, costs[language]
            common = _best(truth[:, index], logits[:, index], cost)
            count = float(truth[mine, index].sum())
            own = _best(truth[mine, index], logits[mine, index], cost) if count else common
            share = count / (count + _SHRINK)
            found[language].append(round(share * own + (1 - share) * common, 2))
    return found


def _best(truth: Floats, logits: Floats, cost: float) -> float:
    flagged = logits[:, None] >= _GRID[None, :]
    hits = (flagged * truth[:, None]).sum(0)
    alarms = (flagged * (1 - truth)[:, None]).sum(0)
    score = 2 * hits / np.maximum(truth.sum() + hits + cost * alarms, 1e-9)
    steps = round(3 * _SMOOTH / 0.02)
    reach = np.arange(-steps, steps + 1) * 0.02  # as many on each side: the curve stays in place
    kernel = np.exp(-0.5 * (reach / _SMOOTH) ** 2)
    padded = np.pad(score, len(reach) // 2, mode="edge")
    smooth = np.convolve(padded, kernel / kernel.sum(), "valid")
    return float(_GRID[int(smooth.argmax())])


def exits(rows: Sequence[Row], sieve: Floats, late: Floats, search: Floats) -> list[float]:
    """Choose for each label the logit of the sieve that all but a few true mentions reach.

    `search` is the threshold on `late` for each row and label, (rows, 3): a mention that would
    not be found anyway is not lost.
    """
    truth = rows_.targets(rows).astype(bool)
    kept = truth & (late[:, : len(LABELS)] >= search)
    return [
        round(float(np.quantile(sieve[kept[:, index], index], _LOST[label])) - 0.05, 2)
        for index, label in enumerate(LABELS)
    ]


def spread(rows: Sequence[Row], table: dict[str, list[float]]) -> Floats:
    """Give each row the thresholds of its language, (rows, 3)."""
    return np.array([table[row["lang"]] for row in rows], np.float32)


def calibration(rows: Sequence[Row], logits: Floats, *, common: float = 4.0) -> list[list[float]]:
    """Fit slope and offset of the log-odds for each label (Platt 1999) on rows of news streams.

    Rows that no search and no model picked (`pool` is `rest`) are far more common in a stream
    than in the sample; they count `common` times.
    """
    natural = np.array([rows_.is_natural(row) for row in rows])
    weight = np.array(
        [common if row["source"].get("pool") == "rest" else 1.0 for row in rows], np.float64
    )
    # Real drills and denials are rare in streams: the searched rows join in for a quarter.
    weight = np.where(natural, weight, 0.25)
    truth = rows_.targets(rows)
    return [
        _platt(truth[:, index].astype(np.float64), logits[:, index].astype(np.float64), weight)
        for index in range(len(LABELS))
    ]


def _platt(
    truth: NDArray[np.float64], logit: NDArray[np.float64], weight: NDArray[np.float64]
) -> list[float]:
    """Weighted logistic regression by Newton's method, with a weak pull to slope 1, offset 0.

    Steps are halved until they help: in full they may run away.
    """
    x = np.stack([logit, np.ones_like(logit)], 1)
    start = np.array([1.0, 0.0])

    def loss(line: NDArray[np.float64]) -> float:
        odds = x @ line
        return float(
            weight @ (np.logaddexp(0, odds) - truth * odds) + ((line - start) ** 2).sum() / 2
        )

    found = start
    for _ in range(30):
        share = 1 / (1 + np.exp(-np.clip(x @ found, -30, 30)))
        slope = x.T @ (weight * (truth - share)) - (found - start)
        curve = (x * (weight * share * (1 - share))[:, None]).T @ x + np.eye(2)
        step = np.linalg.solve(curve, slope)
        while loss(found + step) > loss(found) and np.abs(step).max() > 1e-6:
            step /= 2
        found = found + step
    return [round(float(value), 4) for value in found]


def probability(logit: float, line: Sequence[float]) -> float:
    """Read a logit through a calibration line."""
    return float(1 / (1 + np.exp(-(line[0] * logit + line[1]))))
