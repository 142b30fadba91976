"""The command line: one module per command, each thin.

A command module has `register(commands)`, which adds its sub-parser, and `run(args)`, which
returns the exit code: 0 done, 1 failed, 2 wrong usage or configuration. Modules are imported only
when their command is the one that was asked for, so that `newsmon --help` is quick.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import NoReturn

from monitor.errors import NewsmonError

COMMANDS: dict[str, str] = {
    "up": "run everything on this machine: broker, topics, poller, workers, sinks",
    "demo": "show the whole flow in a minute, on invented feeds, without internet",
    "poll": "run one role: poll the feeds",
    "worker": "run one role: the Faust agents (detect, alert, count)",
    "alerts": "print alerts, and follow them",
    "story": "show the whole thread of a story, with evidence",
    "trace": "follow one article from its topic to Slack",
    "stats": "print the rolling counts",
    "top": "the live view on the terminal: counts, alerts, stories, feeds",
    "web": "run one role: the web page and the JSON API",
    "slack": "run one role: tell Slack; try it with `slack demo` and `slack test`",
    "detect": "find mentions in articles given as JSON lines",
    "explain": "say why a sentence is or is not a mention",
    "parse": "parse feeds given as JSON lines",
    "feeds": "list, check and import feeds",
    "watch": "list the watches, and try changed rules on kept mentions",
    "topics": "list the topics, and create them",
    "dead-letters": "list what could not be read, and send it back",
    "replay": "detect again in kept articles, and publish what is new",
    "reset": "make the workers' tables anew from kept mentions",
    "schema": "print the contract: JSON Schema of a message, or AsyncAPI of all",
    "kafka": "the embedded broker: fetch, start, stop, verify, bundle",
    "check": "check settings, feeds, policy and the detector, opening nothing",
    "doctor": "say what is wrong: files, machine, broker, topics, lag, Slack",
    "status": "say what is running",
}
"""Every command and what it is for, in the order of the help text."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Print one line that says where help is, and exit with 2."""
        self.exit(2, f"newsmon: {message} (see `{self.prog} --help`)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without UTF-8 shows ? and goes on
    args = _parser(words).parse_args(words)
    try:
        return int(args.run(args))
    except (NewsmonError, ExceptionGroup) as exc:
        return _told(exc)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output went away; what is still in the buffer must not be flushed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _told(exc: Exception) -> int:
    """Tell what went wrong and return the exit code; of tasks that fail together one is enough."""
    fault = exc
    while isinstance(fault, ExceptionGroup):
        fault = fault.exceptions[0]
    if not isinstance(fault, NewsmonError):
        raise exc
    for line in str(fault).splitlines():
        print(f"newsmon: {line}", file=sys.stderr)
    return fault.exit_code


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="newsmon",
        description="Watch the news for troop deployments, denials and drills.",
    )
    parser.add_argument("--version", action="version", version=f"newsmon {version('newsmon')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    chosen = next((word for word in words if not word.startswith("-")), None)
    for name, help_text in COMMANDS.items():
        if name == chosen:
            import_module(f"monitor.cli.{name.replace('-', '_')}").register(commands)
        else:
            commands.add_parser(name, help=help_text, add_help=False)
    return parser
