"""What `newsmon web` costs while much comes in, and how late an open page hears of an alert.

    python -m bench web [--keys 2000] [--rate 50] [--seconds 60] [--readers 5]

Pages are readers of /api/events on this machine. Delay is from the moment the broker has confirmed
an alert until a page has it. `first load` is what a browser fetches: files and first answers.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import subprocess
import sys
import time

import aiohttp
from rich.console import Console
from rich.table import Table

from bench._proc import cpu_s, percentile, rss_mib
from bench._traffic import Traffic, traffic
from monitor.web.address import read_address

_MARK = re.compile(rb"n\d{7}")
_WARM_S = 15
_STATIC = ("", "static/page.css", "static/page.js", "static/map.json", "static/icon.svg")
_DATA = ("api/alerts?limit=100", "api/counts", "api/feeds", "api/state", "api/places")


async def measure(keys: int, rate: float, seconds: float, readers: int) -> None:
    """Run the page under traffic and print a table."""
    async with traffic(keys) as news:
        command = ["monitor.cli", "web", "--port", "0", "--data-dir", str(news.data_dir)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *command, stdout=subprocess.DEVNULL
        )
        try:
            while not (url := read_address(news.data_dir)):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            Console(width=140).print(await _under(news, process.pid, url, rate, seconds, readers))
        finally:
            process.terminate()
            await process.wait()


async def _under(
    news: Traffic, pid: int, url: str, rate: float, seconds: float, readers: int
) -> Table:
    table = Table("CPU %", "RSS MiB, at start → end", "delay ms, first half: p50 p99 max",
                  "second half: p50 p99 max", "first load, kB: plain, sent",
                  title=f"{len(news.keys)} keys, {rate:g} alerts/s, {readers} pages, {seconds:g} s",
                  box=None)  # fmt: skip
    seen: list[tuple[float, float]] = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as http:
        tasks = [asyncio.create_task(_listen(http, url, news, seen)) for _ in range(readers)]
        tasks.append(asyncio.create_task(news.run(rate)))
        await asyncio.sleep(_WARM_S)
        began, cpu, rss = time.monotonic(), cpu_s(pid), rss_mib(pid)
        await asyncio.sleep(seconds)
        spent = time.monotonic() - began
        share, after = 100 * (cpu_s(pid) - cpu) / spent, rss_mib(pid)
        weight = await _weight(url)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    halves = [
        [ms for at, ms in seen if began + n * spent / 2 <= at < began + (n + 1) * spent / 2]
        for n in (0, 1)
    ]
    delays = [
        " ".join(f"{percentile(half, share):.0f}" for share in (0.5, 0.99, 0.99999))
        + f" (n={len(half)})"
        for half in halves
    ]
    table.add_row(f"{share:.1f}", f"{rss:.0f} → {after:.0f}", *delays, weight)
    return table


async def _listen(
    http: aiohttp.ClientSession, url: str, news: Traffic, seen: list[tuple[float, float]]
) -> None:
    async with http.get(f"{url}api/events", max_line_size=1 << 20) as answer:
        async for chunk in answer.content.iter_any():
            now = time.monotonic()
            marks = {mark.decode() for mark in _MARK.findall(chunk)} & news.acked.keys()
            seen += [(now, 1000 * (now - news.acked[mark])) for mark in marks]


async def _weight(url: str) -> str:
    plain = sent = 0
    async with aiohttp.ClientSession(auto_decompress=False) as http:
        for path in (*_STATIC, *_DATA):
            async with http.get(url + path, headers={"Accept-Encoding": "gzip"}) as answer:
                sent += len(await answer.read())
            async with http.get(url + path, headers={"Accept-Encoding": "identity"}) as answer:
                plain += len(await answer.read())
    return f"{plain / 1000:.0f}, {sent / 1000:.0f}"


def main(words: list[str]) -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench web", description=__doc__)
    parser.add_argument("--keys", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=50, help="alerts a second")
    parser.add_argument("--seconds", type=float, default=60, help="how long")
    parser.add_argument("--readers", type=int, default=5, help="open pages")
    args = parser.parse_args(words)
    asyncio.run(measure(args.keys, args.rate, args.seconds, args.readers))
