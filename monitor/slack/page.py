"""PURE: the messages of the stand-in for Slack as a page; no text in them becomes markup."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape, unescape
from typing import Any, Protocol

CSP = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

_STYLE = """
:root{color-scheme:light dark;font:15px/1.45 system-ui,sans-serif}
body{max-width:46rem;margin:0 auto;padding:1rem}
h1{font-size:1.1rem}h2{font-size:1rem;border-bottom:1px solid #8886;margin-top:2rem}
article{border:1px solid #8886;border-radius:8px;padding:.6rem .9rem;margin:.7rem 0}
article.reply{margin-left:2rem}h3{margin:.2rem 0;font-size:1rem}p{margin:.35rem 0}
blockquote{margin:.3rem 0;padding-left:.6rem;border-left:3px solid #888a}
small{opacity:.75;display:block}a.button{display:inline-block;border:1px solid #8889;
border-radius:6px;padding:.15rem .6rem;margin:.2rem .4rem .2rem 0;text-decoration:none}
"""
_LINK = re.compile(r"&lt;(https?://.+?)\|(.+?)&gt;")
_DATE = re.compile(r"&lt;!date\^\d+\^.+?\|(.+?)&gt;")
_BOLD = re.compile(r"\*([^*\n]+)\*")


class Shown(Protocol):
    """A message to show."""

    channel: str
    ts: str
    thread_ts: str
    payload: dict[str, Any]

    @property
    def versions(self) -> list[dict[str, Any]]:
        """All payloads, the oldest first."""


def render_page(messages: Sequence[Shown], names: Mapping[str, str]) -> str:
    """Draw the messages by channel, replies under what they reply to, the newest first."""
    parts = []
    for channel in sorted({message.channel for message in messages}):
        mine = [message for message in messages if message.channel == channel]
        parts.append(f"<h2># {escape(names.get(channel, channel))} · {len(mine)} messages</h2>")
        here = {message.ts for message in mine}
        for message in reversed(mine):
            if message.thread_ts in here:
                continue
            replies = [reply for reply in mine if reply.thread_ts == message.ts]
            parts += [
                _article(message, bool(message.thread_ts)),
                *(_article(r, True) for r in replies),
            ]
    body = "".join(parts) or "<p>No message yet.</p>"
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta http-equiv="refresh" content="2">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>newsmon: what Slack would show</title><style>{_STYLE}</style>"
        f"<h1>What Slack would show</h1><main>{body}</main></html>"
    )


def _article(message: Shown, reply: bool) -> str:
    blocks = message.payload.get("blocks") or [
        {"type": "section", "text": {"text": message.payload.get("text", "")}}
    ]
    edits = len(message.versions) - 1
    edited = f"<small>edited {edits} ×</small>" if edits else ""
    kind = ' class="reply"' if reply else ""
    return f"<article{kind}>{''.join(_block(block) for block in blocks)}{edited}</article>"


def _block(block: Mapping[str, Any]) -> str:
    match block.get("type"):
        case "header":
            return f"<h3>{escape(block['text']['text'])}</h3>"
        case "section":
            return _mrkdwn(block.get("text", {}).get("text", ""))
        case "context":
            inner = " · ".join(_inline(element["text"]) for element in block["elements"])
            return f"<small>{inner}</small>"
        case "actions":
            return "".join(
                f'<a class="button" rel="noreferrer" href="{escape(e["url"])}">'
                f"{escape(e['text']['text'])}</a>"
                for e in block["elements"]
                if e.get("url", "").startswith(("http://", "https://"))
            )
        case _:
            return "<hr>"


def _mrkdwn(text: str) -> str:
    parts = []
    for line in text.split("\n"):
        quoted = line.startswith(">")
        inner = _inline(line[1:] if quoted else line)
        parts.append(f"<blockquote>{inner}</blockquote>" if quoted else f"<p>{inner}</p>")
    return "".join(parts)


def _inline(text: str) -> str:
    # Slack's control sequences stand in bare angle brackets, a writer's own are entities already.
    # Escaping once more keeps both apart: `&lt;` is a control, `&amp;lt;` a character.
    safe = escape(text)
    safe = _DATE.sub(lambda m: m[1], safe)
    safe = _LINK.sub(lambda m: f'<a rel="noreferrer" href="{_once(m[1])}">{m[2]}</a>', safe)
    safe = _BOLD.sub(r"<b>\1</b>", safe)
    return re.sub(r"&amp;(lt|gt|amp);", r"&\1;", safe)


def _once(url: str) -> str:
    return escape(unescape(unescape(url)))
