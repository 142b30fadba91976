"""How the detector does on sentences of public texts that training leaves out.

    python -m tests.quality.unseen --texts FOLDER

FOLDER has folders `en`, `ru` and `uk` with files of the texts, as training/README.md names them.
`unseen.tsv` holds the hashes of sentences with what readers who had the guide said of them:
labels, `?` where they hesitated, and the status of a deployment or drill. Every fifth sentence by
its hash, of those that an encoder of the time did not rule out: news as it comes is easier. What
else these texts hold training has seen, so that the kind of text is not new.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from monitor.detect import Detector, load_detector
from monitor.detect.corrections import THRESHOLDS
from tests.quality.measure import measure_attributes, measure_labels, told
from tests.quality.report import attribute_lines, label_lines
from training import report, texts
from training.rows import LABELS, LANGUAGES, units

UNSEEN = Path(__file__).with_name("unseen.tsv")


def read_unseen(path: Path = UNSEEN) -> dict[str, dict[str, Any]]:
    """Read what readers said, by the hash of the sentence."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, labels, _doubt, status = line.split("\t")
        found[name] = told(labels, status)
    return found


def rows(
    detector: Detector, folder: Path, known: Mapping[str, Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield the labelled sentences that the files of a folder hold, each once a language."""
    for language in LANGUAGES:
        files = sorted((folder / language).iterdir())
        for row in texts.labelled(detector, files, language, known):
            yield row | {"source": {}}


def main() -> int:
    """Find, score and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=Path, required=True, help="folder with en, ru and uk")
    args = parser.parse_args()
    if missing := [name for name in LANGUAGES if not (args.texts / name).is_dir()]:
        print(f"{args.texts}: no folder {', '.join(missing)}", file=sys.stderr)
        return 2
    detector, known = load_detector(), read_unseen()
    data = list(rows(detector, args.texts, known))
    print(f"detector {detector.version}, {len(data)} of {len(known)} sentences found")
    if not data:
        return 1
    scores = detector.score(units(data))
    found = {mode: measure_labels(detector, data, scores, mode) for mode in THRESHOLDS}
    share = np.array([[score.labels[label] for label in LABELS] for score in scores], np.float32)
    print("\n".join(label_lines(found)), "", sep="\n")
    print("\n".join(report.average_precisions(data, share, "score,")))
    print("\n".join(attribute_lines(measure_attributes(detector, data, scores))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
