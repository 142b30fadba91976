"""How the detector does on news as it comes: captured feeds, read from end to end.

    python -m tests.quality.stream [--feeds DIR] [--others]

The label files are picked by search and hold far more mentions than a stream does. Here every
sentence of the captures counts, once. Readers who had the guide labelled what the gate lets through
and the encoder finds at all likely (`training/captured.tsv`); so recall is of the mentions among
those, and what is flagged without having been read is counted on its own. Weights that have learnt
from `training.sentences` are to be measured on the `--others`, the items that it leaves out.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from monitor.detect import Detector, load_detector
from monitor.detect.corrections import THRESHOLDS
from monitor.messages import Article
from tests import ROOT
from tests.quality.captures import articles
from training.sentences import is_kept, key, labelled


@dataclass
class Stream:
    """Sentences of one language, each text once; mentions are pairs of sentence and label.

    Attributes:
        sentences: All of them.
        mentions: Labelled by a reader.
        found: Of these, flagged.
        false: Flagged, where a reader saw no such mention.
        unread: Sentences that were flagged and that no reader has seen.
    """

    sentences: int = 0
    mentions: int = 0
    found: int = 0
    false: int = 0
    unread: int = 0

    def add(self, flagged: set[str], wanted: set[str] | None) -> None:
        """Count one sentence; `wanted` is None where no reader has seen it."""
        self.sentences += 1
        if wanted is None:
            self.unread += bool(flagged)
            return
        self.mentions += len(wanted)
        self.found += len(flagged & wanted)
        self.false += len(flagged - wanted)

    def __str__(self) -> str:
        rate = 1000 * self.false / max(1, self.sentences)
        return (
            f"{self.sentences:6} sentences, found {self.found} of {self.mentions}, false "
            f"{self.false} ({rate:.1f} per 1,000), flagged and not read {self.unread}"
        )


def flags(detector: Detector, items: Iterable[Article]) -> Iterator[tuple[str, str, set[str]]]:
    """Yield language, text and labels found of each sentence, each text once."""
    seen = set[str]()
    for article in items:
        reading = detector.read(article.title, article.text, article.language)
        flagged = {
            finding.sentence.unit.sentence: {label.value for label in finding.attributes}
            for finding in detector.findings(reading)
        }
        for text in (sentence.unit.sentence for sentence in reading.sentences):
            if text not in seen:
                seen.add(text)
                yield str(reading.language), text, flagged.get(text, set())


def measure(
    found: Iterable[tuple[str, str, set[str]]], known: Mapping[str, Mapping]
) -> dict[str, Stream]:
    """Count by language."""
    streams: dict[str, Stream] = {}
    for language, text, flagged in found:
        row = known.get(key(text))
        wanted = None if row is None else set(row["labels"])
        streams.setdefault(language, Stream()).add(flagged, wanted)
    return streams


def main() -> int:
    """Read, score and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--feeds", type=Path, help="folder of the captures")
    parser.add_argument("--others", action="store_true", help="only items left out of training")
    args = parser.parse_args()
    base = Path(os.environ.get("NEWSMON_SHARED") or ROOT.parent / "shared")
    folder = args.feeds or base / "feeds"
    if not folder.is_dir():
        print(f"stream: {folder}: no captures there (NEWSMON_SHARED, --feeds)", file=sys.stderr)
        return 2
    items, known = articles(folder), labelled()
    if args.others:
        items = [item for item in items if not is_kept(" ".join(item.title.split()))]
    for threshold in THRESHOLDS:
        detector = load_detector(threshold=threshold)
        print(f"{threshold} ({detector.version})")
        for language, stream in sorted(measure(flags(detector, items), known).items()):
            print(f"  {language} {stream}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
