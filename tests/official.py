"""The AsyncAPI initiative's own schema, fetched once from the npm registry and kept by its hash."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
import urllib.request
from pathlib import Path
from typing import Any

import orjson
import pytest

_PACKAGE, _VERSION = "@asyncapi/specs", "6.8.1"
_SHA256 = "252bfd18c12f60f654ab4def022e3ec9f9589e6dfd65c238204f77c07a1f6b46"


def asyncapi_schema() -> dict[str, Any]:
    """Give the schema of AsyncAPI 3.0.0 documents; skips the test where it cannot be fetched."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "newsmon" / "tests"
    kept = cache / f"asyncapi-specs-{_VERSION}.tgz"
    if not kept.exists():
        try:
            registry = subprocess.run(
                ["npm", "config", "get", "registry"], capture_output=True, text=True, check=True
            ).stdout.strip()
        except (OSError, subprocess.CalledProcessError) as exc:
            pytest.skip(f"npm, which knows the registry of the official schema, fails: {exc}")
        url = f"{registry.rstrip('/')}/{_PACKAGE}/-/specs-{_VERSION}.tgz"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                raw = answer.read()
        except OSError as exc:
            pytest.skip(f"the official schema cannot be fetched from {url}: {exc}")
        cache.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(raw)
    raw = kept.read_bytes()
    assert hashlib.sha256(raw).hexdigest() == _SHA256, f"{kept}: not the package that was pinned"
    with tarfile.open(fileobj=io.BytesIO(raw)) as package:
        found = package.extractfile("package/schemas/3.0.0.json")
        assert found is not None
        return dict(orjson.loads(found.read()))
