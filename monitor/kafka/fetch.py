"""Bring Kafka's jars into the store: from Maven repositories, or from a bundle."""

from __future__ import annotations

import errno
import tarfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from monitor.errors import MachineError
from monitor.kafka.jars import (
    Jar,
    damaged,
    is_right,
    kafka_version,
    locked,
    missing,
    some_names,
    store,
    take,
)
from monitor.kafka.maven import Repository, read_maven_settings, repositories
from monitor.settings import Settings

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in all, from several threads, one at a time."""

_THREADS = 8
_TRIES = 3
_TIMEOUT = 30.0
_PAUSE = 0.5
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


class Cancelled(Exception):  # noqa: N818 - not an error
    """The caller asked a fetch to stop."""


def fetch(
    settings: Settings,
    progress: Progress = lambda done, total: None,
    *,
    thorough: bool = False,
    cancel: threading.Event | None = None,
) -> Path:
    """Bring all jars into the store and return its folder; does nothing when they are there.

    Args:
        settings: `cache_dir` and `maven_mirror` count.
        progress: Told how far it is; not called when nothing is to be done.
        thorough: Hash what is there instead of comparing sizes, and replace what is damaged.
        cancel: When set, the fetch ends soon with `Cancelled`; what is complete stays.

    Raises:
        MachineError: A jar could be had from no repository, or the disk cannot take it.
        ConfigError: `maven_mirror` is no address.
    """
    folder = store(settings)
    wanted = damaged(folder) if thorough else missing(folder)
    if not wanted:
        return folder
    maven = read_maven_settings()
    job = _Fetch(
        folder,
        repositories(settings.maven_mirror, maven),
        maven.local,
        _Meter(progress, sum(jar.size for jar in wanted)),
        cancel or threading.Event(),
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="jars") as pool:
            # The largest first: the last one to end decides how long it takes.
            largest_first = sorted(wanted, key=lambda jar: -jar.size)
            futures = [pool.submit(job.bring, jar) for jar in largest_first]
            try:
                for future in futures:
                    future.result()
            except BaseException:
                job.cancel.set()
                raise
    except OSError as exc:
        raise MachineError(f"{folder}: cannot store Kafka's jars ({exc.strerror or exc})") from exc
    return folder


def write_bundle(settings: Settings, path: Path) -> int:
    """Write the jars of a complete store into a tar for a machine without internet.

    Returns:
        The size of the tar in bytes.

    Raises:
        MachineError: A jar is missing or damaged, or the tar cannot be written.
    """
    folder = store(settings)
    if wrong := damaged(folder):
        raise MachineError(
            f"{folder}: {some_names(wrong)} missing or damaged; run `newsmon kafka fetch` first"
        )
    part = path.with_name(path.name + ".part")
    try:
        with tarfile.open(part, "w") as tar:
            for jar in locked():
                tar.add(folder / jar.name, arcname=f"kafka-{kafka_version()}/{jar.name}")
        part.replace(path)
    except OSError as exc:
        raise MachineError(f"{path}: cannot write the bundle ({exc.strerror or exc})") from exc
    return path.stat().st_size


def read_bundle(settings: Settings, path: Path) -> Path:
    """Fill the store from a bundle and return its folder.

    Nothing of the tar is trusted: a member counts only by its file name, size and SHA-256.

    Raises:
        MachineError: The bundle cannot be read, or a jar is missing from it or damaged in it.
    """
    folder = store(settings)
    wanted = {jar.name: jar for jar in damaged(folder)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(path, "r:*") as tar:
            for member in tar:
                jar = wanted.get(member.name.rpartition("/")[2])
                source = tar.extractfile(member) if jar and member.isfile() else None
                if jar and source and take(source, jar, folder):
                    del wanted[jar.name]
    except (OSError, tarfile.TarError, EOFError) as exc:
        raise MachineError(f"{path}: cannot be read as a bundle ({exc})") from exc
    if wanted:
        raise MachineError(
            f"{path}: no bundle of Kafka {kafka_version()}:"
            f" {some_names(wanted.values())} missing or damaged"
        )
    return folder


class _Meter:
    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        with self._lock:
            self._done += count
            self._progress(self._done, self._total)


@dataclass
class _Fetch:
    folder: Path
    repositories: tuple[Repository, ...]
    local: Path
    meter: _Meter
    cancel: threading.Event
    down: set[str] = field(default_factory=set)

    def bring(self, jar: Jar) -> None:
        own = self.local / jar.path
        if is_right(own, jar):
            with own.open("rb") as source:
                if take(source, jar, self.folder, self._step):
                    return
        reasons = []
        for repository in self.repositories:
            if repository.url in self.down:
                reasons.append(f"{repository.name}: not reachable")
                continue
            reason = self._from(repository, jar)
            if not reason:
                return
            reasons.append(f"{repository.name}: {reason}")
        raise MachineError(
            f"cannot fetch {jar.name} ({'; '.join(reasons)}); set maven_mirror, or use"
            " `newsmon kafka fetch --from-bundle FILE`"
        )

    def _from(self, repository: Repository, jar: Jar) -> str:
        """Try one repository; return why it failed, or nothing."""
        reason, answered = "", False
        for attempt in range(_TRIES):
            self.cancel.wait(_PAUSE * attempt)
            counted = 0

            def step(count: int) -> None:
                nonlocal counted
                counted += count
                self._step(count)

            try:
                with urlopen(repository.request(jar.path), timeout=_TIMEOUT) as source:  # noqa: S310
                    answered = True
                    if take(source, jar, self.folder, step):
                        return ""
                reason = "truncated or damaged"
            except HTTPError as exc:
                reason, answered = f"HTTP {exc.code}", True
                if exc.code < 500 and exc.code != 429:
                    return reason
            except (OSError, HTTPException) as exc:
                if isinstance(exc, OSError) and (exc.filename or exc.errno in _DISK):
                    raise  # the store's disk, not the network
                cause = getattr(exc, "reason", exc)
                reason = str(cause) or type(exc).__name__
                if isinstance(cause, FileNotFoundError):
                    return reason  # a `file:` repository without this jar
            self.meter.add(-counted)
        if not answered:
            self.down.add(repository.url)  # do not wait for its time-out once per jar
        return reason

    def _step(self, count: int) -> None:
        if self.cancel.is_set():
            raise Cancelled
        self.meter.add(count)


def _sweep(folder: Path) -> None:
    """Remove what a killed fetch left behind; a younger part may belong to a running one."""
    for part in folder.glob("*.part"):
        if part.stat().st_mtime < time.time() - 3600:
            part.unlink(missing_ok=True)
