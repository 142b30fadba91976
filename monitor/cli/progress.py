"""Show how far a long command is: a bar on a terminal, a line now and then elsewhere; on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LINE_EVERY_S = 5.0


@contextmanager
def progress(what: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Give a function that is told how much more is done, and show that with the rate.

    Args:
        what: What is being done, e.g. `detecting`.
        total: How much there is in all.
        unit: Of what, e.g. `articles`.
    """
    done, began = 0, time.monotonic()

    def state() -> str:
        seconds = time.monotonic() - began
        return f"{what}: {done} of {total} {unit}" + (f", {done / seconds:.0f}/s" if done else "")

    if sys.stderr.isatty():
        # Here, since it would cost other commands a tenth of a second.
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (BarColumn(), TextColumn("{task.description}"))
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(state(), total=total)

            def advance(count: int) -> None:
                nonlocal done
                done += count
                bar.update(task, advance=count, description=state())

            yield advance
        return
    shown = began

    def tell(count: int) -> None:
        nonlocal done, shown
        done += count
        if time.monotonic() - shown >= _LINE_EVERY_S:
            shown = time.monotonic()
            print(state(), file=sys.stderr, flush=True)

    try:
        yield tell
    finally:
        print(state(), file=sys.stderr, flush=True)
