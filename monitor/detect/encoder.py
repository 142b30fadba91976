"""The scorer: a small fine-tuned encoder with a head for labels and one for status.

One file of weights holds two ONNX graphs and the table of word pieces; `model.json` beside it
says what the file must be (version, SHA-256) and how its logits are read (calibration,
thresholds). A sentence first passes the lower layers; when the early head is sure that it carries
no label it goes no further, which saves two thirds of the work on most sentences of a stream
(early exit, Teerapittayanon et al. 2016).

Equal calls give equal scores on one machine. The quantized kernels differ a little between kinds
of CPU and with the other sentences of a batch (a few hundredths of a logit).
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from monitor.detect.card import LABELS, Card, read_weights
from monitor.detect.pieces import Encoded, Pieces, batch
from monitor.detect.scoring import Scores, Unit
from monitor.errors import ModelError
from monitor.messages import Label, Status

STATUSES = tuple(Status)
DEFAULT_LANGUAGE = "en"

_WINDOW, _PIECES = 64, 640
"""Inputs whose hidden states are held at a time; pieces in a batch, padding included."""
_LOOK_AGAIN = -1.5
"""The logit from which on a sentence is read again with its context."""
_SURE = 0.01
"""Highest probability of a sentence that the early head turned away."""

_Floats = NDArray[np.float32]


class Encoder:
    """Scores sentences with the shipped weights; one thread, no state between calls.

    Attributes:
        version: Name of the model.
        thresholds: `alert` and `search`, by language and label, as probabilities.
    """

    def __init__(self, card: Card, weights: bytes) -> None:
        """Build from a description and the bytes of the weights file, taken as sound."""
        self.version = card.version
        self.thresholds = card.thresholds
        self._exits = np.array(card.exits, np.float32)
        self._calibration = card.calibration
        with zipfile.ZipFile(io.BytesIO(weights)) as archive:
            self._pieces = Pieces(json.loads(archive.read("pieces.json")))
            self._early = _session(archive.read("early.onnx"))
            self._late = _session(archive.read("late.onnx"))

    @classmethod
    def load(cls, folder: Path) -> Encoder:
        """Load `model.json` and the weights file that it names from a folder.

        Raises:
            ModelError: One of the two is missing, damaged or of another version.
        """
        card = Card.read(folder / "model.json")
        try:
            return cls(card, read_weights(folder / card.file, card.sha256))
        except (KeyError, ValueError, zipfile.BadZipFile, RuntimeError) as exc:
            raise ModelError(f"{folder / card.file}: not a weights file ({exc})") from exc

    def score(self, units: Sequence[Unit]) -> list[Scores]:
        """Score units; the answer has their length and order.

        Of a sentence the first 96 pieces (about 70 words) are read. Any text is taken, also an
        empty one.
        """
        early, late = self._look(units, everything=False)
        return [self._read(row, late.get(index)) for index, row in enumerate(early)]

    def threshold(self, label: Label, language: str, mode: str = "alert") -> float:
        """Give the lowest probability that counts; an unknown language is read as English."""
        by_language = self.thresholds[mode]
        return by_language.get(language, by_language[DEFAULT_LANGUAGE])[label]

    def logits(self, units: Sequence[Unit]) -> tuple[_Floats, _Floats]:
        """Give raw early logits (units, 3) and logits (units, 11) of all, for training only."""
        early, late = self._look(units, everything=True)
        width = len(LABELS) + len(STATUSES)
        rows = [late[index] for index in range(len(units))]
        return early, np.array(rows, np.float32).reshape(len(units), width)

    def _look(
        self, units: Sequence[Unit], *, everything: bool
    ) -> tuple[_Floats, dict[int, _Floats]]:
        """Give early logits of all units, and logits of those that went on, by index.

        A sentence is read alone first, which is cheap. What may be a mention is read again with
        its context, and the two readings are averaged: alone it lacks what "this" stands for,
        beside a headline about a drill it may be taken for the drill.
        """
        inputs = self._pieces.inputs([_triple(unit) for unit in units])
        alone = [Encoded(item.ids[: item.own], item.own) for item in inputs]
        early = np.zeros((len(units), len(LABELS)), np.float32)
        late: dict[int, _Floats] = {}
        for chosen, first, last in self._windows(alone, everything=everything):
            early[chosen] = first
            late |= {chosen[place]: row for place, row in last.items()}
        again = [
            index
            for index, row in sorted(late.items())
            if len(inputs[index].ids) > inputs[index].own
            and row[: len(LABELS)].max() >= _LOOK_AGAIN
        ]
        both = [inputs[index] for index in again]
        for chosen, _, last in self._windows(both, everything=True):
            for place, row in last.items():
                index = again[chosen[place]]
                late[index] = (late[index] + row) * np.float32(0.5)
        return early, late

    def _windows(
        self, inputs: Sequence[Encoded], *, everything: bool = False
    ) -> Iterator[tuple[list[int], _Floats, dict[int, _Floats]]]:
        """Go through inputs of like length: (indices, early logits, logits by place).

        The window bounds the hidden states held at a time (about 14 MB) whatever comes in.
        """
        order = sorted(range(len(inputs)), key=lambda index: len(inputs[index].ids))
        for start in range(0, len(order), _WINDOW):
            chosen = order[start : start + _WINDOW]
            parts = [self._lower(group) for group in _groups([inputs[index] for index in chosen])]
            early = np.concatenate([part[0] for part in parts])
            states = [row for part in parts for row in part[1]]
            open_ = everything | (early >= self._exits).any(axis=1)
            places = [int(place) for place in np.flatnonzero(open_)]
            late: dict[int, _Floats] = {}
            left = iter(places)
            for group in _groups([inputs[chosen[place]] for place in places]):
                mine = list(islice(left, len(group)))
                logits = self._upper(group, [states[place] for place in mine])
                late |= zip(mine, logits, strict=True)
            yield chosen, early, late

    def _lower(self, inputs: Sequence[Encoded]) -> tuple[_Floats, _Floats]:
        ids, mask, segment = batch(inputs)
        found = self._early.run(["early", "states"], {"ids": ids, "mask": mask, "segment": segment})
        return found[0], found[1]

    def _upper(self, inputs: Sequence[Encoded], states: Sequence[_Floats]) -> _Floats:
        _, mask, segment = batch(inputs)
        padded = np.zeros((len(inputs), mask.shape[1], states[0].shape[1]), np.float32)
        for row, (item, state) in enumerate(zip(inputs, states, strict=True)):
            padded[row, : len(item.ids)] = state[: len(item.ids)]
        found: _Floats = self._late.run(
            ["logits"], {"states": padded, "mask": mask, "segment": segment}
        )[0]
        return found

    def _read(self, early: _Floats, late: _Floats | None) -> Scores:
        logits = early if late is None else late
        labels = {
            label: round(_sigmoid(slope * float(logit) + offset), 4)
            for label, (slope, offset), logit in zip(
                LABELS, self._calibration, logits[: len(LABELS)], strict=True
            )
        }
        if late is None:
            return Scores({label: min(value, _SURE) for label, value in labels.items()})
        powers = np.exp(late[len(LABELS) :] - late[len(LABELS) :].max())
        shares = (powers / powers.sum()).tolist()
        status = {name: round(share, 4) for name, share in zip(STATUSES, shares, strict=True)}
        return Scores(labels, status)


def _groups(inputs: Sequence[Encoded]) -> Iterator[list[Encoded]]:
    """Part inputs, sorted by length, into batches of a bounded number of pieces with padding."""
    group: list[Encoded] = []
    for item in inputs:
        if group and (len(group) + 1) * len(item.ids) > _PIECES:
            yield group
            group = []
        group.append(item)
    if group:
        yield group


def _triple(unit: Unit) -> tuple[str, str, str]:
    same = unit.is_title or unit.title == unit.sentence
    return unit.sentence, "" if same else unit.title, unit.prev


def _session(graph: bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-min(max(x, -40.0), 40.0)))
