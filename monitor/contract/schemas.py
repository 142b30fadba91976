"""JSON Schema of the messages, from their models."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from monitor.messages import Message
from monitor.topics import TOPICS

DRAFT = "https://json-schema.org/draft/2020-12/schema"

MODELS: dict[str, type[Message]] = {
    topic.model.ce_type.split(".")[1]: topic.model for topic in TOPICS if topic.model
}
"""Every message by its name, as it stands in its CloudEvents type: `alert`, `dead-letter`, ..."""

_NO_TITLE = ("properties", "$defs")  # their keys are names of ours, `title` among them


class _Plain(GenerateJsonSchema):
    """Leaves out the titles that only repeat the names."""

    def generate(
        self, schema: core_schema.CoreSchema, mode: JsonSchemaMode = "validation"
    ) -> JsonSchemaValue:
        """Make the schema."""
        plain: JsonSchemaValue = without_titles(super().generate(schema, mode))
        return plain


def schema_of(model: type[Message]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a message's value.

    Required are the fields that every record of this version has; the others may be missing in
    records written before they were added. Unknown fields are allowed: a newer newsmon may add
    some.
    """
    schema = model.model_json_schema(schema_generator=_Plain)
    return {"$schema": DRAFT, "title": model.ce_type, **schema}


def without_titles(schema: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Return a schema without the `title` of any part of it."""
    if isinstance(schema, list):
        return [without_titles(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: without_titles(part) for name, part in value.items()}
        if key in _NO_TITLE
        else without_titles(value)
        for key, value in schema.items()
        if key != "title"
    }
