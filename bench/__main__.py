"""Runs one measurement, or all of them; `--write` puts what they print into bench/RESULTS.md."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

import pytest

from bench import _results

NAMES = sorted(p.stem for p in Path(__file__).parent.glob("*.py") if not p.stem.startswith("_"))
LONG = {"soak"}
"""What runs only when it is named: it takes hours."""


def main() -> None:
    """Run the measurement that is named, with the remaining words as its options."""
    words = sys.argv[1:]
    keep = "--write" in words
    words = [word for word in words if word != "--write"]
    name, *options = words or [""]
    if name and name not in NAMES:
        sys.exit(f"no measurement {name!r}; there are: {', '.join(NAMES)}")
    # Tables are as wide as this where nobody looks on, too.
    os.environ.setdefault("COLUMNS", "120")
    for chosen in [name] if name else [n for n in NAMES if n not in LONG]:
        print(f"== {chosen}", flush=True)
        _run(chosen, options, keep)


def _run(name: str, options: list[str], keep: bool) -> None:
    module = import_module(f"bench.{name}")
    load = _results.load_now()
    with _results.kept() as out:
        try:
            module.main(options)
        except pytest.skip.Exception as exc:
            print(f"not measured: {exc}")
            return
    if keep:
        about = (module.__doc__ or "").splitlines()[0]
        body = _results.section(about, options, name, load, out.kept.getvalue())
        _results.write(name, body)


if __name__ == "__main__":
    main()
