"""Plain news for the sieve to practise on: sentences of captured feeds that pass the word gate.

    python -m training.sentences --feeds FOLDER > WORK/sentences.jsonl

Runs in newsmon's own environment, which can read feeds. Prints one JSON object a line, `lang` and
`text`, each text once. Every second sentence, chosen by its hash, is left out: on those one can
still see what the sieve does with text that it has not met.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

from monitor.detect import load_detector
from monitor.errors import NewsmonError
from monitor.feeds.parse import parse_text

_TAG = re.compile(r"<[^<>]*>")


def main() -> None:
    """Print the sentences."""
    parser = argparse.ArgumentParser(prog="python -m training.sentences", description=__doc__)
    parser.add_argument("--feeds", type=Path, required=True, help="folder of captured feeds")
    parser.add_argument("--others", action="store_true", help="the half that is left out")
    args = parser.parse_args()
    for language, text in sorted(set(gated(args.feeds))):
        if is_kept(text) is not args.others:
            print(json.dumps({"lang": language, "text": text}, ensure_ascii=False))


def is_kept(text: str) -> bool:
    """Say whether a sentence is one to practise on."""
    return zlib.crc32(text.encode()) % 2 == 0


def gated(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield language and text of each sentence that the detector would score."""
    detector = load_detector()
    for path in sorted(folder.iterdir()):
        try:
            feed = parse_text(path.read_bytes())
        except (NewsmonError, OSError) as exc:
            print(f"{path.name}: left out ({exc})", file=sys.stderr)
            continue
        for entry in feed.entries:
            text = _TAG.sub(" ", entry.content or entry.summary or "")
            reading = detector.read(entry.title or "", text, feed.language)
            for sentence in reading.passed():
                yield str(reading.language), sentence.text.strip()


if __name__ == "__main__":
    main()
