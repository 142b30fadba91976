"""PURE: `config/slack.toml`: which channel, when, and what is folded.

`load_rules` is the one place of this room that reads configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, field_validator

from monitor.alerts.filters import Filter, Level, Rules, Strings, severity_rank
from monitor.configfile import read_toml, validate
from monitor.messages import Alert, Severity, UtcTime


def _clock(value: object) -> object:
    return time.fromisoformat(value) if isinstance(value, str) else value


Clock = Annotated[time, BeforeValidator(_clock)]


class Route(Filter):
    """Where alerts go; the first that matches decides."""

    watch: Strings = ()
    """Names of watches of `alerts.toml`, any of them."""
    severity: Level | None = None
    """The least severity."""
    channel: str = ""
    """Channel id or name; empty is the usual one."""
    discard: bool = False
    """Do not tell Slack at all."""

    def matches(self, alert: Alert) -> bool:
        """Tell whether the alert fits every key that is given."""
        least = severity_rank(self.severity) if self.severity else 0
        return (
            severity_rank(alert.severity) >= least
            and (not self.watch or bool(set(self.watch) & set(alert.watches)))
            and super().matches(alert)
        )


class Mute(Filter):
    """Holds alerts back until it expires; then they come in a digest."""

    name: str = Field(min_length=1, max_length=60)
    reason: str = ""
    until: UtcTime
    """First moment after it: a mute without an end is a loss."""


class Quiet(Rules):
    """Hours in which only what is severe is told; the rest comes in a digest at their end."""

    start: Clock | None = None
    """Empty: no quiet hours."""
    end: Clock = time(7, 0)
    zone: str = "UTC"
    """IANA name, e.g. `Europe/Berlin`."""
    severity: Level = Severity.HIGH
    """This and above is told all the same."""

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ValueError, OSError, KeyError) as exc:
            raise ValueError("expected a time zone such as 'UTC' or 'Europe/Berlin'") from exc
        return zone


class Fold(Rules):
    """When single messages become a digest; critical alerts are never folded."""

    over: int = Field(5, ge=1)
    """More alerts than this waiting for a channel are folded."""
    after_seconds: float = Field(60, gt=0)
    """So are those of which one waits longer than this."""
    rows: int = Field(10, ge=1, le=30)
    """Stories with a row of their own."""
    most: int = Field(50, ge=2, le=200)
    """Revisions in one digest."""
    low_minutes: float = Field(0, ge=0, le=1440)
    """Gather alerts of low severity for this long; 0 tells them at once."""


class SlackRules(Rules):
    """All of `config/slack.toml`."""

    web_url: str = ""
    """Address under which readers reach `newsmon web`, for the button to the story."""
    messages_per_second: float = Field(1.0, gt=0, le=1000)
    """Calls a second and channel; Slack allows one."""
    timeout: float = Field(10, gt=0, le=60)
    """Seconds for one call."""
    settle_seconds: float = Field(2, gt=0, le=60)
    """Pause after an unclear outcome, before Slack is asked what it has; doubled up to a minute."""
    probe_seconds: float = Field(300, gt=0)
    """A route that was stopped is tried again after this."""
    first_hours: float = Field(24, ge=0)
    """On the very first start older alerts are skipped; 0 skips nothing."""
    resend_unsure: bool = True
    """With a webhook: send again where Slack did not confirm; false takes the loss instead."""
    routes: tuple[Route, ...] = ()
    mutes: tuple[Mute, ...] = ()
    quiet: Quiet = Quiet()
    fold: Fold = Fold()


def load_rules(path: Path) -> SlackRules:
    """Read and check the rules.

    Raises:
        ConfigError: The file cannot be read or has faults; each names file, key, what was expected.
    """
    return validate(SlackRules, read_toml(path), path)


def channel_of(
    alert: Alert, rules: SlackRules, usual: str, of_watch: Mapping[str, str]
) -> str | None:
    """Return where an alert goes; None where a route discards it.

    Args:
        alert: The alert.
        rules: Their first route that matches decides.
        usual: The channel of the settings.
        of_watch: Channel by watch, from `alerts.toml`; asked when no route matches.
    """
    for route in rules.routes:
        if route.matches(alert):
            return None if route.discard else route.channel or usual
    return next((of_watch[name] for name in alert.watches if of_watch.get(name)), usual)


def held_until(alert: Alert, rules: SlackRules, now: datetime) -> datetime | None:
    """Return until when an alert is held back by a mute or by quiet hours; None for not at all."""
    ends = [mute.until for mute in rules.mutes if now < mute.until and mute.matches(alert)]
    if severity_rank(alert.severity) < severity_rank(rules.quiet.severity):
        ends.append(quiet_end(rules.quiet, now) or now)
    return max((end for end in ends if end > now), default=None)


def quiet_end(quiet: Quiet, now: datetime) -> datetime | None:
    """Return the end of the quiet hours that `now` lies in; None outside of them.

    The start is quiet, the end is not; hours over midnight are fine.
    """
    if quiet.start is None or quiet.start == quiet.end:
        return None
    local = now.astimezone(ZoneInfo(quiet.zone))
    clock = local.time()
    over_midnight = quiet.start > quiet.end
    inside = (
        clock >= quiet.start or clock < quiet.end
        if over_midnight
        else quiet.start <= clock < quiet.end
    )
    if not inside:
        return None
    tomorrow = over_midnight and clock >= quiet.start
    day = local.date() + timedelta(days=int(tomorrow))
    return datetime.combine(day, quiet.end, local.tzinfo).astimezone(now.tzinfo)


def gathered_until(alert: Alert, rules: SlackRules, came: datetime) -> datetime:
    """Return when an alert that came in is ready to be told, mutes and quiet hours aside."""
    if alert.severity == Severity.LOW:
        return came + timedelta(minutes=rules.fold.low_minutes)
    return came
