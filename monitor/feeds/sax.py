"""An XML reader for feedparser that hands over text in whole pieces.

Python's own passes on each line of a text by itself, which costs a call of feedparser's slowest
function every time.
"""

from __future__ import annotations

from typing import Any
from xml.sax import SAXException
from xml.sax.expatreader import ExpatParser


class _WholeTexts(ExpatParser):
    _parser: Any

    def reset(self) -> None:
        super().reset()
        self._parser.buffer_text = True
        self._parser.buffer_size = 1 << 16

    def feed(self, data: Any, isFinal: bool = False) -> None:  # noqa: ANN401, N803, FBT - theirs
        try:
            super().feed(data, isFinal)
        except ValueError as exc:  # a namespace with spaces in it; the tolerant parser takes over
            raise SAXException(str(exc)) from exc


def create_parser(*args: Any) -> ExpatParser:  # noqa: ANN401 - the signature of xml.sax drivers
    """Make a parser; `xml.sax.make_parser` calls this."""
    return _WholeTexts(*args)
