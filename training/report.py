"""Figures of a scorer on labelled rows: precision, recall, F1, false alarms, calibration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from training import rows as rows_
from training.rows import LABELS, LANGUAGES, Row

Flags = NDArray[np.bool_]


def f1(truth: Flags, flags: Flags) -> tuple[float, float, float]:
    """Give precision, recall and F1 of one label."""
    hits = float((truth & flags).sum())
    precision = hits / max(float(flags.sum()), 1.0)
    recall = hits / max(float(truth.sum()), 1.0)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def macro(rows: Sequence[Row], flags: Flags) -> float:
    """Give the mean F1 of the labels that occur."""
    truth = rows_.targets(rows).astype(bool)
    used = [index for index in range(len(LABELS)) if truth[:, index].any()]
    return float(np.mean([f1(truth[:, index], flags[:, index])[2] for index in used]))


def table(rows: Sequence[Row], flags: Flags) -> Iterator[str]:
    """Write the lines of a table by language and label."""
    truth = rows_.targets(rows).astype(bool)
    yield f"{'':4}{'rows':>6}{'macro':>7}   " + "".join(
        f"{label.value + ' P/R/F1 (n)':>32}" for label in LABELS
    )
    for language in LANGUAGES:
        mine = np.array([row["lang"] == language for row in rows])
        if not mine.any():
            continue
        cells = []
        for index in range(len(LABELS)):
            found = f1(truth[mine, index], flags[mine, index])
            count = int(truth[mine, index].sum())
            cells.append(f"{'/'.join(f'{value:.3f}' for value in found)} ({count:3d})".rjust(32))
        mean = macro([row for row in rows if row["lang"] == language], flags[mine])
        yield f"{language:4}{int(mine.sum()):>6}{mean:>7.3f}   " + "".join(cells)


def reliability(truth: NDArray[np.float32], share: NDArray[np.float32]) -> Iterator[str]:
    """Write, for tenths of the score, how often the label was true."""
    for low in np.arange(0, 1, 0.1):
        mine = (share >= low) & (share < low + 0.1 + 1e-9 * (low > 0.85))
        if mine.any():
            yield (
                f"{low:.1f}-{low + 0.1:.1f}  n={int(mine.sum()):5d}  "
                f"mean score {share[mine].mean():.2f}  true {truth[mine].mean():.2f}"
            )


def average_precisions(
    rows: Sequence[Row], logits: NDArray[np.float32], name: str
) -> Iterator[str]:
    """Write the average precision of each language and label."""
    truth = rows_.targets(rows)
    for language in LANGUAGES:
        mine = np.array([row["lang"] == language for row in rows])
        means = [
            precision_mean(truth[mine, index], logits[mine, index]) for index in range(len(LABELS))
        ]
        yield f"{name} {language} average precision " + "/".join(f"{mean:.3f}" for mean in means)


def precision_mean(truth: NDArray[np.float32], score: NDArray[np.float32]) -> float:
    """Give the average precision, which needs no threshold."""
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(truth[order])
    at = np.flatnonzero(truth[order] > 0)
    return float((hits[at] / (at + 1)).mean()) if len(at) else float("nan")
