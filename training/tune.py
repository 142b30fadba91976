"""How the logits of the exported file are read: weights of networks and words, thresholds, exits.

They belong to the exported file, not to the weights in training: quantizing moves logits a little.
All is learnt on the dev files, so figures on them come from folds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from monitor.detect.card import ANY
from monitor.detect.evidence import NAMES, OFFSET, Evidence
from monitor.detect.scoring import Unit
from monitor.messages import Label
from training import rows as rows_
from training.rows import LABELS, Row

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]
Lines = dict[str, dict[str, dict[str, float]]]
"""By label and language the weight of each name, see `monitor.detect.evidence`."""

COUNTS_FROM = {
    "search": {"en": 0.35, "ru": 0.35, "uk": 0.25},
    "alert": {"en": 0.40, "ru": 0.40, "uk": 0.30},
}
"""Lowest probability that counts, among rows like those of the dev files.

The F1 of a calibrated scorer is best from about half of its own value on (Lipton et al. 2014), so
lower where it is lower: about .42, .38 and, the single drill left out, .33 (.31 when .30 was
chosen). A little less to search.
"""

FOLDS = 10

_WORDS = ("cue", "headline", "military", "armed")
_ALL = ("encoder", "sieve", *_WORDS)
_DENIAL = ("charge", "no_plan", "quote")
_MORE = {Label.DENIAL: {"en": (*_ALL, *_DENIAL)}}
"""Where a language has enough rows for a line of its own."""

_EARLY = dict.fromkeys(LABELS, ("sieve", *_WORDS)) | {Label.DENIAL: ("sieve", *_WORDS, *_DENIAL)}
"""What there is before the encoder has read."""

_MARGIN = 0.02
"""Kernels differ a little between kinds of CPU."""

_LOST = {Label.DEPLOYMENT: 0.01, Label.DRILL: 0.0, Label.DENIAL: 0.01}
"""Share of true mentions that the sieve may turn away; to lose no drill costs next to nothing."""


def values(units: Sequence[Unit], sieve: Floats, late: Floats, evidence: Evidence) -> Doubles:
    """Give what is weighed, (units, labels, `NAMES`)."""
    found = np.zeros((len(units), len(LABELS), len(NAMES)))
    for place, unit in enumerate(units):
        words = evidence.of(unit)
        for index, label in enumerate(LABELS):
            seen = {"encoder": late[place, index], "sieve": sieve[place, index], **words[label]}
            found[place, index] = [seen[name] for name in NAMES]
    return found


def lines(rows: Sequence[Row], known: Doubles) -> Lines:
    """Learn the weights of every label."""
    languages = np.array([row["lang"] for row in rows])
    found: Lines = {}
    for label in LABELS:
        wanted = {ANY: _ALL} | _MORE.get(label, {})
        found[label] = {
            language: _line(rows, known, label, names, (languages == language) | (language == ANY))
            for language, names in wanted.items()
        }
    return found


def _line(
    rows: Sequence[Row], known: Doubles, label: Label, names: Sequence[str], mine: Flags
) -> dict[str, float]:
    """Logistic regression over some rows, with a weak pull of all weights but the first to 0."""
    index = LABELS.index(label)
    columns = [NAMES.index(name) for name in names]
    x = np.column_stack([known[mine, index][:, columns], np.ones(int(mine.sum()))])
    pull = np.array([0.01, *[1.0] * (len(names) - 1), 0.01])
    truth = rows_.targets(rows)[mine, index].astype(np.float64)
    solved = regress(x, truth, np.ones(len(x)), pull, np.zeros(len(pull)))
    return dict(zip((*names, OFFSET), solved.tolist(), strict=True))


def log_odds(rows: Sequence[Row], known: Doubles, by: Lines) -> Floats:
    """Give the log-odds of each label, (rows, labels)."""
    languages = np.array([row["lang"] for row in rows])
    found = np.zeros((len(rows), len(LABELS)), np.float32)
    for index, label in enumerate(LABELS):
        found[:, index] = _sums(known[:, index], by[label][ANY])
        for language in by[label].keys() - {ANY}:
            mine = languages == language
            found[mine, index] = _sums(known[mine, index], by[label][language])
    return found


def _sums(known: Doubles, line: Mapping[str, float]) -> Doubles:
    return known @ np.array([line.get(name, 0.0) for name in NAMES]) + line[OFFSET]


def unseen(rows: Sequence[Row], known: Doubles) -> Floats:
    """Give log-odds of which each fold's come from weights that were learnt on the others."""
    fold = np.array([rows_.fold(row, FOLDS) for row in rows])
    found = np.zeros((len(rows), len(LABELS)), np.float32)
    for number in range(FOLDS):
        mine = fold == number
        others = [row for row, here in zip(rows, mine, strict=True) if not here]
        held = [row for row, here in zip(rows, mine, strict=True) if here]
        found[mine] = log_odds(held, known[mine], lines(others, known[~mine]))
    return found


