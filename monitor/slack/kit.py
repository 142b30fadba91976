"""PURE: the pieces of Block Kit that newsmon's messages are made of."""

from __future__ import annotations

from typing import Any

from monitor.slack.limits import BUTTON_URL, HEADER_TEXT, SAFE_BLOCKS, SAFE_TOTAL, total_text
from monitor.slack.markup import cut
from monitor.text import plain

Block = dict[str, Any]


def buttons(named: list[tuple[str, str]]) -> Block:
    """Make buttons that open addresses, each given by name and address."""
    return {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "text": {"type": "plain_text", "text": name},
                "url": url[:BUTTON_URL],
                "action_id": f"open-{number}",
            }
            for number, (name, url) in enumerate(named)
        ],
    }


def header(text: str) -> Block:
    """Make a title; it is plain text, so nothing in it needs escaping."""
    safe = cut(" ".join(plain(text).split()), HEADER_TEXT)
    return {"type": "header", "text": {"type": "plain_text", "text": safe, "emoji": False}}


def section(text: str) -> Block:
    """Make a paragraph of Slack's markup; a stranger's words in it must be escaped."""
    # verbatim: Slack must not look for names, channels and addresses in a stranger's words.
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def context(texts: list[str]) -> Block:
    """Make a line of small print of up to ten texts of Slack's markup."""
    return {
        "type": "context",
        "elements": [{"type": "mrkdwn", "text": text, "verbatim": True} for text in texts],
    }


def fitted(head: list[Block], middle: list[Block], foot: list[Block]) -> tuple[Block, ...]:
    """Join the parts; the last of the middle goes until all fits."""
    while middle and (
        len(head) + len(middle) + len(foot) > SAFE_BLOCKS
        or total_text(head + middle + foot) > SAFE_TOTAL
    ):
        middle = middle[:-1]
    return (*head, *middle, *foot)
