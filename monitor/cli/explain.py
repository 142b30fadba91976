"""`newsmon explain`: why a sentence is or is not a mention."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any

from monitor.cli.options import add_common, print_json, settings_of
from monitor.detect import SentenceReport, load_detector
from monitor.detect.attributes import Attributes
from monitor.detect.language import LANGUAGES
from monitor.detect.roles import Chosen
from monitor.detect.verdicts import Verdict
from monitor.settings import CONFIG_DIR
from monitor.text import plain

_SOURCES = {"text": "", "title": ", in the headline", "prev": ", in the sentence before"}


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command."""
    parser = commands.add_parser(
        "explain",
        help="say why a sentence is or is not a mention",
        description="Shows each sentence: what let it pass the gate, the score of each label "
        "beside both thresholds, what decided, and the attributes with the words they came from.",
    )
    parser.add_argument("text", metavar="TEXT", help="a text; - reads standard input")
    parser.add_argument("--title", default="", help="the headline, as context")
    parser.add_argument("--language", choices=LANGUAGES, help="default: guessed by its letters")
    parser.add_argument("--threshold", choices=("alert", "search"), help="default: the settings'")
    parser.add_argument("--json", action="store_true", help="one JSON object a sentence")
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Explain a text."""
    settings = settings_of(args)
    detector = load_detector(CONFIG_DIR, args.threshold or settings.detect.threshold)
    text = sys.stdin.read() if args.text == "-" else args.text
    reports = detector.explain(text, args.title, args.language)
    if not reports:
        print("nothing to explain: the text is empty, or neither English, Russian nor Ukrainian")
        return 0
    for report in reports:
        if args.json:
            print_json(_facts(report))
        else:
            print("\n".join(plain(line) for line in _lines(report)), end="\n\n")
    return 0


def _lines(report: SentenceReport) -> Iterator[str]:
    yield f"[{report.language} {report.field}] {report.sentence}"
    if not report.gate:
        yield "  gate       no word of the gate: not scored"
        return
    yield f"  gate       {report.gate}"
    for verdict in report.verdicts:
        limit = report.limits[verdict.label]
        yield (
            f"  {verdict.label:<10} {verdict.score:.3f} {'yes' if verdict.holds else 'no':<3} "
            f"(alert {limit['alert']:.3f}, search {limit['search']:.3f}; "
            f"decided by {verdict.decided_by})"
        )
        if parts := report.parts.get(verdict.label):
            yield "    log-odds " + ", ".join(
                f"{name} {part:+.2f}" for name, part in parts.items() if part
            )
        if verdict.label in report.attributes:
            yield from _attribute_lines(report.sentence, report.attributes[verdict.label])


def _attribute_lines(sentence: str, read: Attributes) -> Iterator[str]:
    yield f"    cue      {sentence[read.cue[0] : read.cue[1]]!r}"
    if read.status:
        yield f"    status   {read.status}"
    for name, chosen in (("actor", read.actors), ("place", read.places)):
        for item in chosen:
            yield f"    {name:<8} {_origin(item)}"
    if read.speaker:
        yield f"    speaker  {read.speaker.text!r} ({read.speaker.how})"
    if read.claim:
        yield f"    claim    {read.claim!r}"
    if read.quantity:
        yield f"    quantity {read.quantity.value:g} {read.quantity.unit}"
    if read.doubts:
        yield f"    doubts   {', '.join(read.doubts)} (config/lexicon/doubts.toml)"


def _origin(chosen: Chosen) -> str:
    where = _SOURCES[chosen.source]
    return f"{chosen.code} ({chosen.role}) from {chosen.name.text!r}, a {chosen.name.kind}{where}"


def _facts(report: SentenceReport) -> dict[str, object]:
    return {
        "sentence": report.sentence,
        "field": report.field,
        "language": report.language,
        "gate": report.gate,
        "verdicts": [_verdict_facts(report, verdict) for verdict in report.verdicts],
    }


def _verdict_facts(report: SentenceReport, verdict: Verdict) -> dict[str, object]:
    facts: dict[str, object] = {
        "label": verdict.label,
        "holds": verdict.holds,
        "score": verdict.score,
        "alert": report.limits[verdict.label]["alert"],
        "search": report.limits[verdict.label]["search"],
        "decided_by": verdict.decided_by,
        "log_odds": dict(report.parts.get(verdict.label, {})),
    }
    read = report.attributes.get(verdict.label)
    if read:
        facts |= {
            "cue": report.sentence[read.cue[0] : read.cue[1]],
            "status": read.status,
            "actors": [item.code for item in read.actors],
            "places": [item.code for item in read.places],
            "speaker": read.speaker.text if read.speaker else "",
            "claim": read.claim,
            "doubts": list(read.doubts),
        }
    return facts
