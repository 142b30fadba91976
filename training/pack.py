"""Writes both files of the model: how networks and words are weighed, and the weights beside it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from monitor.detect.card import FORMAT
from monitor.detect.evidence import Evidence
from monitor.detect.lexicon import load_lexicons
from training import base, report, rows, sets, tune
from training.rows import LABELS, LANGUAGES, Row

LEXICON = Path("config/lexicon")


def pack(labels: Path, work: Path, model: Path) -> None:
    """Learn on the dev files how what `judge` scored is read, write the model, print figures.

    Args:
        labels: Folder of the label files.
        work: Folder with what `judge` left: `packed.bin`, `judged.npz`.
        model: Where `model.json` and the weights file go.
    """
    known = sets.load(labels, work / "sentences.jsonl")
    shipped = (work / "packed.bin").read_bytes()
    with np.load(work / "judged.npz") as found:
        sieve, late = found["sieve"], found["late"]
    tuned = known.dev
    seen = tune.values(rows.units(tuned), sieve, late, Evidence(load_lexicons(LEXICON)))
    by = tune.lines(tuned, seen)
    odds = tune.log_odds(tuned, seen, by)
    lines = tune.calibration(tuned, odds)
    out = tune.exits(tuned, seen, odds)
    read = {
        "exits": out,
        "lines": tune.as_in_streams(by, lines),
        "thresholds": {
            mode: {
                language: {
                    label: round(tune.limit(shares[language], line), 4)
                    for label, line in zip(LABELS, lines, strict=True)
                }
                for language in LANGUAGES
            }
            for mode, shares in tune.COUNTS_FROM.items()
        },
    }
    card = _card(labels, shipped, read, known)
    model.mkdir(parents=True, exist_ok=True)
    (model / card["weights"]["file"]).write_bytes(shipped)
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    (model / "model.json").write_text(text, encoding="utf-8")
    print(f"packed {len(shipped) / 1e6:.1f} MB, {card['version']}")
    by_name = {"encoder": late, "sieve": sieve, "all, other folds": tune.unseen(tuned, seen)}
    _tell(tuned, by_name, odds, tune.pass_on(seen, out))


def _card(labels: Path, shipped: bytes, read: dict[str, Any], known: sets.Sets) -> dict[str, Any]:
    """Describe the weights and how they are read; the version names both."""
    now = datetime.now(UTC)
    digest = hashlib.sha256(shipped).hexdigest()
    both = hashlib.sha256(f"{digest}{json.dumps(read, sort_keys=True)}".encode()).hexdigest()
    files = [labels / name for name in (*rows.HELD, *rows.TRAINING)]
    files += sorted(Path(__file__).parent.glob("*.tsv"))
    return {
        "format": FORMAT,
        "version": f"e5-{now:%Y%m%d}-{both[:8]}",
        "date": f"{now:%Y-%m-%d}",
        "weights": {"file": "encoder.bin", "sha256": digest, "bytes": len(shipped)},
        "base": base.FACTS,
        "licence": "MIT",
        "trained_on": {
            "rows": {step: len(known.of(step)) for step in sets.STEPS},
            "files": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files},
        },
        **read,
    }


def _tell(
    found: list[Row], by_name: dict[str, tune.Floats], odds: tune.Floats, passed: tune.Flags
) -> None:
    """Print the figures on the dev files."""
    for mode, shares in tune.COUNTS_FROM.items():
        least = tune.spread(found, shares)
        print(f"\n{mode}, weights of the other folds")
        print("\n".join(report.table(found, by_name["all, other folds"] >= least)))
        print(f"{mode}, weights of all dev rows, behind the sieve")
        print("\n".join(report.table(found, (odds >= least) & passed[:, None])))
    print(f"the sieve lets {passed.mean():.2f} of the dev rows through")
    for name, logits in by_name.items():
        print("\n".join(report.average_precisions(found, logits, name)))
