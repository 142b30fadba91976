"""A worker that is profiled from a signal on: starting up is left out.

python -m bench._profiled OUT [options of the worker]
"""

from __future__ import annotations

import cProfile
import signal
import sys

from agents.__main__ import main

BEGIN = signal.SIGRTMIN
"""Begins the profile. Faust has other uses for SIGUSR1 and SIGUSR2."""


def run(out: str, options: list[str]) -> None:
    """Run the worker to its end, and write what was profiled to a file."""
    profiler = cProfile.Profile()
    signal.signal(BEGIN, lambda *_: profiler.enable())
    sys.argv = ["newsmon worker", *options]
    try:
        main()
    finally:
        profiler.disable()
        profiler.dump_stats(out)


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2:])
