"""Who acts and where: which names of a sentence are actors, which are places.

Every name in the sentence is a candidate, and every name of its headline and of the sentence before
it. What can be seen around a name (see `surroundings`) is a set of features;
`config/lexicon/roles.json` gives each a weight for each role, learned from labelled sentences with
a logistic regression and small enough to read. A candidate whose weights and threshold sum to more
than zero has the role.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from monitor.detect.gazetteer import Name
from monitor.detect.lexicon import Lexicon
from monitor.detect.surroundings import View, surroundings
from monitor.messages import Label

Weights = Mapping[str, Mapping[str, float]]
"""Role (`actor`, `place`) and feature to weight. Each role also has a `threshold`, which is added,
and a `margin`: whoever is that much less likely than the best has no role."""


@dataclass(frozen=True)
class Scene:
    """A sentence with one label, and all that is known before its actors are.

    Attributes:
        label: The label.
        sentence: The sentence.
        context: The `title` and the `prev`ious sentence, where there are such.
        cue: Character span of the cue.
        speaker: Character span of the speaker, if any.
    """

    label: Label
    sentence: View
    context: Mapping[str, View]
    cue: tuple[int, int]
    speaker: tuple[int, int] | None


@dataclass(frozen=True)
class Candidate:
    """A name that may have a role.

    Attributes:
        name: The name.
        source: `text`, `title` or `prev`.
        features: What can be seen around it.
    """

    name: Name
    source: str
    features: list[str]


@dataclass(frozen=True)
class Chosen:
    """A code that has a role.

    Attributes:
        code: The code.
        score: Sum of weights, above zero.
        name: The name it is from.
        source: `text`, `title` or `prev`: where the name stands.
        role: `agent`, `denier`, `destination`, `origin` or `scene`.
    """

    code: str
    score: float
    name: Name
    source: str
    role: str


def choose_roles(
    scene: Scene, lexicon: Lexicon, weights: Weights
) -> tuple[list[Chosen], list[Chosen]]:
    """Choose actors, then places, each best first.

    Who acts tells much about where: the places are chosen with the actors known.
    """
    candidates = list(find_candidates(scene, lexicon))
    actors = choose("actor", scene.label, candidates, weights)
    return actors, choose(
        "place", scene.label, informed(scene, candidates, actors, lexicon), weights
    )


def find_candidates(scene: Scene, lexicon: Lexicon) -> Iterator[Candidate]:
    """Yield every name of the sentence, then those that only its context has."""
    family = "denial" if scene.label is Label.DENIAL else "force"
    for place, name in enumerate(scene.sentence.names):
        found = surroundings(scene.sentence, place, scene.cue, scene.speaker, lexicon)
        found += [scene.label, f"{scene.label} {name.kind}", f"code {name.code}"]
        yield Candidate(name, "text", ["*", *_tagged(family, found)])
    known = {name.code for name in scene.sentence.names}
    count = f"own={min(len(known), 3)}"
    for source, view in scene.context.items():
        match = lexicon.cue(scene.label, view.text)
        cue = match.span() if match else (0, 0)
        for place, name in enumerate(view.names):
            if name.code not in known:
                found = surroundings(view, place, cue, None, lexicon)
                found += ["*", count, f"{count} {name.kind}", scene.label]
                found += [f"{count} {feature}" for feature in found[:5]]
                yield Candidate(name, source, _tagged(f"{source} {family}", found))
        known |= {name.code for name in view.names}


def informed(
    scene: Scene, candidates: Iterable[Candidate], actors: Sequence[Chosen], lexicon: Lexicon
) -> Iterator[Candidate]:
    """Yield candidates for places with what the actors tell about each."""
    candidates = list(candidates)
    acting = {chosen.code: chosen.score for chosen in actors}
    idle = {item.name.code for item in candidates if item.source == "text"} - set(acting)
    home = "home" if lexicon.any_word("home").search(scene.sentence.text) else "away"
    for item in candidates:
        score = acting.get(item.name.code, 0.0)
        how = "acts surely" if score > 1.5 else "acts" if score else "idle"
        others = min(len(idle - {item.name.code}), 3)
        told = [
            how,
            f"{how} {item.name.kind}",
            f"{how} others={others}",
            f"actors={min(len(acting), 2)} {how}",
            f"others={others}",
            f"{home} {how} others={others}",
            f"code {item.name.code}",
            f"code {item.name.code} {how}",
        ]
        yield Candidate(item.name, item.source, item.features + _tagged(item.source, told))


def choose(
    role: str, label: Label, candidates: Iterable[Candidate], weights: Weights
) -> list[Chosen]:
    """Choose the codes that have a role, best first; each code once, by its best name."""
    table = weights[role]
    best: dict[str, Chosen] = {}
    for item in candidates:
        score = table["threshold"] + sum(table[one] for one in item.features if one in table)
        code = item.name.code
        if score > 0 and (code not in best or score > best[code].score):
            how = _role(role, label, item.features)
            best[code] = Chosen(code, round(score, 4), item.name, item.source, how)
    ranked = sorted(best.values(), key=lambda chosen: (-chosen.score, chosen.code))
    return [chosen for chosen in ranked if chosen.score > ranked[0].score - table["margin"]]


def _tagged(tag: str, features: Iterable[str]) -> list[str]:
    return [f"{tag}: {feature}" for feature in features]


def _role(role: str, label: Label, features: Iterable[str]) -> str:
    if role == "actor":
        return "denier" if label is Label.DENIAL else "agent"
    text = " ".join(features)
    if "after from" in text:
        return "origin"
    return "destination" if "after to" in text else "scene"
