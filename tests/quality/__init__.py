"""What detection and alerts are worth, measured on labelled and captured news."""

from __future__ import annotations

import sys
from pathlib import Path

from tests import shared_root


def material(name: str, given: Path | None) -> Path:
    """Return the folder that was given, or the one of that name in the shared test material.

    Raises:
        SystemExit: Status 2: there is no such folder; stderr says where it was looked for.
    """
    folder = given or shared_root() / name
    if not folder.is_dir():
        print(f"{folder}: no such folder (NEWSMON_SHARED or --{name} names it)", file=sys.stderr)
        raise SystemExit(2)
    return folder
