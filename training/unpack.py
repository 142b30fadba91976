"""From the weights file back to weights that can learn on: what `export.graph` wrote, in order.

Matrices come back as they were rounded, positions with the segment that was added to them.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from training.base import HEADS, JOIN, LAYER, Weights

_Constants = list[NDArray[Any]]
_MATRIX = "MatMulIntegerToFloat"
_A_LAYER = ("qkv", "o", "fi", "fo")
"""Products of a layer, in order."""


def unpack(path: Path) -> tuple[Weights, Weights, dict[str, Any]]:
    """Read a weights file: sieve, encoder, table of pieces."""
    with zipfile.ZipFile(path) as archive:
        sieve, encoder = (weights(archive.read(f"{name}.onnx")) for name in ("sieve", "encoder"))
        return sieve, encoder, json.loads(archive.read("pieces.json"))


def weights(graph: bytes) -> Weights:
    """Read the weights of one graph."""
    nodes = list(_nodes(onnx.load_model_from_string(graph).graph))
    embedding = [made for kind, made in nodes if kind == "Gather" and made]
    norms = [made for kind, made in nodes if kind == "LayerNormalization"]
    found = {
        "word": embedding[0][0].astype(np.float32) * embedding[1][0],
        "pos": next(made[0] for kind, made in nodes if kind == "Slice" and made[0].ndim == 2),
        "eln_w": norms[0][0],
        "eln_b": norms[0][1],
    }
    found["type"] = np.zeros((2, found["word"].shape[1]), np.float32)
    found["head_w"], found["head_b"] = next(made for kind, made in nodes if kind == "Gemm")
    products = [
        (whole.T.astype(np.float32) * scale[:, None], bias)
        for kind, made in nodes
        if kind == _MATRIX
        for whole, _, scale, _, bias in (made,)
    ]
    each = len(_A_LAYER)
    layers = [
        _layer(products[at : at + each], norms[1 + at // 2 : 3 + at // 2])
        for at in range(0, len(products), each)
    ]
    found |= {name: np.stack([layer[name] for layer in layers]) for name in LAYER}
    kinds = [kind for kind, _ in nodes]
    if "Max" in kinds:  # of all nodes only joining has it
        found[JOIN] = np.array(kinds[: kinds.index("Max")].count(_MATRIX) // each)
    return found


def _nodes(graph: onnx.GraphProto) -> Iterator[tuple[str, _Constants]]:
    """Yield the kind of each node and the constants that go into it."""
    known = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    for node in graph.node:
        yield node.op_type, [known[name] for name in node.input if name in known]


def _layer(products: list[tuple[Any, Any]], norms: list[_Constants]) -> Weights:
    """Name the arrays of a layer: (matrix, bias) of each product, and the norm of each half."""
    (matrix, bias), *rest = products
    root = np.float32(np.sqrt(len(matrix) // 3 // HEADS))
    query, key, value = np.split(matrix, 3)
    of_query, of_key, of_value = np.split(bias, 3)
    found = {"qw": query * root, "qb": of_query * root, "kw": key, "kb": of_key}
    found |= {"vw": value, "vb": of_value}
    for name, (matrix, bias) in zip(_A_LAYER[1:], rest, strict=True):
        found |= {f"{name}w": matrix, f"{name}b": bias}
    for name, (weight, bias) in zip(("aln", "oln"), norms, strict=True):
        found |= {f"{name}_w": weight, f"{name}_b": bias}
    return found
