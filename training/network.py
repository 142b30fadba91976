"""The encoder and the sieve in plain torch operations: BERT blocks and a head on top.

Matrix products run in bfloat16 where the CPU has instructions for it (three to four times as fast
as float32; the exported graph agrees within 0.02 of a logit), in float32 elsewhere: without those
instructions torch's bfloat16 is fifty times as slow.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (its usual name)
from numpy.typing import NDArray

from training.base import HEADS, JOIN, LAYER
from training.inputs import Batch


def product_type() -> torch.dtype:
    """Say in which type this machine should multiply matrices."""
    cpu = Path("/proc/cpuinfo")
    fast = cpu.exists() and "avx512_bf16" in cpu.read_text(encoding="utf-8", errors="replace")
    return torch.bfloat16 if fast else torch.float32


_TYPE = product_type()

Parameters = dict[str, torch.Tensor]


class Dropout:
    """Dropout from numpy's random bytes: torch 1.13's own is slower than the layer around it."""

    def __init__(self, seed: int, share: float) -> None:
        self._random = np.random.Generator(np.random.SFC64(seed))
        self._below = int(share * 256)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Set the share of the values to nought and raise the others to keep the mean."""
        if not self._below:
            return x
        raw = np.frombuffer(self._random.bytes(x.numel()), np.uint8).reshape(tuple(x.shape))
        keep = torch.from_numpy(raw >= self._below).to(x.dtype)
        return x * keep.mul_(256 / (256 - self._below))


