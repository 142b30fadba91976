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
    """

    text: str
    tokens: Sequence[Token]
    names: Sequence[Name]


def surroundings(
    view: View,
    name: Name,
    cue: tuple[int, int],
    speaker: tuple[int, int] | None,
    lexicon: Lexicon,
) -> list[str]:
    """Return the features of a name in a text.

    Args:
        view: The text.
        name: One of its names.
        cue: Character span of the cue; (0, 0) where there is none.
        speaker: Character span of the speaker, if known.
        lexicon: Of the language.
    """
    first, last = _row(view, name, lexicon)
    kind = "region" if name.code == "Europe" else str(name.kind)
    before, behind = _preposition(view, first, lexicon), _behind(view, last, lexicon)
    side = _side(last if last.end <= cue[0] else first, cue)
    order = _order(view, first)
    found = [kind, before, behind, side, order]
    found += [f"{kind} {other}" for other in (before, behind, side)]
    found += [f"{side} {order}", f"{before} {side}", f"{before} {behind}", f"{behind} {side}"]
    found += _rivals(view, name, behind, cue, lexicon)
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


def _rivals(
    view: View, name: Name, behind: str, cue: tuple[int, int], lexicon: Lexicon
) -> list[str]:
    """Say how a name stands among the other names of the text."""
    others = [other for other in view.names if other.code != name.code]
    if not others:
        return ["alone"]
    found = []
    if len(others) + 1 < len(view.names):
        found.append("named twice")
    governed = {_preposition(view, other, lexicon) for other in others}
    before = _preposition(view, name, lexicon)
    kinds = ("after in", "after near", "after to")
    found += [f"a rival {rival} {before}" for rival in kinds if rival in governed]
    force = any(
        other.kind is Kind.FORCE or _behind(view, other, lexicon) == "then force"
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
        and _behind(view, _row(view, other, lexicon)[1], lexicon) in {"then aux", "then move"}
        and _preposition(view, other, lexicon) == "bare"
        for other in view.names
    )


def _row(view: View, name: Name, lexicon: Lexicon) -> tuple[Name, Name]:
    """Return the ends of the row of names that a name stands in: "the US, the UK and Canada"."""
    first = last = view.names.index(name)
    while first > 0 and _joined(view, first - 1, lexicon):
        first -= 1
    while last + 1 < len(view.names) and _joined(view, last, lexicon):
        last += 1
    return view.names[first], view.names[last]


def _joined(view: View, place: int, lexicon: Lexicon) -> bool:
    left, right = view.names[place], view.names[place + 1]
    between = view.tokens[left.last + 1 : right.first]
    joining = lexicon.words("joining") | {","}
    return 0 < len(between) <= 3 and all(token.text.lower() in joining for token in between)


def _preposition(view: View, name: Name, lexicon: Lexicon) -> str:
    """Return the small word that governs a name, looking back over other names and adjectives."""
    stops, ends = lexicon.words("stops"), {other.last for other in view.names}
    for place in range(name.first - 1, max(-1, name.first - _NEAR_TOKENS), -1):
        word = view.tokens[place].text.lower()
        if group := lexicon.prepositions.get(word):
            return f"after {group}"
        if word in stops or (word in _CLAUSE and place - 1 not in ends):
            break
    return "bare"


def _behind(view: View, name: Name, lexicon: Lexicon) -> str:
    """Say what follows a name: its forces, its officials, a verb of speech, a tie such as -led."""
    following = [token.text.lower() for token in view.tokens[name.last + 1 : name.last + 5]]
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


def _order(view: View, name: Name) -> str:
    if name.first <= 1:
        return "opens"
    return "first" if view.names[0] == name else "later"
