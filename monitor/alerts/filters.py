"""Filters on alerts: the keys that severity rules, watches, silences and the CLI share."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from monitor.messages import Alert, Label, Severity, Status, UtcTime

Word = TypeVar("Word", bound=StrEnum)

SEVERITIES = tuple(Severity)
"""From the least to the most severe."""


def severity_rank(severity: Severity) -> int:
    """Return the place of a severity in their order, 0 for the least."""
    return SEVERITIES.index(severity)


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _one_of(kind: type[Word]) -> BeforeValidator:
    def check(value: object) -> object:
        known = [word.value for word in kind]
        for word in value if isinstance(value, (list, tuple)) else (value,):
            if word not in known:
                near = get_close_matches(str(word), known, n=1)
                hint = f", did you mean {near[0]!r}?" if near else ""
                raise ValueError(f"{word!r} is not one of {', '.join(known)}{hint}")
        return value

    return BeforeValidator(check)


_Listed = BeforeValidator(_listed)  # the last validator named runs first
_Labels = Annotated[tuple[Label, ...], _one_of(Label), _Listed]
_Statuses = Annotated[tuple[Status, ...], _one_of(Status), _Listed]
Strings = Annotated[tuple[str, ...], _Listed]
Level = Annotated[Severity, _one_of(Severity)]


class Rules(BaseModel):
    """A table of `config/alerts.toml`: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Filter(Rules):
    """Matchers on an alert: each key that is given must match, each by any of its values."""

    label: _Labels = ()
    status: _Statuses = ()
    """The story's present status."""
    actor: Strings = ()
    """Codes of `config/gazetteer`; capitals do not matter."""
    place: Strings = ()
    """The same."""
    language: Strings = ()
    """Language of a sentence in the evidence, ISO 639-1."""
    outlet: Strings = ()
    """An outlet in the evidence, whole name, capitals do not matter."""

    def matches(self, alert: Alert) -> bool:
        """Tell whether the alert fits every key that is given."""
        return (
            (not self.label or alert.label in self.label)
            and (not self.status or alert.status in self.status)
            and _meet(self.actor, alert.actors)
            and _meet(self.place, alert.places)
            and _meet(self.language, (e.language or "" for e in alert.evidence))
            and _meet(self.outlet, (e.outlet for e in alert.evidence))
        )


def _meet(wanted: tuple[str, ...], there: Iterable[str]) -> bool:
    return not wanted or bool({w.casefold() for w in wanted} & {t.casefold() for t in there})


class Watch(Filter):
    """A named filter that tags alerts; `newsmon alerts` builds one from its options."""

    name: str = Field(min_length=1, max_length=60)
    severity: Level | None = None
    """The least severity that matches."""
    channel: str = ""
    """Where matching alerts go, for instance a Slack channel; empty takes the usual one."""

    def matches(self, alert: Alert) -> bool:
        """Tell whether the alert fits every key that is given and is severe enough."""
        least = severity_rank(self.severity) if self.severity else 0
        return severity_rank(alert.severity) >= least and super().matches(alert)


class Silence(Filter):
    """A filter that holds revisions back for a time; what was held back is told afterwards."""

    name: str = Field(min_length=1, max_length=60)
    start: UtcTime | None = None
    """First moment; empty = since ever."""
    until: UtcTime | None = None
    """First moment after it; empty = for ever."""


class SeverityRule(Filter):
    """One rule; the first that matches decides."""

    level: Level
    min_outlets: int = Field(1, ge=1)
