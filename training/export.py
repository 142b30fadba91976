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
from monitor.detect.pieces import Encoded
from training.base import LAYER, Weights
from training.network import HEADS

_OPSET = 20
_Attribute = str | int | float | list[int]

_EPOCH = (2020, 1, 1, 0, 0, 0)
"""The time stamp inside the file: the same weights give the same bytes."""


@dataclass
class _Graph:
    """Nodes and constants as they are added; every method gives the name of its output."""

    quantized: bool
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

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
        """Multiply by a matrix (out, in), in 7 bits when the graph is `quantized`."""
        if not self.quantized:
            product = self.op("MatMul", x, self.floats(weight.T))
        else:
            product = self._int8(x, weight)
        return self.op("Add", product, self.floats(bias))

    def _int8(self, x: str, weight: NDArray[np.float32]) -> str:
        """Quantize to 7 bits a column: without VNNI, 8 bits overflow in the kernels' sums."""
        scale = np.abs(weight).max(1) / 63 + 1e-12
        whole = np.round(weight / scale[:, None]).astype(np.int8)
        quantized, x_scale, x_zero = self.ops("DynamicQuantizeLinear", 3, x)
        product = self.op("MatMulInteger", quantized, self.const(whole.T), x_zero)
        both = self.op("Mul", x_scale, self.floats(scale))
        return self.op("Mul", self.op("Cast", product, to=TensorProto.FLOAT), both)


def _embed(g: _Graph, w: Weights) -> str:
    scale = np.abs(w["word"]).max(1, keepdims=True) / 127 + 1e-12
    whole = np.round(w["word"] / scale).astype(np.int8)
    rows = g.op("Cast", g.op("Gather", g.const(whole), "ids"), to=TensorProto.FLOAT)
    words = g.op("Mul", rows, g.op("Gather", g.floats(scale), "ids"))
    length = g.op("Slice", g.op("Shape", "ids"), g.ints(1), g.ints(2))
    places = g.op("Slice", g.floats(w["pos"]), g.ints(0), length)
    segments = g.op("Gather", g.floats(w["type"]), "segment")
    return g.norm(g.op("Add", g.op("Add", words, places), segments), w["eln_w"], w["eln_b"])


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


def _head(g: _Graph, x: str, weight: NDArray[Any], bias: NDArray[Any], name: str) -> None:
    one = g.floats(1.0)
    outside = g.op("Sub", one, g.op("Cast", "segment", to=TensorProto.FLOAT))
    own = g.op(
        "Unsqueeze", g.op("Mul", g.op("Cast", "mask", to=TensorProto.FLOAT), outside), g.ints(2)
    )
    total = g.op("ReduceSum", g.op("Mul", x, own), g.ints(1), keepdims=0)
    mean = g.op("Div", total, g.op("ReduceSum", own, g.ints(1), keepdims=0))
    hide = g.op("Mul", g.op("Sub", one, own), g.floats(1e4))
    largest = g.op("ReduceMax", g.op("Sub", x, hide), g.ints(1), keepdims=0)
    pooled = g.op("Concat", mean, largest, axis=1)
    g.nodes.append(helper.make_node("Gemm", [pooled, g.floats(weight), g.floats(bias)], [name]))


def _bias(g: _Graph) -> str:
    mask = g.op("Unsqueeze", g.op("Cast", "mask", to=TensorProto.FLOAT), g.ints(1, 2))
    return g.op("Mul", g.op("Sub", mask, g.floats(1.0)), g.floats(1e9))


def graph(w: Weights, *, quantized: bool) -> bytes:
    """Write a network as an ONNX file: ids, mask, segment -> logits."""
    g = _Graph(quantized)
    x, bias = _embed(g, w), _bias(g)
    for number in range(len(w["qb"])):
        x = _layer(g, x, {name: w[name][number] for name in LAYER}, bias)
    _head(g, x, w["head_w"], w["head_b"], "logits")
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["rows", "length"])
        for name in ("ids", "mask", "segment")
    ]
    width = int(w["head_b"].shape[0])
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["rows", width])
    made = helper.make_graph(g.nodes, "network", inputs, [output], g.constants)
    opsets = [helper.make_opsetid("", _OPSET)]
    model: bytes = helper.make_model(made, opset_imports=opsets, ir_version=10).SerializeToString()
    return model


def run(w: Weights, inputs: Sequence[Encoded]) -> NDArray[np.float32]:
    """Score inputs with a network as it would be shipped; (inputs, outputs of the head)."""
    session = ort.InferenceSession(graph(w, quantized=True), providers=["CPUExecutionProvider"])
    return run_network(session, inputs, len(w["head_b"]))


def pack(
    sieve: Weights, encoder: Weights, table: Mapping[str, Any], *, quantized: bool = True
) -> bytes:
    """Write the weights file: a zip of both graphs and the table of word pieces."""
    files = {
        "sieve.onnx": graph(sieve, quantized=quantized),
        "encoder.onnx": graph(encoder, quantized=quantized),
        "pieces.json": json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode(),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED, 9)
    return out.getvalue()
