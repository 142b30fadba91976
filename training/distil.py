"""The encoder that ships: what the trained one knows, for a fifth of its work.

Two steps, in each of which a smaller network learns to give its teacher's last states, piece by
piece (Jiao et al. 2020), and its logits (Hinton et al. 2015), mixed with the labels where a row
has some. Sentences without a label serve as well. It reads sentences alone, without context.

    distil  starts as every second layer of the teacher (Sanh et al. 2019), each with the half of
            its inner units that weighs most
    join    goes on without its third layer, and reads every two neighbours as one from there
            on (Dai et al. 2020): most of what a sentence says of itself is not in single pieces
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (its usual name)
from numpy.typing import NDArray

from monitor.detect.pieces import Pieces
from monitor.messages import Label
from training import fit, network, sets
from training import rows as rows_
from training.base import JOIN, LAYER, Weights
from training.inputs import Shown, encode, pad, tensors
from training.network import Dropout, Parameters
from training.rows import LABELS, Row

_INNER = 768
_SAMPLE = 256
"""Inputs on which the inner units are weighed."""
_STAY, _JOIN = (0, 1, 3, 4, 5), 2
"""What `join` keeps of the layers, and before which of these it joins."""
_TRUTH = 0.75
"""What a label or status counts where there is one; what the teacher says counts the rest."""
_IN_DOUBT = 0.02
"""What the teacher gives at least this is shown in every pass."""
_HEAD_RATE = 2.0
_FIXED = ("word", "pos", "type")


@dataclass(frozen=True)
class Lesson:
    """What is learnt from a teacher, row by row.

    Attributes:
        inputs: The sentences.
        states: The teacher's last states, (length, hidden) each.
        pieces: To how many pieces each of them belongs: two where the teacher joins neighbours.
        truth: How true each label is, (rows, labels).
        status: How true each status is, (rows, statuses).
        weight: How much a row counts.
        chance: In which share of the passes it is shown.
        rare: How much more a hit of each label counts, (labels,).
    """

    inputs: list[Shown]
    states: list[NDArray[np.float16]]
    pieces: int
    truth: NDArray[np.float32]
    status: NDArray[np.float32]
    weight: NDArray[np.float32]
    chance: NDArray[np.float64]
    rare: torch.Tensor


def smaller(teacher: Weights, pieces: Pieces, rows: Sequence[Row]) -> Weights:
    """Keep every second layer, and of its inner units those that weigh most on some rows."""
    found = {name: part[1::2] if name in LAYER else part for name, part in teacher.items()}
    some = encode(pieces, rows[:: max(1, len(rows) // _SAMPLE)], context=False)
    kept = np.sort(np.argsort(-_felt(teacher, some)[1::2], axis=1)[:, :_INNER], axis=1)
    for name, axis in (("fiw", 1), ("fib", 1), ("fow", 2)):
        parts = zip(found[name], kept, strict=True)
        found[name] = np.stack([part.take(units, axis - 1) for part, units in parts])
    return found


def shorter(weights: Weights) -> Weights:
    """Leave a layer out, and join neighbours on the way."""
    stay = list(_STAY)
    found = {name: part[stay] if name in LAYER else part for name, part in weights.items()}
    return found | {JOIN: np.array(_JOIN)}


def _felt(teacher: Weights, inputs: Sequence[Shown]) -> NDArray[np.float32]:
    """Say how much each inner unit adds to its layer, (layers, units): root mean square."""
    shown = tensors(inputs)
    own = shown[1].bool()
    with torch.no_grad():
        layers = network.inner(network.parameters(teacher), shown)
        found = [(made[own].square().mean(0).sqrt() * out.norm(dim=0)) for made, out in layers]
    return torch.stack(found).numpy()


def train(lesson: Lesson, start: Weights, plan: fit.Plan) -> Weights:
    """Train a smaller encoder, from what `smaller` or `shorter` gives."""
    random, drop = np.random.default_rng(plan.seed), Dropout(plan.seed, plan.dropout)
    p = network.parameters(start)
    for name in _FIXED:
        p[name].requires_grad_(requires_grad=False)
    optimizer = fit.make_optimizer(
        {name: part for name, part in p.items() if part.requires_grad}, plan.rate, _HEAD_RATE
    )
    spread = torch.from_numpy(np.concatenate(lesson.states[:2000]).astype(np.float32).std(0))
    steps = _steps(random, lesson, plan)
    progress = fit.Progress(len(steps))
    for step, chosen in enumerate(steps):
        fit.set_rate(optimizer, plan, step / len(steps))
        shown = tensors([lesson.inputs[i] for i in chosen])
        found = network.states(p, shown, drop)
        length = shown[0].shape[1] // lesson.pieces
        wanted = pad([lesson.states[i] for i in chosen], length)
        far = _apart(found, *network.as_last(p, wanted, shown[1]), spread)
        wrong = _wrong(network.head(p, found, shown, drop), lesson, chosen, plan.status)
        progress.tell(step, fit.learn(optimizer, p, wrong + far))
    return network.arrays(p)


def _steps(random: np.random.Generator, lesson: Lesson, plan: fit.Plan) -> list[NDArray[np.int64]]:
    """Draw the rows of every pass, in batches."""
    lengths, found = np.array([item.own for item in lesson.inputs]), []
    for _ in range(plan.passes):
        drawn = np.flatnonzero(random.random(len(lengths)) < lesson.chance)
        found += [drawn[part] for part in fit.batches(random, lengths[drawn], plan.size)]
    return found


def ask(teacher: Weights, pieces: Pieces, rows: Sequence[Row], plain: Sequence[Row]) -> Lesson:
    """Ask the larger encoder about labelled rows and about sentences without a label."""
    p = network.parameters(teacher)
    inputs = encode(pieces, [*rows, *plain], context=False)
    states = fit.states(p, inputs, len(teacher["qb"]))
    said = _said(p, inputs, states)
    truth = torch.sigmoid(said[:, : len(LABELS)]).numpy()
    chance = np.array(
        [sets.share(row, 0.5) for row in rows] + [sets.share(row, 0.2) for row in plain]
    )
    truth[: len(rows)] += np.float32(_TRUTH) * (rows_.targets(rows) - truth[: len(rows)])
    chance[truth.max(1) > _IN_DOUBT] = 1.0
    weight = np.append(rows_.weights(rows), np.ones(len(plain), np.float32))
    status = F.softmax(said[:, len(LABELS) :], -1).numpy()
    told = rows_.statuses(rows)
    sure = np.flatnonzero(told >= 0)
    shown = np.eye(status.shape[1], dtype=np.float32)[told[sure]]
    status[sure] += np.float32(_TRUTH) * (shown - status[sure])
    rare = fit.rarity(rows_.targets(rows))
    each = 2 // network.last_length(p, 2)
    return Lesson(inputs, states, each, truth, status, weight, chance, rare)


def _said(
    p: Parameters, inputs: Sequence[Shown], states: Sequence[NDArray[np.float16]]
) -> torch.Tensor:
    """Give the teacher's logits, (inputs, labels and statuses)."""
    still = Dropout(0, 0)
    with torch.no_grad():
        found = []
        for item, state in zip(inputs, states, strict=True):
            shown = tensors([item])
            length = network.last_length(p, shown[0].shape[1])
            found.append(network.head(p, pad([state], length), shown, still))
    return torch.cat(found)


def _wrong(
    logits: torch.Tensor, lesson: Lesson, chosen: NDArray[np.int64], share: float
) -> torch.Tensor:
    """Weigh how wrong labels and statuses are, as a mean over the chosen rows.

    Statuses count that share of the labels, times how surely there is an event.
    """
    truth, status, weight = (
        torch.from_numpy(of[chosen]) for of in (lesson.truth, lesson.status, lesson.weight)
    )
    marks = logits[:, : len(LABELS)]
    each = (truth * F.softplus(-marks) * lesson.rare + (1 - truth) * F.softplus(marks)).sum(1)
    events = truth[:, : LABELS.index(Label.DENIAL)].amax(1)
    apart = -(status * F.log_softmax(logits[:, len(LABELS) :], -1)).sum(1)
    return ((each + share * events * apart) * weight).sum() / weight.sum()


def _apart(
    found: torch.Tensor, wanted: torch.Tensor, mask: torch.Tensor, spread: torch.Tensor
) -> torch.Tensor:
    """Mean square of the distance between states, in units of the teacher's spread."""
    own = mask[..., None].float()
    return (((found - wanted) / spread).square() * own).sum() / (own.sum() * found.shape[-1])
