"""A small disk for the broker's data, which can be filled and freed again."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_SIZE_MIB = 1024
"""More than newsmon wants to have free before it starts a broker, and than a run writes."""


class SmallDisk:
    """A tmpfs on a folder; to Kafka a disk as any other, down to ENOSPC and faults in mapped files.

    Args:
        folder: Where it is mounted; made if it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._filler = folder / "filler"

    def mount(self) -> str:
        """Mount it; return why that is not possible, or an empty text."""
        self._folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE_MIB}m", "newsmon-chaos"]
        try:
            done = subprocess.run(
                [*command, str(self._folder)], capture_output=True, text=True, check=False
            )
        except OSError as exc:
            return f"no mount command: {exc}"
        return done.stderr.strip() or f"mount ended with {done.returncode}" * bool(done.returncode)

    def unmount(self) -> None:
        """Take it away, with all that is on it."""
        subprocess.run(["umount", "--lazy", str(self._folder)], check=False)

    def fill(self) -> int:
        """Take every byte that is left; return how many."""
        with self._filler.open("ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12):
                while True:
                    try:
                        if file.write(bytes(size)) < size:
                            break
                    except OSError:
                        break
            return file.tell()

    def free(self) -> None:
        """Give back what `fill` took."""
        self._filler.unlink(missing_ok=True)

    @property
    def left(self) -> int:
        """Bytes that are free."""
        found = os.statvfs(self._folder)
        return found.f_bavail * found.f_frsize
