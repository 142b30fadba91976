"""Sentences of public texts that a reader has labelled: `read.tsv` knows them by their hashes.

    python -m training.texts --language ru FILE ... >> WORK/sentences.jsonl

The texts belong to their authors and are not part of this repository; training/README.md names
the public repositories that hold them. Any file will do: of JSON the `text` of each object in a
list, of CSV and TSV each cell, of plain text all of it, of Markdown each item of a list, of other
files each string between quotes. Prints what `training.sentences` prints, of those sentences alone
that have a label.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from monitor.detect import Detector, load_detector
from training.tables import READ, key, read_labels

_STRING = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|`([^`]*)`")
_LONGEST = 20_000
"""Characters of a text that are read."""


def main() -> None:
    """Print the sentences."""
    parser = argparse.ArgumentParser(prog="python -m training.texts", description=__doc__)
    parser.add_argument("--language", choices=("en", "ru", "uk"), required=True)
    parser.add_argument("files", type=Path, nargs="+", help="files that hold texts")
    args = parser.parse_args()
    for row in labelled(load_detector(), args.files, args.language, read_labels(READ)):
        print(json.dumps(row, ensure_ascii=False))


def labelled(
    detector: Detector, files: Iterable[Path], language: str, known: Mapping[str, Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield the sentences of files of which something is known by their hash, each once."""
    seen = set[str]()
    for row in (row for path in files for row in read(detector, path, language)):
        name = key(row["text"])
        if name in known and name not in seen:
            seen.add(name)
            yield row | known[name]


def read(detector: Detector, path: Path, language: str) -> Iterator[dict[str, str]]:
    """Yield the sentences of a file that the detector would score, without their context."""
    for text in texts(path):
        for sentence in detector.read("", text, language).passed():
            yield {"lang": language, "text": sentence.unit.sentence, "title": "", "prev": ""}


def texts(path: Path) -> Iterator[str]:
    """Yield the texts of a file."""
    content = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".json":
        items = json.loads(content)
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise SystemExit(f"{path}: not a list of objects, of which `text` would be read")
        found = (str(item.get("text") or "") for item in items)
    elif path.suffix in (".csv", ".tsv"):
        csv.field_size_limit(len(content) + 1)
        sign = "\t" if path.suffix == ".tsv" else ","
        rows = csv.reader(content.splitlines(keepends=True), delimiter=sign)
        found = (_mended(cell) for row in rows for cell in row)
    elif path.suffix == ".txt":
        found = iter([content])
    elif path.suffix == ".md":
        found = (line[2:] for line in content.splitlines() if line.startswith("* "))
    else:
        found = ("".join(parts).replace("\\'", "'") for parts in _STRING.findall(content))
    yield from (text[:_LONGEST] for text in found if len(text) > 1)


def _mended(text: str) -> str:
    """Undo what one collection of news did to its text: signs apart, remains of HTML."""
    for old, new in ((" #39;", "'"), ("#39;", "'"), ("&lt;", "<"), ("quot;", '"')):
        text = text.replace(old, new)
    return re.sub(r" ([,.;:])", r"\1", " ".join(text.split()))


if __name__ == "__main__":
    main()
