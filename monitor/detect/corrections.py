"""An analyst's corrections: `config/detect.toml`, read and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.configfile import read_toml, validate
from monitor.detect.language import LANGUAGES, Language
from monitor.detect.lexicon import Classes, read_classes
from monitor.detect.patterns import compile_pattern
from monitor.errors import ConfigError
from monitor.messages import Label, Status

Threshold = Literal["alert", "search"]
THRESHOLDS: tuple[Threshold, ...] = ("alert", "search")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Correction(_Part):
    """A `never` or `always` pattern."""

    label: Label
    language: Language
    pattern: str = Field(min_length=2, max_length=300)
    why: str = ""


class Expected(_Part):
    """A mention that an example must give; what is left out is not compared."""

    label: Label
    status: Status | None = None
    actors: tuple[str, ...] | None = None
    places: tuple[str, ...] | None = None
    speaker: str | None = None


class Example(_Part):
    """A text and the mentions that it must give, no more and no fewer."""

    text: str
    title: str = ""
    language: Language
    expect: tuple[Expected, ...]


class DetectFile(_Part):
    """The whole file."""

    gate: dict[Language, tuple[str, ...]] = Field(default_factory=dict)
    thresholds: dict[Threshold, dict[Language, dict[Label, float]]] = Field(default_factory=dict)
    never: tuple[Correction, ...] = ()
    always: tuple[Correction, ...] = ()
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True)
class Rule:
    """A compiled correction.

    Attributes:
        name: Where it stands in the file, for the explanation.
        always: Whether it makes a mention or takes one away.
    """

    name: str
    label: Label
    language: Language
    always: bool
    pattern: re.Pattern[str]
    why: str


@dataclass(frozen=True)
class Corrections:
    """Everything the file says, ready for use."""

    gate: Mapping[Language, tuple[str, ...]]
    thresholds: Mapping[Threshold, Mapping[Language, Mapping[Label, float]]]
    rules: tuple[Rule, ...]
    examples: tuple[Example, ...]

    def rule(self, label: Label, language: Language, text: str) -> Rule | None:
        """Return the rule that decides a label for a masked sentence; `never` goes first."""
        for rule in self.rules:
            if rule.label is label and rule.language == language and rule.pattern.search(text):
                return rule
        return None

    def wanted(self, language: Language, text: str) -> bool:
        """Say whether an `always` rule matches, so that the gate must let the sentence pass."""
        return any(
            rule.always and rule.language == language and rule.pattern.search(text)
            for rule in self.rules
        )


def load_corrections(path: Path, lexicon_dir: Path) -> Corrections:
    """Read the file; a missing one corrects nothing.

    Raises:
        ConfigError: All faults, each with file, key and reason.
    """
    if not path.exists():
        return Corrections({}, {}, (), ())
    data = validate(DetectFile, read_toml(path), path)
    classes = {
        language: read_classes(lexicon_dir / "words.toml", language) for language in LANGUAGES
    }
    rules, faults = [], _gate_faults(data, path) + _threshold_faults(data, path)
    for kind, items in (("never", data.never), ("always", data.always)):
        for number, item in enumerate(items):
            key = f"{kind}[{number}]"
            try:
                rules.append(_rule(key, kind == "always", item, classes[item.language]))
            except ValueError as exc:
                faults.append(f"{path}: {key}.pattern: {item.pattern!r}: {exc}")
    if faults:
        raise ConfigError(faults)
    return Corrections({**data.gate}, data.thresholds, tuple(rules), data.examples)


def _rule(key: str, always: bool, item: Correction, classes: Classes) -> Rule:
    pattern = compile_pattern(item.pattern, classes)
    return Rule(key, item.label, item.language, always, pattern, item.why)


def _gate_faults(data: DetectFile, path: Path) -> list[str]:
    return [
        f"{path}: gate.{language}: {word!r}: expected a word beginning of two or more letters"
        for language, words in data.gate.items()
        for word in words
        if not re.fullmatch(r"[\w'.-]{2,}(?: [\w'.-]+)*\|?", word)
    ]


def _threshold_faults(data: DetectFile, path: Path) -> list[str]:
    return [
        f"{path}: thresholds.{which}.{language}.{label}: expected a number from 0 to 1, got {value}"
        for which, languages in data.thresholds.items()
        for language, labels in languages.items()
        for label, value in labels.items()
        if not 0 <= value <= 1
    ]
