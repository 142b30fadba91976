"""The encoder that ships: half as deep as the one that was trained, and half as wide inside.

It starts as every second layer of that teacher (Sanh et al. 2019), each with the half of its inner
units that weighs most, and learns to give the teacher's last states, piece by piece (Jiao et al.
2020), and its logits (Hinton et al. 2015), mixed with the labels where a row has some. Sentences
without a label serve as well. It reads sentences alone, without context.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (its usual name)
from numpy.typing import NDArray

from monitor.detect.pieces import Encoded, Pieces
from training import fit, network, sets
from training import rows as rows_
from training.base import LAYER, Weights
from training.network import Batch, Dropout, Parameters
from training.rows import LABELS, Row

_INNER = 768
_SAMPLE = 256
"""Inputs on which the inner units are weighed."""
_TRUTH = 0.5
"""What a label counts where there is one; what the teacher says counts the rest."""
_IN_DOUBT = 0.02
"""What the teacher gives at least this is shown in every pass."""
_HEAD_RATE = 2.0
_FIXED = ("word", "pos", "type")


@dataclass(frozen=True)
class _Lesson:
    """What is learnt, row by row.

    Attributes:
        inputs: The sentences.
        states: The teacher's last states, (length, hidden) each.
        truth: How true each label is, (rows, labels).
        weight: How much a row counts.
        chance: In which share of the passes it is shown.
    """

    inputs: list[Encoded]
    states: list[NDArray[np.float16]]
    truth: NDArray[np.float32]
    weight: NDArray[np.float32]
    chance: NDArray[np.float64]


def train(
    teacher: Weights, pieces: Pieces, rows: Sequence[Row], plain: Sequence[Row], plan: fit.Plan
) -> Weights:
    """Train the smaller encoder.

    Args:
        teacher: The larger one.
        pieces: The table of word pieces.
        rows: Labelled rows.
        plain: Sentences without a label; may be empty.
        plan: How to go over both.
    """
    random, drop = np.random.default_rng(plan.seed), Dropout(plan.seed, plan.dropout)
    lesson = _lesson(teacher, pieces, rows, plain)
    p = network.parameters(cut(teacher, lesson.inputs))
    for name in _FIXED:
        p[name].requires_grad_(requires_grad=False)
    optimizer = fit.make_optimizer(
        {name: part for name, part in p.items() if part.requires_grad}, plan.rate, _HEAD_RATE
    )
    rare = fit.rarity(rows_.targets(rows))
    spread = torch.from_numpy(np.concatenate(lesson.states[:2000]).astype(np.float32).std(0))
    steps = _steps(random, lesson, plan)
    progress = fit.Progress(len(steps))
    for step, chosen in enumerate(steps):
        fit.set_rate(optimizer, plan, step / len(steps))
        shown = fit.tensors([lesson.inputs[i] for i in chosen])
        wanted = fit.pad([lesson.states[i] for i in chosen], shown[0].shape[1])
        truth, weight = (torch.from_numpy(of[chosen]) for of in (lesson.truth, lesson.weight))
        found = network.states(p, shown, drop)
        marks = network.head(p, found, shown, drop)[:, : len(LABELS)]
        each = truth * F.softplus(-marks) * rare + (1 - truth) * F.softplus(marks)
        loss = (each.sum(1) * weight).sum() / weight.sum() + _apart(found, wanted, spread, shown)
        progress.tell(step, fit.learn(optimizer, p, loss))
    return network.arrays(p)


def _steps(random: np.random.Generator, lesson: _Lesson, plan: fit.Plan) -> list[NDArray[np.int64]]:
    """Draw the rows of every pass, in batches."""
    lengths, found = np.array([len(item.ids) for item in lesson.inputs]), []
    for _ in range(plan.passes):
        drawn = np.flatnonzero(random.random(len(lengths)) < lesson.chance)
        found += [drawn[part] for part in fit.batches(random, lengths[drawn], plan.size)]
    return found


def cut(teacher: Weights, inputs: Sequence[Encoded]) -> Weights:
    """Keep every second layer, and of its inner units those that weigh most on some inputs."""
    found = {name: part[1::2] if name in LAYER else part for name, part in teacher.items()}
    some = inputs[:: max(1, len(inputs) // _SAMPLE)]
    kept = np.sort(np.argsort(-_felt(teacher, some)[1::2], axis=1)[:, :_INNER], axis=1)
    for name, axis in (("fiw", 1), ("fib", 1), ("fow", 2)):
        parts = zip(found[name], kept, strict=True)
        found[name] = np.stack([part.take(units, axis - 1) for part, units in parts])
    return found


def _felt(teacher: Weights, inputs: Sequence[Encoded]) -> NDArray[np.float32]:
    """Say how much each inner unit adds to its layer, (layers, units): root mean square."""
    shown = fit.tensors(inputs)
    own = shown[1].bool()
    with torch.no_grad():
        layers = network.inner(network.parameters(teacher), shown)
        found = [(made[own].square().mean(0).sqrt() * out.norm(dim=0)) for made, out in layers]
    return torch.stack(found).numpy()


def _lesson(teacher: Weights, pieces: Pieces, rows: Sequence[Row], plain: Sequence[Row]) -> _Lesson:
    p = network.parameters(teacher)
    inputs = fit.encode(pieces, [*rows, *plain], context=False)
    states = fit.states(p, inputs, len(teacher["qb"]))
    opinion = _opinion(p, inputs, states)
    truth = opinion.copy()
    truth[: len(rows)] += np.float32(_TRUTH) * (rows_.targets(rows) - truth[: len(rows)])
    chance = np.array(
        [sets.share(row, 0.5) for row in rows] + [sets.share(row, 0.2) for row in plain]
    )
    chance[truth.max(1) > _IN_DOUBT] = 1.0
    weight = np.append(rows_.weights(rows), np.ones(len(plain), np.float32))
    return _Lesson(inputs, states, truth, weight, chance)


def _opinion(
    p: Parameters, inputs: Sequence[Encoded], states: Sequence[NDArray[np.float16]]
) -> NDArray[np.float32]:
    """Give the teacher's probabilities, (inputs, labels)."""
    found, still = np.zeros((len(inputs), len(LABELS)), np.float32), Dropout(0, 0)
    for index, (item, state) in enumerate(zip(inputs, states, strict=True)):
        with torch.no_grad():
            logits = network.head(p, fit.pad([state], len(state)), fit.tensors([item]), still)
        found[index] = torch.sigmoid(logits[0, : len(LABELS)]).numpy()
    return found


def _apart(
    found: torch.Tensor, wanted: torch.Tensor, spread: torch.Tensor, shown: Batch
) -> torch.Tensor:
    """Mean square of the distance between states, in units of the teacher's spread."""
    own = shown[1][..., None].float()
    return (((found - wanted) / spread).square() * own).sum() / (own.sum() * found.shape[-1])
