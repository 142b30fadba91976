"""What can be seen around a name: the features that tell actors from places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.detect.gazetteer import Kind, Name, Token
from monitor.detect.lexicon import Lexicon

_NEAR_TOKENS, _NEAR_CHARS = 6, 25
_CLAUSE = frozenset(",.;:—–")


@dataclass(frozen=True)
class View:
    """A text made ready to be looked at.

    Attributes:
        text: The masked text.
        tokens: Its words and marks.
        names: The names found in it.
        before: The kind of small word that governs each name.
        behind: What follows each name.
    """

    text: str
    tokens: Sequence[Token]
    names: Sequence[Name]
    before: Sequence[str]
    behind: Sequence[str]


def look(text: str, tokens: Sequence[Token], names: Sequence[Name], lexicon: Lexicon) -> View:
    """Make a view, with what stands around each name."""
    ends = {name.last for name in names}
    return View(
        text,
        tokens,
        names,
        [_preposition(tokens, name, ends, lexicon) for name in names],
        [_behind(tokens, name, lexicon) for name in names],
    )


def surroundings(
    view: View,
    place: int,
    cue: tuple[int, int],
    speaker: tuple[int, int] | None,
    lexicon: Lexicon,
) -> list[str]:
    """Return the features of a name in a text.

    Args:
        view: The text.
        place: Which of its names.
        cue: Character span of the cue; (0, 0) where there is none.
        speaker: Character span of the speaker, if known.
        lexicon: Of the language.
    """
    name, (first, last) = view.names[place], _row(view, place, lexicon)
    kind = "region" if name.code == "Europe" else str(name.kind)
    before, behind = view.before[first], view.behind[last]
    side = _side(view.names[last if view.names[last].end <= cue[0] else first], cue)
    order = _order(view, first)
    found = [kind, before, behind, side, order]
    found += [f"{kind} {other}" for other in (before, behind, side)]
    found += [f"{side} {order}", f"{before} {side}", f"{before} {behind}", f"{behind} {side}"]
    found += _rivals(view, place, behind, cue)
    if _has_subject(view, name, cue, lexicon):
        found += [
            "a rival is subject",
            f"a rival is subject {side}",
            f"a rival is subject {before}",
        ]
    if speaker and speaker[0] <= name.start < speaker[1]:
        found += ["in speaker", f"in speaker {behind}"]
    if not name.in_office:
        found.append("out of office")
    return found


def _rivals(view: View, place: int, behind: str, cue: tuple[int, int]) -> list[str]:
    """Say how a name stands among the other names of the text."""
    name, before = view.names[place], view.before[place]
    others = [at for at, other in enumerate(view.names) if other.code != name.code]
    if not others:
        return ["alone"]
    found = []
    if len(others) + 1 < len(view.names):
        found.append("named twice")
    governed = {view.before[other] for other in others}
    kinds = ("after in", "after near", "after to")
    found += [f"a rival {rival} {before}" for rival in kinds if rival in governed]
    force = any(
        view.names[other].kind is Kind.FORCE or view.behind[other] == "then force"
        for other in others
    )
    if force:
        found += ["a rival has forces", f"a rival has forces {behind}"]
    closer = [other for other in view.names if name.end <= other.start < cue[0]]
    if name.end <= cue[0] and not closer:
        found += ["last before the cue", f"last before the cue {behind}"]
    return found


def _has_subject(view: View, name: Name, cue: tuple[int, int], lexicon: Lexicon) -> bool:
    """Say whether another name is the subject of the cue: before it, ungoverned, a verb behind."""
    return any(
        other.code != name.code
        and other.end <= cue[0]
        and other.kind in _SUBJECTS
        and view.before[place] == "bare"
        and view.behind[_row(view, place, lexicon)[1]] in {"then aux", "then move"}
        for place, other in enumerate(view.names)
    )


def _row(view: View, place: int, lexicon: Lexicon) -> tuple[int, int]:
    """Return the ends of the row of names that a name stands in: "the US, the UK and Canada"."""
    first = last = place
    while first > 0 and _joined(view, first - 1, lexicon):
        first -= 1
    while last + 1 < len(view.names) and _joined(view, last, lexicon):
        last += 1
    return first, last


def _joined(view: View, place: int, lexicon: Lexicon) -> bool:
    left, right = view.names[place], view.names[place + 1]
    between = view.tokens[left.last + 1 : right.first]
    joining = lexicon.words("joining")
    return 0 < len(between) <= 3 and all(
        token.text == "," or token.text.lower() in joining for token in between
    )


def _preposition(tokens: Sequence[Token], name: Name, ends: set[int], lexicon: Lexicon) -> str:
    """Return the small word that governs a name, looking back over other names and adjectives."""
    stops = lexicon.words("stops")
    for place in range(name.first - 1, max(-1, name.first - _NEAR_TOKENS), -1):
        word = tokens[place].text.lower()
        if group := lexicon.prepositions.get(word):
            return f"after {group}"
        if word in stops or (word in _CLAUSE and place - 1 not in ends):
            break
    return "bare"


def _behind(tokens: Sequence[Token], name: Name, lexicon: Lexicon) -> str:
    """Say what follows a name: its forces, its officials, a verb of speech, a tie such as -led."""
    following = [token.text.lower() for token in tokens[name.last + 1 : name.last + 5]]
    if following[:1] == ["-"] and following[1:2]:
        return "tied" if following[1] in lexicon.words("ties") else "hyphen"
    owner = following[:2] == ["'", "s"]
    words = following[2:] if owner else following
    for number, word in enumerate(words[:3]):
        if word in _CLAUSE or lexicon.prepositions.get(word, "border") != "border":
            break
        for group, pattern in lexicon.followers.items():
            if pattern.fullmatch(word) and (number == 0 or group not in _NEXT_ONLY):
                return f"then {group}"
    return "owner" if owner else "then other"


_SUBJECTS = frozenset({Kind.NAME, Kind.CAPITAL, Kind.SEAT, Kind.GROUP, Kind.LEADER})
_NEXT_ONLY = frozenset({"aux", "move"})


def _side(name: Name, cue: tuple[int, int]) -> str:
    if cue == (0, 0):
        return "no cue"
    if name.end <= cue[0]:
        return "before near" if cue[0] - name.end < _NEAR_CHARS else "before far"
    if name.start >= cue[1]:
        return "behind near" if name.start - cue[1] < _NEAR_CHARS else "behind far"
    return "inside"


def _order(view: View, place: int) -> str:
    if view.names[place].first <= 1:
        return "opens"
    return "later" if place else "first"
