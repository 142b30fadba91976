"""How long `newsmon up` takes until its first poll, and the memory of the default stack.

    python -m bench start [--times 3] [--idle 20]

Everything is downloaded already. The time is from the start of the command until a feed's server
sees the first request; the first start makes the broker's data, the next ones find it. Memory is
that of every process after `--idle` seconds without news (from /proc, so Linux only).
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from aiohttp import web
from rich.console import Console
from rich.table import Table

from bench._proc import verdict
from bench.pipeline import start_up, used

_PATIENCE_S = 120.0
_FEED = """[[feeds]]
id = "first"
url = "http://127.0.0.1:{port}/"
outlet = "First"
country = "GB"
language = "en"
interval = 60
allow_private = true
"""


async def measure(times: int, idle_s: float) -> tuple[list[float], dict[str, float]]:
    """Start several times; return seconds until the first poll, and memory (MiB) by process."""
    data_dir = Path(tempfile.mkdtemp(prefix="newsmon-bench-"))
    asked = asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        asked.set()
        empty = '<rss version="2.0"><channel><title>First</title></channel></rss>'
        return web.Response(text=empty, content_type="application/rss+xml")

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    feeds = _FEED.format(port=runner.addresses[0][1])
    found: list[float] = []
    memory: dict[str, float] = {}
    for number in range(times):
        asked.clear()
        # A name of its own each time, so that the feed is new and polled at once.
        began = time.monotonic()
        process = await start_up(data_dir, feeds.replace('"first"', f'"first-{number}"'), 1)
        try:
            await asyncio.wait_for(asked.wait(), _PATIENCE_S)
            found.append(time.monotonic() - began)
            if number == times - 1:
                await asyncio.sleep(idle_s)
                memory = {name: mib for name, (_, mib) in used(data_dir).items()}
        finally:
            process.terminate()
            await process.wait()
    await runner.cleanup()
    return found, memory


def main(words: list[str]) -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench start", description=__doc__)
    parser.add_argument("--times", type=int, default=3, help="starts")
    parser.add_argument("--idle", type=float, default=20, help="seconds before memory is read")
    args = parser.parse_args(words)
    found, memory = asyncio.run(measure(args.times, args.idle))
    print("until the first poll: " + ", ".join(f"{seconds:.1f} s" for seconds in found))
    table = Table("process", "RSS MiB", box=None)
    for name, mib in (*memory.items(), ("all", sum(memory.values()))):
        table.add_row(name, f"{mib:.0f}")
    Console().print(table)
    print(verdict("start until first poll, slowest", max(found), 8, "s"))
    print(verdict("memory of the default stack", sum(memory.values()), 800, "MiB"))
