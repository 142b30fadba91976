"""`newsmon up` whose broker names a proxy as its address; for the control run without guards.

    python -m tests.chaos.up --proxy PORT [--no-guards] up ARGUMENTS

Clients find the broker at its own port, are told the proxy's port, and use that from then on.
"""

from __future__ import annotations

import argparse
import re
import sys
from typing import Any

from monitor.cli import main as newsmon
from monitor.kafka.node import HOST, Node
from monitor.supervisor import roles

_ADVERTISED = re.compile(r"^advertised\.listeners=.*$", re.MULTILINE)


def _come_through(proxy_port: int) -> None:
    """Have nodes write into their configuration that clients find them at the proxy."""
    configure = Node.configure

    def configure_proxied(node: Node, *ports: Any) -> None:
        configure(node, *ports)
        path = node.folder / "server.properties"
        line = f"advertised.listeners=PLAINTEXT://{HOST}:{proxy_port}"
        text, changed = _ADVERTISED.subn(line, path.read_text("ascii"))
        if changed != 1:
            raise ValueError(f"{path}: {changed} lines of advertised listeners, expected 1")
        path.write_text(text, "ascii")

    Node.configure = configure_proxied


def _without_guards() -> None:
    """Have stock workers started instead of newsmon's."""
    role = roles._role

    def stock(name: str, command: str, *options: str) -> roles.Role:
        if command != "worker":
            return role(name, command, *options)
        return roles.Role(name, (sys.executable, "-m", "tests.chaos.unguarded", *options))

    roles._role = stock


def main() -> int:
    """Run `newsmon` with the changes."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.up")
    parser.add_argument("--proxy", type=int, required=True, metavar="PORT")
    parser.add_argument("--no-guards", action="store_true")
    parser.add_argument("rest", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    _come_through(args.proxy)
    if args.no_guards:
        _without_guards()
    return newsmon(args.rest)


if __name__ == "__main__":
    sys.exit(main())
