"""Starting and ending processes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.process import end, finished, launch, started_at


def python(code: str, tmp_path: Path, **options) -> subprocess.Popen[bytes]:
    return launch([sys.executable, "-c", code], folder=tmp_path, output=tmp_path / "out", **options)


@pytest.mark.parametrize("follow_parent", [True, False])
@pytest.mark.parametrize("nice", [0, 19])
async def test_the_environment_is_not_handed_on(tmp_path: Path, monkeypatch, follow_parent, nice):
    """Secrets and Java options stay here, the folder and UTF-8 names arrive."""
    monkeypatch.setenv("NEWSMON_SLACK_BOT_TOKEN", "secret")
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Xmx9g")
    code = "import os; print(os.getcwd(), os.getsid(0) == os.getpid(), dict(os.environ))"
    process = python(code, tmp_path, follow_parent=follow_parent, nice=nice)
    assert await finished(process, 20)
    output = (tmp_path / "out").read_text()
    assert output.startswith(f"{tmp_path} True ")
    assert "C.UTF-8" in output
    assert "PATH" in output
    assert "secret" not in output
    assert "JAVA_TOOL_OPTIONS" not in output


async def test_a_process_that_obeys_is_ended_gently(tmp_path: Path):
    """SIGTERM is enough, and says so; the dead have no start."""
    process = python("import time; time.sleep(60)", tmp_path, follow_parent=False)
    started = started_at(process.pid)
    assert started
    assert await end(process.pid, started, patience=10)
    assert process.wait() == -signal.SIGTERM
    assert started_at(process.pid) is None
    assert await end(process.pid, started, patience=10)


async def test_a_process_that_does_not_obey_is_killed(tmp_path: Path):
    """After the patience comes SIGKILL."""
    code = "import signal as s, time; s.signal(15, s.SIG_IGN); print(1, flush=True); time.sleep(60)"
    process = python(code, tmp_path, follow_parent=False)
    for _ in range(200):
        if not (tmp_path / "out").read_text():
            await asyncio.sleep(0.05)
    assert not await end(process.pid, started_at(process.pid) or "", patience=0.3)
    assert process.wait() == -signal.SIGKILL


async def test_another_process_of_the_same_number_is_left_alone():
    """A number that was given anew is not ours to end."""
    assert await end(os.getpid(), "another start", patience=0.1)
    assert started_at(os.getpid())
