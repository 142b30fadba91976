"""`make check` refuses a dependency whose licence is unknown or not allowed."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

from tests import ROOT

ALLOWED = ("MIT", "Apache-2.0", "GPL-2.0-only WITH Classpath-exception-2.0")


@pytest.fixture(scope="module")
def licences() -> ModuleType:
    """Return the script as a module; its folder is no package."""
    spec = importlib.util.spec_from_file_location("licences", ROOT / ".ci" / "licences.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("expression", "met"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND (GPL-3.0-only OR Apache-2.0)", True),
        ("(MIT OR GPL-3.0-only) AND GPL-3.0-only", False),
        ("GPL-2.0-only WITH Classpath-exception-2.0", True),
        ("GPL-2.0-only", False),
        ("MIT OR GPL-3.0-only AND GPL-2.0-only", True),  # AND binds closer
    ],
)
def test_an_expression_is_met_or_not(licences: ModuleType, expression: str, met: bool) -> None:
    """AND needs both, OR one; an exception belongs to its licence."""
    assert licences.is_allowed(expression, ALLOWED) is met


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"License-Expression": ["MIT"], "License": ["whatever"]}, "MIT"),
        ({"License": ["ISC"], "Classifier": ["License :: OSI Approved :: MIT License"]}, "ISC"),
        ({"Classifier": ["Topic :: X", "License :: OSI Approved :: MIT License"]}, "MIT"),
        ({"License": ["Copyright (c) somebody\nAll rights reserved"]}, None),
        ({"Classifier": ["License :: OSI Approved :: BSD License"]}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_metadata_states_a_licence_or_none(
    licences: ModuleType, headers: dict[str, list[str]], found: str | None
) -> None:
    """What says too little is unknown, which is not allowed."""
    assert licences.stated(headers, {"MIT License": "MIT"}) == found


def test_a_jar_has_the_licence_of_the_nearest_group(licences: ModuleType) -> None:
    """A new jar of a group that nobody has looked at is unknown."""
    lock = "org/a/b/thing/1.0/thing-1.0.jar 00 1\norg/ab/other/2/other-2.jar 00 1\n"

    rows = licences.jar_rows(lock, {"org.a": "MIT", "org.a.b": "Apache-2.0"})

    assert rows == {"org.a.b:thing": "Apache-2.0", "org.ab:other": None}
