"""The status head, fitted anew when the encoder has learnt: in training it lags far behind.

Few rows of a batch have a status, so that the head moves little while the layers under it learn.
Fitted to the end on what the exported encoder gives, with a strong ridge, the same layers tell the
status of one English sentence in forty more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from monitor.detect.pieces import Pieces
from training import attributes, export
from training import rows as rows_
from training.base import Weights
from training.rows import LABELS, STATUSES, Row

_STRENGTH = 0.003
"""Inverse strength of the ridge on standardized features; by folds up to 0.01 does as well."""


def settle(weights: Weights, pieces: Pieces, rows: Sequence[Row]) -> Weights:
    """Return the weights with the status columns of the head fitted to the rows' statuses."""
    features = _features(weights, pieces, rows)
    mean, spread = features.mean(0), features.std(0) + 1e-6
    x = np.c_[(features - mean) / spread, np.ones(len(rows), np.float32)].astype(np.float32)
    found = attributes.fit(x, rows_.statuses(rows), len(STATUSES), strength=_STRENGTH)
    head, bias = weights["head_w"].copy(), weights["head_b"].copy()
    head[:, len(LABELS) :] = found[:-1] / spread[:, None]
    bias[len(LABELS) :] = found[-1] - mean @ head[:, len(LABELS) :]
    return weights | {"head_w": head, "head_b": bias}


def _features(weights: Weights, pieces: Pieces, rows: Sequence[Row]) -> np.ndarray:
    """Give what the head sees of each row, (rows, 2 x hidden), in the exported precision."""
    width = len(weights["head_w"])
    bare = {"head_w": np.eye(width, dtype=np.float32), "head_b": np.zeros(width, np.float32)}
    return export.run(weights | bare, pieces.inputs([row["text"] for row in rows]))
