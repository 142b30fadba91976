"""PURE: what the articles of a run tell: new stories all the time, each by a few outlets.

A load that tells the same few stories again and again has told all its alerts after a minute, and
then a blow on the Slack consumer strikes nobody at work.
"""

from __future__ import annotations

from itertools import product

_TEMPLATES = (
    "{actor} deployed 120 soldiers to {place} on Monday.",
    "{actor} will hold a military exercise in {place} next week.",
    "{actor} denied that its troops had entered {place}.",
)
_ACTORS = (
    "Norway", "Canada", "Portugal", "Sweden", "Denmark", "Spain", "Italy", "Poland", "Greece",
    "Japan", "Brazil", "Chile", "Kenya", "Ghana", "Vietnam", "Austria",
)  # fmt: skip
_PLACES = (
    "Iceland", "Ireland", "New Zealand", "Malta", "Cyprus", "Fiji", "Peru", "Nepal", "Bolivia",
    "Uruguay", "Zambia", "Botswana", "Laos", "Mongolia", "Senegal", "Bahrain", "Estonia", "Latvia",
)  # fmt: skip
# Places change fastest, so that the work is spread over all partitions at any time.
STORIES = tuple((template, a, p) for template, a, p in product(_TEMPLATES, _ACTORS, _PLACES))
_REPORTS = 3
"""Articles of a story, in the same words: the checker need not look into each anew."""

_AT_ONCE = 9
"""Stories that are told side by side."""


def news(number: int) -> str:
    """Return the text of article `number`, always the same.

    Nine stories are told side by side, three times each, then come the next nine; after all stories
    the first come again.
    """
    group, within = divmod(number, _AT_ONCE * _REPORTS)
    template, actor, place = STORIES[(group * _AT_ONCE + within % _AT_ONCE) % len(STORIES)]
    return template.format(actor=actor, place=place)
