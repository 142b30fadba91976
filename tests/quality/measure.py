"""What the detector is worth, measured on labelled sentences that its networks never saw."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from monitor.detect import Detector
from monitor.detect.attributes import Attributes
from monitor.detect.corrections import Threshold
from monitor.detect.scoring import Scores
from monitor.detect.text import mask
from monitor.detect.verdicts import judge
from monitor.messages import Label
from training.attributes import ALIASES

WRITTEN = Path(__file__).with_name("written.tsv")
"""Written for this repository and left out of training: language, labels, status, sentence."""
SETS = ("dev.jsonl", "dev2.en.jsonl", "dev2.ru.jsonl", "dev2.uk.jsonl")


@dataclass
class Tally:
    """Right, wrong and missed; a rate is a fraction, 0 where there is nothing to rate."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def add(self, found: set[str], wanted: set[str]) -> None:
        self.right += len(found & wanted)
        self.wrong += len(found - wanted)
        self.missed += len(wanted - found)

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)


def rows(folder: Path, names: Iterable[str] = SETS) -> list[dict]:
    """Read label files."""
    return [json.loads(line) for name in names for line in (folder / name).open(encoding="utf-8")]


def written(path: Path = WRITTEN) -> list[dict]:
    """Read the written sentences, in the form of label files."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [_written(*line.split("\t")) for line in lines]


def _written(language: str, labels: str, status: str, text: str) -> dict:
    return {"lang": language, "text": text, "source": {}} | told(labels, status)


def told(labels: str, status: str) -> dict:
    """Give labels (with commas) and status the form that they have in label files."""
    some = labels.split(",") if labels else []
    event = next((label for label in (Label.DEPLOYMENT, Label.DRILL) if label in some), None)
    return {"labels": some, "attrs": [{"label": event, "status": status}] if event else []}


@dataclass
class Labels:
    """Labels of all rows at one threshold.

    Attributes:
        tallies: By language and label.
        false_alarms: Per 1,000 unlabelled rows of the natural pool, by language.
        found: Labelled rows of the natural pool with any label found, and all of them.
    """

    tallies: dict[str, dict[Label, Tally]] = field(default_factory=dict)
    false_alarms: dict[str, float] = field(default_factory=dict)

    def macro(self, language: str) -> float:
        """Mean F1 of the labels that the language has rows of."""
        known = [t for t in self.tallies[language].values() if t.right + t.missed]
        return sum(tally.f1 for tally in known) / max(1, len(known))


def measure_labels(
    detector: Detector, data: Sequence[Mapping], scores: Sequence[Scores], threshold: Threshold
) -> Labels:
    """Compare the labels at a threshold, gate, guards and corrections included."""
    result = Labels()
    plain: dict[str, list[bool]] = defaultdict(list)
    for row, score in zip(data, scores, strict=True):
        language = row["lang"]
        found = found_labels(detector, row, score, threshold)
        tallies = result.tallies.setdefault(language, {label: Tally() for label in Label})
        for label in Label:
            tallies[label].add({label} & found, {label} & set(row["labels"]))
        if not row["labels"] and row["source"].get("pool") in {"rest", "no_trigger"}:
            plain[language].append(bool(found))
    result.false_alarms = {
        language: 1000 * sum(alarms) / len(alarms) for language, alarms in plain.items()
    }
    return result


def found_labels(
    detector: Detector, row: Mapping, score: Scores, threshold: Threshold
) -> set[Label]:
    """Say which labels the detector gives a row."""
    language, text = row["lang"], mask(row["text"])
    if not detector.gate(language, text):
        return set()
    lexicon = detector.lexicons[language]
    limits = detector.limits[threshold]
    verdicts = judge(text, score, language, limits, detector.corrections, lexicon)
    return {verdict.label for verdict in verdicts if verdict.holds}


def measure_attributes(
    detector: Detector, data: Sequence[Mapping], scores: Sequence[Scores]
) -> dict[str, dict[str, Tally]]:
    """Compare the attributes, given the right labels.

    Returns:
        By language, tallies of `status`, `actor`, `place`, `place (no denial)` and `speaker`. A
        speaker is right when at least half of the labelled words are in it.
    """
    result: dict[str, dict[str, Tally]] = {}
    for row, score in zip(data, scores, strict=True):
        for wanted in row.get("attrs") or ():
            read = _read(detector, row, Label(wanted["label"]), score)
            tallies = result.setdefault(row["lang"], defaultdict(Tally))
            for name, found, gold in _compared(read, wanted):
                tallies[name].add(found, gold)
    return result


def _read(detector: Detector, row: Mapping, label: Label, score: Scores) -> Attributes:
    language = row["lang"]
    view = detector.reader.view(mask(row["text"]), language)
    context = {
        name: detector.reader.view(mask(row[name]), language)
        for name in ("title", "prev")
        if (row.get(name) or "").strip()
    }
    labels = frozenset(Label(name) for name in row["labels"])
    return detector.reader.read(label, labels, view, context, language, score.status)


def _compared(read: Attributes, wanted: Mapping) -> Iterator[tuple[str, set[str], set[str]]]:
    denial = wanted["label"] == Label.DENIAL
    if wanted.get("status") and not denial:
        yield "status", {str(read.status)}, {wanted["status"]}
    for name, chosen in (("actor", read.actors), ("place", read.places)):
        if name in wanted:
            gold = {ALIASES.get(code, code) for code in wanted[name] or ()}
            found = {item.code for item in chosen}
            yield name, found, gold
            if name == "place" and not denial:
                yield "place (no denial)", found, gold
    if "speaker" in wanted:
        gold_words = _words(wanted["speaker"] or "")
        found_words = _words(read.speaker.text if read.speaker else "")
        same = 2 * len(gold_words & found_words) >= len(gold_words) > 0
        yield (
            "speaker",
            ({"yes"} if same else {"other"}) if found_words else set(),
            {"yes"} if gold_words else set(),
        )


def _words(text: str) -> set[str]:
    return set(mask(text).lower().replace("'s", "").split())


def reliability(
    data: Sequence[Mapping], scores: Sequence[Scores], bins: int = 5
) -> list[tuple[float, float, float, int]]:
    """Compare scores with the truth: low end, mean score, share right and count of each bin."""
    cells: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for row, score in zip(data, scores, strict=True):
        for label, value in score.labels.items():
            cells[min(bins - 1, int(value * bins))].append((value, label in row["labels"]))
    return [
        (
            place / bins,
            sum(value for value, _ in cell) / len(cell),
            sum(truth for _, truth in cell) / len(cell),
            len(cell),
        )
        for place, cell in sorted(cells.items())
    ]
