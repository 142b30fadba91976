"""The tests of newsmon, by kind: unit, functional, broker, quality."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def shared_root() -> Path:
    """Return where the shared test material lies, whether it is there or not."""
    return Path(os.environ.get("NEWSMON_SHARED") or ROOT.parent / "shared")


def shared_dir(*parts: str) -> Path:
    """Return a folder or file of the shared test material, or skip where it is absent."""
    path = shared_root().joinpath(*parts)
    if not path.exists():
        pytest.skip(f"needs {path.name} of the shared test material (NEWSMON_SHARED)")
    return path
