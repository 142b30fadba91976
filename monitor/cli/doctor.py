"""`newsmon doctor`: what is wrong with this machine, the broker and the running system."""

from __future__ import annotations

import argparse
import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from monitor.cli.check import Result, results, tell
from monitor.cli.options import add_common, settings_of
from monitor.errors import BrokerError, ConfigError, MachineError, NewsmonError
from monitor.kafka.admin import describe_topics, live_brokers
from monitor.kafka.bootstrap import resolve_bootstrap
from monitor.kafka.gauge import group_lag
from monitor.kafka.jars import missing, store
from monitor.kafka.layout import made_with
from monitor.kafka.node import MIN_FREE_BYTES, is_free
from monitor.settings import Settings
from monitor.slack.answers import explain
from monitor.slack.client import Bot, open_http, slack_of
from monitor.slack.consumer import GROUP as SLACK_GROUP
from monitor.supervisor.state import read_state
from monitor.topics import ALERTS, ARTICLES, MENTIONS, WORKERS

_BEHIND = 10_000
"""Records that a group may have still to do before it is called behind."""


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command."""
    parser = commands.add_parser(
        "doctor",
        help="say what is wrong: files, machine, broker, topics, lag, Slack",
        description="All that `newsmon check` reads, then disk, ports, broker, topics, how far the "
        "workers are behind, what `newsmon up` runs, and whether Slack takes the token (nothing is "
        "sent). Exit 0: all is well; 1: something is not; 2: a configuration file is wrong.",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Look at everything; one fault does not hide the next."""
    settings = settings_of(args)
    code = 0
    for result in results(settings):
        tell(result, json=args.json)
        code = ConfigError.exit_code if result[1] else code
    for result in asyncio.run(_live(settings)):
        tell(result, json=args.json)
        code = code or int(bool(result[1]))
    return code


async def _live(settings: Settings) -> list[Result]:
    """Look at the machine and at what runs."""
    found = [await _look("disk", _disk, settings)]
    if not settings.bootstrap_servers:
        found.append(await _look("kafka", _kafka, settings))
    found.append(await _look("roles", _roles, settings))
    found.append(await _look("web port", _port, settings))
    found.append(await _look("broker", resolve_bootstrap, settings))
    _, faults, bootstrap = found[-1]
    if not faults:
        found.append(await _look("brokers", _brokers, bootstrap, settings))
        found.append(await _look("topics", _topics, bootstrap))
        found.append(await _look("lag", _lag, bootstrap, settings.slack.enabled))
    if settings.slack.enabled:
        found.append(await _look("slack token", _slack, settings))
    return found


async def _look(name: str, look: Callable[..., Awaitable[str]], *about: object) -> Result:
    try:
        return name, [], await look(*about)
    except NewsmonError as exc:
        return name, str(exc).splitlines(), ""


async def _disk(settings: Settings) -> str:
    there = next(p for p in (settings.data_dir, *settings.data_dir.parents) if p.exists())
    free = shutil.disk_usage(there).free
    if free < MIN_FREE_BYTES:
        raise MachineError(
            f"{free >> 20} MiB free at {there}, the broker needs {MIN_FREE_BYTES >> 20} MiB"
        )
    return f"{free >> 30} GiB free at {there}"


async def _kafka(settings: Settings) -> str:
    folder: Path = store(settings)
    if absent := missing(folder):
        return f"{len(absent)} jars are still to be fetched, on the first start"
    return f"complete in {folder}"


async def _roles(settings: Settings) -> str:
    state = read_state(settings.data_dir)
    if state is None:
        return f"`newsmon up` does not run on {settings.data_dir}"
    if broken := [f"{r.name} is {r.state}" for r in state.roles if r.state != "running"]:
        raise MachineError("\n".join(broken))
    return ", ".join(role.name for role in state.roles) + ": running"


async def _port(settings: Settings) -> str:
    web = settings.web
    running = read_state(settings.data_dir) is not None
    if not web.enabled or not web.port or running or is_free(web.port):
        return f"{web.port}" if web.enabled else "not needed: [web] is off"
    raise MachineError(f"port {web.port} is taken by another program; set web.port to another one")


async def _brokers(bootstrap: str, settings: Settings) -> str:
    alive = await live_brokers(bootstrap)
    wanted = 0 if settings.bootstrap_servers else made_with(settings.data_dir)
    if absent := set(range(1, wanted + 1)) - alive.keys():
        raise BrokerError("\n".join(f"broker-{n} is away" for n in sorted(absent)))
    return ", ".join(f"{number} at {address}" for number, address in alive.items())


async def _topics(bootstrap: str) -> str:
    states = await describe_topics(bootstrap)
    faults = [f"{s.name}: missing; `newsmon topics apply`" for s in states if not s.partitions]
    faults += [f"{s.name}: {text}" for s in states for text in s.differences]
    faults += [
        f"{s.name}: a copy is missing or behind in {s.behind} of {s.partitions} partitions"
        for s in states
        if s.behind
    ]
    if faults:
        raise BrokerError("\n".join(faults))
    return f"{len(states)} as declared"


async def _lag(bootstrap: str, slack: bool) -> str:
    groups = {WORKERS: (ARTICLES, MENTIONS)} | ({SLACK_GROUP: (ALERTS,)} if slack else {})
    behind = {
        name: sum((await group_lag(bootstrap, name, topics)).values())
        for name, topics in groups.items()
    }
    if late := [f"{name}: {n} records behind" for name, n in behind.items() if n > _BEHIND]:
        raise BrokerError("\n".join(late))
    return ", ".join(f"{name} {n} records behind" for name, n in behind.items())


async def _slack(settings: Settings) -> str:
    async with open_http(10) as http:
        slack = slack_of(settings.slack, http)
        if not isinstance(slack, Bot):
            return "a webhook can only be tried by sending: `newsmon slack test`"
        outcome, name = await slack.who()
    if outcome.kind != "sent":
        raise MachineError(f"{outcome.error}: {explain(outcome.error)}")
    return f"good: {name}"
