"""Keeps what the measurements print: `bench/RESULTS.md`, one section each, replaced one by one."""

from __future__ import annotations

import io
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

from monitor.kafka.jars import kafka_version

RESULTS = Path(__file__).with_name("RESULTS.md")

_HEAD = """# Results

Written by `python -m bench NAME --write` (`make bench` runs them all); do not edit. Each section is
the newest run of one measurement, with its machine, versions and date. The load is that of other
work just before the run: well above 0 means a busy machine, and figures that are too bad.
"""
_SECTION = re.compile(r"^## (?P<name>\S+)\n(?P<body>.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)


class Tee(io.TextIOBase):
    """Standard output that is kept as well."""

    def __init__(self, shown: TextIO) -> None:
        self._shown = shown
        self.kept = io.StringIO()

    def write(self, text: str) -> int:
        """Show and keep a text."""
        self.kept.write(text)
        return self._shown.write(text)

    def flush(self) -> None:
        """Show all at once."""
        self._shown.flush()


@contextmanager
def kept() -> Iterator[Tee]:
    """Keep what is printed inside the block."""
    shown = sys.stdout
    tee = Tee(shown)
    sys.stdout = tee
    try:
        yield tee
    finally:
        sys.stdout = shown


def section(about: str, words: Sequence[str], name: str, load: float, printed: str) -> str:
    """Return the body of a section.

    Args:
        about: What is measured, one line.
        words: The options of the run.
        name: The measurement.
        load: Average load of the machine before the run.
        printed: What the run printed.
    """
    command = " ".join(["python -m bench", name, *words])
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    lines = "\n".join(line.rstrip() for line in printed.strip("\n").splitlines())
    return (
        f"\n{about}\n\n`{command}`, {now}, load before it {load:.1f}. {machine()}\n\n"
        f"```text\n{lines}\n```\n\n"
    )


def with_section(text: str, name: str, body: str) -> str:
    """Return the file with one section replaced or added; sections stand in the order of names."""
    sections = {found["name"]: found["body"] for found in _SECTION.finditer(text)}
    sections[name] = body
    parts = [f"## {each}\n{sections[each]}" for each in sorted(sections)]
    return "\n".join([_HEAD, "".join(parts).rstrip("\n") + "\n"])


def write(name: str, body: str) -> None:
    """Put a section into the results file."""
    old = RESULTS.read_text("utf-8") if RESULTS.exists() else ""
    RESULTS.write_text(with_section(old, name, body), "utf-8")


def machine() -> str:
    """Describe machine and versions in a line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in ("faust-streaming", "aiokafka"))
    return (
        f"{_processor()}, {os.cpu_count()} CPUs, {memory:.0f} GiB, {platform.system()}; "
        f"Python {platform.python_version()}, Kafka {kafka_version()}, "
        f"{packages}, newsmon {version('newsmon')} at {_commit()}."
    )


def load_now() -> float:
    """Return the average load of the last minute."""
    return os.getloadavg()[0]


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text() if cpuinfo.exists() else ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=RESULTS.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip() or "an unknown commit"
