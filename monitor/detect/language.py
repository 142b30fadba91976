"""Which of the three languages a text is in."""

from __future__ import annotations

import re
from typing import Literal

Language = Literal["en", "ru", "uk"]
LANGUAGES: tuple[Language, ...] = ("en", "ru", "uk")

_SAMPLE = 4000
_LATIN, _CYRILLIC = re.compile(r"[A-Za-zÀ-ž]"), re.compile(r"[\u0400-\u04ff]")
_UKRAINIAN, _RUSSIAN = re.compile(r"[іїєґІЇЄҐ]"), re.compile(r"[ыэёъЫЭЁЪ]")
_FOREIGN = re.compile(r"[ўјљњџћђѕќѓәңғүұқөһӣӯҳҷ]", re.IGNORECASE)
_WORDS: dict[Language, re.Pattern[str]] = {
    "en": re.compile(r"\b(?:the|of|and|to|in|is|has|for|that|on|says?|with)\b", re.IGNORECASE),
    "ru": re.compile(r"\b(?:и|что|на|не|как|это|из|по|его|также|были?|войска)\b", re.IGNORECASE),
    "uk": re.compile(r"\b(?:та|що|на|не|як|це|із|за|його|також|були?|війська)\b", re.IGNORECASE),
}


def language_of(text: str, declared: str | None = None) -> Language | None:
    """Choose the language: the declared one if it is ours, else a guess by letters.

    A declared Russian or Ukrainian yields to the letters that only the other one has: bilingual
    outlets declare one language for all their items. A declared other language is believed where
    the letters do not speak against it.

    Returns:
        `en`, `ru`, `uk`, or None for any other language.
    """
    code = (declared or "").replace("_", "-").split("-")[0].strip().lower()
    guess = _guess(text[:_SAMPLE])
    if code in LANGUAGES and (guess is None or (code == "en") == (guess == "en")):
        return guess or _known(code)
    if code.isalpha() and len(code) in (2, 3) and code not in LANGUAGES and code != "und":
        return None
    return guess


def _known(code: str) -> Language | None:
    return next((language for language in LANGUAGES if language == code), None)


def _guess(sample: str) -> Language | None:
    latin, cyrillic = len(_LATIN.findall(sample)), len(_CYRILLIC.findall(sample))
    if cyrillic > latin:
        return _guess_cyrillic(sample)
    words = sample.split()
    # English is the only language here in Latin letters: ask for its small words.
    if latin and (len(words) < 6 or len(_WORDS["en"].findall(sample)) * 25 >= len(words)):
        return "en"
    return None


def _guess_cyrillic(sample: str) -> Language | None:
    ukrainian, russian = len(_UKRAINIAN.findall(sample)), len(_RUSSIAN.findall(sample))
    if len(_FOREIGN.findall(sample)) > max(2, len(sample) // 200):
        return None
    if ukrainian != russian:
        return "uk" if ukrainian > russian else "ru"
    more_uk = len(_WORDS["uk"].findall(sample)) > len(_WORDS["ru"].findall(sample))
    return "uk" if more_uk else "ru"
