"""PURE: text of strangers, made safe to show."""

from __future__ import annotations


def plain(text: str) -> str:
    """Make text safe for a terminal: no control, escape, bidi or invisible characters.

    Tabs and line breaks become spaces.
    """
    return "".join(
        char if char.isprintable() else " "
        for char in text
        if char.isprintable() or char in "\t\r\n"
    )
