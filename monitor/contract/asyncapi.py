"""The AsyncAPI 3.0 document: topics, messages, headers and keys."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from pydantic.json_schema import models_json_schema

from monitor.contract.schemas import MODELS, without_titles
from monitor.messages import Message
from monitor.topics import TOPICS, Topic

VERSION = "1.0.0"
"""Of the contract: the first number is that of the messages' types."""

_BINDING = "0.5.0"
_PREFIX = "newsmon."


def asyncapi() -> dict[str, Any]:
    """Return the document; the same topics and messages give the same one."""
    topics = [topic for topic in TOPICS if topic.model]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "newsmon",
            "version": VERSION,
            "description": "Mentions of troop deployments, drills and denials in the news, as "
            "alerts and rolling counts. Values are JSON; their attributes are CloudEvents 1.0 "
            "headers in binary mode. Delivery is at least once: drop a `ce_id` that was seen. "
            "Readers ignore fields that they do not know; a field is never removed, nor its "
            "meaning or type changed, within one version of a message's type.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": "{address}",
                "protocol": "kafka",
                "description": "`newsmon status` prints the address.",
                "variables": {
                    "address": {
                        "default": "127.0.0.1:9092",
                        "description": "host:port of a broker",
                    }
                },
            }
        },
        "channels": {_name(topic): _channel(topic) for topic in topics},
        "operations": dict(op for topic in topics for op in _operations(topic)),
        "components": {
            "messages": {name: _message(model, topics) for name, model in MODELS.items()},
            "schemas": _schemas(),
        },
    }


def _name(topic: Topic) -> str:
    return topic.name.removeprefix(_PREFIX)


def _message_name(topic: Topic) -> str:
    return next(name for name, model in MODELS.items() if model is topic.model)


def _channel(topic: Topic) -> dict[str, Any]:
    name, config = _message_name(topic), topic.config()
    settings: dict[str, Any] = {"cleanup.policy": config["cleanup.policy"].split(",")}
    if topic.retention:
        settings["retention.ms"] = int(config["retention.ms"])
    return {
        "address": topic.name,
        "description": f"Written by {topic.writer}; read by {', '.join(topic.readers)}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": settings,
                "bindingVersion": _BINDING,
            }
        },
    }


def _operations(topic: Topic) -> Sequence[tuple[str, dict[str, Any]]]:
    """Newsmon writes every topic; what it reads itself is named by its roles."""
    name = _name(topic)
    messages = [{"$ref": f"#/channels/{name}/messages/{_message_name(topic)}"}]
    part = {"channel": {"$ref": f"#/channels/{name}"}, "messages": messages}
    operations = [
        (f"write-{name}", {"action": "send", "summary": f"Written by {topic.writer}.", **part})
    ]
    roles = [reader for reader in topic.readers if reader not in ("subscribers", "operators")]
    if roles:
        summary = f"Read by {', '.join(roles)}."
        operations.append((f"read-{name}", {"action": "receive", "summary": summary, **part}))
    return operations


def _message(model: type[Message], topics: Sequence[Topic]) -> dict[str, Any]:
    topic = next(topic for topic in topics if topic.model is model)
    message: dict[str, Any] = {
        "name": model.ce_type,
        "summary": inspect.getdoc(model),
        "contentType": "application/json",
        "headers": _headers(model),
        "payload": {"$ref": f"#/components/schemas/{model.__name__}"},
    }
    if topic.key != "none":
        key = {"type": "string", "description": topic.key}
        message["bindings"] = {"kafka": {"key": key, "bindingVersion": _BINDING}}
    return message


def _headers(model: type[Message]) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "ce_specversion": {"const": "1.0"},
        "ce_type": {"const": model.ce_type},
        "ce_source": {"const": "/newsmon"},
        "ce_id": {"type": "string", "description": inspect.getdoc(model.event_id)},
        "ce_time": {
            "type": "string",
            "format": "date-time",
            "description": inspect.getdoc(model.time),
        },
        "content-type": {"const": "application/json"},
    }
    required = [name for name in properties if name != "ce_time"]
    return {"type": "object", "required": required, "properties": properties}


def _schemas() -> dict[str, Any]:
    # Self-contained references: AsyncAPI reads `#/$defs` from the document's own root.
    _, definitions = models_json_schema(
        [(model, "validation") for model in MODELS.values()],
        ref_template="#/components/schemas/{model}",
    )
    schemas: dict[str, Any] = _as_draft_7(without_titles(definitions)["$defs"])
    return schemas


def _as_draft_7(schema: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Write tuples as AsyncAPI's dialect has them: it builds on JSON Schema draft 7."""
    if isinstance(schema, list):
        return [_as_draft_7(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        "items" if name == "prefixItems" else name: _as_draft_7(part)
        for name, part in schema.items()
    }
