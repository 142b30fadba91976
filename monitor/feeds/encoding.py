"""Which encoding a document is really in: evidence before declarations. Pure."""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OPENINGS = (
    ("<\0\0\0".encode("latin-1"), "utf-32-le"),
    ("\0\0\0<".encode("latin-1"), "utf-32-be"),
    ("<\0".encode("latin-1"), "utf-16-le"),
    ("\0<".encode("latin-1"), "utf-16-be"),
    (b"\x4c\x6f\xa7\x94", "cp037"),
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_DECLARATION = re.compile(r"^\s*<\?xml[^<>]{0,300}\?>")
# What XML 1.0 forbids; expat stops at the first one.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r")
_LATIN = ("iso-8859-1", "iso8859-1", "latin-1", "latin1", "us-ascii", "ascii")
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", **dict.fromkeys(_LATIN, "cp1252")}
"""What is meant by a name that stands for less than what is sent."""


def to_utf8(doc: bytes, content_type: str = "") -> bytes:
    """Write a document in UTF-8 without the characters that XML forbids.

    A byte order mark decides; then bytes that are valid UTF-8 are UTF-8, whatever is declared;
    then the header's charset, the XML declaration's, and what the bytes look like.
    """
    if doc.startswith(b"<") and _is_clean_utf8(doc):
        return doc.translate(None, _CONTROLS)
    text, _ = decode(doc, content_type)
    text = _DECLARATION.sub("<?xml version='1.0' encoding='utf-8'?>", text, count=1)
    return _FORBIDDEN.sub("", text).encode("utf-8")


def _is_clean_utf8(doc: bytes) -> bool:
    """Recognise the usual case quickly: UTF-8 that says so, or says nothing."""
    declared = _in_declaration(doc)
    if declared and declared[0].lower() not in {"utf-8", "utf8"}:
        return False
    try:
        doc.decode()
    except UnicodeDecodeError:
        return False
    return b"\xef\xbf" not in doc and not doc.startswith(tuple(o for o, _ in _OPENINGS))


def decode(doc: bytes, content_type: str = "") -> tuple[str, str]:
    """Decode a document, and name the encoding that did it."""
    for mark, name in _MARKS:
        if doc.startswith(mark):
            return doc[len(mark) :].decode(name, "replace"), name
    for opening, name in _OPENINGS:
        if doc.startswith(opening):
            return doc.decode(_ebcdic(doc) if name == "cp037" else name, "replace"), name
    declared = [*_CHARSET.findall(content_type)[:1], *_in_declaration(doc)]
    names = [*declared] if doc.isascii() else ["utf-8", *declared]
    for name in names:
        name = _WIDER.get(name.lower(), name)
        try:
            return doc.decode(name), name
        except (UnicodeError, LookupError, ValueError):
            continue
    # A few broken bytes in a UTF-8 document must not turn all of it into another alphabet.
    if _mostly_utf8(doc):
        return doc.decode("utf-8", "replace"), "utf-8"
    name = _by_looks(doc)
    return doc.decode(name, "replace"), name


def _in_declaration(doc: bytes) -> list[str]:
    match = _DECLARED.match(doc)
    return [match[1].decode("ascii")] if match else []


def _ebcdic(doc: bytes) -> str:
    match = _DECLARED.match(doc[:400].decode("cp037").encode("ascii", "replace"))
    try:
        name = match[1].decode("ascii") if match else "cp037"
        return name if doc[:4].decode(name) == "<?xm" else "cp037"
    except (LookupError, ValueError):
        return "cp037"


def _mostly_utf8(doc: bytes) -> bool:
    text = doc.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return broken * 20 < sum(1 for char in text if char > "\x7f") if broken else True


def _by_looks(doc: bytes) -> str:
    """Tell Cyrillic in one byte per letter from Western European text: words against accents."""
    runs = re.findall(rb"[\xc0-\xff]{3,}", doc)
    letters = sum(map(len, runs))
    high = sum(byte > 0x7F for byte in doc)
    if letters * 2 < high:
        return "cp1252"
    joined = b"".join(runs)
    # Small letters stand in the upper half in Windows-1251, in the lower half in KOI8-R.
    small = sum(byte >= 0xE0 for byte in joined)
    return "cp1251" if small * 2 > len(joined) else "koi8-r"
