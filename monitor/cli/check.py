"""`newsmon check`: every file that a person edits, and the detector, without opening anything."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any

from monitor.alerts import load_policy
from monitor.cli.options import add_common, print_json, settings_of
from monitor.detect import check_detect_config, load_detector
from monitor.errors import ConfigError, NewsmonError
from monitor.feeds.feed import load_feeds
from monitor.kafka.java import find_java
from monitor.kafka.security import read_access
from monitor.settings import CONFIG_DIR, Settings
from monitor.slack.rules import load_rules

Result = tuple[str, list[str], str]
"""Name, faults (empty: all is well), and what was seen where there are none."""


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command."""
    parser = commands.add_parser(
        "check",
        help="check settings, feeds, policy and the detector, opening nothing",
        description="Read every configuration file and the detector's weights and report all "
        "faults at once. Exit 0: all is well; 2: something is not.",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check everything; one fault does not hide the next."""
    settings = settings_of(args)
    sound = True
    for result in results(settings):
        sound = sound and not result[1]
        tell(result, json=args.json)
    return 0 if sound else ConfigError.exit_code


def tell(result: Result, *, json: bool) -> None:
    """Print what became of one check."""
    name, faults, text = result
    if json:
        print_json({"check": name, "ok": not faults, "faults": faults, "text": text})
        return
    print(f"{'BAD' if faults else 'ok '} {name}: {text}".rstrip())
    for fault in faults:
        print(f"      {fault}")


def results(settings: Settings) -> Iterator[Result]:
    """Check each thing: its name, its faults, and what was seen where there are none."""
    checks: dict[str, Callable[[], str]] = {
        "settings": lambda: f"data in {settings.data_dir}",
        "feeds": lambda: f"{len(load_feeds(settings.poll.feeds))} feeds",
        "alerts": lambda: f"{len(load_policy(settings.alert.policy).watches)} watches",
        "slack": lambda: _slack(settings),
        "detector": lambda: f"version {load_detector().version}, its checksum is right",
        "examples": _examples,
        "java": lambda: _java(settings),
        "kafka": lambda: _kafka(settings),
    }
    for name, check in checks.items():
        try:
            yield name, [], check()
        except NewsmonError as exc:
            yield name, str(exc).splitlines(), ""


def _examples() -> str:
    faults = check_detect_config(CONFIG_DIR / "detect.toml")
    if faults:
        raise ConfigError(faults)
    return "every example of config/detect.toml is found as stated"


def _slack(settings: Settings) -> str:
    rules = load_rules(settings.slack.rules)
    state = "on" if settings.slack.enabled else "off: no token and no webhook"
    return f"{len(rules.routes)} routes; {state}"


def _kafka(settings: Settings) -> str:
    if not settings.bootstrap_servers:
        return "the embedded broker"
    access = read_access(settings.kafka)
    return f"{access.protocol}{f' as {access.user}' if access.user else ''}"


def _java(settings: Settings) -> str:
    if settings.bootstrap_servers:
        return "not needed: there is a cluster"
    java = find_java(settings)
    return f"{java.major}, {java.path}"