def exits(rows: Sequence[Row], known: Doubles, odds: Floats) -> dict[str, dict[str, float]]:
    """Weigh sieve and words so that all but a few true mentions add up to 0 or more.

    A mention that would not be found anyway is not lost.
    """
    truth = rows_.targets(rows).astype(bool)
    kept = truth & (odds >= spread(rows, COUNTS_FROM["search"]))
    found = {}
    for index, label in enumerate(LABELS):
        line = _line(rows, known, label, _EARLY[label], np.ones(len(rows), bool))
        early = _sums(known[kept[:, index], index], line)
        least = float(np.quantile(early, _LOST[label]))
        found[label] = line | {OFFSET: round(line[OFFSET] - least + _MARGIN, 4)}
    return found


def pass_on(known: Doubles, by: Mapping[str, Mapping[str, float]]) -> Flags:
    """Say which rows the encoder gets to read."""
    return np.any([_sums(known[:, i], by[label]) >= 0 for i, label in enumerate(LABELS)], axis=0)


def calibration(rows: Sequence[Row], logits: Floats, *, common: float = 4.0) -> list[list[float]]:
    """Fit slope and offset of the log-odds for each label (Platt 1999) on rows of news streams.

    Rows that no search and no model picked (`pool` is `rest`) are far more common in a stream
    than in the sample; they count `common` times.
    """
    natural = np.array([rows_.is_natural(row) for row in rows])
    weight = np.array(
        [common if row["source"].get("pool") == "rest" else 1.0 for row in rows], np.float64
    )
    # Real drills and denials are rare in streams: the searched rows join in for a quarter.
    weight = np.where(natural, weight, 0.25)
    truth = rows_.targets(rows).astype(np.float64)
    start = np.array([1.0, 0.0])
    return [
        regress(
            np.column_stack([logits[:, index], np.ones(len(rows))]).astype(np.float64),
            truth[:, index],
            weight,
            np.ones(2),
            start,
        ).tolist()
        for index in range(len(LABELS))
    ]


def regress(x: Doubles, truth: Doubles, weight: Doubles, pull: Doubles, start: Doubles) -> Doubles:
    """Weighted logistic regression by Newton's method, with a pull of each weight to its start.

    Steps are halved until they help: in full they may run away.
    """

    def loss(line: Doubles) -> float:
        odds = x @ line
        return float(
            weight @ (np.logaddexp(0, odds) - truth * odds) + pull @ (line - start) ** 2 / 2
        )

    found = start
    for _ in range(40):
        share = 1 / (1 + np.exp(-np.clip(x @ found, -30, 30)))
        slope = x.T @ (weight * (truth - share)) - pull * (found - start)
        curve = (x * (weight * share * (1 - share))[:, None]).T @ x + np.diag(pull)
        step = np.linalg.solve(curve, slope)
        while loss(found + step) > loss(found) and np.abs(step).max() > 1e-6:
            step /= 2
        found = found + step
    return np.round(found, 4)


def as_in_streams(by: Lines, calibrated: Sequence[Sequence[float]]) -> Lines:
    """Put the calibration into the weights, so that they add up to log-odds of a stream."""
    return {
        label: {
            language: {
                name: round(slope * weight + (offset if name == OFFSET else 0.0), 4)
                for name, weight in line.items()
            }
            for language, line in by[label].items()
        }
        for label, (slope, offset) in zip(LABELS, calibrated, strict=True)
    }


def spread(rows: Sequence[Row], shares: Mapping[str, float]) -> Floats:
    """Give each row the log-odds from which its language counts, (rows, 1)."""
    return np.array([[odds_of(shares[row["lang"]])] for row in rows], np.float32)


def odds_of(share: float) -> float:
    """Give the log-odds of a probability."""
    return float(np.log(share / (1 - share)))


def limit(share: float, line: Sequence[float]) -> float:
    """Read a probability among dev rows as one in a stream."""
    return float(1 / (1 + np.exp(-(line[0] * odds_of(share) + line[1]))))
