"""The calls to Slack. Nothing here logs, and no error carries an address or a token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import orjson

from monitor.errors import ConfigError
from monitor.secret import Secret, read_secret
from monitor.settings import SlackSettings
from monitor.slack.answers import Outcome, of_answer
from monitor.slack.blocks import EVENT_TYPE, Message
from monitor.slack.journal import Intent

_PAGE, _PAGES = 200, 20
_CLOCKS_DIFFER = timedelta(minutes=2)


class Slack(Protocol):
    """A way to Slack."""

    edits: bool
    """Whether messages can be edited, replied to and looked up."""

    async def post(self, channel: str, message: Message, thread: str = "") -> Outcome:
        """Send a message."""

    async def edit(self, channel_id: str, ts: str, message: Message) -> Outcome:
        """Replace a message; doing it twice does no harm."""

    async def find(self, channel_id: str, intent: Intent) -> Outcome:
        """Look for a message: `sent` when it is there, `gone` when it is not."""


class Bot:
    """A bot token: threads, edits, look-ups."""

    edits = True

    def __init__(self, http: aiohttp.ClientSession, api_url: str, token: Secret) -> None:
        self._http = http
        self._url = api_url.rstrip("/") + "/"
        self._token = token

    async def post(self, channel: str, message: Message, thread: str = "") -> Outcome:
        """Send a message.

        A refusal for its rate is `unsure`: Slack has been seen to post and to refuse at once.
        """
        body: dict[str, Any] = {"channel": channel, **message.payload()}
        if thread:
            body |= {"thread_ts": thread, "reply_broadcast": message.broadcast}
        outcome = (await self._call("chat.postMessage", json=body))[0]
        if outcome.error == "ratelimited":
            return Outcome("unsure", after_s=outcome.after_s, error=outcome.error)
        return outcome

    async def edit(self, channel_id: str, ts: str, message: Message) -> Outcome:
        """Replace a message; doing it twice does no harm."""
        body = {"channel": channel_id, "ts": ts, **message.payload()}
        return (await self._call("chat.update", json=body))[0]

    async def find(self, channel_id: str, intent: Intent) -> Outcome:
        """Look for a message: `sent` when it is there, `gone` when it is not."""
        form = {
            "channel": channel_id,
            "oldest": f"{(intent.at - _CLOCKS_DIFFER).timestamp():.6f}",
            "include_all_metadata": "true",
            "limit": str(_PAGE),
        }
        method = "conversations.replies" if intent.thread else "conversations.history"
        if intent.thread:
            form["ts"] = intent.thread
        for _ in range(_PAGES):
            outcome, data = await self._call(method, form=form)
            if outcome.kind != "sent":
                return outcome
            for found in data.get("messages", ()):
                if _delivery_of(found) == intent.id:
                    return Outcome("sent", ts=str(found.get("ts", "")), channel=channel_id)
            form["cursor"] = (data.get("response_metadata") or {}).get("next_cursor") or ""
            if not form["cursor"]:
                break
        return Outcome("gone", error="message_not_found")

    async def who(self) -> tuple[Outcome, str]:
        """Ask Slack whose token this is; the text names bot and workspace."""
        outcome, data = await self._call("auth.test", form={})
        return outcome, f"{data.get('user', '?')} in {data.get('team', '?')}"

    async def _call(
        self, method: str, *, json: object = None, form: Mapping[str, str] | None = None
    ) -> tuple[Outcome, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self._token.reveal()}"}
        return await _post(self._http, self._url + method, headers, json, form)


class Webhook:
    """An incoming webhook: one channel, messages only."""

    edits = False

    def __init__(self, http: aiohttp.ClientSession, url: Secret) -> None:
        self._http = http
        self._url = url

    async def post(self, channel: str, message: Message, thread: str = "") -> Outcome:
        """Send a message; the webhook knows its channel."""
        body = message.payload()
        del body["metadata"]
        return (await _post(self._http, self._url.reveal(), {}, body, None))[0]

    async def edit(self, channel_id: str, ts: str, message: Message) -> Outcome:
        """Say that a webhook cannot edit."""
        return Outcome("gone", error="message_not_found")

    async def find(self, channel_id: str, intent: Intent) -> Outcome:
        """Say that a webhook cannot look anything up."""
        return Outcome("stop", error="missing_scope")


def slack_of(settings: SlackSettings, http: aiohttp.ClientSession) -> Bot | Webhook:
    """Return the way to Slack that is configured; the bot token goes before the webhook.

    Raises:
        ConfigError: Neither is configured, a file cannot be read, a webhook is no web address, or
            the token comes without a channel.
    """
    if token := secret_of("bot_token", settings.bot_token, settings.bot_token_file):
        if not settings.channel:
            raise ConfigError("slack.channel: expected a channel id or name beside the bot token")
        return Bot(http, settings.api_url, token)
    if url := secret_of("webhook_url", settings.webhook_url, settings.webhook_url_file):
        if not url.reveal().startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
            raise ConfigError("slack.webhook_url: expected an address that begins with https://")
        return Webhook(http, url)
    raise ConfigError(
        "slack: neither a bot token nor a webhook is set; see [slack] in config/newsmon.toml, or"
        " try `newsmon slack demo`"
    )


def secret_of(name: str, value: str, path: Path | None) -> Secret:
    """Return a secret of the section `[slack]`; see `read_secret`.

    Raises:
        ConfigError: The file cannot be read, is empty, or the secret holds blanks.
    """
    secret = read_secret(f"slack.{name}", value, path)
    text = secret.reveal()
    if text and (not text.isascii() or not text.isprintable() or " " in text):
        raise ConfigError(f"slack.{name}: expected printable characters without blanks")
    return secret


def _delivery_of(found: Mapping[str, Any]) -> str:
    metadata = found.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return ""
    return str((metadata.get("event_payload") or {}).get("id", ""))


async def _post(
    http: aiohttp.ClientSession,
    url: str,
    headers: Mapping[str, str],
    json: object,
    form: Mapping[str, str] | None,
) -> tuple[Outcome, dict[str, Any]]:
    data: Any = form
    if json is not None:
        data = orjson.dumps(json)
        headers = {**headers, "Content-Type": "application/json; charset=utf-8"}
    try:
        async with http.post(url, data=data, headers=headers, allow_redirects=False) as answer:
            body = await answer.read()
            outcome = of_answer(answer.status, body, answer.headers.get("Retry-After"))
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL):
        return Outcome("later", error="not_connected"), {}
    except TimeoutError:
        return Outcome("unsure", error="timeout"), {}
    except (aiohttp.ClientError, OSError):
        return Outcome("unsure", error="reset"), {}
    return outcome, orjson.loads(body) if body.startswith(b"{") and outcome.kind == "sent" else {}


def open_http(timeout_s: float) -> aiohttp.ClientSession:
    """Return the session for all calls; each may take so long in all."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout_s))
