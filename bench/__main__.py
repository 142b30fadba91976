"""Runs one measurement, or all of them."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

NAMES = sorted(p.stem for p in Path(__file__).parent.glob("*.py") if not p.stem.startswith("_"))


def main() -> None:
    """Run the measurement that is named, with the remaining words as its options."""
    name, *words = sys.argv[1:] or [""]
    if name and name not in NAMES:
        sys.exit(f"no measurement {name!r}; there are: {', '.join(NAMES)}")
    for chosen in [name] if name else NAMES:
        print(f"== {chosen}", flush=True)
        import_module(f"bench.{chosen}").main(words)


if __name__ == "__main__":
    main()
