"""HTML to plain text, in linear time whatever the input. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape, unescape

# Possessive (`*+`): a name that never ends would otherwise be tried again at each of its lengths.
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]*+)([^<>]*+)>|<[!?/][^<>]*+>")
_ODD_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9:-]*+)[^<>]*+>")
_SPACES = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r" ?\n[\n ]*")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
# Characters that XML forbids, and the ones that hide or reorder text.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e"
    "\u2060\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_DROPPED = frozenset({"script", "style", "noscript", "template", "svg", "iframe", "object"})
_INLINE = frozenset(
    """
    a abbr acronym applet area b base bdi bdo big body button canvas center cite code col data del
    dfn em embed font frame html i iframe input ins kbd label link map mark meta meter noscript
    object output param picture progress q rp rt ruby s samp script select slot small source span
    strike strong style sub summary sup svg template textarea time title track tt u var wbr
    """.split()
)
_BLOCKS = frozenset(
    """
    address article aside blockquote br caption center dd details dialog div dl dt fieldset
    figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr legend li main nav ol option p
    pre section summary table tbody td tfoot th thead tr ul video audio img
    """.split()
)


def html_to_text(markup: str) -> str:
    """Write markup as plain text: tags out, entities resolved, a line per block.

    Scripts, styles and comments vanish. White space is collapsed; invisible and bidi control
    characters are removed.
    """
    text = markup
    if "<" in text:
        text = _without_tags(_without_comments(text), _DROPPED)
    if "&" in text:
        text = unescape(text)
    return tidy(text)


def title_text(markup: str) -> str:
    """Write a title as one plain line; what was escaped twice is unescaped twice."""
    text = html_to_text(_ODD_TAG.sub(_keep_odd, markup))
    # A plain "AT&T <video>" survives: only what still looks like markup is taken for it.
    if _ENTITY.search(text) or _TAG.search(text):
        text = html_to_text(_ODD_TAG.sub(_keep_odd, text))
    return " ".join(text.split())


def title_of(title: str, texts: Iterable[str], url: str) -> str:
    """Write a title; for an item without one the first words of its texts, else its address."""
    plain = title_text(title)
    for text in () if plain else texts:
        line = html_to_text(text).partition("\n")[0]
        if line:
            return line if len(line) <= 120 else f"{line[:119].rsplit(' ', 1)[0]}…"
    return plain or url


def tidy(text: str) -> str:
    """Collapse white space, keep line breaks, remove characters that cannot be seen."""
    text = _UNSEEN.sub("", text.replace("\r", "\n").replace("\t", " "))
    return _BREAKS.sub("\n", _SPACES.sub(" ", text)).strip()


def clip(text: str, limit: int) -> str:
    """Cut a text to at most `limit` characters, at a space where one is near."""
    if len(text) <= limit:
        return text
    cut = text.rfind(" ", limit - 100, limit)
    return text[: cut if cut > 0 else limit].rstrip()


def _keep_odd(match: re.Match[str]) -> str:
    """Keep what looks like a tag but is none of HTML: a title may be *about* `<example>`."""
    name = match[1].lower()
    return match[0] if name in _BLOCKS or name in _INLINE or ":" in name else escape(match[0])


def _without_tags(text: str, dropped: frozenset[str]) -> str:
    parts, at = [], 0
    inside, opened = "", 0
    for match in _TAG.finditer(text):
        name = (match[2] or "").lower()
        if inside:
            if name == inside and match[1]:
                inside, at = "", match.end()
            continue
        parts.append(text[at : match.start()])
        at = match.end()
        if name in dropped and not match[1] and not match[3].endswith("/"):
            inside, opened = name, at
        elif name in _BLOCKS:
            parts.append("\n")
    if inside:  # never closed, so what follows is text after all; this happens once per name
        parts.append(_without_tags(text[opened:], dropped - {inside}))
    else:
        parts.append(text[at:])
    return "".join(parts)


def _without_comments(text: str) -> str:
    parts, at = [], 0
    while (start := text.find("<!--", at)) >= 0:
        parts.append(text[at:start])
        end = text.find("-->", start + 4)
        if end < 0:
            return "".join(parts)
        at = end + 3
    return "".join([*parts, text[at:]])
