"""From trained weights to the one file that the detector loads.

The graphs are written by hand: no torch, no exporter. There are two of the same form, `sieve` and
`encoder`.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from monitor.detect.encoder import run_network
from monitor.detect.pieces import PAD, Ids, batch
from training.base import HEADS, JOIN, LAYER, Weights

_OPSET = 20
_MICROSOFT = "com.microsoft"
_WATCHED = 1_000
"""Inputs on which ranges are measured."""
Range = tuple[float, float]
"""Least and greatest value that is told apart; what is beyond counts as that."""

_Attribute = str | int | float | list[int]

_EPOCH = (2020, 1, 1, 0, 0, 0)
"""The time stamp inside the file: the same weights give the same bytes."""


@dataclass
class _Graph:
    """Nodes and constants as they are added; every method gives the name of its output."""

    ranges: Sequence[Range] | None
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)
    multiplied: list[str] = field(default_factory=list)

    def _name(self, what: str) -> str:
        return f"{what}_{len(self.nodes)}_{len(self.constants)}"

    def const(self, value: NDArray[Any]) -> str:
        name = self._name("c")
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def floats(self, value: NDArray[Any] | float) -> str:
        return self.const(np.asarray(value, np.float32))

    def ints(self, *values: int) -> str:
        return self.const(np.array(values, np.int64))

    def op(self, kind: str, *inputs: str, **attributes: _Attribute) -> str:
        return self.ops(kind, 1, *inputs, **attributes)[0]

    def ops(self, kind: str, outputs: int, *inputs: str, **attributes: _Attribute) -> list[str]:
        names = [f"{self._name(kind)}_{number}" for number in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names

    def norm(self, x: str, weight: NDArray[Any], bias: NDArray[Any]) -> str:
        weights = (self.floats(weight), self.floats(bias))
        return self.op("LayerNormalization", x, *weights, axis=-1, epsilon=1e-12)

    def linear(self, x: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """Multiply by a matrix (out, in), in whole numbers where the inputs' ranges are known."""
        self.multiplied.append(x)
        if self.ranges is None:
            return self.op("Add", self.op("MatMul", x, self.floats(weight.T)), self.floats(bias))
        # 7 bits a column: without VNNI, 8 bits overflow in the kernels' sums.
        scale = np.abs(weight).max(1) / 63 + 1e-12
        whole = np.round(weight / scale[:, None]).astype(np.int8)
        low, high = self.ranges[len(self.multiplied) - 1]
        step = self.floats((high - low) / 255)
        zero = self.const(np.array(round(-low / (high - low) * 255), np.uint8))
        return self.op(
            "MatMulIntegerToFloat",
            self.op("QuantizeLinear", x, step, zero),
            self.const(whole.T),
            step,
            self.floats(scale),
            zero,
            "",
            self.floats(bias),
            domain=_MICROSOFT,
        )


def _embed(g: _Graph, w: Weights) -> str:
    scale = np.abs(w["word"]).max(1, keepdims=True) / 127 + 1e-12
    whole = np.round(w["word"] / scale).astype(np.int8)
    rows = g.op("Cast", g.op("Gather", g.const(whole), "ids"), to=TensorProto.FLOAT)
    words = g.op("Mul", rows, g.op("Gather", g.floats(scale), "ids"))
    length = g.op("Slice", g.op("Shape", "ids"), g.ints(1), g.ints(2))
    # All of an input is the sentence itself: segment 0.
    places = g.op("Slice", g.floats(w["pos"] + w["type"][0]), g.ints(0), length)
    return g.norm(g.op("Add", words, places), w["eln_w"], w["eln_b"])


def _mask(g: _Graph) -> str:
    """Tell pieces from padding, (rows, length, 1)."""
    padding = g.op("Equal", "ids", g.ints(PAD))
    found = g.op("Cast", g.op("Not", padding), to=TensorProto.FLOAT)
    return g.op("Unsqueeze", found, g.ints(2))


def _joined(g: _Graph, x: str, mask: str, hidden: int) -> tuple[str, str]:
    """Make one of every two neighbours, as `network.joined` does."""
    pairs = g.op("Reshape", mask, g.ints(0, -1, 2, 1))
    states = g.op("Reshape", g.op("Mul", x, mask), g.ints(0, -1, 2, hidden))
    count = g.op("Max", g.op("ReduceSum", pairs, g.ints(2), keepdims=0), g.floats(1.0))
    total = g.op("ReduceSum", states, g.ints(2), keepdims=0)
    return g.op("Div", total, count), g.op("ReduceMax", pairs, g.ints(2), keepdims=0)


def _layer(g: _Graph, x: str, w: Mapping[str, NDArray[np.float32]], bias: str) -> str:
    hidden = w["qw"].shape[0]
    each = hidden // HEADS
    root = np.float32(np.sqrt(each))
    qkv = g.linear(
        x,
        np.concatenate([w["qw"] / root, w["kw"], w["vw"]]),
        np.concatenate([w["qb"] / root, w["kb"], w["vb"]]),
    )
    parts = g.ops("Split", 3, qkv, g.ints(hidden, hidden, hidden), axis=2)
    shape = g.ints(0, 0, HEADS, each)
    query, key, value = (
        g.op("Transpose", g.op("Reshape", part, shape), perm=order)
        for part, order in zip(parts, ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]), strict=True)
    )
    share = g.op("Softmax", g.op("Add", g.op("MatMul", query, key), bias), axis=-1)
    mixed = g.op("Transpose", g.op("MatMul", share, value), perm=[0, 2, 1, 3])
    mixed = g.op("Reshape", mixed, g.ints(0, 0, hidden))
    x = g.norm(g.op("Add", x, g.linear(mixed, w["ow"], w["ob"])), w["aln_w"], w["aln_b"])
    inner = g.op("Gelu", g.linear(x, w["fiw"], w["fib"]))
    return g.norm(g.op("Add", x, g.linear(inner, w["fow"], w["fob"])), w["oln_w"], w["oln_b"])


