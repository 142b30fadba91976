"""The scorer: a small fine-tuned encoder with a head for labels and one for status.

One file of weights holds two ONNX graphs and the table of word pieces; `model.json` beside it
says what the file must be (version, SHA-256) and how its logits are read (weights, thresholds). A
sieve, a network of some hundredths of the encoder's work, looks at each sentence first; with what
the words say (`evidence.py`) it turns away what is surely no mention (a cascade, Viola and Jones
2001). The encoder reads the rest, and all three are weighed together.

Equal calls give equal scores on one machine, whatever stands beside a sentence. The quantized
kernels differ a little between kinds of CPU (a few hundredths of a logit).
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from monitor.detect.card import ANY, LABELS, Card, read_weights
from monitor.detect.evidence import Evidence, Words, weigh
from monitor.detect.language import Language
from monitor.detect.lexicon import Lexicon
from monitor.detect.pieces import Ids, Pieces, batch
from monitor.detect.scoring import Scores, Unit
from monitor.errors import ModelError
from monitor.messages import Label, Status

STATUSES = tuple(Status)
DEFAULT_LANGUAGE = "en"

_PIECES = 256
"""Pieces in a batch, padding included: bounds the memory; what fits into a cache is read faster."""
_OUTPUTS = len(LABELS) + len(STATUSES)
_SURE = 0.01
"""Highest probability of a sentence that the sieve turned away."""

_Floats = NDArray[np.float32]


class Encoder:
    """Scores sentences with the shipped weights; one thread, no state between calls.

    Attributes:
        version: Name of the model.
        thresholds: `alert` and `search`, by language and label, as probabilities.
    """

    def __init__(self, card: Card, weights: bytes, lexicons: Mapping[Language, Lexicon]) -> None:
        """Build from a description, the bytes of the weights file, taken as sound, and words."""
        self.version = card.version
        self.thresholds = card.thresholds
        self._exits = card.exits
        self._lines, self._evidence = card.lines, Evidence(lexicons)
        with zipfile.ZipFile(io.BytesIO(weights)) as archive:
            self._pieces = Pieces(json.loads(archive.read("pieces.json")))
            self._sieve = _session(archive.read("sieve.onnx"))
            self._encoder = _session(archive.read("encoder.onnx"))

    @classmethod
    def load(cls, folder: Path, lexicons: Mapping[Language, Lexicon]) -> Encoder:
        """Load `model.json` and the weights file that it names from a folder.

        Raises:
            ModelError: One of the two is missing, damaged or of another version.
        """
        card = Card.read(folder / "model.json")
        try:
            return cls(card, read_weights(folder / card.file, card.sha256), lexicons)
        except (KeyError, ValueError, zipfile.BadZipFile, RuntimeError) as exc:
            raise ModelError(f"{folder / card.file}: not a weights file ({exc})") from exc

    def score(self, units: Sequence[Unit]) -> list[Scores]:
        """Score units; the answer has their length and order.

        Of a sentence the first 96 pieces (about 70 words) are read. Any text is taken, also an
        empty one.
        """
        inputs = self._pieces.inputs([unit.sentence for unit in units])
        words = [self._evidence.of(unit) for unit in units]
        sifted = run_network(self._sieve, inputs, len(LABELS))
        stay = [
            index
            for index, row in enumerate(sifted)
            if any(
                sum(weigh(self._exits[label], _seen(words[index], label, sieve=row)).values()) >= 0
                for label in LABELS
            )
        ]
        late = run_network(self._encoder, [inputs[index] for index in stay], _OUTPUTS)
        found = [self._turned_away(row) for row in sifted]
        for index, row in zip(stay, late, strict=True):
            found[index] = self._read(units[index].language, words[index], sifted[index], row)
        return found

    def threshold(self, label: Label, language: str, mode: str = "alert") -> float:
        """Give the lowest probability that counts; an unknown language is read as English."""
        by_language = self.thresholds[mode]
        return by_language.get(language, by_language[DEFAULT_LANGUAGE])[label]

    def logits(self, units: Sequence[Unit]) -> tuple[_Floats, _Floats]:
        """Give the sieve's logits (units, 3) and the encoder's (units, 11), for training only."""
        inputs = self._pieces.inputs([unit.sentence for unit in units])
        sifted = run_network(self._sieve, inputs, len(LABELS))
        return sifted, run_network(self._encoder, inputs, _OUTPUTS)

    def _turned_away(self, logits: _Floats) -> Scores:
        shares = (min(round(_sigmoid(float(logit)), 4), _SURE) for logit in logits)
        return Scores(dict(zip(LABELS, shares, strict=True)))

    def _read(self, language: str, words: Words, sifted: _Floats, logits: _Floats) -> Scores:
        parts = {
            label: weigh(
                self._lines[label].get(language, self._lines[label][ANY]),
                _seen(words, label, encoder=logits, sieve=sifted),
            )
            for label in LABELS
        }
        labels = {label: round(_sigmoid(sum(part.values())), 4) for label, part in parts.items()}
        powers = np.exp(logits[len(LABELS) :] - logits[len(LABELS) :].max())
        shares = (powers / powers.sum()).tolist()
        status = {name: round(share, 4) for name, share in zip(STATUSES, shares, strict=True)}
        return Scores(labels, status, parts)


def _seen(words: Words, label: Label, **logits: _Floats) -> dict[str, float]:
    """Put what the networks say of a label beside what its words say."""
    place = LABELS.index(label)
    return {name: float(row[place]) for name, row in logits.items()} | words[label]


def run_network(session: ort.InferenceSession, inputs: Sequence[Ids], width: int) -> _Floats:
    """Score inputs in batches of like length; the answer, (inputs, width), has their order."""
    found = np.zeros((len(inputs), width), np.float32)
    order = iter(sorted(range(len(inputs)), key=lambda index: len(inputs[index])))
    for group in _groups(sorted(inputs, key=len)):
        logits = session.run(["logits"], {"ids": batch(group)})[0]
        found[list(islice(order, len(group)))] = logits
    return found


def _groups(inputs: Sequence[Ids]) -> Iterator[list[Ids]]:
    """Part inputs, sorted by length, into batches of a bounded number of pieces with padding."""
    group: list[Ids] = []
    for item in inputs:
        if group and (len(group) + 1) * len(item) > _PIECES:
            yield group
            group = []
        group.append(item)
    if group:
        yield group


def _session(graph: bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-min(max(x, -40.0), 40.0)))
