"""Make hostile text safe to look at without moving a single character."""

from __future__ import annotations

import re

_TAG = re.compile(r"<[^<>]{1,400}>|&(?:nbsp|#160|#xa0);", re.IGNORECASE)
# Controls but newline, soft hyphens, zero-width and bidi marks, halves of surrogate pairs.
_HIDDEN = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\xa0\u00ad\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff"
    r"\ud800-\udfff]"
)
_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "′": "'"})


def mask(text: str) -> str:
    """Return text of equal length in which markup, controls and bidi marks are spaces.

    Apostrophes become the plain one. Offsets in the result are offsets in the original.
    """
    if "<" in text or "&" in text:
        text = _TAG.sub(lambda match: " " * len(match[0]), text)
    return _HIDDEN.sub(" ", text).translate(_QUOTES)


def printable(text: str) -> str:
    """Return text of equal length that can be written as UTF-8: halves of pairs are replaced."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)
