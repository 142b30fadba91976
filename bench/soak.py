"""Hours under load: does memory, CPU or the backlog grow?

    python -m bench soak [--hours 4] [--rate 50] [--workers 2] [--every 30] [--out var/soak]

Runs `newsmon up` on invented feeds and writes CPU and memory of each process (from /proc, so Linux
only) and the workers' backlog to `soak.csv` in the folder as it goes, and a plot to `soak.svg` at
the end; Ctrl-C ends it early with what there is. The verdict is a straight line through all that
came after a quarter of the time, by least squares: its slope with the standard error. Workers keep
the id of each mention for 8 days, so within that time their memory does grow with the mentions.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import signal
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench._plot import Line, plot
from bench._slope import Slope, slope
from bench.pipeline import ready, start_up, used
from monitor.errors import BrokerError
from monitor.kafka.gauge import group_lag
from monitor.settings import ROOT
from monitor.supervisor.state import read_state
from monitor.topics import ARTICLES, MENTIONS, WORKERS
from tests.chaos.load import Load

_WARM = 0.25
"""Share of the time that is warm-up."""
_LEAST_S = 1800.0
"""A shorter run is start-up for the most part, and gets no verdict."""
MEMORY = "memory of"
_UNITS = {MEMORY: ("MiB", 1.0), "CPU": ("% of a core", 1.0), "backlog": ("records", 60.0)}
"""Unit, and the growth an hour that nobody minds."""

Sample = dict[str, float]
Used = dict[str, tuple[float, float]]


async def soak(
    folder: Path, hours: float, rate: float, workers: int, every_s: float
) -> list[Sample]:
    """Run the stack under load and take a sample every `every_s` seconds."""
    data_dir = Path(tempfile.mkdtemp(prefix="newsmon-soak-"))
    load = Load(rate)
    await load.start()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    process = await start_up(data_dir, load.feeds_toml(), workers)
    samples: list[Sample] = []
    try:
        bootstrap = (await ready(data_dir)).bootstrap_servers
        load.begin()
        began, before = time.monotonic(), used(data_dir)
        with (folder / "soak.csv").open("w", newline="") as file:
            table: csv.DictWriter[str] | None = None
            while not stop.is_set() and time.monotonic() - began < hours * 3600:
                last = time.monotonic()
                await _pause(stop, every_s)
                now = used(data_dir)
                sample = {"seconds": round(time.monotonic() - began, 1),
                          "published": load.published, "restarts": _restarts(data_dir),
                          "backlog": await _backlog(bootstrap),
                          **_costs(before, now, time.monotonic() - last)}  # fmt: skip
                before = now
                samples.append(sample)
                table = table or _headed(file, sample)
                table.writerow(sample)
                file.flush()
    finally:
        process.terminate()
        await process.wait()
        await load.stop()
    return samples


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


def _costs(before: Used, now: Used, seconds: float) -> Sample:
    """Return CPU since the last sample and memory; a process that began since has no CPU yet."""
    found: Sample = {}
    for name, (cpu, memory) in now.items():
        spent = cpu - before.get(name, (cpu, 0.0))[0]
        found[f"{name} CPU %"] = round(100 * max(spent, 0) / seconds, 1)
        found[f"{name} MiB"] = round(memory, 1)
    return found


def _restarts(data_dir: Path) -> int:
    state = read_state(data_dir)
    return sum(role.restarts for role in state.roles) if state else 0


async def _backlog(bootstrap: str) -> float:
    """Return the records that the workers have still to do; nan while nobody answers."""
    try:
        return sum((await group_lag(bootstrap, WORKERS, [ARTICLES, MENTIONS])).values())
    except BrokerError:
        return float("nan")


def _headed(file: object, sample: Sample) -> csv.DictWriter[str]:
    table = csv.DictWriter(file, list(sample), restval="", extrasaction="ignore")  # type: ignore[arg-type]
    table.writeheader()
    return table


def columns(samples: Sequence[Sample], ending: str) -> dict[str, list[float]]:
    """Return what each process shows, by its name; nan where it was not running."""
    names = [name for name in samples[0] if name.endswith(ending)]
    return {
        name.removesuffix(ending): [sample.get(name, float("nan")) for sample in samples]
        for name in names
    }


def judge(samples: Sequence[Sample]) -> dict[str, Slope]:
    """Return the growth an hour after warm-up: memory by process, CPU in all, the backlog."""
    warm = [s for s in samples if s["seconds"] >= _WARM * samples[-1]["seconds"]]
    hours = [sample["seconds"] / 3600 for sample in warm]
    series = {f"{MEMORY} {name}": values for name, values in columns(warm, " MiB").items()}
    series["CPU"] = [sum(row) for row in zip(*columns(warm, " CPU %").values(), strict=True)]
    series["backlog"] = [sample["backlog"] for sample in warm]
    return {name: slope(hours, values) for name, values in series.items()}


def main(words: list[str]) -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=4)
    parser.add_argument("--rate", type=float, default=50, help="articles a second")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--every", type=float, default=30, help="seconds between two samples")
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "soak", help="folder")
    args = parser.parse_args(words)
    args.out.mkdir(parents=True, exist_ok=True)
    samples = asyncio.run(soak(args.out, args.hours, args.rate, args.workers, args.every))
    if len(samples) < 5:
        raise SystemExit(f"only {len(samples)} samples: too few to judge; see soak.csv")
    minutes = [sample["seconds"] / 60 for sample in samples]
    panels = {
        "memory, MiB (RSS)": columns(samples, " MiB"),
        "CPU, % of a core": columns(samples, " CPU %"),
        "backlog, records": {"workers": [sample["backlog"] for sample in samples]},
    }
    lines = {title: [Line(n, v) for n, v in found.items()] for title, found in panels.items()}
    (args.out / "soak.svg").write_text(plot(minutes, "minutes", lines), "utf-8")
    _tell(samples, args.rate)


def _tell(samples: Sequence[Sample], rate: float) -> None:
    """Print how long it ran and what grew."""
    last = samples[-1]
    print(f"{last['seconds'] / 3600:.2f} h at {rate:g} articles/s: {last['published']:,.0f} "
          f"articles, {len(samples)} samples, {last['restarts']:.0f} restarts")  # fmt: skip
    judged = last["seconds"] >= _LEAST_S
    if not judged:
        print("shorter than half an hour, so start-up for the most part: no verdict")
    for name, found in judge(samples).items():
        unit, slack = next(kind for word, kind in _UNITS.items() if name.startswith(word))
        verdict = "GROWS" if found.grows(slack) else "no growth shown"
        print(f"{name}: {found.per_x:+.2f} ± {found.error:.2f} {unit} an hour"
              + (f": {verdict}" if judged else ""))  # fmt: skip
