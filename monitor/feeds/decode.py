"""Undo the compression of a document in small steps, so that a bomb never unfolds."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from typing import Any, Protocol

import brotli  # type: ignore[import-untyped]

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdDecompressor, ZstdError
else:
    from backports.zstd import ZstdDecompressor, ZstdError

ACCEPTED = "gzip, deflate, br, zstd"
STEP = 1 << 18
"""Decoded bytes in one step, at most (Brotli may give a little more)."""

DECODE_ERRORS = (zlib.error, brotli.error, ZstdError, EOFError)


class Decoder(Protocol):
    """Decodes one document."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decode the next bytes from the wire, in steps."""

    @property
    def finished(self) -> bool:
        """Whether the document came to its end."""


def decoder(coding: str) -> Decoder:
    """Return the decoder for a `Content-Encoding`.

    Raises:
        EOFError: It is none that we asked for.
    """
    match coding.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip":
            return _Frames(lambda: zlib.decompressobj(31))
        case "deflate":
            return _Deflate()
        case "br":
            return _Brotli()
        case "zstd":
            return _Frames(ZstdDecompressor)
    raise EOFError(f"Content-Encoding {coding[:40]!r} was not asked for")


class _Plain:
    finished = True

    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data


class _Frames:
    """Formats in which several compressed streams may follow each other."""

    def __init__(self, make: Any) -> None:  # noqa: ANN401 - two libraries, one shape
        self._make = make
        self._inner = make()
        self._begun = False

    @property
    def finished(self) -> bool:
        return bool(self._inner.eof) or not self._begun

    def feed(self, data: bytes) -> Iterator[bytes]:
        while True:
            if self._inner.eof:
                # Servers pad with zeros; anything else after the end begins a new stream.
                data = data.lstrip(b"\0")
                if not data:
                    return
                self._inner = self._make()
            self._begun = True
            part = self._inner.decompress(data, STEP)
            if part:
                yield part
            if self._inner.eof:
                data = self._inner.unused_data
            else:
                data = getattr(self._inner, "unconsumed_tail", b"")
                if not data and len(part) < STEP:
                    return


class _Deflate(_Frames):
    """Either with a zlib header, as the standard says, or without, as some servers do."""

    def __init__(self) -> None:
        super().__init__(zlib.decompressobj)

    def feed(self, data: bytes) -> Iterator[bytes]:
        if not self._begun and data and data[0] & 0x0F != 8:
            self._make = lambda: zlib.decompressobj(-15)
            self._inner = self._make()
        yield from super().feed(data)


class _Brotli:
    def __init__(self) -> None:
        self._inner = brotli.Decompressor()
        self._begun = False

    @property
    def finished(self) -> bool:
        return bool(self._inner.is_finished()) or not self._begun

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._begun = True
        part = self._inner.process(data, output_buffer_limit=STEP)
        while part:
            yield part
            if self._inner.can_accept_more_data():
                return
            part = self._inner.process(b"", output_buffer_limit=STEP)
