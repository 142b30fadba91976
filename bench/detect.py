"""Detection beside what else one could use, in speed and in quality, in one run on one core.

    python -m bench detect [--sentences 3000]

Speed: English news from captured feeds as it comes (CPU seconds, sentence splitting included for
newsmon only), and articles of 30 sentences that all speak of war (CPU time too). Quality: macro-F1
of the three labels on the English rows of `dev.jsonl`, on which no network was trained (the weights
of words were learnt there). The others: a list of keywords; spaCy's Matcher with a rule for each
word of our cue lists; word n-grams with logistic regression (scikit-learn), learnt from the English
training rows. Needs NEWSMON_SHARED and the packages of the group `bench`; without them only newsmon
is measured.
"""

from __future__ import annotations

import argparse
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table

from bench._news import captured, untagged
from monitor.detect import Detector, load_detector
from monitor.detect.lexicon import Lexicon
from monitor.detect.patterns import any_of
from monitor.detect.sentences import split
from monitor.detect.text import mask
from monitor.messages import Article, Label
from tests import shared_dir
from tests.quality.measure import Tally, found_labels, rows
from training.rows import units

Finder = Callable[[Sequence[str]], list[set[Label]]]
"""Sentences to the labels of each."""

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_KEYWORDS = {
    Label.DEPLOYMENT: ("deploy*", "troop*", "withdraw*", "warship*", "mobilis*", "mobiliz*"),
    Label.DRILL: ("military exercise*", "drill*", "war game*", "manoeuvre*", "maneuver*"),
    Label.DENIAL: ("deny", "denies", "denied", "denial*", "refute*", "reject*"),
}


def main(words: list[str]) -> None:
    """Run and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sentences", type=int, default=3000, help="of natural text")
    args = parser.parse_args(words)
    labels = shared_dir("labels")
    detector = load_detector()
    articles = natural(args.sentences)
    texts = [sentence for article in articles for sentence in sentences(article)]
    begin = time.process_time()
    for article in articles:
        detector.find_mentions(article)
    ours = len(texts) / (time.process_time() - begin)
    dev = [row for row in rows(labels, ["dev.jsonl"]) if row["lang"] == "en"]
    times = war(detector, [row["text"] for row in dev if row["labels"]])
    memory = resident()
    quality = f1(dev, ours_on(detector, dev))

    table = Table("", "sentences/s", "against newsmon", "macro-F1 (dev, en)")
    table.add_row("newsmon", f"{ours:,.0f}", "1", f"{quality:.3f}")
    for name, finder in others(detector.lexicons["en"], labels):
        begin = time.process_time()
        finder(texts)
        speed = len(texts) / (time.process_time() - begin)
        found = finder([row["text"] for row in dev])
        table.add_row(name, f"{speed:,.0f}", f"{speed / ours:.1f}", f"{f1(dev, found):.3f}")
    console = Console(width=100)
    console.print(f"{len(texts)} natural sentences, {len(dev)} labelled ones, one core")
    console.print(table)
    console.print(
        f"article of 30 war sentences: median {median(times):.0f} ms, "
        f"p95 {quantiles(times, n=20)[-1]:.0f} ms ({len(times)} articles); memory {memory} MiB"
    )


def natural(count: int) -> list[Article]:
    """Return English entries of captured feeds as articles, with so many sentences."""
    found: list[Article] = []
    for entry, _ in captured({"en"}):
        article = Article(
            id=f"natural{len(found)}", feed_id="", url="", title=entry.title or "",
            text=untagged(entry.content or entry.summary or ""), outlet="", language="en",
            fetched_at=_NOW,
        )  # fmt: skip
        found.append(article)
        count -= len(sentences(article))
        if count <= 0:
            break
    return found


def sentences(article: Article) -> list[str]:
    """Cut an article as the detector does."""
    text = mask(article.text)
    title = [article.title] if article.title.strip() else []
    return title + [text[span.start : span.end] for span in split(text)]


def war(detector: Detector, texts: Sequence[str], size: int = 30) -> list[float]:
    """Measure articles in which every sentence is labelled: milliseconds of CPU of each."""
    times = []
    for start in range(0, len(texts) - size + 1, 8):
        text = "\n".join(texts[start : start + size])
        article = Article(
            id="war", feed_id="", url="", title="", text=text, outlet="", language="en",
            fetched_at=_NOW,
        )  # fmt: skip
        begin = time.process_time()
        detector.find_mentions(article)
        times.append(1000 * (time.process_time() - begin))
    return times


def resident() -> int:
    """Give the memory of this process, MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


