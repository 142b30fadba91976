"""The same flow on Faust, on a bare aiokafka loop and on Quix Streams: what Faust costs.

    python -m bench rivals [--articles 1500] [--sides faust,loop,batch,quix]

Each side works off the same backlog, one process, each on a fresh broker of the same settings, in
one run. `faust` is `newsmon worker`; the others are `bench/_loop.py` and `bench/_quix.py`, whose
first lines say what they leave out. Quix Streams is installed into an environment of its own in the
cache directory. Beyond detection: the process's CPU less that of detection alone, measured in this
process on the same articles.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from bench._news import natural
from bench._proc import rss_mib
from bench._stack import Pace, Stack, ready, stack, work_off
from bench.throughput import FIRST, alone
from monitor.messages import Article
from monitor.settings import ROOT, load_settings
from monitor.topics import WORKERS

SIDES = ("faust", "loop", "batch", "quix")
QUIX = "quixstreams==3.28.1"


def _command(side: str, made: Stack) -> tuple[str, list[str]]:
    """Return the Python and the arguments that run a side."""
    if side == "faust":
        return sys.executable, made.worker(0)
    if side == "quix":
        words = ["-m", "bench._quix", made.bootstrap, WORKERS, str(made.data_dir / "quix")]
        return quix_python(), words
    way = "one" if side == "loop" else "batch"
    return sys.executable, ["-m", "bench._loop", made.bootstrap, WORKERS, way]


def quix_python() -> str:
    """Return the Python of an environment with Quix Streams, our packages behind its own."""
    home = load_settings().cache_dir / "bench" / QUIX.replace("==", "-")
    python = home / "bin" / "python"
    if not (home / "done").exists():
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "-q", "install", QUIX], check=True)
        (home / "done").touch()
    ours = next(home.glob("lib/python*/site-packages")) / "newsmon-packages.pth"
    ours.write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n", "utf-8")
    return str(python)


async def measure(side: str, articles: Sequence[Article]) -> tuple[Pace, float]:
    """Work off the backlog on a side; return how, and the process's memory at the end (MiB)."""
    async with stack() as made:
        python, words = _command(side, made)
        with made.running(words, python=python) as pids:
            await ready(made, pids, articles[:FIRST])
            pace = await work_off(made, pids, articles[FIRST:])
            return pace, rss_mib(pids[0])


def main(words: list[str]) -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench rivals", description=__doc__)
    parser.add_argument("--articles", type=int, default=1500, help="of the backlog")
    parser.add_argument("--sides", default=",".join(SIDES), help="commas between")
    args = parser.parse_args(words)
    sides = args.sides.split(",")
    if unknown := set(sides) - set(SIDES):
        parser.error(f"no side {', '.join(sorted(unknown))}; there are: {', '.join(SIDES)}")
    what, articles = natural(args.articles + FIRST)
    own = alone(articles[FIRST:])
    results = {}
    for side in sides:
        results[side] = asyncio.run(measure(side, articles))
        print(f"{side}: {results[side][0].rate:.0f} articles/s", file=sys.stderr, flush=True)
    first = results[sides[0]][0]
    table = Table("side", "articles/s", f"x {sides[0]}", "process CPU, ms an article",
                  "beyond detection", "broker CPU", "RSS MiB", box=None)  # fmt: skip
    for side, (pace, memory) in results.items():
        each = [1000 * s / args.articles for s in (
            pace.workers_s, pace.workers_s - own.detect_s, pace.broker_s)]  # fmt: skip
        table.add_row(side, f"{pace.rate:.0f}", f"{pace.rate / first.rate:.2f}",
                      *(f"{ms:.2f}" for ms in each), f"{memory:.0f}")  # fmt: skip
    print(f"{args.articles:,} articles with {own.mentions} mentions: {what}; {QUIX}")
    print(f"detection alone: {1000 * own.detect_s / args.articles:.2f} ms an article")
    Console().print(table)
