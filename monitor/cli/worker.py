"""`newsmon worker`: the Faust agents, one process."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from monitor.cli.options import add_common, add_metrics


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command."""
    parser = commands.add_parser("worker", help="run one role: the Faust agents")
    parser.add_argument("--instance", help="name of this worker among its kind, for quick restarts")
    add_metrics(parser)
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Become the worker process: nothing in `monitor` imports the agents."""
    words = [
        word
        for option in ("instance", "metrics_port", "config", "data_dir")
        if (value := getattr(args, option)) is not None
        for word in (f"--{option.replace('_', '-')}", str(value))
    ]
    os.execv(sys.executable, [sys.executable, "-m", "agents", *words])  # noqa: S606
