"""`monitor` and `agents` belong to newsmon alone, and load what they say."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from monitor.settings import ROOT


@pytest.mark.parametrize("name", ["monitor", "agents"])
def test_nobody_else_owns_our_import_names(name: str) -> None:
    """Another package of the same name would overwrite ours without a word."""
    # An editable install lists no packages: then nobody at all may be named.
    assert set(packages_distributions().get(name, ["newsmon"])) == {"newsmon"}
    assert Path(str(import_module(name).__file__)).parent.parent == ROOT


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a statement loads in a fresh interpreter."""
    code = f"{statement}\nimport sys; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import monitor.cli", {"rich", "pydantic", "aiokafka", "faust", "onnxruntime"}),
        ("import monitor.alerts, monitor.counts", {"aiokafka", "aiohttp", "feedparser", "faust"}),
        ("import monitor.detect", {"aiokafka", "aiohttp", "feedparser", "faust"}),
        ("import monitor.feeds.poller", {"faust", "mode"}),
    ],
    ids=["help", "alerts-and-counts", "detect", "poller"],
)
def test_a_room_does_not_load_what_it_must_not_know(statement: str, absent: set[str]) -> None:
    """What the import rules say holds at run time too."""
    assert not loaded_by(statement) & absent
