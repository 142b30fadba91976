"""The messages: what goes out comes back, and nothing else comes in."""

from __future__ import annotations

from base64 import b64decode
from datetime import datetime, timedelta, timezone

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import MessageError
from monitor.messages import Article, Count, DeadLetter, Mention, make_id
from monitor.topics import TOPICS
from tests.samples import NOW, article, mention


@given(title=st.text(), text=st.text(max_size=200), revision=st.integers(1, 99))
def test_an_article_survives_the_wire(title: str, text: str, revision: int) -> None:
    """Decoding what was encoded gives an equal article, whatever its text."""
    sent = article(title=title, text=text, revision=revision)

    assert Article.decode(sent.encode()) == sent


def test_equal_messages_have_equal_bytes() -> None:
    """A repeat after a crash is the same to the byte."""
    assert mention().encode() == mention().encode()


def test_times_are_utc_on_the_wire() -> None:
    """A time of another zone is written as UTC with a Z."""
    moscow = datetime(2026, 3, 2, 15, 0, tzinfo=timezone(timedelta(hours=3)))

    assert orjson.loads(article(fetched_at=moscow).encode())["fetched_at"] == "2026-03-02T12:00:00Z"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no JSON"),
        (None, "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[]", "valid dictionary"),
        (b'{"id": 5}', "id:"),
        (article().encode().replace(b"Z", b""), "zone"),
    ],
    ids=["empty", "tombstone", "binary", "array", "wrong-type", "naive-time"],
)
def test_bad_bytes_are_refused_with_the_place(raw: bytes | None, why: str) -> None:
    """The error names the model and what is wrong."""
    with pytest.raises(MessageError, match="not a valid Article") as caught:
        Article.decode(raw)

    assert why in str(caught.value)


def test_unknown_fields_are_ignored() -> None:
    """A newer writer may add fields."""
    raw = orjson.loads(article().encode()) | {"colour": "blue"}

    assert Article.decode(orjson.dumps(raw)) == article()


def test_headers_are_cloudevents_in_binary_mode() -> None:
    """Id, type, source and version travel as `ce_` headers."""
    headers = dict(mention().headers())

    assert headers["ce_id"] == mention().id.encode()
    assert headers["ce_type"] == b"newsmon.mention.v1"
    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_time"] == b"2026-03-02T12:00:00Z"
    assert headers["content-type"] == b"application/json"


def test_a_mention_without_place_is_filed_under_zz() -> None:
    """The key always has a place part."""
    assert mention(places=()).record_key == "deployment:ZZ"


@given(st.lists(st.text(), min_size=1, max_size=3))
def test_ids_do_not_depend_on_where_parts_are_joined(parts: list[str]) -> None:
    """Two different lists of parts have different ids."""
    assert make_id(*parts) != make_id(*parts, "")
    assert len(make_id(*parts)) == 20


def test_every_message_class_has_a_type_of_its_own() -> None:
    """CloudEvents types are unique and versioned."""
    types = [topic.model.ce_type for topic in TOPICS if topic.model]

    assert len(set(types)) == len(types)
    assert all(name.startswith("newsmon.") and name.endswith(".v1") for name in types)


def test_a_dead_letter_holds_a_record_up_to_its_limits() -> None:
    """What is short stands whole; of what is long the beginning stands, with its true size."""
    short = DeadLetter.of(("t", 1, 7), b"drill:IS", b"{}", "no JSON", NOW)
    long = DeadLetter.of(("t", 1, 8), None, b"x" * 70_000, "y" * 600, NOW)

    assert (short.place, b64decode(short.key_raw), b64decode(short.raw)) == (
        "t/1/7",
        b"drill:IS",
        b"{}",
    )
    assert b64decode(long.raw) == b"x" * 65_536
    assert (long.size, long.key_raw, long.reason) == (70_000, "", "y" * 500)


def test_event_ids_name_the_fact() -> None:
    """Revision, moment and offset are part of the id where they tell facts apart."""
    letter = DeadLetter(
        topic="t", partition=1, offset=7, reason="no JSON", raw="", size=0, seen_at=NOW
    )
    count = Count(key="drill:IS", as_of=NOW, windows={}, buckets=())

    assert article(revision=2).event_id == f"{article().id}.2"
    assert letter.event_id == "t/1/7"
    assert count.event_id == "drill:IS@2026-03-02T12:00:00+00:00"
    assert Mention.decode(mention().encode()).event_id == mention().id
