"""What processes cost, read from /proc (so Linux only)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """Return the seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def rss_mib(pid: int) -> float:
    """Return the resident memory of a process, MiB; one that has ended holds none."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def ended(pid: int) -> bool:
    """Tell whether a process has ended: a dead child has no command until it is waited for."""
    return not Path(f"/proc/{pid}/cmdline").read_bytes()


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [pid, *(p for child in text.split() for p in family(int(child)))]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of all lies; nan when there is none."""
    return sorted(values)[int(len(values) * share)] if values else float("nan")


def verdict(what: str, value: float, wanted: float, unit: str, *, most: bool = True) -> str:
    """Say whether a figure is as wanted: at most `wanted`, or at least where not `most`."""
    met = value <= wanted if most else value >= wanted
    sign = "≤" if most else "≥"
    return f"{what}: {value:.3g} {unit} (wanted {sign} {wanted:g}): {'met' if met else 'NOT MET'}"
