"""`newsmon status`: what is running on a data directory."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any

from monitor.cli.options import add_common, print_json, settings_of
from monitor.stats.table import ago
from monitor.supervisor.state import read_state


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command."""
    parser = commands.add_parser("status", help="say what is running (exit 1: nothing, or not all)")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the roles; return 0 when all of them run."""
    settings = settings_of(args)
    state = read_state(settings.data_dir)
    if args.json:
        print_json(
            {
                "data_dir": str(settings.data_dir),
                "bootstrap_servers": state.bootstrap_servers if state else "",
                "pid": state.pid if state else None,
                "started_at": state.started_at if state else None,
                "roles": [role.model_dump() for role in state.roles] if state else [],
            }
        )
    elif state is None:
        print(f"nothing runs on {settings.data_dir}")
    else:
        print(
            f"up for {ago(state.started_at, datetime.now(UTC))}, broker {state.bootstrap_servers}"
        )
        for role in state.roles:
            again = f", started again {role.restarts} times" if role.restarts else ""
            print(f"  {role.name:<10} {role.state:<8} pid {role.pid or '-'}{again}")
    return 0 if state and all(role.state == "running" for role in state.roles) else 1
