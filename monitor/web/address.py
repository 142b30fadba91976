"""Where the page is: its address, left in the data directory for the other commands."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.ops.loopback import is_loopback

log = logging.getLogger("newsmon.web")

_ADDRESS = "web.url"


def url_of(host: str, port: int) -> str:
    """Return where a browser finds the page."""
    shown = host if is_loopback(host) else "<this machine>"
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/"


def read_address(data_dir: Path) -> str:
    """Return the address of the page that runs on a data directory; empty without one."""
    try:
        return (data_dir / _ADDRESS).read_text("utf-8").strip()
    except OSError:
        return ""


@contextmanager
def address_in(data_dir: Path, url: str) -> Iterator[None]:
    """Leave the address on a data directory while the page runs."""
    path = data_dir / _ADDRESS
    try:
        path.write_text(url + "\n", "utf-8")
    except OSError as exc:
        log.warning("%s: not written (%s)", path, exc.strerror)
    try:
        yield
    finally:
        if read_address(data_dir) == url:
            path.unlink(missing_ok=True)