def ours_on(detector: Detector, data: Sequence[dict]) -> list[set[Label]]:
    """Label rows as the shipped detector does."""
    scores = detector.score(units(data))
    return [
        found_labels(detector, row, score, "alert")
        for row, score in zip(data, scores, strict=True)
    ]  # fmt: skip


def f1(data: Sequence[dict], found: Iterable[set[Label]]) -> float:
    """Mean F1 of the labels."""
    tallies = {label: Tally() for label in Label}
    for row, labels in zip(data, found, strict=True):
        for label in Label:
            tallies[label].add({label} & labels, {label} & set(row["labels"]))
    return sum(tally.f1 for tally in tallies.values()) / len(tallies)


def others(lexicon: Lexicon, labels: Path) -> Iterator[tuple[str, Finder]]:
    """Make the other ways, as far as their packages are there."""
    yield f"keywords ({sum(map(len, _KEYWORDS.values()))})", keywords()
    try:
        yield matcher(lexicon)
        yield "n-grams + logistic regression", ngrams(rows(labels, ["train.en.jsonl"]))
    except ImportError as exc:
        print(f"left out: {exc.name} is not installed (uv sync --group bench)")


def keywords() -> Finder:
    """Look for words of the usual kind."""
    patterns = {
        label: re.compile(rf"(?<!\w)(?:{any_of(words)})(?!\w)", re.IGNORECASE)
        for label, words in _KEYWORDS.items()
    }
    return lambda texts: [
        {label for label, pattern in patterns.items() if pattern.search(text)} for text in texts
    ]


def matcher(lexicon: Lexicon) -> tuple[str, Finder]:
    """Write a rule for each word of the cue lists, with its partner within six words."""
    import spacy
    from spacy.matcher import Matcher

    def word(*words: str) -> dict[str, object]:
        return {"LOWER": {"REGEX": rf"^(?:{any_of(words)})$"}}

    nlp = spacy.blank("en")
    rules = Matcher(nlp.vocab)
    gap: list[dict[str, object]] = [{"OP": "{0,6}"}]
    classes = {
        name: [one for one in words if " " not in one] for name, words in lexicon.classes.items()
    }
    count = 0
    for label, firsts, second in (
        (Label.DEPLOYMENT, "move", "force"),
        (Label.DRILL, "drill", ""),
        (Label.DENIAL, "deny", ""),
        (Label.DENIAL, "untrue", ""),
    ):
        for first in classes[firsts]:
            rest = [*gap, word(*classes[second])] if second else []
            rules.add(f"{label} {count}", [[word(first), *rest]])
            count += 1

    def find(texts: Sequence[str]) -> list[set[Label]]:
        return [
            {Label(nlp.vocab.strings[rule].split()[0]) for rule, _, _ in rules(nlp.make_doc(text))}
            for text in texts
        ]

    return f"spaCy Matcher ({count} rules)", find


def ngrams(data: Sequence[dict]) -> Finder:
    """Learn one- and two-word features for each label."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    table = words.fit_transform([row["text"] for row in data])
    models = {
        label: LogisticRegression(C=10, class_weight="balanced", max_iter=500).fit(
            table, [label in row["labels"] for row in data]
        )
        for label in Label
    }

    def find(texts: Sequence[str]) -> list[set[Label]]:
        columns = words.transform(texts)
        guesses = {label: model.predict(columns) for label, model in models.items()}
        return [{label for label in Label if guesses[label][row]} for row in range(len(texts))]

    return find


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
