"""Make `docs/top.svg`, `web.png` and `slack.png` from a real run of the demo (`make screenshots`).

Needs the group `browser` and a Chromium, see `tests/browser/test_page.py`, and for Slack's signs a
font that has them (`apt-get install fonts-noto-color-emoji`).
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from monitor.stats.board import Board
from monitor.stats.reader import keep_filled
from monitor.supervisor.state import read_state
from monitor.top.app import TopApp
from monitor.web.address import read_address

DOCS = Path(__file__).parent
CHROMIUM = os.environ.get("NEWSMON_CHROMIUM") or shutil.which("chromium")
STORY_S = 75
"""The demo's story has been told by then."""
SETTLE_MS = 3000
"""A page has drawn everything by then."""


def main() -> None:
    """Run the demo in a folder of its own, take the pictures, end the demo."""
    if not CHROMIUM:
        sys.exit("no chromium; get it with `apt-get install chromium`")
    data_dir = Path(tempfile.mkdtemp(prefix="newsmon-pictures-"))
    command = ["demo", "--headless", "--seconds", "600", "--data-dir", str(data_dir)]
    demo = subprocess.Popen(
        [sys.executable, "-m", "monitor.cli", *command], stdout=subprocess.DEVNULL
    )
    try:
        bootstrap, address = _wait(data_dir, demo)
        with _slack(data_dir) as peer:
            time.sleep(STORY_S)
            asyncio.run(_terminal(bootstrap, address))
            asyncio.run(_shoot(address, "web.png", (1360, 900), "#alert-list .card", "dark"))
            asyncio.run(_shoot(peer, "slack.png", (820, 900), "article.reply", "light"))
    finally:
        demo.send_signal(signal.SIGTERM)
        demo.wait(60)
        shutil.rmtree(data_dir, ignore_errors=True)


def _wait(data_dir: Path, demo: subprocess.Popen[bytes]) -> tuple[str, str]:
    for _ in range(240):
        state, address = read_state(data_dir), read_address(data_dir)
        if state and address:
            return state.bootstrap_servers, address
        if demo.poll() is not None:
            break
        time.sleep(0.5)
    sys.exit(f"the demo did not start; see {data_dir / 'logs'}")


async def _terminal(bootstrap: str, address: str) -> None:
    board = Board()
    reading = asyncio.create_task(keep_filled(bootstrap, board))
    app = TopApp(board, hint=lambda: address)
    async with app.run_test(size=(120, 26)) as pilot:
        while not (board.loaded and board.pulse and board.pulse.articles_per_s is not None):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
        await pilot.pause(1)
        picture = app.export_screenshot(title="newsmon top")
    reading.cancel()
    # The picture asks no font server: it takes the reader's own fixed-width font.
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    picture = picture.replace("Fira Code", "DejaVu Sans Mono")
    (DOCS / "top.svg").write_text(picture, "utf-8")


@contextmanager
def _slack(data_dir: Path) -> Iterator[str]:
    """Run `newsmon slack demo` on the demo's alerts; give the address of its page."""
    command = [sys.executable, "-m", "monitor.cli", "slack", "demo", "--data-dir", str(data_dir)]
    peer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        found = re.search(r"http://\S+", peer.stdout.readline() if peer.stdout else "")
        if not found:
            sys.exit("`newsmon slack demo` did not say where its page is")
        yield found[0]
    finally:
        peer.send_signal(signal.SIGTERM)
        peer.communicate(timeout=60)


async def _shoot(
    address: str, name: str, size: tuple[int, int], waits_for: str, scheme: Literal["dark", "light"]
) -> None:
    from playwright.async_api import async_playwright

    async with async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        page = await browser.new_page(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme
        )
        await page.goto(address)
        await page.locator(waits_for).first.wait_for()
        await page.wait_for_timeout(SETTLE_MS)
        await page.screenshot(path=DOCS / name)
        await browser.close()


if __name__ == "__main__":
    main()
