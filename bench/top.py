"""What `newsmon top` costs while much comes in, and how old the newest line on the screen is.

    python -m bench top [--keys 2000] [--rate 50] [--seconds 60] [--views top,live,datatable]

Each view runs in a pseudo-terminal of 120x40 against the same broker. `live` is rich's Live table
(`newsmon stats --watch`), `datatable` is Textual's own table; both show the same board. Delay is
from the moment the broker has confirmed an alert until its mark is in the view's output.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time

from rich.console import Console
from rich.table import Table

from bench._proc import cpu_s, percentile, rss_mib
from bench._traffic import Traffic, traffic

_MARK = re.compile(rb"n\d{7}")
_WARM_S = 15
VIEWS = {
    "top": ["monitor.cli", "top", "--data-dir", "{data_dir}"],
    "live": ["bench._views", "live", "{bootstrap}"],
    "datatable": ["bench._views", "datatable", "{bootstrap}"],
}


class Watched:
    """A program in a pseudo-terminal; remembers when a mark was first in its output."""

    def __init__(self, command: list[str]) -> None:
        self.seen: dict[str, float] = {}
        self.written = 0
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        environ = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True
        )
        os.close(slave)
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def _read(self) -> None:
        try:
            raw = os.read(self._master, 1 << 16)
        except OSError:
            raw = b""
        if not raw:
            asyncio.get_running_loop().remove_reader(self._master)
            return
        self.written += len(raw)
        for mark in _MARK.findall(raw):
            self.seen.setdefault(mark.decode(), time.monotonic())

    async def stop(self) -> None:
        """End it and wait."""
        self.process.terminate()
        await asyncio.to_thread(self.process.wait, 20)
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)


async def measure(keys: int, rate: float, seconds: float, views: list[str]) -> None:
    """Run each view in turn under the same traffic and print a table."""
    table = Table("view", "CPU %", "RSS MiB, at start → end", "delay ms, first half: p50 p99",
                  "second half: p50 p99", "kB/s to the terminal",
                  title=f"{keys} keys, {rate:g} alerts/s, {seconds:g} s", box=None)  # fmt: skip
    async with traffic(keys) as news:
        running = asyncio.create_task(news.run(rate))
        for name in views:
            table.add_row(name, *await _one(news, name, seconds))
        running.cancel()
    Console(width=140).print(table)


async def _one(news: Traffic, name: str, seconds: float) -> list[str]:
    words = [w.format(data_dir=news.data_dir, bootstrap=news.bootstrap) for w in VIEWS[name]]
    watched = Watched([sys.executable, "-m", *words])
    await asyncio.sleep(_WARM_S)
    pid, began = watched.process.pid, time.monotonic()
    cpu, rss, written = cpu_s(pid), rss_mib(pid), watched.written
    await asyncio.sleep(seconds)
    spent = time.monotonic() - began
    cells = [
        f"{100 * (cpu_s(pid) - cpu) / spent:.1f}",
        f"{rss:.0f} → {rss_mib(pid):.0f}",
        *(_delays(news, watched, began + spent * n / 2, spent / 2) for n in (0, 1)),
        f"{(watched.written - written) / spent / 1000:.1f}",
    ]
    await watched.stop()
    return cells


def _delays(news: Traffic, watched: Watched, begin: float, length: float) -> str:
    found = [
        1000 * (at - news.acked[mark])
        for mark, at in watched.seen.items()
        if mark in news.acked and begin <= news.acked[mark] < begin + length
    ]
    return f"{percentile(found, 0.5):.0f} {percentile(found, 0.99):.0f} (n={len(found)})"


def main(words: list[str]) -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench top", description=__doc__)
    parser.add_argument("--keys", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=50, help="alerts a second")
    parser.add_argument("--seconds", type=float, default=60, help="how long each view")
    parser.add_argument("--views", default=",".join(VIEWS), help="commas between")
    args = parser.parse_args(words)
    asyncio.run(measure(args.keys, args.rate, args.seconds, args.views.split(",")))
