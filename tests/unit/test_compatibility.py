"""Old messages: what was written once must be read for ever.

`tests/data/messages/` holds for each message and version one file with every field and one with
those that every record has. The files are never edited but to add a field; a version that ends
leaves its files behind.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import orjson
import pytest
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import BaseModel, create_model

from monitor.contract import MODELS, schema_of
from monitor.errors import MessageError
from monitor.messages import Alert, Message

FILES = sorted((Path(__file__).parents[1] / "data" / "messages").glob("*.json"))
FULL = [path for path in FILES if not path.stem.endswith(".required")]


def model_of(path: Path) -> type[Message]:
    """Return the message that a file holds, by its name and version."""
    name, version = path.name.split(".")[:2]
    model = MODELS[name]
    assert model.ce_type == f"newsmon.{name}.{version}"
    return model


def losses(model: type[Message], old: dict[str, Any]) -> list[str]:
    """Say which fields of an old message do not come back as they were."""
    try:
        new = orjson.loads(model.decode(orjson.dumps(old)).encode())
    except MessageError as exc:
        return [str(exc)]
    return [path for path, value in leaves(old) if dict(leaves(new)).get(path) != value]


def leaves(value: Any, path: str = "") -> list[tuple[str, Any]]:
    """Return each plain value of a JSON value with its path."""
    if isinstance(value, dict):
        return [leaf for key, part in value.items() for leaf in leaves(part, f"{path}.{key}")]
    if isinstance(value, list):
        return [leaf for n, part in enumerate(value) for leaf in leaves(part, f"{path}[{n}]")]
    return [(path, value)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_old_message_is_read_and_nothing_of_it_is_lost(path: Path) -> None:
    """Each field of the file is still known, with the same type, and comes back with its value."""
    assert losses(model_of(path), orjson.loads(path.read_bytes())) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_old_message_fits_the_schema(path: Path) -> None:
    """What subscribers check with is as lenient with old records as newsmon itself."""
    schema = schema_of(model_of(path))
    checker = Draft202012Validator(schema, format_checker=FormatChecker())

    assert [error.message for error in checker.iter_errors(orjson.loads(path.read_bytes()))] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_fields_of_the_future_are_ignored_at_every_depth(path: Path) -> None:
    """A newer writer may add fields to a message and to its parts."""
    old = orjson.loads(path.read_bytes())

    def grown(value: Any) -> Any:
        if isinstance(value, list):
            return [grown(part) for part in value]
        if isinstance(value, dict):
            return {key: grown(part) for key, part in value.items()} | {"from_2040": {"x": 1}}
        return value

    # `windows` is a table by name, not a message part: a new window is read, not ignored.
    new = grown(old) | ({"windows": old["windows"]} if "windows" in old else {})

    assert model_of(path).decode(orjson.dumps(new)) == model_of(path).decode(orjson.dumps(old))


def test_each_message_has_both_files() -> None:
    """A new message or version cannot be forgotten."""
    names = {path.name for path in FILES}

    for model in MODELS.values():
        stem = model.ce_type.removeprefix("newsmon.")
        assert {f"{stem}.json", f"{stem}.required.json"} <= names


@pytest.mark.parametrize("path", FULL, ids=lambda path: path.stem)
def test_the_full_file_has_every_field(path: Path) -> None:
    """A field that is added is added here too, so that from then on it is kept."""

    def missing(model: type[BaseModel], value: dict[str, Any]) -> list[str]:
        found = []
        for name, field in model.model_fields.items():
            here = f"{model.__name__}.{name}"
            if value.get(name) in (None, []):
                found.append(here)
                continue
            parts = [field.annotation, *get_args(field.annotation)]
            inner = [p for p in parts if isinstance(p, type) and issubclass(p, BaseModel)]
            for part in inner:
                inside = value[name]
                if isinstance(inside, dict) and not part.model_fields.keys() & inside.keys():
                    inside = list(inside.values())
                for each in inside if isinstance(inside, list) else [inside]:
                    found += missing(part, each)
        return found

    assert missing(model_of(path), orjson.loads(path.read_bytes())) == []


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        ({"severity": (int, ...)}, "severity"),
        ({"speakers": (str, "")}, "speakers"),
        ({"confidence": (str, ...)}, "confidence"),
        ({"urgency": (str, ...)}, "urgency"),
    ],
    ids=["retyped", "list-to-text", "number-to-text", "new-required-field"],
)
def test_a_retyped_field_is_noticed(change: dict[str, Any], lost: str) -> None:
    """The check above would fail for an Alert of which a field has another type."""
    path = next(path for path in FULL if path.name.startswith("alert."))
    changed = create_model("Alert", __base__=Alert, **change)

    assert any(lost in loss for loss in losses(changed, orjson.loads(path.read_bytes())))


def test_a_removed_field_is_noticed() -> None:
    """The check above would fail for an Alert that no longer knows one of its fields."""
    path = next(path for path in FULL if path.name.startswith("alert."))
    old = orjson.loads(path.read_bytes())

    assert losses(Alert, old | {"mood": "calm"}) == [".mood"]
