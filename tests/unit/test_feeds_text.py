"""Markup to plain text, and encodings by evidence."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.encoding import decode, to_utf8
from monitor.feeds.text import clip, html_to_text, title_of, title_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain", "plain"),
        ("<p>One.</p><p>Two.</p>", "One.\nTwo."),
        ("One<br/>two", "One\ntwo"),
        ("a <b>bold</b> move", "a bold move"),
        ("5 < 6 and 7 > 2", "5 < 6 and 7 > 2"),
        ("AT&amp;T &#8212; &laquo;так&raquo;", "AT&T — «так»"),
        ("<script>alert(1)</script>after", "after"),
        ("<style>p{}</style><!-- gone -->after", "after"),
        ("<script>never closed", "never closed"),
        ("before<!-- never closed", "before"),
        ("<img src='x' alt='no'>text", "text"),
        ("a\u200bb\u202ec\ufeff", "abc"),
        ("İ<script>x</script>y", "İy"),
    ],
)
def test_markup_becomes_text(markup: str, text: str) -> None:
    """A line per block, entities resolved, what cannot be seen removed."""
    assert html_to_text(markup).replace("\n\n", "\n").startswith(text)


@pytest.mark.parametrize(
    ("markup", "title"),
    [
        ("A &lt;b&gt;bold&lt;/b&gt; move", "A bold move"),
        ("AT&amp;amp;T", "AT&T"),
        ("Q&A: <i>x</i> &amp; y", "Q&A: x & y"),
        ("1 &lt; 2 and 3 &gt; 2", "1 < 2 and 3 > 2"),
        ("About &lt;example&gt; tags", "About <example> tags"),
        ("line\nbreak   spaces", "line break spaces"),
    ],
)
def test_titles_are_unescaped_twice_and_on_one_line(markup: str, title: str) -> None:
    """Double escaping is undone, a title about markup keeps it."""
    assert title_text(markup) == title


def test_an_item_without_title_is_called_by_its_words() -> None:
    """First the words of a text, then the address."""
    assert (
        title_of("", ["", "<p>Some words.</p><p>More.</p>"], "https://x.example/") == "Some words."
    )
    assert title_of(" ", [], "https://x.example/") == "https://x.example/"
    assert len(title_of("", ["word " * 99], "")) <= 120


@given(st.text())
def test_any_markup_gives_text_without_control_characters(markup: str) -> None:
    """Nothing raises, nothing invisible stays."""
    assert not set(html_to_text(markup)) & {"\x00", "\x1b", "\u202e", "\ufeff", "\r"}


@pytest.mark.parametrize("piece", ["<", "<!--", "<script>", "&lt;", "<a ", "<script", "</", "<!"])
def test_time_is_linear_in_the_input(piece: str) -> None:
    """A megabyte of openings is a matter of a second, not of hours."""
    begin = time.process_time()
    title_text(piece * (1_000_000 // len(piece)))
    assert time.process_time() - begin < 5


@given(st.text(min_size=1), st.integers(1, 50))
def test_clipping_keeps_the_limit(text: str, limit: int) -> None:
    """Never longer than the limit, always a beginning of the text."""
    assert len(clip(text, limit)) <= limit
    assert text.startswith(clip(text, limit))


WORDS = "<?xml version='1.0' encoding='{}'?><rss>Привіт, Київ. Так само.</rss>"


@pytest.mark.parametrize(
    ("stored", "declared"),
    [
        ("utf-8", "iso-8859-1"),
        ("utf-8", "windows-1251"),
        ("cp1251", "windows-1251"),
        ("koi8-u", "koi8-u"),
        ("cp1251", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-8"),
        ("utf-32", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("cp1251", "no-such-encoding"),
    ],
)
def test_the_bytes_decide_before_the_declaration(stored: str, declared: str) -> None:
    """Valid UTF-8 is UTF-8; a false declaration does not turn a text into mojibake."""
    text, _ = decode(WORDS.format(declared).encode(stored))
    assert "Привіт, Київ." in text


def test_latin_text_without_declaration_is_western() -> None:
    """Accents among plain letters are Western European, not Cyrillic."""
    assert "élève près" in decode("<rss>un élève près de là</rss>".encode("latin-1"))[0]


def test_the_header_counts_where_the_bytes_leave_it_open() -> None:
    """A charset in the header beats the one in the document."""
    doc = WORDS.format("iso-8859-1").encode("koi8-u")
    assert "Привіт" in decode(doc, "text/xml; charset=koi8-u")[0]


def test_a_few_broken_bytes_do_not_change_the_alphabet() -> None:
    """One bad byte in a long UTF-8 document is one bad character."""
    doc = ("<rss>" + "Привіт " * 50 + "</rss>").encode().replace(b"\xd1\x82", b"\xd1", 1)
    assert decode(doc)[0].count("Привіт") == 49


@given(st.binary())
def test_any_bytes_become_utf8_that_xml_allows(doc: bytes) -> None:
    """Nothing raises; no forbidden character stays."""
    assert not set(to_utf8(doc).decode()) & {"\x00", "\x06", "\ufffe", "\uffff"}
