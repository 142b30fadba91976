"""Print what the detector is worth, and compare it with `floors.json`.

    python -m tests.quality.report [--labels DIR] [--lower-floors]

Exit code 1 when a figure is below its floor. Floors only rise by themselves: a run writes better
figures, less a small allowance for other CPUs, into the file with `--raise-floors`; lowering one
needs `--lower-floors`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from monitor.alerts import load_policy
from monitor.detect import Detector, load_detector
from monitor.detect.language import LANGUAGES
from monitor.settings import CONFIG_DIR
from tests.quality import material
from tests.quality.grouping import grouping_figures
from tests.quality.measure import (
    Labels,
    Tally,
    measure_attributes,
    measure_labels,
    reliability,
    rows,
    written,
)
from training.rows import units

FLOORS = Path(__file__).with_name("floors.json")
ALLOWANCE = 0.02
"""How far under a measured figure its floor is put: kernels differ between CPUs."""
ENOUGH = 30
"""Items that a figure needs to have a floor; with fewer it is chance."""


def figures(folder: Path, detector: Detector) -> tuple[dict[str, float], list[str]]:
    """Measure everything once: the figures by name, and the lines of the report."""
    data = rows(folder)
    scores = detector.score(units(data))
    found = {which: measure_labels(detector, data, scores, which) for which in ("alert", "search")}
    attributes = measure_attributes(detector, data, scores)
    lines = [
        f"detector {detector.version}, {len(data)} sentences of dev and dev2",
        *label_lines(found),
        *attribute_lines(attributes),
        "",
        "reliability: score of a label against how often it is right",
        *(
            f"  from {low:.1f}: mean score {mean:.2f}, right {right:.2f} (n = {count})"
            for low, mean, right, count in reliability(data, scores)
        ),
    ]
    return dict(_named(found, attributes)), lines


def written_figures(detector: Detector) -> tuple[dict[str, float], list[str]]:
    """Measure the same on the written sentences, which are here for everybody."""
    data = written()
    scores = detector.score(units(data))
    labels = {"alert": measure_labels(detector, data, scores, "alert")}
    attributes = measure_attributes(detector, data, scores)
    lines = [
        f"\n{len(data)} hard sentences written for this repository, unseen in training",
        *label_lines(labels),
        *attribute_lines(attributes),
    ]
    return {f"written {name}": value for name, value in _named(labels, attributes)}, lines


def label_lines(found: Mapping[str, Labels]) -> Iterator[str]:
    for which, labels in found.items():
        yield f"\nlabels at the {which} threshold            precision  recall     F1   (rows)"
        for language in labels.tallies:
            for label, tally in labels.tallies[language].items():
                yield f"  {language} {label:<12}" + " " * 20 + _rates(tally)
            yield f"  {language} macro-F1 {labels.macro(language):.3f}"
            if language in labels.false_alarms:
                alarms = labels.false_alarms[language]
                yield f"  {language} false alarms per 1,000 plain sentences {alarms:.1f}"


def attribute_lines(attributes: Mapping[str, Mapping[str, Tally]]) -> Iterator[str]:
    yield "\nattributes, given the label             precision  recall     F1   (items)"
    for language in LANGUAGES:
        for name, tally in attributes.get(language, {}).items():
            yield f"  {language} {name:<32}" + _rates(tally)


def _rates(tally: Tally) -> str:
    return (
        f"{tally.precision:>8.3f} {tally.recall:>8.3f} {tally.f1:>7.3f}"
        f"   ({tally.right + tally.missed})"
    )


def _named(
    found: Mapping[str, Labels], attributes: Mapping[str, Mapping[str, Tally]]
) -> Iterator[tuple[str, float]]:
    for which, labels in found.items():
        for language, tallies in labels.tallies.items():
            for label, tally in tallies.items():
                if tally.right + tally.missed >= ENOUGH:
                    yield f"{which} {language} {label}", tally.f1
    for language, attribute_tallies in attributes.items():
        for name, tally in attribute_tallies.items():
            if tally.right + tally.missed >= ENOUGH:
                yield f"{language} {name}", tally.f1


def below(measured: Mapping[str, float], floors: Mapping[str, float]) -> list[str]:
    """Name every figure under its floor, and every floor without a figure."""
    return [
        f"{name}: {measured.get(name, float('nan')):.3f} is below its floor {floor:.3f}"
        for name, floor in floors.items()
        # Floors are written with three digits.
        if not round(measured.get(name, 0.0), 3) >= floor
    ]


def new_floors(
    measured: Mapping[str, float], floors: Mapping[str, float], *, lower: bool
) -> dict[str, float]:
    """Put each floor a little under its figure; a floor only sinks when `lower` is set."""
    fresh = {name: round(max(0.0, value - ALLOWANCE), 3) for name, value in measured.items()}
    if lower:
        return fresh
    return {name: max(value, floors.get(name, 0.0)) for name, value in fresh.items()}


def main() -> int:
    """Run the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labels", type=Path, help="folder of the label files")
    parser.add_argument("--raise-floors", action="store_true", help="write better floors")
    parser.add_argument("--lower-floors", action="store_true", help="write floors, also lower ones")
    args = parser.parse_args()
    folder = material("labels", args.labels)
    detector = load_detector()
    measured, lines = figures(folder, detector)
    grouped, more = grouping_figures(folder.parent, load_policy(CONFIG_DIR / "alerts.toml"))
    of_written, some = written_figures(detector)
    measured |= grouped | of_written
    print("\n".join(lines + some + more))
    floors = json.loads(FLOORS.read_text()) if FLOORS.exists() else {}
    if args.raise_floors or args.lower_floors:
        floors = new_floors(measured, floors, lower=args.lower_floors)
        FLOORS.write_text(json.dumps(floors, indent=2) + "\n")
    faults = below(measured, floors)
    print("", *faults or ["every figure is at or above its floor"], sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
