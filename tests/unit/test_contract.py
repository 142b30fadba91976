"""The contract in `docs/contract`: up to date, valid by the official schemas, true of messages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker

from monitor.alerts import Policy
from monitor.alerts.face import REASONS
from monitor.cli import main
from monitor.cli.schema import contract_files
from monitor.contract import MODELS, asyncapi, schema_of
from monitor.messages import Alert, Label, Message, Severity, Status
from monitor.review.replay import Replay
from monitor.topics import TOPICS
from tests.official import asyncapi_schema
from tests.samples import article, mention

ROOT = Path(__file__).parents[2]


def faults(message: Message) -> list[str]:
    """Check what goes onto the wire against the message's schema."""
    checker = Draft202012Validator(schema_of(type(message)), format_checker=FormatChecker())
    return [error.message for error in checker.iter_errors(orjson.loads(message.encode()))]


def test_the_files_are_what_the_code_says() -> None:
    """Whoever changes a message or a topic writes the contract anew."""
    found = {path.name: path.read_bytes() for path in (ROOT / "docs" / "contract").iterdir()}

    assert found == contract_files(), "run `newsmon schema --write docs/contract`"


def test_stale_files_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A changed, a missing and a left-over file; exit 1, and what to do."""
    assert main(["schema", "--write", str(tmp_path)]) == 0
    assert main(["schema", "--check", str(tmp_path)]) == 0
    (tmp_path / "alert.v1.json").write_text("{}")
    (tmp_path / "count.v1.json").unlink()
    (tmp_path / "rumour.v1.json").write_text("{}")

    assert main(["schema", "--check", str(tmp_path)]) == 1

    err = capsys.readouterr().err
    assert all(name in err for name in ("alert.v1", "count.v1", "rumour.v1", "--write"))
    assert "article.v1" not in err


def test_the_document_is_asyncapi_3() -> None:
    """The official schema finds no fault, and it is a schema that finds faults."""
    official = Draft7Validator(asyncapi_schema())
    document = orjson.loads(orjson.dumps(asyncapi()))

    assert [error.message for error in official.iter_errors(document)] == []
    document["channels"]["alerts"]["colour"] = "blue"
    assert list(official.iter_errors(document))


def test_every_reference_of_the_document_leads_somewhere() -> None:
    """The document stands on itself: no reference into a file, none into nothing."""
    document = asyncapi()
    references = re.findall(rb'"\$ref":"([^"]+)"', orjson.dumps(document))

    assert references
    for reference in references:
        found: Any = document
        for part in reference.decode().removeprefix("#/").split("/"):
            found = found[part]


@pytest.mark.parametrize("name", list(MODELS))
def test_the_payload_schemas_of_the_document_check_messages(name: str) -> None:
    """They are in AsyncAPI's dialect (draft 7), and refuse a value of another type in any field."""
    document = orjson.loads(orjson.dumps(asyncapi()))
    payload = document["components"]["messages"][name]["payload"]
    checker = Draft7Validator({**document, **payload})
    path = ROOT / "tests" / "data" / "messages" / f"{MODELS[name].ce_type[8:]}.json"
    good = orjson.loads(path.read_bytes())

    assert [error.message for error in checker.iter_errors(good)] == []
    assert [field for field in good if checker.is_valid(good | {field: [{}]})] == []


def test_every_topic_with_messages_is_a_channel() -> None:
    """Address, partitions and retention are those of the table."""
    channels = {channel["address"]: channel for channel in asyncapi()["channels"].values()}

    assert list(channels) == [topic.name for topic in TOPICS if topic.model]
    kafka = channels["newsmon.alerts"]["bindings"]["kafka"]
    assert kafka["topicConfiguration"]["cleanup.policy"] == ["compact", "delete"]
    assert kafka["topicConfiguration"]["retention.ms"] == 30 * 24 * 3600 * 1000


@pytest.mark.parametrize("message", [article(), mention(), mention(published_at=None)])
def test_real_headers_are_those_of_the_document(message: Message) -> None:
    """CloudEvents attributes as they are written, checked with the header schema."""
    (described,) = (
        m for m in asyncapi()["components"]["messages"].values() if m["name"] == message.ce_type
    )
    headers = {name: value.decode() for name, value in message.headers()}

    assert list(Draft202012Validator(described["headers"]).iter_errors(headers)) == []
    assert headers.keys() == described["headers"]["properties"].keys()


@given(
    label=st.sampled_from(Label),
    status=st.none() | st.sampled_from(Status),
    actors=st.lists(st.sampled_from(["NO", "NATO", "Black Sea"]), unique=True).map(tuple),
    sentence=st.text(min_size=1, max_size=60),
)
def test_what_the_pipeline_makes_fits_the_schemas(
    label: Label, status: Status | None, actors: tuple[str, ...], sentence: str
) -> None:
    """A mention of any kind and the alert that is made of it."""
    found = mention(label=label, status=status, actors=actors, sentence=sentence)
    replay = Replay(Policy())
    replay.take(found)

    assert faults(found) == []
    assert [fault for alert in replay.alerts for fault in faults(alert)] == []
    assert replay.alerts


def test_a_wrong_message_does_not_fit(capsys: pytest.CaptureFixture[str]) -> None:
    """The printed schema refuses an unknown severity, a missing id, a revision in words."""
    assert main(["schema", "alert"]) == 0
    schema = orjson.loads(capsys.readouterr().out)
    checker = Draft202012Validator(schema, format_checker=FormatChecker())
    replay = Replay(Policy())
    replay.take(mention())
    good = orjson.loads(replay.alerts[0].encode())

    assert checker.is_valid(good)
    assert not checker.is_valid(good | {"severity": "deafening"})
    assert not checker.is_valid({key: good[key] for key in good if key != "id"})
    assert not checker.is_valid(good | {"revision": "one"})
    assert set(schema["$defs"]["Severity"]["enum"]) == {str(level) for level in Severity}


def test_the_page_for_subscribers_names_every_word() -> None:
    """Reasons, labels, statuses and topics; and its example is an alert."""
    page = (ROOT / "docs" / "subscribe.md").read_text("utf-8")
    example = re.search(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    words = [*REASONS, *Label, *Status, *(t.name for t in TOPICS if t.model)]

    assert [word for word in words if f"`{word}`" not in page] == []
    assert example
    alert = Alert.decode(example[1].encode())
    assert orjson.loads(alert.encode()) == orjson.loads(example[1])
