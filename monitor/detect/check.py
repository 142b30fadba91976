"""The check of `config/detect.toml`: what is in it can be used, and its examples come true."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from monitor.detect.corrections import Example, Expected
from monitor.detect.detector import Detector, load_detector
from monitor.errors import NewsmonError
from monitor.messages import Article, Mention
from monitor.settings import CONFIG_DIR

_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


def check_detect_config(path: Path = CONFIG_DIR / "detect.toml") -> list[str]:
    """Load the detector with the file's folder as `config/` and run the file's examples.

    Returns:
        One text per fault, naming file, key and what was expected; empty when all is well.
    """
    try:
        detector = load_detector(path.parent)
    except NewsmonError as exc:
        return str(exc).splitlines()
    faults = []
    for number, example in enumerate(detector.corrections.examples):
        why = _failure(detector, example)
        if why:
            faults.append(f"{path}: examples[{number}]: {why} in {example.text[:60]!r}")
    return faults


def _failure(detector: Detector, example: Example) -> str:
    found = detector.find_mentions(
        Article(
            id="example",
            feed_id="example",
            url="",
            title=example.title,
            text=example.text,
            outlet="",
            language=example.language,
            fetched_at=_EPOCH,
        )
    )
    labels, wanted = sorted(m.label for m in found), sorted(e.label for e in example.expect)
    if labels != wanted:
        return f"expected {', '.join(wanted) or 'no mention'}, got {', '.join(labels) or 'none'}"
    for mention, expected in zip(
        sorted(found, key=lambda m: m.label),
        sorted(example.expect, key=lambda e: e.label),
        strict=True,
    ):
        if why := _differs(mention, expected):
            return f"{mention.label}: {why}"
    return ""


def _differs(mention: Mention, expected: Expected) -> str:
    for name in ("status", "actors", "places"):
        want, got = getattr(expected, name), getattr(mention, name)
        if want is not None and (set(want) != set(got) if isinstance(got, tuple) else want != got):
            return f"expected {name} {want!r}, got {got!r}"
    if expected.speaker is not None and expected.speaker.lower() not in mention.speaker.lower():
        return f"expected speaker {expected.speaker!r}, got {mention.speaker!r}"
    return ""
