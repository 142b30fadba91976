"""Everything a mention says beside its label: status, actors, places, speaker, claim, quantity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from monitor.detect.details import claim, quantity
from monitor.detect.gazetteer import Gazetteer, load_gazetteer, tokenize
from monitor.detect.language import Language
from monitor.detect.lexicon import Lexicon
from monitor.detect.roles import Chosen, Scene, Weights, choose_roles
from monitor.detect.speaker import Speaker, find_speaker
from monitor.detect.status import (
    Groups,
    StatusWeights,
    choose_status,
    read_groups,
    status_features,
)
from monitor.detect.surroundings import View, look
from monitor.errors import ConfigError
from monitor.messages import Label, Quantity, Status


@dataclass(frozen=True)
class Attributes:
    """What a sentence says about one label.

    Attributes:
        cue: Character span of the words that speak for the label; empty where none was found.
        status: None for a denial.
        actors: Best first.
        places: Best first.
        speaker: Who says it, if the sentence tells.
        claim: For a denial, what is denied.
        quantity: What is moved, if the sentence counts it.
        doubts: Why a reader should be careful with it; see `monitor.detect.doubts`.
    """

    cue: tuple[int, int]
    status: Status | None
    actors: list[Chosen]
    places: list[Chosen]
    speaker: Speaker | None
    claim: str
    quantity: Quantity | None
    doubts: tuple[str, ...] = ()


class Reader:
    """Reads the attributes of sentences.

    Args:
        gazetteer: The names.
        lexicons: The word lists.
        roles: Weights for actors and places.
        groups: Word groups for the status.
        status: Weights for the status.
    """

    def __init__(
        self,
        gazetteer: Gazetteer,
        lexicons: Mapping[Language, Lexicon],
        roles: Weights,
        groups: Groups,
        status: StatusWeights,
    ) -> None:
        self._gazetteer, self._lexicons = gazetteer, lexicons
        self._roles, self._groups, self._status = roles, groups, status

    def view(self, text: str, language: Language, year: int | None = None) -> View:
        """Cut a masked text into tokens and find its names."""
        tokens = tokenize(text)
        names = self._gazetteer.find(text, tokens, language, year)
        return look(text, tokens, names, self._lexicons[language])

    def read(
        self,
        label: Label,
        labels: frozenset[Label],
        sentence: View,
        context: Mapping[str, View],
        language: Language,
        opinion: Mapping[Status, float] | None = None,
    ) -> Attributes:
        """Read the attributes of one label.

        Args:
            label: The label.
            labels: All labels of the sentence.
            sentence: The sentence.
            context: Views of the `title` and the `prev`ious sentence, where there are such.
            language: Of all.
            opinion: The scorer's probabilities for each status, if it has any.
        """
        lexicon = self._lexicons[language]
        cue = lexicon.cue_span(label, sentence.text)
        speaker = find_speaker(sentence, label, lexicon)
        span = (speaker.start, speaker.end) if speaker else None
        scene = Scene(label, sentence, context, cue, span)
        actors, places = choose_roles(scene, lexicon, self._roles)
        denial = label is Label.DENIAL
        event = lexicon.event_span(label, sentence.text, cue)
        features = status_features(sentence, cue, event, label, labels, language, self._groups)
        return Attributes(
            cue,
            None if denial else choose_status(features, self._status, opinion),
            actors,
            places,
            speaker,
            claim(sentence.text, cue, lexicon) if denial else "",
            quantity(sentence.text, lexicon),
        )


def load_reader(config_dir: Path, lexicons: Mapping[Language, Lexicon]) -> Reader:
    """Read gazetteer and weights.

    Raises:
        ConfigError: A file is missing or damaged.
    """
    folder = config_dir / "lexicon"
    gazetteer = load_gazetteer(config_dir / "gazetteer")
    try:
        roles = orjson.loads((folder / "roles.json").read_bytes())
        status = {
            feature: {Status(name): value for name, value in values.items()}
            for feature, values in orjson.loads((folder / "status.json").read_bytes()).items()
        }
    except (OSError, ValueError, AttributeError) as exc:
        raise ConfigError(f"{folder}: weights of the attributes cannot be read ({exc})") from exc
    groups = read_groups(folder / "status.toml")
    return Reader(gazetteer, lexicons, roles, groups, status)
