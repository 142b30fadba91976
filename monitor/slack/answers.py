"""PURE: what Slack's answers mean: for the consumer a kind, for a person what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import orjson

Kind = Literal["sent", "later", "unsure", "refused", "gone", "stop"]


@dataclass(frozen=True)
class Outcome:
    """How a call went.

    Attributes:
        kind: `sent`; `later`: certainly not done, try again; `unsure`: perhaps done; `refused`:
            this message is not acceptable; `gone`: the message to edit is not there; `stop`: no
            message can go this way until somebody acts.
        ts: The message's name at Slack, where there is one.
        channel: The channel's id at Slack, where it was told.
        after_s: Seconds that Slack asked to wait.
        error: Slack's word, or ours for a failure of the network.
    """

    kind: Kind
    ts: str = ""
    channel: str = ""
    after_s: float = 0.0
    error: str = ""


_STOP = {
    "invalid_auth": "the token is not valid; copy it again from the app's page",
    "not_authed": "no token was sent; set NEWSMON_SLACK_BOT_TOKEN or bot_token_file",
    "token_revoked": "the token was revoked; install the app again and take the new token",
    "token_expired": "the token has expired; take a new one",
    "account_inactive": "the bot's account is switched off, or its workspace is gone",
    "invalid_token": "the webhook's secret is not valid; copy the URL again",
    "missing_scope": "the app lacks a scope: it needs chat:write, and channels:history to look up"
    " what has arrived (groups:history for private channels)",
    "not_in_channel": "the bot is not in the channel; type /invite @newsmon there",
    "channel_not_found": "there is no such channel, or the bot does not see it: use the channel's"
    " id and invite the bot",
    "is_archived": "the channel is archived; choose another one",
    "channel_is_archived": "the channel is archived; choose another one",
    "no_service": "the webhook was removed or its app switched off; make a new one",
    "no_service_id": "the webhook's address is cut short; copy it again",
    "no_team": "the webhook's workspace is gone",
    "team_disabled": "the webhook's workspace is switched off",
    "user_not_found": "the webhook's user is gone; make a new one",
    "action_prohibited": "an administrator has forbidden it",
    "posting_to_general_channel_denied": "only administrators may post there; choose another one",
    "restricted_action": "the workspace's rules forbid the bot to post there",
    "ekm_access_denied": "an administrator has suspended posting",
    "app_missing_action_url": "the app's settings are not complete",
}
_REFUSED = {
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_payload",
    "invalid_attachments",
    "invalid_arguments",
    "invalid_metadata_format",
    "invalid_metadata_schema",
    "metadata_too_large",
    "metadata_must_be_sent_from_app",
    "msg_too_long",
    "msg_blocks_too_long",
    "no_text",
    "too_many_attachments",
}
_GONE = {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"}
_UNSURE = {
    "fatal_error",
    "internal_error",
    "request_timeout",
    "rollup_error",
    "service_unavailable",
    "team_added_to_org",
}
_LONGEST_WAIT_S = 3600.0


def explain(error: str) -> str:
    """Say in a line what an error means and what to do about it."""
    if error in _STOP:
        return _STOP[error]
    if error in _REFUSED:
        return "Slack does not accept this message; please report it"
    return {
        "ratelimited": "too many messages; newsmon waits as long as Slack asks for",
        "timeout": "no answer in time; is Slack reachable from here, is there a proxy?",
        "not_connected": "no connection; check the network, DNS and TLS of this machine",
        "reset": "the connection broke before the answer came",
    }.get(error, "Slack's own trouble, or a word that newsmon does not know; try again later")


def of_answer(status: int, body: bytes, retry_after: str | None) -> Outcome:
    """Read an answer of the Web API or of a webhook.

    A word that is not known stops the route: nothing is lost, and somebody looks.
    """
    if status == 429:
        return Outcome("later", after_s=_seconds(retry_after), error="ratelimited")
    data = _json(body)
    if data is None:
        return _of_text(status, body.decode("utf-8", "replace").strip()[:80])
    if data.get("ok") is True and status == 200:
        return Outcome("sent", ts=str(data.get("ts", "")), channel=str(data.get("channel", "")))
    error = str(data.get("error", f"http_{status}"))[:80]
    if error in {"ratelimited", "rate_limited"}:
        return Outcome("later", after_s=_seconds(retry_after), error="ratelimited")
    return _of_error(status, error)


def backoff_s(failures: int, first_s: float) -> float:
    """Return how long to wait after so many failures in a row: doubled each time, at most 60 s."""
    return float(min(60.0, first_s * 2 ** min(max(failures, 1) - 1, 12)))


def _of_text(status: int, text: str) -> Outcome:
    if status == 200 and text == "ok":
        return Outcome("sent")
    known = text if text.replace("_", "").isalnum() else f"http_{status}"
    return _of_error(status, known)


def _of_error(status: int, error: str) -> Outcome:
    if error in _STOP:
        return Outcome("stop", error=error)
    if error in _REFUSED:
        return Outcome("refused", error=error)
    if error in _GONE:
        return Outcome("gone", error=error)
    if error in _UNSURE or status >= 500 or error == "http_200":
        return Outcome("unsure", error=error)
    return Outcome("stop", error=error)


def _json(body: bytes) -> dict[str, object] | None:
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return data if isinstance(data, dict) else None


def _seconds(value: str | None) -> float:
    try:
        return min(max(float(value or 1), 0.0), _LONGEST_WAIT_S)
    except ValueError:
        return 1.0
