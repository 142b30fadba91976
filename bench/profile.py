"""Where a worker's time goes while it tells and counts mentions, and while it detects.

    python -m bench profile [--mentions 600] [--articles 300] [--lines 12]

A worker runs under cProfile, first on a backlog of mentions, then, anew, on one of articles that
each bring an alert; starting up is left out. Time is that of the main thread, by package, built-in
functions counted for whoever calls them; waiting for the network or for the detector's thread is
left out. cProfile makes many small calls look dearer than they are: read the shares as a hint.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import pstats
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench._news import fresh_story, natural
from bench._profiled import BEGIN
from bench._stack import ready, stack, work_off
from bench.replay import week
from monitor.messages import Article, Mention, make_id
from monitor.settings import ROOT
from monitor.topics import ARTICLES, MENTIONS, Topic

_WAITING = ("poll' of 'select.epoll", "acquire' of '_thread", "select.epoll")

Function = tuple[str, int, str]


def telling(number: int) -> list[Article]:
    """Return articles that each tell something new."""
    now = datetime.now(UTC)
    return [
        Article(
            id=make_id("telling", str(n)), feed_id="bench", url=f"https://news.example/{n}",
            title="", text=fresh_story(n), outlet=f"Outlet {n % 40}", language="en",
            fetched_at=now,
        )
        for n in range(number)
    ]  # fmt: skip


async def profiled(backlog: Sequence[Article | Mention], topic: Topic) -> dict[Function, float]:
    """Work off a backlog under cProfile; return the seconds of each function itself."""
    _, first = natural(60)
    async with stack() as made:
        stats = made.data_dir / "worker.prof"
        words = ["-m", "bench._profiled", str(stats), "--data-dir", str(made.data_dir)]
        with made.running(words) as pids:
            await ready(made, pids, first)
            os.kill(pids[0], BEGIN)
            await work_off(made, pids, backlog, topic=topic)
        return own_times(pstats.Stats(str(stats)))


def own_times(stats: pstats.Stats) -> dict[Function, float]:
    """Return the seconds that each function took itself; built-in ones are their callers'."""
    found = Counter[Function]()
    for function, (_, _, own, _, callers) in stats.stats.items():  # type: ignore[attr-defined]
        if any(word in function[2] for word in _WAITING):
            continue
        if function[0] != "~" or not callers:
            found[function] += own
            continue
        for caller, (_, _, share, _) in callers.items():
            found[caller] += share
    return dict(found)


def package_of(file: str) -> str:
    """Name what a file belongs to: a room of ours, a package, Python itself."""
    path = Path(file)
    if "site-packages" in path.parts:
        return path.parts[path.parts.index("site-packages") + 1].removesuffix(".py")
    if path.is_relative_to(ROOT):
        parts = path.relative_to(ROOT).with_suffix("").parts
        return "/".join(parts[:2])
    return f"Python: {path.parent.name if path.parent.name == 'asyncio' else 'the rest'}"


def show(title: str, times: dict[Function, float], lines: int) -> None:
    """Print the shares of packages, and the functions that take most."""
    whole = sum(times.values())
    packages = Counter[str]()
    for (file, _, _), seconds in times.items():
        packages[package_of(file)] += seconds
    table = Table("package", "share", title=title, title_justify="left", box=None)
    for name, seconds in packages.most_common(lines):
        table.add_row(name, f"{100 * seconds / whole:.1f} %")
    Console().print(table)
    table = Table("function", "share", box=None)
    for (file, line, name), seconds in Counter(times).most_common(lines):
        table.add_row(f"{package_of(file)} {name} ({Path(file).name}:{line})",
                      f"{100 * seconds / whole:.1f} %")  # fmt: skip
    Console().print(table)


def main(words: list[str]) -> None:
    """Read the options and profile."""
    parser = argparse.ArgumentParser(prog="python -m bench profile", description=__doc__)
    parser.add_argument("--mentions", type=int, default=600)
    parser.add_argument("--articles", type=int, default=300)
    parser.add_argument("--lines", type=int, default=12, help="of each table")
    args = parser.parse_args(words)
    told = asyncio.run(profiled(list(week(args.mentions)), MENTIONS))
    show(f"{args.mentions} mentions told and counted", told, args.lines)
    found = asyncio.run(profiled(telling(args.articles), ARTICLES))
    show(f"{args.articles} articles, each with an alert", found, args.lines)
