"""One command: `python -m tests.chaos`; exit 0 only when nothing was lost or wrong."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from tests.chaos.run import PARTS, Plan, run


def main() -> int:
    """Run a plan from the command line and print the verdict."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--blows", type=int, default=60)
    parser.add_argument("--rate", type=float, default=50, help="articles a second")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7, help="the same seed strikes the same way")
    parser.add_argument("--part", choices=PARTS, action="append", help="strike only this; repeat")
    parser.add_argument("--kill-only", action="store_true", help="SIGKILL, never SIGTERM")
    args = parser.parse_args()
    parts = tuple(args.part or PARTS)
    plan = Plan(
        args.blows, args.rate, args.workers, args.seed, parts=parts, kill_only=args.kill_only
    )
    data_dir = Path(tempfile.mkdtemp(prefix="newsmon-chaos-"))
    began = time.monotonic()
    print(f"{plan}\ndata and logs in {data_dir}", flush=True)
    verdict = asyncio.run(run(plan, data_dir, lambda text: print(text, flush=True)))
    for name, value in asdict(verdict).items():
        print(f"{name:<24} {value}")
    print(f"{'PASS' if verdict.ok else 'FAIL'} after {time.monotonic() - began:.0f} s")
    return 0 if verdict.ok else 1


if __name__ == "__main__":
    sys.exit(main())
