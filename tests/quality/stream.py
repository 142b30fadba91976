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
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from monitor.detect import Detector, load_detector
from monitor.detect.candidates import Reading
from monitor.detect.corrections import THRESHOLDS, Threshold
from tests.quality import material
from tests.quality.captures import articles
from tests.quality.measure import Tally, found_labels
from training.sentences import is_kept
from training.tables import CAPTURED, key, read_labels

Flagged = Mapping[Threshold, set[str]]
"""The labels of a sentence at each threshold."""


@dataclass
class Stream:
    """Sentences of one language, each text once; mentions are pairs of sentence and label.

    Attributes:
        sentences: All of them.
        tally: Mentions found, invented and missed in the sentences that a reader has seen.
        unread: Sentences that were flagged and that no reader has seen.
    """

    sentences: int = 0
    tally: Tally = field(default_factory=Tally)
    unread: int = 0

    def add(self, flagged: set[str], wanted: set[str] | None) -> None:
        """Count one sentence; `wanted` is None where no reader has seen it."""
        self.sentences += 1
        if wanted is None:
            self.unread += bool(flagged)
        else:
            self.tally.add(flagged, wanted)

    @property
    def false_per_1000(self) -> float:
        """Mentions invented in 1,000 sentences."""
        return 1000 * self.tally.wrong / max(1, self.sentences)

    def __str__(self) -> str:
        found, false = self.tally.right, self.tally.wrong
        return (
            f"{self.sentences:6} sentences, found {found} of {found + self.tally.missed}, false "
            f"{false} ({self.false_per_1000:.1f} per 1,000), flagged and not read {self.unread}"
        )


def texts(readings: Iterable[Reading]) -> set[str]:
    """Gather the sentences."""
    return {sentence.unit.sentence for reading in readings for sentence in reading.sentences}


def is_practised(reading: Reading) -> bool:
    """Say whether training may see the item."""
    return is_kept(" ".join(reading.headline.split()))


def flags(
    detector: Detector, readings: Iterable[Reading], seen: set[str]
) -> Iterator[tuple[str, str, Flagged]]:
    """Yield language, text and labels of each sentence that is not in `seen`, each text once."""
    seen = set(seen)
    for reading in readings:
        language = str(reading.language)
        flagged = {}
        for finding in detector.findings(reading):
            text = finding.sentence.unit.sentence
            row = {"lang": language, "text": text}
            flagged[text] = {
                mode: {label.value for label in found_labels(detector, row, finding.scores, mode)}
                for mode in THRESHOLDS
            }
        for text in (sentence.unit.sentence for sentence in reading.sentences):
            if text not in seen:
                seen.add(text)
                yield language, text, flagged.get(text, {})


def measure(
    found: Iterable[tuple[str, str, Flagged]], known: Mapping[str, Mapping]
) -> dict[tuple[Threshold, str], Stream]:
    """Count by threshold and language."""
    streams = dict[tuple[Threshold, str], Stream]()
    for language, text, flagged in found:
        row = known.get(key(text))
        wanted = None if row is None else set(row["labels"])
        for mode in THRESHOLDS:
            stream = streams.setdefault((mode, language), Stream())
            stream.add(flagged.get(mode, set()), wanted)
    return streams


def streams(
    detector: Detector, folder: Path, *, others: bool
) -> dict[tuple[Threshold, str], Stream]:
    """Read the captures of a folder and count; with `others` only what training leaves out."""
    readings = [detector.read(a.title, a.text, a.language) for a in articles(folder)]
    practised = [r for r in readings if others and is_practised(r)]
    kept = [r for r in readings if not (others and is_practised(r))]
    # A text that stands in both halves is not new to what has practised on one.
    return measure(flags(detector, kept, texts(practised)), read_labels(CAPTURED))


def main() -> int:
    """Read, score and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--feeds", type=Path, help="folder of the captures")
    parser.add_argument("--others", action="store_true", help="only items left out of training")
    args = parser.parse_args()
    folder = material("feeds", args.feeds)
    detector = load_detector()
    found = streams(detector, folder, others=args.others)
    print(detector.version)
    for (mode, language), stream in sorted(found.items()):
        print(f"  {mode:6} {language} {stream}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
