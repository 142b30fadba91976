"""The examples of `docs/subscribe.md`, run as they stand there, against a real broker."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from monitor.kafka.fetch import fetch
from tests.broker.conftest import broker_settings
from tests.broker.desk import Ask, Desk, until

PAGE = Path(__file__).parents[2] / "docs" / "subscribe.md"


def example(heading: str, language: str) -> str:
    """Return the first code block of a language under a heading."""
    section = re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    (text,) = [part for part in section if part.startswith(f"{heading}\n")]
    found = re.search(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found, f"no {language} block under {heading}"
    return found[1]


def revisions(ask: Ask) -> list[dict[str, Any]]:
    """Return every revision on the topic, once the story has been told to its end."""
    until(lambda: ask("alerts", "--place", "IE"))
    until(lambda: ask("alerts", "--place", "IS", "--status", "happened", "--revisions"))
    return ask("alerts", "--from-beginning")


def first_lines(words: Sequence[str], count: int) -> list[str]:
    """Run a program that never ends until it has printed so many lines."""
    # Java: the quick compiler alone, for a program that runs so shortly.
    environ = {**os.environ, "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1"}
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environ
    )
    try:
        assert process.stdout
        return [process.stdout.readline() for _ in range(count)]
    finally:
        process.kill()
        process.wait()


def test_the_python_example_prints_every_revision_once(
    desk: Desk, ask: Ask, tmp_path: Path
) -> None:
    """Plain aiokafka, nothing of newsmon."""
    alerts = revisions(ask)
    program = tmp_path / "subscribe.py"
    program.write_text(example("Python", "python"), "utf-8")

    lines = first_lines([sys.executable, str(program), desk.bootstrap], len(alerts))

    assert sorted(line.split() for line in lines) == sorted(
        [a["id"], str(a["revision"]), a["reason"], a["label"], ",".join(a["places"])]
        for a in alerts
    )


def test_the_java_example_prints_every_revision_once(desk: Desk, ask: Ask, tmp_path: Path) -> None:
    """One file, compiled by `java` itself, with the broker's own jars."""
    java = shutil.which("java")
    modules = [java, "--list-modules"] if java else ["true"]
    if "jdk.compiler" not in subprocess.run(modules, capture_output=True, text=True).stdout:
        pytest.skip("no JDK: a Java runtime without a compiler cannot run a source file")
    alerts = revisions(ask)
    program = tmp_path / "Subscribe.java"
    program.write_text(example("Java", "java"), "utf-8")
    jars = fetch(broker_settings(desk.data_dir))

    words = ["java", "-cp", f"{jars}/*", str(program), desk.bootstrap]
    lines = first_lines(words, len(alerts))

    assert sorted(line.split() for line in lines) == sorted(
        [a["id"], str(a["revision"]), a["reason"], a["label"]] for a in alerts
    )


def test_the_kcat_example_prints_every_revision(desk: Desk, ask: Ask) -> None:
    """Key and value, a line each."""
    if not shutil.which("kcat"):
        pytest.skip("kcat is not installed (Debian: apt-get install kcat)")
    alerts = revisions(ask)

    done = subprocess.run(
        ["sh", "-c", example("kcat", "sh")],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "BROKER": desk.bootstrap},
    )

    assert done.returncode == 0, done.stderr
    assert sorted(line.split(" ")[0] for line in done.stdout.splitlines()) == sorted(
        a["id"] for a in alerts
    )


def test_the_command_of_the_page_is_understood(ask: Ask) -> None:
    """`newsmon alerts` with the filters of the page runs, and finds no drill in Ukraine here."""
    words = example("On the command line", "sh").split()

    assert words[:2] == ["newsmon", "alerts"]
    assert ask(*[word for word in words[1:] if word != "--json"]) == []