def _head(g: _Graph, x: str, mask: str, w: Weights) -> None:
    total = g.op("ReduceSum", g.op("Mul", x, mask), g.ints(1), keepdims=0)
    mean = g.op("Div", total, g.op("ReduceSum", mask, g.ints(1), keepdims=0))
    hide = g.op("Mul", g.op("Sub", g.floats(1.0), mask), g.floats(1e4))
    largest = g.op("ReduceMax", g.op("Sub", x, hide), g.ints(1), keepdims=0)
    pooled = g.op("Concat", mean, largest, axis=1)
    ends = [pooled, g.floats(w["head_w"]), g.floats(w["head_b"])]
    g.nodes.append(helper.make_node("Gemm", ends, ["logits"]))


def _bias(g: _Graph, mask: str) -> str:
    """Give what is added before the softmax: (rows, 1, 1, length), far below 0 for padding."""
    across = g.op("Unsqueeze", g.op("Transpose", mask, perm=[0, 2, 1]), g.ints(1))
    return g.op("Mul", g.op("Sub", across, g.floats(1.0)), g.floats(1e9))


def graph(w: Weights, ranges: Sequence[Range] | None = None, *, watched: bool = False) -> bytes:
    """Write a network as an ONNX file: ids, (rows, length), from `batch` -> logits.

    Args:
        w: The weights.
        ranges: Of what each matrix is multiplied with, in order; None leaves all in floats.
        watched: Give the least and greatest of these too, as `low` and `high`.
    """
    g = _Graph(ranges)
    x, mask = _embed(g, w), _mask(g)
    bias = _bias(g, mask)
    for number in range(len(w["qb"])):
        if number == w.get(JOIN):
            x, mask = _joined(g, x, mask, w["word"].shape[1])
            bias = _bias(g, mask)
        x = _layer(g, x, {name: w[name][number] for name in LAYER}, bias)
    _head(g, x, mask, w)
    inputs = [helper.make_tensor_value_info("ids", TensorProto.INT64, ["rows", "length"])]
    width = int(w["head_b"].shape[0])
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["rows", width])]
    if watched:
        for name, reduce in (("low", "ReduceMin"), ("high", "ReduceMax")):
            ends = [g.op("Reshape", g.op(reduce, x, keepdims=0), g.ints(1)) for x in g.multiplied]
            g.nodes.append(helper.make_node("Concat", ends, [name], axis=0))
            outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [len(ends)]))
    made = helper.make_graph(g.nodes, "network", inputs, outputs, g.constants)
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_MICROSOFT, 1)]
    model: bytes = helper.make_model(made, opset_imports=opsets, ir_version=10).SerializeToString()
    return model


def watch(w: Weights, inputs: Sequence[Ids]) -> list[Range]:
    """Measure the ranges of what the matrices are multiplied with, for `graph`.

    They are constants of the file: with ranges taken from each batch, as dynamic quantization
    does, the score of a sentence depends on the sentences beside it (by half a logit, seen).
    """
    session = ort.InferenceSession(graph(w, watched=True), providers=["CPUExecutionProvider"])
    ends = [
        session.run(["low", "high"], {"ids": batch(inputs[start : start + 16])})
        for start in range(0, len(inputs), 16)
    ]
    low, high = np.min([low for low, _ in ends], 0), np.max([high for _, high in ends], 0)
    return [(min(0.0, float(a)), max(0.0, float(b))) for a, b in zip(low, high, strict=True)]


def _some(inputs: Sequence[Ids]) -> Sequence[Ids]:
    return inputs[:: max(1, len(inputs) // _WATCHED)]


def run(w: Weights, inputs: Sequence[Ids]) -> NDArray[np.float32]:
    """Score inputs with a network as it would be shipped; (inputs, outputs of the head)."""
    ranges = watch(w, _some(inputs))
    session = ort.InferenceSession(graph(w, ranges), providers=["CPUExecutionProvider"])
    return run_network(session, inputs, len(w["head_b"]))


def pack(
    sieve: Weights,
    encoder: Weights,
    table: Mapping[str, Any],
    examples: Sequence[Ids],
) -> bytes:
    """Write the weights file: a zip of both graphs and the table of word pieces.

    Args:
        sieve: Weights of the small network.
        encoder: Weights of the large one.
        table: The word pieces.
        examples: What both will read, to measure ranges on.
    """
    some = _some(examples)
    files = {
        "sieve.onnx": graph(sieve, watch(sieve, some)),
        "encoder.onnx": graph(encoder, watch(encoder, some)),
        "pieces.json": json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode(),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED, 9)
    return out.getvalue()
