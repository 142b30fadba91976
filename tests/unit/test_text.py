"""Text of strangers on a terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.text import plain


@given(st.text())
def test_nothing_unprintable_passes(text: str) -> None:
    """No control, escape, bidi or private character is left."""
    assert all(char.isprintable() for char in plain(text))


def test_escape_sequences_lose_their_teeth() -> None:
    """A title cannot move the cursor or turn the text around."""
    assert plain("a\x1b[2Jb\u202ec\nd") == "a[2Jbc d"
