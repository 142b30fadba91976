"""Learn the weights of actors, places and status anew from labelled sentences.

    python -m training.attributes --labels DIR

Writes `config/lexicon/roles.json` and `status.json`. Ridge logistic regression by full-batch
gradient steps, thresholds by five folds; a minute or two on one core. Run `make quality` after.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import orjson

from monitor.detect.attributes import Reader, load_reader
from monitor.detect.language import LANGUAGES
from monitor.detect.lexicon import load_lexicons
from monitor.detect.roles import Scene, Weights, choose, find_candidates, informed
from monitor.detect.speaker import find_speaker
from monitor.detect.status import GRANTED, PLEA_TO, read_groups, status_features
from monitor.detect.text import mask
from monitor.messages import Label, Status
from monitor.settings import CONFIG_DIR
from training import rows

ALIASES = {
    "Wagner Group": "Wagner",
    "Caribbean": "Caribbean Sea",
    "Arctic": "Arctic Ocean",
    "Pacific": "Pacific Ocean",
    "Atlantic": "Atlantic Ocean",
    "Mediterranean": "Mediterranean Sea",
}
"""Spellings of the labels to our codes."""

LEXICON = CONFIG_DIR / "lexicon"
WORD = 0.5
"""Value of a word feature, of which there are many; all others are 1."""
STRENGTH = 0.3
"""Inverse strength of the ridge."""
FOLDS = 5
_RARE: dict[str, dict[str, float]] = {
    # Counted once, 7 of all 11 labelled sentences that have it are called for.
    PLEA_TO: {str(Status.CALLED_FOR): 0.7},
    # "It would be nice if ...": no labelled sentence has it, and the encoder reads the condition.
    # All 17 written ones are called for; fitted over what an encoder said that had not seen them.
    "wish": {str(Status.CALLED_FOR): 2.9, str(Status.POSSIBLE): -2.1},
    # "An alleged build-up": of 48 written ones 46 are alleged; no labelled sentence has it.
    "event < distance": {str(Status.ALLEGED): 3.0},
    # "Denied it, saying that it moved": none of 21 written ones is denied or alleged, nor is the
    # one labelled sentence that has it; of 23 written afterwards one is alleged, by somebody else.
    # The encoder reads the denial.
    GRANTED: {str(Status.DENIED): -12.0, str(Status.ALLEGED): -6.0},
}
"""What too few rows with attributes show to be learnt."""
_NAMES = tuple(f"{language} " for language in LANGUAGES)

Rows = Sequence[Mapping]


def fit(
    x: np.ndarray, y: np.ndarray, classes: int, steps: int = 400, strength: float = STRENGTH
) -> np.ndarray:
    """Fit a softmax regression: weights of shape (features, classes)."""
    weights = np.zeros((x.shape[1], classes), np.float32)
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    truth = np.eye(classes, dtype=np.float32)[y]
    for step in range(1, steps + 1):
        logits = x @ weights
        odds = np.exp(logits - logits.max(1, keepdims=True))
        slope = strength * (x.T @ (odds / odds.sum(1, keepdims=True) - truth)) + weights
        first = 0.9 * first + 0.1 * slope
        second = 0.99 * second + 0.01 * slope**2
        rate = 0.05 * (1 - step / (steps + 1))
        weights -= rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    return weights


def matrix(samples: Sequence[Sequence[str]], least: int) -> tuple[np.ndarray, list[str]]:
    """Turn features into columns; those seen fewer than `least` times are left out."""
    counts = Counter(feature for sample in samples for feature in set(sample))
    names = sorted(feature for feature, count in counts.items() if count >= least)
    column = {name: place for place, name in enumerate(names)}
    x = np.zeros((len(samples), len(names)), np.float32)
    for line, sample in enumerate(samples):
        for feature in sample:
            if feature in column:
                x[line, column[feature]] = WORD if feature.startswith(_NAMES) else 1.0
    return x, names


def scenes(data: Rows, reader: Reader) -> Iterator[tuple[int, Mapping, Mapping, Scene]]:
    """Yield number, row, labelled attributes and scene of every labelled attribute."""
    lexicons = load_lexicons(LEXICON)
    for number, row in enumerate(data):
        language = row["lang"]
        view = reader.view(mask(row["text"]), language)
        context = {
            name: reader.view(mask(row[name]), language)
            for name in ("title", "prev")
            if (row.get(name) or "").strip()
        }
        for wanted in row.get("attrs") or ():
            label, lexicon = Label(wanted["label"]), lexicons[language]
            speaker = find_speaker(view, label, lexicon)
            span = (speaker.start, speaker.end) if speaker else None
            cue = lexicon.cue_span(label, view.text)
            yield number, row, wanted, Scene(label, view, context, cue, span)


def role_samples(data: Rows, reader: Reader, role: str, weights: Weights) -> Iterator[tuple]:
    """Yield features, truth, and (attribute, row, code, all right codes) of each candidate."""
    lexicons = load_lexicons(LEXICON)
    for place, (number, row, wanted, scene) in enumerate(scenes(data, reader)):
        if role not in wanted:
            continue
        lexicon = lexicons[row["lang"]]
        gold = {ALIASES.get(code, code) for code in wanted[role] or ()}
        found = list(find_candidates(scene, lexicon))
        if role == "place":
            actors = choose("actor", scene.label, found, weights)
            found = list(informed(scene, found, actors, lexicon))
        for item in found:
            yield item.features, item.name.code in gold, (place, number, item.name.code, gold)


def fit_role(data: Rows, reader: Reader, role: str, weights: Weights) -> dict[str, float]:
    """Learn one role: feature weights, threshold and margin."""
    samples, truths, origins = zip(*role_samples(data, reader, role, weights), strict=True)
    x, names = matrix(samples, least=4)
    y = np.array(truths, int)
    folds = np.array([origin[1] % FOLDS for origin in origins])
    held_out = np.zeros(len(y))
    for fold in range(FOLDS):
        inside = folds != fold
        learned = fit(x[inside], y[inside], 2)
        held_out[~inside] = x[~inside] @ (learned[:, 1] - learned[:, 0])
    learned = fit(x, y, 2)
    both = learned[:, 1] - learned[:, 0]
    table = _rounded(names, both)
    f1, threshold, margin = best_cut(held_out, origins)
    print(f"{role}: {len(table)} weights; F1 on held-out folds {f1:.3f}")
    return table | {"threshold": round(-threshold, 2), "margin": margin}


def best_cut(scores: np.ndarray, origins: Sequence[tuple]) -> tuple[float, float, float]:
    """Find threshold and margin with the best F1: (F1, threshold, margin)."""
    best: dict[tuple, float] = {}
    top: dict[int, float] = {}
    gold = {place: right for place, _, _, right in origins}
    for score, (place, _, code, _) in zip(scores, origins, strict=True):
        best[place, code] = max(best.get((place, code), -9.0), score)
        top[place] = max(top.get(place, -9.0), score)
    total = sum(map(len, gold.values()))
    results = []
    for margin in (1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5):
        for threshold in np.arange(-1.0, 0.5, 0.05):
            found = [key for key, s in best.items() if s > max(threshold, top[key[0]] - margin)]
            right = sum(code in gold[place] for place, code in found)
            results.append((2 * right / (len(found) + total), float(threshold), margin))
    return max(results)


def fit_status(data: Rows, reader: Reader) -> dict[str, dict[str, float]]:
    """Learn the status: for each feature what it adds to each status."""
    groups = read_groups(LEXICON / "status.toml")
    lexicons = load_lexicons(LEXICON)
    samples, truths, folds = [], [], []
    for number, row, wanted, scene in scenes(data, reader):
        if wanted.get("status") and scene.label is not Label.DENIAL:
            labels, language = frozenset(map(Label, row["labels"])), row["lang"]
            view = scene.sentence
            event = lexicons[language].event_span(scene.label, view.text, scene.cue)
            features = status_features(
                view, scene.cue, event, scene.label, labels, language, groups
            )
            samples.append(list(features))
            truths.append(wanted["status"])
            folds.append(number % FOLDS)
    classes = sorted(set(truths))
    x, names = matrix(samples, least=6)
    y, fold_of = np.array([classes.index(truth) for truth in truths]), np.array(folds)
    right = sum(
        int(((x[fold_of == f] @ fit(x[fold_of != f], y[fold_of != f], len(classes))).argmax(1)
             == y[fold_of == f]).sum())
        for f in range(FOLDS)
    )  # fmt: skip
    learned = fit(x, y, len(classes))
    columns = [_rounded(names, learned[:, place]) for place in range(len(classes))]
    table = {
        name: {
            c: column[name] for c, column in zip(classes, columns, strict=True) if name in column
        }
        for name in names
    }
    table = {name: values for name, values in table.items() if values} | _RARE
    print(f"status: {len(table)} features; accuracy on held-out folds {right / len(y):.3f}")
    return table


def _rounded(names: Sequence[str], weights: np.ndarray) -> dict[str, float]:
    scaled = [
        w * (WORD if name.startswith(_NAMES) else 1.0)
        for name, w in zip(names, weights, strict=True)
    ]
    return {
        name: round(float(w), 2) for name, w in zip(names, scaled, strict=True) if abs(w) >= 0.04
    }


def main() -> None:
    """Learn everything and write the two files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labels", type=Path, required=True, help="folder of the label files")
    args = parser.parse_args()
    data = [
        row for row in rows.read(args.labels / name for name in rows.TRAINING) if row.get("attrs")
    ]
    reader = load_reader(CONFIG_DIR, load_lexicons(LEXICON))
    weights: dict[str, dict[str, float]] = {}
    for role in ("actor", "place"):
        weights[role] = fit_role(data, reader, role, weights)
    style = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    (LEXICON / "roles.json").write_bytes(orjson.dumps(weights, option=style))
    (LEXICON / "status.json").write_bytes(orjson.dumps(fit_status(data, reader), option=style))


if __name__ == "__main__":
    main()
