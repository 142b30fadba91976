"""The tables beside this module: sentences written for it, and what readers said of others.

The sentences of others belong to their outlets: the tables name them by a hash.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from monitor.messages import Status

_HERE = Path(__file__).parent
EXAMPLES = _HERE / "examples.tsv"
"""Language, labels and sentence: written here."""
CAPTURED = _HERE / "captured.tsv"
"""Hash, labels and doubt: sentences of captured feeds."""
READ = _HERE / "read.tsv"
"""The same: sentences that stand beside rows, and sentences of public texts."""
STATUSES = _HERE / "statuses.tsv"
"""Hash and status, of sentences of any source."""


def key(text: str) -> str:
    """Name a sentence without showing it."""
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def read_labels(path: Path) -> dict[str, dict[str, Any]]:
    """Read what readers said of sentences, by the hash of these.

    Args:
        path: Lines of hash, labels with commas, and `?` where the reader hesitated, with tabs.
    """
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, labels, doubt = line.split("\t")
        found[name] = {
            "labels": [label for label in labels.split(",") if label],
            "sure": not doubt,
        }
    return found


@cache
def read_statuses(path: Path = STATUSES) -> dict[str, Status]:
    """Read statuses, by the hash of their sentences."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {name: Status(status) for name, status in (line.split("\t") for line in lines)}
