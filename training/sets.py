"""Which rows each pass of training sees, and which rows stay unseen for its figures.

    first   trains on the training files, less the rows that share a document or a text with a
            dev file, and less a third of the Russian and Ukrainian rows (`aside`)
    again   shows all that carry a label once more and some of the others, then `aside` and the
            sentences written for this repository
    polish  goes several times over all of these, and over the other sentences that a reader has
            seen: of captured feeds, of public texts, beside the rows; gives the teacher
    settle  fits its status head to those of them whose status is known
    distil  teaches a smaller encoder, on the same rows, and on captured sentences, headlines and
            sentences beside the rows that nobody labelled
    join    teaches a still smaller one, which ships, on the same
    status  fits its status head, on the same rows as `settle`
    sieve   trains the small network in front of it, on the same

No network is trained on the dev files, nor on the training rows that share a document or a text
with them: how networks and words are weighed, and the figures, come from the dev files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training import rows as rows_
from training.rows import Row
from training.tables import EXAMPLES, READ, key, read_labels


@dataclass(frozen=True)
class Sets:
    """The rows of every role.

    Attributes:
        main: Trained on first.
        aside: Real Russian and Ukrainian rows that the first pass does not see.
        dev: The dev files.
        written: Sentences written for this repository.
        captured: Sentences of captured feeds and of public texts, with `labels` where a reader has
            seen them.
        beside: Headlines and sentences before, of the rows that are trained on; likewise.
    """

    main: list[Row]
    aside: list[Row]
    dev: list[Row]
    written: list[Row]
    captured: list[Row]
    beside: list[Row]

    def of(self, step: str) -> list[Row]:
        """Give the rows that a step trains on."""
        if step == "first":
            return self.main
        if step in ("settle", "status"):
            rows = self.of("polish")
            return [r for r, s in zip(rows, rows_.statuses(rows), strict=True) if s >= 0]
        if step in ("polish", "distil", "join", "sieve"):
            read = [row for row in (*self.captured, *self.beside) if "labels" in row]
            return [*self.main, *self.aside, *self.written, *read]
        return [*_thinned(self.main), *self.aside, *self.written]

    def plain(self) -> list[Row]:
        """Give the sentences that no reader has seen."""
        return [row for row in (*self.captured, *self.beside) if "labels" not in row]


STEPS = ("first", "again", "polish", "settle", "distil", "join", "status", "sieve")


def load(labels: Path, captured: Path | None = None) -> Sets:
    """Read the label files of a folder, and captured sentences, and give every row its role."""
    dev = rows_.read(labels / name for name in rows_.HELD)
    training = rows_.read(labels / name for name in rows_.TRAINING)
    clear = rows_.apart(training, dev)
    aside = [row for row in clear if _is_aside(row)]
    news = rows_.apart(_captured(captured), dev) if captured and captured.exists() else []
    return Sets(
        main=[row for row in clear if not _is_aside(row)],
        aside=aside,
        dev=dev,
        written=_written(),
        captured=news,
        beside=_with_labels(beside([*clear, *news], dev)),
    )


def _is_aside(row: Row) -> bool:
    real = row["lang"] != "en" and not rows_.is_translated(row)
    return real and rows_.fold(row, 3) == 0


def _written() -> list[Row]:
    found = []
    for number, line in enumerate(EXAMPLES.read_text(encoding="utf-8").splitlines()):
        language, labels, text = line.split("\t")
        found.append(
            {
                "id": f"written-{number}",
                "lang": language,
                "text": text,
                "labels": [label for label in labels.split(",") if label],
                "source": {"pool": "written"},
                "file": EXAMPLES.name,
            }
        )
    return found


def _captured(path: Path) -> list[Row]:
    found = rows_.read([path])
    source = {"pool": "captured"}
    return [row | {"id": f"captured-{n}", "source": source} for n, row in enumerate(found)]


def _with_labels(rows: list[Row]) -> list[Row]:
    known = read_labels(READ)
    return [row | known.get(key(row["text"]), {}) for row in rows]


def beside(rows: list[Row], held: list[Row]) -> list[Row]:
    """Give what stands beside rows and is neither a row itself nor beside a held-out one."""
    names = ("text", "title", "prev")
    seen = {rows_.plain(row.get(name) or "") for row in held for name in names}
    seen |= {rows_.plain(row["text"]) for row in rows} | {""}
    found = []
    for text, row in ((row.get(name) or "", row) for row in rows for name in names[1:]):
        if (plain := rows_.plain(text)) not in seen:
            seen.add(plain)
            found.append(
                {
                    "id": f"beside-{len(found)}",
                    "lang": row["lang"],
                    "text": text,
                    "source": {"pool": "beside"},
                    "file": READ.name,
                }
            )
    return found


def share(row: Row, english: float) -> float:
    """Give the share of rows like this to show: all with a label, more Russian and Ukrainian."""
    if row.get("labels"):
        return 1.0
    return english if row["lang"] == "en" else min(1.0, english + 0.4)


def _thinned(rows: list[Row]) -> list[Row]:
    """Keep the rows with a label, and of the others a fifth in English, more in the rest."""
    chance = np.random.default_rng(0).random(len(rows))
    return [row for row, drawn in zip(rows, chance, strict=True) if drawn < share(row, 0.2)]
