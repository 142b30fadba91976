"""What `model.json` says of the weights beside it, and the check that the file is that one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from monitor.detect.evidence import NAMES, OFFSET, Line
from monitor.errors import ModelError
from monitor.messages import Label

FORMAT = 5
"""Which layout of `model.json` and of the weights file this code reads."""

LABELS = tuple(Label)

ANY = "*"
"""Stands for every language that has no line of its own."""

Lines = Mapping[Label, Mapping[str, Line]]
"""By label and language how the networks and the words are weighed."""

Thresholds = Mapping[str, Mapping[Label, float]]
"""Per language and label, the lowest probability that counts."""


@dataclass(frozen=True)
class Card:
    """What `model.json` says.

    Attributes:
        version: Name of this model, part of every mention.
        file: Name of the weights file, in the same folder.
        sha256: Digest that the weights file must have.
        exits: Per label how sieve and words are weighed before the encoder reads: a sentence for
            which they add up to less than 0 for every label goes no further.
        lines: How log-odds are made of what the networks and the words say.
        thresholds: `alert` (few false alarms) and `search` (best F1), by language and label.
    """

    version: str
    file: str
    sha256: str
    exits: Mapping[Label, Line]
    lines: Lines
    thresholds: Mapping[str, Thresholds]

    @classmethod
    def read(cls, path: Path) -> Card:
        """Read `model.json`.

        Raises:
            ModelError: The file is missing, no JSON, of another format, or lacks a field.
        """
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            if raw["format"] != FORMAT:
                raise ModelError(f"{path}: expected format {FORMAT}, got {raw['format']}")
            return cls(
                version=str(raw["version"]),
                file=Path(raw["weights"]["file"]).name,
                sha256=str(raw["weights"]["sha256"]),
                exits={label: _line(raw["exits"][label]) for label in LABELS},
                lines={label: _lines(raw["lines"][label]) for label in LABELS},
                thresholds={
                    mode: {
                        language: {label: float(values[label]) for label in LABELS}
                        for language, values in raw["thresholds"][mode].items()
                    }
                    for mode in ("alert", "search")
                },
            )
        except OSError as exc:
            raise ModelError(f"{path}: cannot be read ({exc.strerror})") from exc
        except ValueError as exc:
            raise ModelError(f"{path}: expected a model description in JSON ({exc})") from exc
        except (AttributeError, IndexError, KeyError, TypeError) as exc:
            raise ModelError(f"{path}: a field is missing or of the wrong kind ({exc})") from exc


def _lines(raw: Mapping[str, Mapping[str, float]]) -> dict[str, Line]:
    if ANY not in raw:
        raise KeyError(ANY)
    return {language: _line(line) for language, line in raw.items()}


def _line(raw: Mapping[str, float]) -> Line:
    unknown = raw.keys() - {*NAMES, OFFSET}
    if unknown or OFFSET not in raw:
        raise KeyError(", ".join(sorted(unknown)) or OFFSET)
    return {name: float(weight) for name, weight in raw.items()}


def read_weights(path: Path, sha256: str) -> bytes:
    """Read the weights file and check that it is the one described.

    Raises:
        ModelError: It cannot be read, or its SHA-256 is another.
    """
    try:
        raw = path.read_bytes()
    except OSError as exc:
        raise ModelError(f"{path}: cannot be read ({exc.strerror})") from exc
    digest = hashlib.sha256(raw).hexdigest()
    if digest != sha256:
        raise ModelError(f"{path}: expected SHA-256 {sha256}, got {digest}: fetch the file again")
    return raw
