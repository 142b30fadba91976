"""PURE: the API in OpenAPI 3.1, from the models that it returns."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from pydantic.json_schema import models_json_schema

from monitor.messages import Alert, Label, Severity, Status, WindowCount
from monitor.stats.totals import KINDS

_REF = "#/components/schemas/"
_TEXT = {"type": "string"}
_TIME = {"type": "string", "format": "date-time"}
_MAYBE_TIME = {"type": ["string", "null"], "format": "date-time"}
_WHOLE = {"type": "integer"}
_BY = ("place", *KINDS)


def document() -> dict[str, Any]:
    """Return the document."""
    _, models = models_json_schema(
        [(Alert, "serialization"), (WindowCount, "serialization")],
        ref_template=_REF + "{model}",
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "newsmon",
            "version": version("newsmon"),
            "description": "Read-only: alerts, rolling counts, stories and feeds of one newsmon. "
            "Times are RFC 3339 in UTC. Only GET and HEAD are answered.",
        },
        "paths": _paths(),
        "components": {
            "schemas": {**models["$defs"], **_schemas()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


def _paths() -> dict[str, Any]:
    alert = {"$ref": _REF + "Alert"}
    return {
        "/api/alerts": _get(
            "The newest alerts, the newest first, each story once, as they stand on the topic.",
            _object(position=_TEXT, alerts=_list(alert)),
            [
                _query("limit", "at most this many, 1 to 1000; 100 if left out", _WHOLE),
                _query("label", "only this label", _enum(Label)),
                _query("status", "only this status", _enum(Status)),
                _query("severity", "this severity or above", _enum(Severity)),
                _query("place", "only stories of this place, a code", _TEXT),
                _query("actor", "only stories with this actor, a code", _TEXT),
            ],
        ),
        "/api/counts": _get(
            "Rolling counts, those with most in 24 hours first. `place` counts by label and place; "
            "`label` and `actor` over all places, outlets and stories counted once.",
            _object(
                as_of=_TIME,
                counts={"anyOf": [_list({"$ref": _REF + name}) for name in ("Row", "TotalRow")]},
            ),
            [
                _query("by", "`TotalRow` unless place; place if left out", _enum(_BY)),
                _query("limit", "at most this many, 1 to 5000; 500 if left out", _WHOLE),
            ],
        ),
        "/api/stories/{id}": _get(
            "One story and the claims and denials that hang together with it.",
            _object(story=alert, thread=_list(alert), forgotten=_list(_TEXT)),
            [{"name": "id", "in": "path", "required": True, "schema": _TEXT}],
        ),
        "/api/feeds": _get(
            "The feeds and how they are, the ones in trouble first.",
            _object(as_of=_TIME, feeds=_list({"$ref": _REF + "Feed"})),
        ),
        "/api/state": _get("How the flow is: broker, lag, feeds.", {"$ref": _REF + "State"}),
        "/api/places": _get(
            "English names of the country codes; a code that is not here is a name itself.",
            {"type": "object", "additionalProperties": _TEXT},
        ),
        "/api/events": {
            "get": {
                "summary": "Live events (server-sent): `alert`, `counts`, `state`, `reload`.",
                "description": "The id of an alert event is a position: come back with it, as "
                "`Last-Event-ID` or in `after`, and nothing is missed. `reload` means that the "
                "position is too old or the reader too slow: read everything anew.",
                "parameters": [_query("after", "a position, from `/api/alerts`", _TEXT)],
                "responses": {
                    "200": {"description": "events", "content": {"text/event-stream": {}}},
                    "503": {"description": "too many readers"},
                },
            }
        },
    }


def _schemas() -> dict[str, Any]:
    numbers = {"type": "object", "additionalProperties": _WHOLE}
    counted: dict[str, Any] = {
        "windows": {"type": "object", "additionalProperties": {"$ref": _REF + "WindowCount"}},
        "change": {
            "type": ["number", "null"],
            "description": "last 24 h divided by the mean day of the six days before",
        },
        "hours": {**_list(_WHOLE), "description": "reports per hour, the last 24, oldest first"},
        "seen": _TIME,
    }
    return {
        "Row": _object(
            key=_TEXT,
            label=_enum(Label),
            place=_TEXT,
            name=_TEXT,
            **counted,
        ),
        "TotalRow": _object(
            key={"type": "string", "description": "`label:` or `actor:` and the code"},
            code=_TEXT,
            name=_TEXT,
            **counted,
        ),
        "Feed": _object(
            id=_TEXT,
            host=_TEXT,
            condition=_enum(("failing", "late", "gap", "stale", "new", "ok")),
            outcome=_TEXT,
            last_poll_at=_MAYBE_TIME,
            next_poll_at=_MAYBE_TIME,
            failing_since=_MAYBE_TIME,
            gaps=_WHOLE,
            items=_WHOLE,
        ),
        "State": _object(
            as_of=_TIME,
            loaded={"type": "boolean"},
            trouble=_TEXT,
            feeds=numbers,
            articles_per_s={"type": ["number", "null"]},
            lag=numbers,
            written=numbers,
        ),
        "Error": _object(error=_TEXT),
    }


def _get(
    summary: str, answer: dict[str, Any], parameters: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    error = {"application/json": {"schema": {"$ref": _REF + "Error"}}}
    return {
        "get": {
            "summary": summary,
            "parameters": parameters or [],
            "responses": {
                "200": {"description": "ok", "content": {"application/json": {"schema": answer}}},
                "4XX": {"description": "what was wrong", "content": error},
            },
        }
    }


def _object(**properties: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON schema
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _enum(values: Any) -> dict[str, Any]:  # noqa: ANN401 - an enum class or a tuple
    return {"type": "string", "enum": [str(value) for value in values]}


def _query(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}
