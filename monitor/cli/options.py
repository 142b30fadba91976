"""Options that every command knows, and what commands share in reading and printing."""

from __future__ import annotations

import argparse
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console

from monitor.settings import Settings, load_settings

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add `--config` and `--data-dir`."""
    group = parser.add_argument_group("common options")
    group.add_argument("--config", type=Path, metavar="FILE", help="settings (TOML)")
    group.add_argument("--data-dir", type=Path, metavar="DIR", help="where newsmon keeps its data")


def settings_of(args: argparse.Namespace, **overrides: object) -> Settings:
    """Read the settings that the command line asks for.

    Raises:
        ConfigError: With every fault found.
    """
    return load_settings(args.config, {"data_dir": args.data_dir, **overrides})


def add_metrics(parser: argparse.ArgumentParser) -> None:
    """Add `--metrics-port`."""
    parser.add_argument(
        "--metrics-port",
        type=port,
        metavar="PORT",
        help="serve /metrics, /healthz and /readyz on this port (default: metrics.port; 0: none)",
    )


def with_metrics(settings: Settings, args: argparse.Namespace) -> Settings:
    """Return the settings with the port that the command line gives, if it gives one."""
    if args.metrics_port is None:
        return settings
    chosen = settings.metrics.model_copy(update={"port": args.metrics_port})
    return settings.model_copy(update={"metrics": chosen})


def port(text: str) -> int:
    """Read a port, for argparse's `type`."""
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= 65_535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port, 0 to 65535")
    return int(text)


def duration(text: str) -> timedelta:
    """Read a duration such as `90s`, `15m`, `24h` or `7d`, for argparse's `type`."""
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration such as 90s, 15m, 24h or 7d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def console() -> Console:
    """Return a console for stdout; on a pipe it is wide and plain, so that no column is cut."""
    return Console() if sys.stdout.isatty() else Console(width=200)


def print_json(value: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Print one JSON value on a line of its own, at once."""
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_UTC_Z) + b"\n")
    sys.stdout.buffer.flush()
