"""Which word pieces to keep: the word table is most of a multilingual model's size.

Kept are the four markers, all pieces that the label files use, every single letter, digit and
mark, and then the likeliest Latin and Cyrillic pieces, half and half, up to a limit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from monitor.detect.pieces import Pieces
from training.base import Base
from training.rows import Row

_LATIN = re.compile(r"▁?(?:[A-Za-z]+|[0-9]+|[!-/:-@\[-`{-~«»—–…“”’‘№€£°]+)")
_CYRILLIC = re.compile(r"▁?[а-яёА-ЯЁіїєґІЇЄҐ’'-]+")


def table(base: Base, keep: Iterable[int]) -> dict[str, Any]:
    """Write the tokeniser's table for the pieces kept; the markers are never chosen by score."""
    pieces = [[base.pieces[i], -99.0 if i < 4 else round(base.scores[i], 5)] for i in keep]
    return {"pieces": pieces, "normal": {str(point): text for point, text in base.normal.items()}}


def choose(base: Base, rows: Iterable[Row], limit: int) -> list[int]:
    """Choose at most `limit` pieces of the base, by number, ascending."""
    full = Pieces(table(base, range(len(base.pieces))))
    texts = [row.get(field) or "" for row in rows for field in ("text", "title", "prev")]
    keep = {number for ids in full.cut(texts) for number in ids} | set(range(4))
    known = [i for i in range(4, len(base.pieces)) if i not in keep]
    latin = [i for i in known if _LATIN.fullmatch(base.pieces[i])]
    cyrillic = [i for i in known if _CYRILLIC.fullmatch(base.pieces[i])]
    keep |= {i for i in latin + cyrillic if len(base.pieces[i].strip("▁")) <= 1}
    room = max(0, limit - len(keep))
    for group, share in ((latin, room // 2), (cyrillic, room - room // 2)):
        likely = sorted(group, key=lambda i: -base.scores[i])
        keep |= set([i for i in likely if i not in keep][:share])
    return sorted(keep)
