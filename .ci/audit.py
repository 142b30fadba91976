"""Look for known vulnerabilities of all that newsmon is made of: `uv.lock` and Kafka's jars.

The answers come from a service of the OSV format. A vulnerability fails the run (exit 1), unless
`.ci/audit-allow.toml` names it with a reason and a date that has not passed. A service that cannot
be reached fails nothing, but says loudly that nothing was looked for.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OSV = "https://api.osv.dev/"
_SECONDS = 20
_UNREACHABLE = re.compile(r"error sending request|Request failed after|dns error", re.IGNORECASE)


@dataclass(frozen=True)
class Finding:
    """A known vulnerability of something that newsmon uses; `names` are its ids."""

    what: str
    names: frozenset[str]
    summary: str


class UnreachableError(Exception):
    """The service did not answer."""


def jars(lock: str) -> list[tuple[str, str]]:
    """Return name (`group:artifact`) and version of each jar of a lock file."""
    parts = (Path(line.split()[0]).parts for line in lock.splitlines() if line.strip())
    return [(f"{'.'.join(part[:-3])}:{part[-3]}", part[-2]) for part in parts]


def of_jars(
    found: Sequence[tuple[str, str]], results: Sequence[Mapping[str, Any]]
) -> list[Finding]:
    """Match the answers of the service to the questions."""
    return [
        Finding(f"{name} {version}", frozenset({vulnerability["id"]}), "")
        for (name, version), result in zip(found, results, strict=True)
        for vulnerability in result.get("vulns", ())
    ]


def of_packages(report: Mapping[str, Any]) -> list[Finding]:
    """Read the report of `uv audit`."""
    return [
        Finding(
            f"{each['dependency']['name']} {each['dependency']['version']}",
            frozenset({each["id"], *each["aliases"]}),
            each["summary"] or "",
        )
        for each in report["vulnerabilities"]
    ]


def excuse(finding: Finding, allowed: Sequence[Mapping[str, Any]], today: date) -> str | None:
    """Return the reason for which a finding is let through, if its date has not passed."""
    for entry in allowed:
        if entry["id"] in finding.names and today <= entry["until"]:
            return f"{entry['reason']} (until {entry['until']})"
    return None


def ask_about_jars(url: str) -> list[Finding]:
    """Ask about Kafka's jars.

    Raises:
        UnreachableError: The service did not answer.
    """
    found = jars((ROOT / "monitor" / "kafka" / "jars.lock").read_text("ascii"))
    queries = [
        {"package": {"ecosystem": "Maven", "name": name}, "version": version}
        for name, version in found
    ]
    question = urllib.request.Request(  # noqa: S310 - the address is ours
        f"{url}v1/querybatch",
        json.dumps({"queries": queries}).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(question, timeout=_SECONDS) as answer:  # noqa: S310
            results = json.load(answer)["results"]
    except OSError as exc:
        raise UnreachableError(str(exc)) from exc
    return of_jars(found, results)


def ask_about_packages(url: str, uv: str) -> list[Finding]:
    """Ask about the locked Python packages.

    Raises:
        UnreachableError: The service did not answer.
    """
    done = subprocess.run(
        [uv, "audit", "--frozen", "--output-format", "json", "--service-url", url],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode not in (0, 1):
        if _UNREACHABLE.search(done.stderr):
            raise UnreachableError(done.stderr.strip().splitlines()[-1].strip())
        sys.exit(f"audit: `uv audit` failed, which is no answer:\n{done.stderr}")
    return of_packages(json.loads(done.stdout))


def main() -> int:
    """Ask, and print one line a finding."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--service-url", default=OSV)
    parser.add_argument("--allow", type=Path, default=ROOT / ".ci" / "audit-allow.toml")
    args = parser.parse_args()
    allowed = tomllib.loads(args.allow.read_text("utf-8")).get("allow", [])
    uv = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    try:
        findings = ask_about_jars(args.service_url) + ask_about_packages(args.service_url, uv)
    except UnreachableError as exc:
        print(f"audit: NOT DONE: {args.service_url} cannot be reached ({exc})", file=sys.stderr)
        print("audit: NOT DONE: nobody has looked for known vulnerabilities", file=sys.stderr)
        return 0
    today, bad = datetime.now(UTC).date(), 0
    for finding in findings:
        reason = excuse(finding, allowed, today)
        bad += reason is None
        verdict = f"allowed: {reason}" if reason else "VULNERABLE"
        print(f"audit: {finding.what} {', '.join(sorted(finding.names))}: {verdict}")
    print(f"audit: {bad} known vulnerabilities, {len(findings) - bad} more allowed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
