"""Kafka's jars: which ones (`jars.lock`), where they stand, whether they are right.

A jar stands in the store under its final name only after its bytes were checked and written
through to the disk, so a size check is enough later on; `damaged` hashes them all.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from monitor.settings import Settings

_LOCK = Path(__file__).with_name("jars.lock")
_CHUNK = 1 << 16
# Java's start-up cache compares the jars' times: a jar that was fetched anew must look the same.
_MTIME = 1_000_000_000


@dataclass(frozen=True)
class Jar:
    """One line of the lock: path in a Maven repository, SHA-256 in hex, bytes."""

    path: str
    sha256: str
    size: int

    @property
    def name(self) -> str:
        """The file's name, unique in the lock."""
        return self.path.rpartition("/")[2]


@cache
def locked() -> tuple[Jar, ...]:
    """Read the lock, in its order."""
    rows = (line.split() for line in _LOCK.read_text("ascii").splitlines() if line.strip())
    return tuple(Jar(path, sha256, int(size)) for path, sha256, size in rows)


@cache
def kafka_version() -> str:
    """Return the version of Kafka that the lock names."""
    found = re.search(r"/kafka-clients/([^/]+)/", _LOCK.read_text("ascii"))
    if not found:
        raise ValueError("jars.lock names no kafka-clients")
    return found[1]


def lock_hash() -> str:
    """Name the set of jars: 12 hex digits."""
    return hashlib.sha256(_LOCK.read_bytes()).hexdigest()[:12]


def store(settings: Settings) -> Path:
    """Return the folder of the jars."""
    return settings.cache_dir / "kafka" / kafka_version()


def class_path(folder: Path) -> str:
    """Return Java's class path of a store."""
    return os.pathsep.join(str(folder / jar.name) for jar in locked())


def missing(folder: Path) -> list[Jar]:
    """List the jars that are not there in their full size: quick, without reading them."""
    return [jar for jar in locked() if not _has_size(folder / jar.name, jar.size)]


def damaged(folder: Path) -> list[Jar]:
    """List the jars that are missing or whose bytes are wrong: reads all of them."""
    return [jar for jar in locked() if not is_right(folder / jar.name, jar)]


def take(
    source: IO[bytes], jar: Jar, folder: Path, step: Callable[[int], None] = lambda count: None
) -> bool:
    """Copy a jar into the store; False, and nothing kept, when its bytes are not the right ones.

    Args:
        source: The bytes.
        jar: What they should be.
        folder: The store.
        step: Called with the size of each piece copied.
    """
    part = folder / f"{jar.name}.{os.getpid()}.part"
    digest, size = hashlib.sha256(), 0
    try:
        with part.open("wb") as target:
            while size <= jar.size and (chunk := source.read(_CHUNK)):
                target.write(chunk)
                digest.update(chunk)
                size += len(chunk)
                step(len(chunk))
            target.flush()
            os.fsync(target.fileno())
        if size != jar.size or digest.hexdigest() != jar.sha256:
            return False
        os.utime(part, (_MTIME, _MTIME))
        part.replace(folder / jar.name)
        return True
    finally:
        part.unlink(missing_ok=True)


def is_right(path: Path, jar: Jar) -> bool:
    """Tell whether a file is this jar, to the last bit."""
    if not _has_size(path, jar.size):
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256


def some_names(jars: Iterable[Jar]) -> str:
    """Name at most three jars, and how many more there are."""
    names = [jar.name for jar in jars]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False
