"""The labelled sentences: reading, folds, targets for training."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.detect.scoring import Unit
from monitor.messages import Label, Status
from training.tables import key, read_statuses

Row = dict[str, Any]
LABELS = tuple(Label)
STATUSES = tuple(Status)
LANGUAGES = ("en", "ru", "uk")
HELD = ("dev.jsonl", "dev2.en.jsonl", "dev2.ru.jsonl", "dev2.uk.jsonl")
TRAINING = (
    "train.en.jsonl",
    "train.ru.jsonl",
    "train.uk.jsonl",
    "train2.en.jsonl",
    "train2.ru.jsonl",
    "train2.uk.jsonl",
    "train2.ru.translated.jsonl",
    "train2.uk.translated.jsonl",
)


def read(paths: Iterable[Path]) -> list[Row]:
    """Read label files, one JSON object a line; each row learns its file's name as `file`."""
    rows = []
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            rows += [json.loads(line) | {"file": path.name} for line in lines if line.strip()]
    return rows


def units(rows: Iterable[Row]) -> list[Unit]:
    """Make what the scorer gets of rows."""
    return [
        Unit(row["text"], row.get("title") or "", row.get("prev") or "", row["lang"])
        for row in rows
    ]


def plain(text: str) -> str:
    """Reduce a sentence to its letters and digits, to find the same text twice."""
    return re.sub(r"\W+", " ", text.lower()).strip()


def document(row: Row) -> str:
    """Name the document that a row was taken from; the row itself when it names none."""
    return str(row["source"].get("doc") or row["id"])


def apart(rows: Sequence[Row], held: Sequence[Row]) -> list[Row]:
    """Drop the rows that share a document or a text with a held-out row.

    A translated row stands for its original: it goes when the original's document is held out.
    """
    documents = {document(row) for row in held}
    texts = {plain(row["text"]) for row in held}
    return [r for r in rows if document(r) not in documents and plain(r["text"]) not in texts]


def fold(row: Row, folds: int) -> int:
    """Give a row its fold, 0 to folds - 1; rows of one document always share it."""
    return int(hashlib.md5(document(row).encode()).hexdigest(), 16) % folds


def is_natural(row: Row) -> bool:
    """Say whether a row comes from a news stream as it runs, not from a keyword search."""
    return str(row["file"]).startswith(("dev2", "train2")) and not is_translated(row)


def is_translated(row: Row) -> bool:
    """Say whether a row is a retold row of another language."""
    return "translated" in str(row["file"])


def targets(rows: Sequence[Row]) -> NDArray[np.float32]:
    """Give the labels as (rows, 3) zeros and ones, in the order of `LABELS`."""
    return np.array([[lab.value in r["labels"] for lab in LABELS] for r in rows], np.float32)


def statuses(rows: Sequence[Row]) -> NDArray[np.int64]:
    """Give the index of each row's status in `STATUSES`, -1 where none is known.

    A row with two moves has the status of its deployment, else of its drill; one without
    attributes has that of `statuses.tsv`.
    """
    known = read_statuses()
    found = np.full(len(rows), -1, np.int64)
    for index, row in enumerate(rows):
        items = [item for item in row.get("attrs") or [] if item["label"] != "denial"]
        items.sort(key=lambda item: str(item["label"]) != "deployment")
        of_items = [item["status"] for item in items if item.get("status") in STATUSES]
        status = of_items[0] if of_items else known.get(key(row["text"]))
        if status:
            found[index] = STATUSES.index(Status(status))
    return found


def weights(rows: Sequence[Row]) -> NDArray[np.float32]:
    """Weigh the rows: written Russian and Ukrainian are rare, a reader's doubt counts less."""
    rare = [1.5 if r["lang"] != "en" and not is_translated(r) else 1.0 for r in rows]
    doubt = [0.6 if r.get("sure") is False else 1.0 for r in rows]
    return np.array(rare, np.float32) * np.array(doubt, np.float32)
