"""PURE: what Slack accepts, and the error it answers with when it does not.

The numbers are those of Slack's reference for Block Kit and `chat.postMessage`. The total is not
documented: Slack refuses somewhat above 13,000 characters of blocks with `msg_blocks_too_long`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

BLOCKS = 50
HEADER_TEXT = 150
SECTION_TEXT = 3000
FIELDS, FIELD_TEXT = 10, 2000
CONTEXT_ELEMENTS = 10
ACTIONS = 25
BUTTON_TEXT, BUTTON_URL = 75, 3000
BLOCK_ID = 255
MESSAGE_TEXT = 40_000
TOTAL_TEXT = 13_200
METADATA = 8000

SAFE_BLOCKS, SAFE_TOTAL, SAFE_TEXT = 45, 12_000, 4000
"""What newsmon itself keeps to: below the documented limits and below the undocumented one."""

Payload = Mapping[str, Any]


def refusal(payload: Payload) -> str | None:
    """Return the error with which Slack would refuse a message; None where it is fine."""
    text, blocks = payload.get("text", ""), payload.get("blocks", [])
    if not isinstance(text, str) or not isinstance(blocks, list):
        return "invalid_arguments"
    if not text and not blocks:
        return "no_text"
    if len(text) > MESSAGE_TEXT:
        return "msg_too_long"
    if len(blocks) > BLOCKS or any(_bad_block(block) for block in blocks):
        return "invalid_blocks"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(ids)):
        return "invalid_blocks"
    if total_text(blocks) > TOTAL_TEXT:
        return "msg_blocks_too_long"
    metadata = payload.get("metadata")
    if metadata is not None and not _good_metadata(metadata):
        return "invalid_metadata_format"
    return None


def total_text(blocks: list[dict[str, Any]]) -> int:
    """Count the characters of all texts and addresses in blocks."""
    return sum(len(text) for text in _strings(blocks))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _good_metadata(metadata: object) -> bool:
    return (
        isinstance(metadata, Mapping)
        and isinstance(metadata.get("event_type"), str)
        and isinstance(metadata.get("event_payload"), Mapping)
        and sum(map(len, _strings(metadata))) <= METADATA
    )


def _bad_block(block: object) -> bool:
    if not isinstance(block, Mapping):
        return True
    block_id = block.get("block_id", "x")
    if not isinstance(block_id, str) or not 1 <= len(block_id) <= BLOCK_ID:
        return True
    match block.get("type"):
        case "header":
            return not _text(block.get("text"), HEADER_TEXT, {"plain_text"})
        case "section":
            return not _good_section(block)
        case "context":
            elements = block.get("elements")
            return not (
                isinstance(elements, list)
                and 1 <= len(elements) <= CONTEXT_ELEMENTS
                and all(_text(e, SECTION_TEXT) for e in elements)
            )
        case "actions":
            elements = block.get("elements")
            return not (
                isinstance(elements, list)
                and 1 <= len(elements) <= ACTIONS
                and all(_good_button(e) for e in elements)
            )
        case "divider":
            return False
        case _:
            return True


def _good_section(block: Mapping[str, Any]) -> bool:
    fields = block.get("fields", [])
    if not isinstance(fields, list) or len(fields) > FIELDS:
        return False
    if not all(_text(field, FIELD_TEXT) for field in fields):
        return False
    return _text(block["text"], SECTION_TEXT) if "text" in block else bool(fields)


def _good_button(button: object) -> bool:
    return (
        isinstance(button, Mapping)
        and button.get("type") == "button"
        and _text(button.get("text"), BUTTON_TEXT, {"plain_text"})
        and len(button.get("url", "")) <= BUTTON_URL
        and button.get("url", "https://").startswith(("https://", "http://"))
        and 1 <= len(button.get("action_id", "x")) <= BLOCK_ID
    )


def _text(value: object, longest: int, kinds: frozenset[str] | set[str] = frozenset()) -> bool:
    return (
        isinstance(value, Mapping)
        and value.get("type") in (kinds or {"plain_text", "mrkdwn"})
        and isinstance(value.get("text"), str)
        and 1 <= len(value["text"]) <= longest
    )
