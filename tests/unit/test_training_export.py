"""The graphs of the weights file against the network's formulas, and back into weights."""

from __future__ import annotations

import json
import math

import numpy as np
import onnxruntime as ort
import pytest

from monitor.detect.encoder import run_network
from monitor.detect.pieces import PAD, batch
from training import export, unpack
from training.base import HEADS, JOIN, LAYER

HIDDEN, INNER, WORDS, LONGEST, OUTPUTS = 2 * HEADS, 36, 50, 20, 5
INPUTS = [(0, 7, 9, 2), (0, 41, 2), (0, 11, 12, 13, 14, 15, 16, 2), (0, 30, 31, 32, 33, 34, 2)]
_erf = np.vectorize(math.erf)


def random_weights(layers: int, join: int | None):
    random = np.random.default_rng(layers)

    def some(*shape, spread=0.3, around=0.0):
        return random.normal(around, spread, shape).astype(np.float32)

    shapes = {"f": INNER, "h": HIDDEN}
    words = random.integers(-127, 128, (WORDS, HIDDEN))
    words[:, 0] = 127  # held exactly by 8 bits: this table is never in floats
    w = {
        "word": (words * 0.004).astype(np.float32),
        "pos": some(LONGEST, HIDDEN),
        "type": some(2, HIDDEN),
    }
    w |= {"eln_w": some(HIDDEN, around=1.0), "eln_b": some(HIDDEN)}
    w |= {"head_w": some(2 * HIDDEN, OUTPUTS), "head_b": some(OUTPUTS)}
    for name in LAYER:
        out = shapes["f"] if name.startswith("fi") else shapes["h"]
        into = shapes["f"] if name == "fow" else shapes["h"]
        if name.endswith("ln_w"):
            w[name] = some(layers, HIDDEN, around=1.0)
        else:
            w[name] = some(layers, out, into) if name.endswith("w") else some(layers, out)
    return w if join is None else w | {JOIN: np.array(join)}


def norm(x, weight, bias):
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
    return x * weight + bias


def score(w, ids):
    """What the network says of one input, without padding or batches; from the formulas."""
    x = w["word"][list(ids)] + w["pos"][: len(ids)] + w["type"][0]
    x = norm(x, w["eln_w"], w["eln_b"])
    for number in range(len(w["qb"])):
        if number == w.get(JOIN):
            x = np.stack([x[at : at + 2].mean(0) for at in range(0, len(x), 2)])
        layer = {name: w[name][number] for name in LAYER}
        query, key, value = (
            (x @ layer[f"{n}w"].T + layer[f"{n}b"]).reshape(len(x), HEADS, -1) for n in "qkv"
        )
        fit = np.einsum("ahd,bhd->hab", query, key) / math.sqrt(query.shape[-1])
        share = np.exp(fit - fit.max(-1, keepdims=True))
        share /= share.sum(-1, keepdims=True)
        mixed = np.einsum("hab,bhd->ahd", share, value).reshape(len(x), -1)
        x = norm(x + mixed @ layer["ow"].T + layer["ob"], layer["aln_w"], layer["aln_b"])
        inner = x @ layer["fiw"].T + layer["fib"]
        inner = inner * 0.5 * (1 + _erf(inner / math.sqrt(2)))
        x = norm(x + inner @ layer["fow"].T + layer["fob"], layer["oln_w"], layer["oln_b"])
    return np.concatenate([x.mean(0), x.max(0)]) @ w["head_w"] + w["head_b"]


def run(graph):
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    return run_network(session, INPUTS, OUTPUTS)


@pytest.mark.parametrize("join", [None, 0, 2])
def test_the_graph_says_what_the_formulas_say(join):
    w = random_weights(3, join)
    assert (batch(INPUTS) == PAD).any()
    np.testing.assert_allclose(run(export.graph(w)), [score(w, ids) for ids in INPUTS], atol=2e-4)


@pytest.mark.parametrize("join", [None, 1])
def test_what_is_written_in_whole_numbers_is_near_and_comes_back(join, tmp_path):
    w, sieve = random_weights(3, join), random_weights(2, None)
    table = {"pieces": [["a", -1.5]], "normal": {}}
    (tmp_path / "weights").write_bytes(export.pack(sieve, w, table, INPUTS))

    found, again, read = unpack.unpack(tmp_path / "weights")

    assert json.dumps(read) == json.dumps(table)
    assert again.keys() == w.keys()
    assert found.keys() == sieve.keys()
    ranges = export.watch(w, INPUTS)
    shipped = run(export.graph(w, ranges))
    assert np.abs(shipped - run(export.graph(w))).mean() < 0.15
    np.testing.assert_allclose(run(export.graph(again, ranges)), shipped, atol=1e-4)
    np.testing.assert_allclose(again["word"], w["word"], atol=1e-6)
    for name in ("qw", "fow"):  # within half a step: 63 steps up to the greatest value
        assert np.abs(again[name] - w[name]).max() <= np.abs(w[name]).max() / 120, name
