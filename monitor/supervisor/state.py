"""What `newsmon up` tells about itself in the data directory, for `newsmon status` and others."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ValidationError

from monitor.errors import MachineError
from monitor.messages import UtcTime

_STATE, _LOCK = "up.json", "up.lock"


class RoleState(BaseModel):
    """One role as it is now."""

    name: str
    pid: int | None
    state: str
    """`running`, `waiting` (to be started again) or `stopped`."""
    restarts: int = 0


class UpState(BaseModel):
    """A running `newsmon up`."""

    pid: int
    bootstrap_servers: str
    started_at: UtcTime
    roles: tuple[RoleState, ...]


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Hold the data directory for one `newsmon up`.

    Raises:
        MachineError: Another one holds it, or it cannot be written.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = (data_dir / _LOCK).open("a+")
    except OSError as exc:
        raise MachineError(f"{data_dir}: cannot be written ({exc.strerror})") from exc
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            lock.seek(0)
            raise MachineError(
                f"{data_dir}: another `newsmon up` (pid {lock.read().strip() or 'unknown'}) "
                "runs on it; stop it first, or choose another --data-dir"
            ) from exc
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            yield
        finally:
            (data_dir / _STATE).unlink(missing_ok=True)
            lock.truncate(0)


def write_state(data_dir: Path, state: UpState) -> None:
    """Replace the state at once, so that a reader never sees half of it."""
    part = data_dir / (_STATE + ".part")
    part.write_text(state.model_dump_json(), "utf-8")
    part.replace(data_dir / _STATE)


def read_state(data_dir: Path) -> UpState | None:
    """Return the state of the `newsmon up` that runs on a data directory, if one does."""
    try:
        with (data_dir / _LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None  # nobody holds it: what the file says is of a dead one
    except BlockingIOError:
        pass
    except OSError:
        return None
    try:
        return UpState.model_validate_json((data_dir / _STATE).read_text("utf-8"))
    except (OSError, ValidationError):
        return None
