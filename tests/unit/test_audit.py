"""`make audit` fails for a known vulnerability, and for nothing else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests import ROOT

UV = shutil.which("uv") or ROOT / ".tools" / "bin" / "uv"
needs_uv = pytest.mark.skipif(not Path(UV).exists(), reason="needs uv, on the PATH or in .tools")
VULNERABLE = {"orjson": "CVE-0000-0001", "org.apache.kafka:kafka-clients": "CVE-0000-0002"}


@contextmanager
def service(vulnerable: dict[str, str]) -> Iterator[str]:
    """Answer like OSV that these packages have these vulnerabilities."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            found = [vulnerable.get(query["package"]["name"]) for query in queries]
            self.answer({"results": [{"vulns": [entry(name)]} if name else {} for name in found]})

        def do_GET(self) -> None:
            self.answer(entry(self.path.rpartition("/")[2]))

        def answer(self, value: object) -> None:
            body = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


def entry(name: str) -> dict[str, object]:
    return {"id": name, "modified": "2026-01-01T00:00:00Z", "summary": "bad", "affected": []}


def audit(url: str, allow: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ".ci/audit.py", "--service-url", url, "--allow", str(allow)],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@needs_uv
def test_a_known_vulnerability_fails_until_it_is_allowed(tmp_path: Path) -> None:
    """Packages and jars are looked at; an excuse holds until its date."""
    some, all_ = tmp_path / "some", tmp_path / "all"
    lines = [f'[[allow]]\nid = "{v}"\nreason = "never called"\n' for v in VULNERABLE.values()]
    some.write_text(f"{lines[0]}until = 2020-01-01\n{lines[1]}until = 9999-01-01\n")
    all_.write_text("".join(f"{line}until = 9999-01-01\n" for line in lines))

    with service(VULNERABLE) as url:
        bad, excused = audit(url, some), audit(url, all_)

    assert (bad.returncode, excused.returncode) == (1, 0)
    assert re.search(r"orjson \S+ CVE-0000-0001: VULNERABLE", bad.stdout)
    assert "CVE-0000-0002: allowed: never called (until 9999-01-01)" in bad.stdout
    assert "org.apache.kafka:kafka-clients" in bad.stdout
    assert "0 known vulnerabilities, 2 more allowed" in excused.stdout


def test_a_service_out_of_reach_fails_nothing_but_is_told(tmp_path: Path) -> None:
    """Nobody takes silence for a clean bill."""
    (tmp_path / "nothing").touch()

    done = audit("http://127.0.0.1:1/", tmp_path / "nothing")

    assert done.returncode == 0
    assert "NOT DONE" in done.stderr
    assert "known vulnerabilities," not in done.stdout
