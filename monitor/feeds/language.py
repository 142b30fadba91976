"""Languages: ISO 639-1 codes from tags, and from the text itself."""

from __future__ import annotations

from functools import lru_cache
from typing import Any


def language_code(value: str | None) -> str | None:
    """Shorten a language tag such as `en-US` to its ISO 639-1 code; None where it is none."""
    code = (value or "").strip().lower().replace("_", "-").split("-")[0]
    code = _THREE_LETTERS.get(code, code)
    return code if len(code) == 2 and code.isascii() and code in _LANGUAGES else None


_THREE_LETTERS = {"eng": "en", "rus": "ru", "ukr": "uk", "ger": "de", "deu": "de", "fra": "fr"}
_LANGUAGES = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv
    cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr
    ht hu hy hz ia id ie ig ii ik io is it iu iw ja jv ka kg ki kj kk kl km kn ko kr ks ku kv
    kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr
    nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq
    sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh
    yi yo za zh zu
    """.split()
)


def detect_language(text: str) -> str | None:
    """Find the language of a text by its letters; None for fewer than three words' worth.

    The first call loads a model (half a second or more), so call it in a worker process.
    """
    sample = text[:600].strip()
    if sum(map(str.isalpha, sample)) < 12:
        return None
    return language_code(str(_model().classify(sample)[0]))


def load_model() -> None:
    """Load the model now, where it is not loaded yet."""
    _model()


def model_loaded() -> bool:
    """Tell whether the next text is quick."""
    return _model.cache_info().currsize > 0


@lru_cache(maxsize=1)
def _model() -> Any:  # noqa: ANN401 - an untyped library
    import py3langid  # heavy: only the processes that need it pay for it

    return py3langid
