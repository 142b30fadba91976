"""`newsmon up` on a terminal: a real pseudo-terminal, a real broker, a key press."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from pathlib import Path

from monitor.kafka.running import running_brokers
from tests.broker.served import served
from tests.broker.test_up import ENVIRON, FICTION, NEWSMON

_ESCAPE = re.compile(r"\x1b(\[[0-9;?<>=$]*[A-Za-z]|\][^\x07]*\x07)")


class Terminal:
    """A program on a terminal of 120 by 40 characters.

    Attributes:
        shown: All that it wrote, escapes included.
    """

    def __init__(self, *command: str) -> None:
        self.shown = ""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env={**ENVIRON, "TERM": "xterm-256color"},
        )  # fmt: skip
        os.close(slave)

    def read(self, seconds: float) -> bool:
        """Take in what it writes; tell whether it is still open."""
        if select.select([self._master], [], [], seconds)[0]:
            try:
                self.shown += os.read(self._master, 1 << 16).decode("utf-8", "replace")
            except OSError:  # the other side is closed
                return False
        return True

    def wait_for(self, text: str, seconds: float) -> None:
        """Read until a text was written."""
        until = time.monotonic() + seconds
        while text not in _ESCAPE.sub("", self.shown):
            assert self.read(0.5), self.shown[-500:]
            assert time.monotonic() < until, f"no {text!r} in {self.shown[-500:]!r}"

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self._master, keys)

    def end(self, seconds: float) -> int:
        """Read to the end and return the exit code; it is killed when that takes too long."""
        until = time.monotonic() + seconds
        while self.read(0.5) and time.monotonic() < until:
            pass
        if self.process.poll() is None and time.monotonic() >= until:
            self.process.kill()
        os.close(self._master)
        return self.process.wait()


def test_up_shows_the_live_view_and_ctrl_c_ends_all(kafka_ready: None, tmp_path: Path) -> None:
    """The table is drawn; Ctrl-C gives the screen back, stops in order and says what is safe."""
    feeds = tmp_path / "feeds.toml"
    with served({"gazette": [FICTION]}) as text:
        feeds.write_text(text, "utf-8")
        terminal = Terminal(*NEWSMON, "up", "--feeds", str(feeds), "--data-dir", str(tmp_path))
        try:
            terminal.wait_for("NO → IS", 90)
        finally:
            terminal.press(b"\x03")
            code = terminal.end(60)

    assert code == 0
    assert "\x1b[?1049h" in terminal.shown
    _, _, after = terminal.shown.rpartition("\x1b[?1049l")
    after = _ESCAPE.sub("", after)
    order = [after.index(f"stopping {part}") for part in ("poller", "worker-0", "the broker")]
    assert order == sorted(order)
    assert f"what was sent is acknowledged, all data is in {tmp_path}" in after
    assert "Traceback" not in terminal.shown
    assert running_brokers(tmp_path) == {}
