"""`newsmon slack demo` together with `newsmon slack test`, as a person tries them."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

SLACK = (sys.executable, "-m", "monitor.cli", "slack")


async def test_what_the_demo_prints_lets_slack_test_send_it_a_sample(tmp_path: Path) -> None:
    """The three exports are enough; the stand-in has the sample afterwards."""
    demo = await asyncio.create_subprocess_exec(
        *SLACK, "demo", "--data-dir", str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert demo.stdout
        async with asyncio.timeout(30):
            said = (await demo.stdout.readuntil(b"newsmon slack test\n")).decode()
        given = dict(re.findall(r"export (NEWSMON_SLACK_\w+)=(\S+)", said))
        test = await asyncio.create_subprocess_exec(
            *SLACK, "test", env={**os.environ, **given}, stdout=asyncio.subprocess.PIPE
        )
        told = (await test.communicate())[0].decode()
        assert test.returncode == 0, told
        assert f"sent an invented alert to {given['NEWSMON_SLACK_CHANNEL']}" in told
        assert "found it again" in told, "the stand-in does not have it"
    finally:
        demo.terminate()
        await demo.wait()
