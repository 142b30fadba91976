"""One command: `python -m tests.chaos`; exit 0 only when nothing was lost or wrong.

With `--no-guards` it is the other way round: exit 0 only when something was.
"""

from __future__ import annotations

import argparse
import asyncio
import shlex
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.chaos.plan import ACTIONS, KINDS, PARTS, REBALANCES, Plan
from tests.chaos.run import Outcome, run

_EXAMPLES = 5
_CONTROL_BLOWS = 12


def main() -> int:
    """Run a plan from the command line and print the verdict."""
    args = _parser().parse_args()
    plan = _plan(args)
    data_dir = Path(tempfile.mkdtemp(prefix="newsmon-chaos-"))
    began = time.monotonic()
    print(f"{plan.blows} blows, seed {plan.seed}; data and logs in {data_dir}", flush=True)
    try:
        outcome = asyncio.run(_cancelled_by_sigterm(plan, data_dir))
    except asyncio.CancelledError:
        print("stopped before the end: no verdict", file=sys.stderr)
        return 1
    _show(outcome)
    seconds = time.monotonic() - began
    good = outcome.shows_loss if args.no_guards else outcome.ok
    text = "nothing is lost or wrong" if outcome.verdict.ok else "something is lost or wrong"
    if not outcome.drained:
        text = f"not worked off within {plan.drain_s:.0f} s, so nobody can tell what is lost"
    elif args.no_guards:
        text += ", as it must be without guards" if good else ", so the control proves nothing"
    print(f"{'PASS' if good else 'FAIL'} after {seconds:.0f} s: {text}")
    if not good:
        print(f"the same blows again: {shlex.join(['python', '-m', 'tests.chaos', *sys.argv[1:]])}")
        print(f"(seed {plan.seed}; the moments differ by what the machine does); see {data_dir}")
    return 0 if good else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--blows", type=int, help="how many (default: 100, of the control run 12)")
    parser.add_argument("--rate", type=float, default=Plan.rate, help="articles a second")
    parser.add_argument("--workers", type=int, default=Plan.workers)
    parser.add_argument("--seed", type=int, default=Plan.seed, help="the same one strikes alike")
    parser.add_argument("--part", choices=PARTS, action="append", help="strike only this; repeat")
    parser.add_argument("--action", choices=ACTIONS, action="append", help="only so; repeat")
    parser.add_argument(
        "--no-guards", action="store_true",
        help="the control run: workers on stock Faust are struck, and must lose something",
    )  # fmt: skip
    return parser


def _plan(args: argparse.Namespace) -> Plan:
    kinds = tuple(
        kind
        for kind in (REBALANCES if args.no_guards else KINDS)
        if kind.part in (args.part or PARTS) and kind.action in (args.action or ACTIONS)
    )
    if not kinds:
        sys.exit("no kind of blow has such an action and part")
    plan = Plan(args.blows or Plan.blows, args.rate, args.workers, args.seed, kinds)
    if args.no_guards:
        # What stock Faust loses, nobody waits for: quicker blows, and less patience.
        blows = args.blows or _CONTROL_BLOWS
        plan = replace(plan, blows=blows, guards=False, pause_s=(2.0, 4.0), drain_s=60.0)
    return plan


async def _cancelled_by_sigterm(plan: Plan, data_dir: Path) -> Outcome:
    """Stop in order on SIGTERM, so that no process and no disk stays behind."""
    task = asyncio.current_task()
    assert task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await run(plan, data_dir, lambda text: print(text, flush=True))


def _show(outcome: Outcome) -> None:
    blows = Table("blow", "struck", "nothing there", title="blows", box=None)
    for kind in sorted(outcome.struck.keys() | outcome.missed.keys()):
        blows.add_row(kind, str(outcome.struck[kind]), str(outcome.missed[kind]))
    things = Table("thing", "seen", "repeats with the same id", title="what there was", box=None)
    for name, count in outcome.verdict.seen.items():
        things.add_row(name, str(count), str(outcome.verdict.repeats.get(name, "")))
    faults = Table("fault", "times", "where", title="faults", box=None)
    for kind, places in outcome.verdict.faults.items():
        faults.add_row(kind, str(len(places)), "; ".join(places[:_EXAMPLES]))
    console = Console(width=160)
    console.print(blows, things, faults)
    console.print("started again:", outcome.restarts)


if __name__ == "__main__":
    sys.exit(main())
