"""The analyst's rules: `config/alerts.toml`, checked.

`load_policy` is the one place of this room that reads files.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from pydantic import Field, field_validator, model_validator

from monitor.alerts.filters import Filter, Level, Rules, SeverityRule, Silence, Strings, Watch
from monitor.configfile import read_toml, validate
from monitor.errors import ConfigError
from monitor.messages import UNKNOWN_PLACE, Severity
from monitor.settings import CONFIG_DIR


class StoryRules(Rules):
    """Which mentions are one story."""

    gap_hours: float = Field(24, gt=0, le=240)
    """A report that comes later than this after the story's last one begins a new story."""
    span_hours: float = Field(72, gt=0, le=720)
    """No story covers more than this from its first to its last report."""
    link_hours: float = Field(72, gt=0, le=240)
    """How far a denial and its claim may lie apart."""
    near: float = Field(0.5, ge=0, le=1)
    """How much words, actors, status and article must add up to for a report to join a story."""
    denial_words: float = Field(0.3, ge=0, le=1)
    """Share of common words that links a denial with a claim whose parties do not tell."""


class AlertRules(Rules):
    """When a story is told."""

    min_outlets: int = Field(1, ge=1, le=50)
    """Independent outlets before the first alert; copies of a sentence are not independent."""
    doubtful_outlets: int = Field(2, ge=1, le=50)
    """The same where each report is doubtful: has `Mention.doubts`, or a low score."""
    sure_score: float = Field(0.5, ge=0, le=1)
    """A report with a lower score is doubtful."""
    trusted: Strings = ()
    """Outlets that need no second one, doubts or not."""
    quiet_minutes: float = Field(0, ge=0, le=10_080)
    """Pause between two revisions of a story for a new outlet, actor or place."""
    severity: Level = Severity.LOW
    """Where no severity rule matches."""


class BurstRules(Rules):
    """What an unusual rate is."""

    window_hours: int = Field(3, ge=1, le=24)
    min_outlets: int = Field(3, ge=1)
    min_stories: int = Field(3, ge=1)
    probability: float = Field(1e-5, gt=0, lt=0.5)
    """Upper tail below which a number of stories is unusual."""
    cooldown_hours: float = Field(48, ge=0)
    history_hours: int = Field(168, ge=24, le=672)
    """Age of a key before it can burst: without a history nothing is unusual."""


class Policy(Rules):
    """All of `config/alerts.toml`."""

    stories: StoryRules = StoryRules()
    alerts: AlertRules = AlertRules()
    bursts: BurstRules = BurstRules()
    severity: tuple[SeverityRule, ...] = ()
    watches: tuple[Watch, ...] = ()
    silences: tuple[Silence, ...] = ()

    @field_validator("watches")
    @classmethod
    def _distinct(cls, watches: tuple[Watch, ...]) -> tuple[Watch, ...]:
        names = [watch.name for watch in watches]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two watches are called {name!r}")
        return watches

    @model_validator(mode="after")
    def _reach(self) -> Policy:
        if self.stories.span_hours < self.stories.gap_hours:
            raise ValueError("stories.span_hours must be at least stories.gap_hours")
        return self


def load_policy(path: Path) -> Policy:
    """Read and check the policy file.

    Raises:
        ConfigError: The file cannot be read or has faults; each names file, line, key, what was
            expected and the nearest known word.
    """
    data = read_toml(path)
    try:
        policy = validate(Policy, data, path)
        faults = _code_faults(policy, path)
        if faults:
            raise ConfigError(faults)
    except ConfigError as exc:
        lines = path.read_text("utf-8").splitlines()
        raise ConfigError([_with_line(fault, path, lines) for fault in exc.faults]) from exc
    return policy


def unknown_codes(entry: Filter) -> list[tuple[str, str]]:
    """Name the codes of a filter that `config/gazetteer` does not have.

    Returns:
        For each the key, `actor` or `place`, and what is wrong with it.
    """
    if not entry.actor and not entry.place:
        return []
    by_fold = {code.casefold(): code for code in known_codes()}
    faults = []
    for key, codes in (("actor", entry.actor), ("place", entry.place)):
        for code in codes:
            if code.casefold() not in by_fold:
                near = get_close_matches(code.casefold(), by_fold, n=1)
                hint = f", did you mean {by_fold[near[0]]!r}?" if near else ""
                text = f"{code!r} is no code of config/gazetteer, expected for instance 'UA' or"
                faults.append((key, f"{text} 'NATO'{hint}"))
    return faults


@cache
def known_codes() -> list[str]:
    """Return every code of `config/gazetteer`, and that of an unknown place."""
    tables = ("countries", "groups", "seas")
    return [UNKNOWN_PLACE] + [
        code for table in tables for code in read_toml(CONFIG_DIR / "gazetteer" / f"{table}.toml")
    ]


def _code_faults(policy: Policy, path: Path) -> list[str]:
    tables: dict[str, Sequence[Filter]] = {
        "severity": policy.severity,
        "watches": policy.watches,
        "silences": policy.silences,
    }
    return [
        f"{path}: {table}[{index}].{key}: {text}"
        for table, filters in tables.items()
        for index, entry in enumerate(filters)
        for key, text in unknown_codes(entry)
    ]


def _with_line(fault: str, path: Path, lines: list[str]) -> str:
    key, _, text = fault.removeprefix(f"{path}: ").partition(": ")
    number = _line_of(key, lines)
    return f"{path}:{number}: {key}: {text}" if number else fault


def _line_of(key: str, lines: list[str]) -> int:
    """Find the line of a dotted key such as `watches[1].label[0]`; 0 where there is none."""
    parts = re.match(r"(\w+)(?:\[(\d+)\])?(?:\.([\w-]+))?", key)
    if not parts:
        return 0
    table, index, name = parts[1], int(parts[2] or 0), parts[3]
    header = re.compile(rf"\s*\[\[?\s*{re.escape(table)}\s*\]")
    begins = [n for n, line in enumerate(lines) if header.match(line)]
    if len(begins) <= index:
        return next((n for n, ln in enumerate(lines, 1) if re.match(rf"\s*{table}\s*=", ln)), 0)
    begin = begins[index]
    for number in range(begin + 1, len(lines)):
        if re.match(r"\s*\[", lines[number]):
            break
        if name and re.match(rf"\s*[\"']?{re.escape(name)}[\"']?\s*=", lines[number]):
            return number + 1
    return begin + 1