def _linear(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    return F.linear(x.to(_TYPE), weight.to(_TYPE), bias.to(_TYPE)).float()


def _mixed(x: torch.Tensor, w: Parameters, bias: torch.Tensor, drop: Dropout) -> torch.Tensor:
    rows, length, hidden = x.shape
    qkv = _linear(x, torch.cat([w["qw"], w["kw"], w["vw"]]), torch.cat([w["qb"], w["kb"], w["vb"]]))
    parts = qkv.view(rows, length, 3, HEADS, hidden // HEADS).permute(2, 0, 3, 1, 4).to(_TYPE)
    query, key, value = parts[0], parts[1], parts[2]
    fit = (query @ key.transpose(2, 3)).float() / float(np.sqrt(hidden // HEADS)) + bias
    mixed = (F.softmax(fit, -1).to(_TYPE) @ value).transpose(1, 2).reshape(x.shape)
    x = x + drop(_linear(mixed, w["ow"], w["ob"]))
    return F.layer_norm(x, (hidden,), w["aln_w"], w["aln_b"], 1e-12)


def _inner(x: torch.Tensor, w: Parameters) -> torch.Tensor:
    return F.gelu(_linear(x, w["fiw"], w["fib"]))


def _block(x: torch.Tensor, w: Parameters, bias: torch.Tensor, drop: Dropout) -> torch.Tensor:
    x = _mixed(x, w, bias, drop)
    x = x + drop(_linear(_inner(x, w), w["fow"], w["fob"]))
    return F.layer_norm(x, (x.shape[-1],), w["oln_w"], w["oln_b"], 1e-12)


def _pool(x: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
    mean = (x * own).sum(1) / own.sum(1)
    return torch.cat([mean, (x - (1 - own) * 1e4).amax(1)], -1)


def lower(p: Parameters, inputs: Batch, layers: int) -> torch.Tensor:
    """Give the hidden states after the lowest layers, (rows, length, hidden); nothing learns."""
    drop = Dropout(0, 0)
    with torch.no_grad():
        return _through(p, slice(layers), _embed(p, inputs, drop), inputs, drop)


def upper(
    p: Parameters, below: torch.Tensor, inputs: Batch, drop: Dropout, layers: int
) -> torch.Tensor:
    """Score a batch whose hidden states after the lowest layers are known."""
    return head(p, _through(p, slice(layers, None), below, inputs, drop), inputs, drop)


def states(p: Parameters, inputs: Batch, drop: Dropout, frozen: int = 0) -> torch.Tensor:
    """Give the last hidden states, (rows, length, hidden).

    With `frozen` layers, neither those nor the embeddings learn.
    """
    with torch.set_grad_enabled(torch.is_grad_enabled() and not frozen):
        x = _through(p, slice(frozen), _embed(p, inputs, drop), inputs, drop)
    return _through(p, slice(frozen, None), x, inputs, drop)


def _through(
    p: Parameters, layers: slice, x: torch.Tensor, inputs: Batch, drop: Dropout
) -> torch.Tensor:
    mask, join = inputs[1], p.get(JOIN)
    for number, layer in list(enumerate(_layers(p)))[layers]:
        if number == join:
            x, mask = joined(x, mask)
        x = _block(x, layer, _bias(mask), drop)
    return x


def joined(x: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Make one of every two neighbours: their mean, padding left out (Dai et al. 2020).

    Args:
        x: States, (rows, length, hidden); the length is even.
        mask: 1 for each that is no padding, (rows, length).
    """
    rows, length, hidden = x.shape
    pairs = mask.view(rows, length // 2, 2)
    total = (x.view(rows, length // 2, 2, hidden) * pairs[..., None]).sum(2)
    return total / pairs.sum(2).clamp(min=1)[..., None], pairs.amax(2)


def as_last(
    p: Parameters, x: torch.Tensor, mask: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Join states of every piece, and their mask, to the length that the last layer has.

    States of every two neighbours, which a joining network gave, stay as they are.
    """
    if JOIN not in p:
        return x, mask
    pairs = joined(mask[..., None].float(), mask)[1]
    return (x, pairs) if x.shape[1] == pairs.shape[1] else joined(x, mask)


def last_length(p: Parameters, length: int) -> int:
    """Say how many states the last layer has of that many pieces, padding included."""
    return length // 2 if JOIN in p else length


def head(p: Parameters, states: torch.Tensor, inputs: Batch, drop: Dropout) -> torch.Tensor:
    """Score by the last hidden states, (rows, outputs of the head).

    Only the sentence's own pieces are pooled: pooled with its context, a sentence would be
    labelled by its headline.
    """
    _, mask, segment = inputs
    own = mask * (segment == 0)
    _, own = as_last(p, own[..., None], own)
    return drop(_pool(states, own[..., None].float())) @ p["head_w"] + p["head_b"]


def logits(p: Parameters, inputs: Batch, drop: Dropout, frozen: int = 0) -> torch.Tensor:
    """Score a batch, (rows, outputs of the head)."""
    return head(p, states(p, inputs, drop, frozen), inputs, drop)


def inner(p: Parameters, inputs: Batch) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield for each layer what its inner units give, (rows, length, units), and what takes it."""
    drop = Dropout(0, 0)
    x, bias = _embed(p, inputs, drop), _bias(inputs[1])
    for layer in _layers(p):
        yield _inner(_mixed(x, layer, bias, drop), layer), layer["fow"]
        x = _block(x, layer, bias, drop)


def _embed(p: Parameters, inputs: Batch, drop: Dropout) -> torch.Tensor:
    ids, _, segment = inputs
    x = F.embedding(ids, p["word"]) + p["pos"][: ids.shape[1]] + F.embedding(segment, p["type"])
    return drop(F.layer_norm(x, (x.shape[-1],), p["eln_w"], p["eln_b"], 1e-12))


def _bias(mask: torch.Tensor) -> torch.Tensor:
    return (mask[:, None, None, :].float() - 1) * 1e9


def _layers(p: Parameters) -> list[Parameters]:
    # Unbound once: indexing each layer would make a gradient of full size for every layer.
    parts = zip(*(p[name].unbind(0) for name in LAYER), strict=True)
    return [dict(zip(LAYER, part, strict=True)) for part in parts]


def parameters(weights: dict[str, NDArray[np.float32]]) -> Parameters:
    """Make trainable tensors of arrays."""
    made = {name: torch.from_numpy(np.array(v)) for name, v in weights.items()}
    for name in made.keys() - {JOIN}:
        made[name] = made[name].float().requires_grad_()
    return made


def arrays(p: Parameters) -> dict[str, Any]:
    """Make arrays of tensors, to be saved."""
    return {name: tensor.detach().numpy() for name, tensor in p.items()}
