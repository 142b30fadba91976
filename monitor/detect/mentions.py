"""A finding as a message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from monitor.detect.attributes import Attributes
from monitor.detect.candidates import Sentence
from monitor.detect.roles import Chosen
from monitor.detect.text import printable
from monitor.detect.verdicts import Verdict
from monitor.messages import Article, Entity, Evidence, Label, Mention, make_id


def build_mention(
    article: Article,
    sentence: Sentence,
    label: Label,
    verdicts: Iterable[Verdict],
    read: Attributes,
    detector: str,
) -> Mention:
    """Put together the mention of one label; its evidence is the article's own words."""
    source = article.title if sentence.field == "title" else article.text
    text = printable(source[sentence.span.start : sentence.span.end])
    return Mention(
        id=make_id("mention", article.id, label, text),
        article_id=article.id,
        label=label,
        status=read.status,
        cue=text[read.cue[0] : read.cue[1]],
        actors=tuple(chosen.code for chosen in read.actors),
        places=tuple(chosen.code for chosen in read.places),
        speaker=read.speaker.text if read.speaker else "",
        claim=read.claim,
        score=round(next(v.score for v in verdicts if v.label is label), 4),
        evidence=Evidence(
            sentence=text,
            field=sentence.field,
            start=sentence.span.start,
            end=sentence.span.end,
        ),
        title=printable(article.title),
        url=printable(article.url),
        outlet=printable(article.outlet),
        language=sentence.unit.language,
        published_at=article.published_at,
        seen_at=article.fetched_at,
        detector=detector,
        actor_spans=_entities(read.actors, text),
        place_spans=_entities(read.places, text),
        quantity=read.quantity,
        doubts=read.doubts,
    )


def _entities(chosen: Sequence[Chosen], text: str) -> tuple[Entity, ...]:
    return tuple(
        Entity(
            code=item.code,
            name=text[item.name.start : item.name.end],
            start=item.name.start,
            end=item.name.end,
            role=item.role,
        )
        for item in chosen
        if item.source == "text"
    )
