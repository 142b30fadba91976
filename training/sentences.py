"""Sentences of captured feeds that pass the word gate, with what was labelled of them.

    python -m training.sentences --feeds FOLDER > WORK/sentences.jsonl

Runs in newsmon's own environment, which can read feeds. Prints one JSON object a line, each text
once: `lang`, `text`, `title`, `prev`, and where `captured.tsv` knows the sentence its `labels` and
whether the reader was `sure`. The texts belong to their outlets, so that file holds hashes of them.
Every second item, chosen by the hash of its headline, is left out: on those one can still see what
the networks do with news that they have not met (`--others`).
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

from monitor.detect import load_detector
from monitor.errors import NewsmonError
from monitor.feeds.parse import parse_text
from monitor.feeds.text import html_to_text
from training.tables import CAPTURED, key, read_labels


def main() -> None:
    """Print the sentences."""
    parser = argparse.ArgumentParser(prog="python -m training.sentences", description=__doc__)
    parser.add_argument("--feeds", type=Path, required=True, help="folder of captured feeds")
    parser.add_argument("--others", action="store_true", help="the half that is left out")
    args = parser.parse_args()
    known = read_labels(CAPTURED)
    for row in gated(args.feeds):
        if is_kept(row["title"] or row["text"]) is not args.others:
            found = row | known.get(key(row["text"]), {})
            print(json.dumps(found, ensure_ascii=False))


def is_kept(headline: str) -> bool:
    """Say whether an item is one to practise on."""
    return zlib.crc32(headline.encode()) % 2 == 0


def gated(folder: Path) -> Iterator[dict[str, str]]:
    """Yield each sentence that the detector would score, with its context."""
    detector, seen = load_detector(), set[str]()
    for path in sorted(folder.iterdir()):
        try:
            feed = parse_text(path.read_bytes())
        except (NewsmonError, OSError) as exc:
            print(f"{path.name}: left out ({exc})", file=sys.stderr)
            continue
        for entry in feed.entries:
            text = html_to_text(entry.content or entry.summary or "")
            reading = detector.read(entry.title or "", text, feed.language)
            for unit in (sentence.unit for sentence in reading.passed()):
                if unit.sentence not in seen:
                    seen.add(unit.sentence)
                    yield {
                        "lang": unit.language,
                        "text": unit.sentence,
                        "title": "" if unit.title == unit.sentence else unit.title,
                        "prev": unit.prev,
                    }


if __name__ == "__main__":
    main()
