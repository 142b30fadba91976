"""No secret of Slack's is ever shown."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import traceback
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.settings import SlackSettings, load_settings
from monitor.slack.blocks import story_message
from monitor.slack.client import Bot, Secret, Webhook, open_http, secret_of, slack_of
from monitor.slack.journal import Intent
from monitor.slack.peer import SlackPeer
from monitor.slack.samples import sample_alert
from tests.samples import NOW

PLANTED = "xoxb-1234-PLANTED-SECRET"
HOOK = "http://127.0.0.1:1/services/T000/B000/PLANTED-SECRET"


def test_settings_and_secrets_do_not_show_themselves():
    """Neither by repr nor by str nor in a format."""
    settings = SlackSettings(bot_token=PLANTED, webhook_url=HOOK)
    secret = Secret(PLANTED)

    assert "PLANTED" not in f"{settings!r} {settings} {secret!r} {secret} {[secret]}"
    assert secret.reveal() == PLANTED


def test_a_wrong_setting_does_not_quote_the_secret():
    """The fault names the key only."""
    environ = {"NEWSMON_SLACK_BOT_TOKEN": PLANTED, "NEWSMON_SLACK_WEBHOOK_URL_FILE": PLANTED}
    settings = load_settings(environ=environ)
    with pytest.raises(ConfigError) as caught:
        secret_of("bot_token", f"{PLANTED} with blanks", None)
    assert "PLANTED" not in str(caught.value)
    assert "PLANTED" not in repr(settings.slack.bot_token_file)


async def test_no_failure_of_a_call_shows_token_or_webhook(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
):
    """Refused connections, broken ones and time-outs, with all of aiohttp's debug logs."""
    caplog.set_level(logging.DEBUG)
    peer = SlackPeer(PLANTED, hook="/services/T000/B000/PLANTED-SECRET")
    await peer.start()
    message = story_message("d1", sample_alert(NOW))
    seen = []
    async with open_http(0.3) as http:
        ways = [
            Bot(http, peer.api_url, Secret(PLANTED)),
            Bot(http, "http://127.0.0.1:1/", Secret(PLANTED)),
            Webhook(http, Secret(peer.hook_url)),
            Webhook(http, Secret(HOOK)),
            Webhook(http, Secret("http://PLANTED-SECRET.invalid/")),
            Webhook(http, Secret("http://[PLANTED-SECRET/")),
        ]
        for way in ways:
            peer.faults.script(["drop", "accept-hang", "500", "429"])
            seen += [await way.post("alerts", message) for _ in range(4)]
            seen.append(await way.find("C0ALERTS01", Intent(id="x", revision=1, at=NOW)))
    await peer.stop()

    assert {outcome.kind for outcome in seen} >= {"unsure", "later"}
    said = repr([vars(outcome) for outcome in seen]) + repr(ways) + caplog.text
    assert "PLANTED" not in said + "".join(capsys.readouterr())


async def test_a_defect_does_not_show_the_token():
    """Not even the traceback of one."""
    async with open_http(1) as http:
        bot = Bot(http, "http://127.0.0.1:1/", Secret(PLANTED))
        try:
            await bot.post("alerts", None)  # type: ignore[arg-type]
        except AttributeError:
            assert "PLANTED" not in traceback.format_exc()


@pytest.mark.parametrize("text", ["", "\n", "has blanks in it\n"])
async def test_a_secret_file_is_checked_and_not_quoted(tmp_path: Path, text: str):
    """An empty file and one with something else in it are named."""
    path = tmp_path / "token"
    path.write_text(text, "utf-8")
    async with open_http(1) as http:
        with pytest.raises(ConfigError, match=r"slack\.bot_token") as caught:
            slack_of(SlackSettings(bot_token_file=path, channel="C1"), http)
    assert "blanks in it" not in str(caught.value)


async def test_the_first_line_of_the_file_is_the_secret(tmp_path: Path):
    """A line break at its end is no part of it."""
    path = tmp_path / "token"
    path.write_text(f"{PLANTED}\n", "utf-8")

    assert secret_of("bot_token", "", path).reveal() == PLANTED


async def command(*words: str, **environ: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor.cli", "slack", *words,
        env={**os.environ, **environ},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode()


async def test_the_test_command_sends_a_sample_and_explains_each_error():
    """Good, revoked, no channel, no network, nothing set: one clear line and no secret."""
    peer = SlackPeer(PLANTED, rate=100, burst=100)
    await peer.start()
    good = {
        "NEWSMON_SLACK_API_URL": peer.api_url,
        "NEWSMON_SLACK_BOT_TOKEN": PLANTED,
        "NEWSMON_SLACK_CHANNEL": "alerts",
    }
    results = {
        "sent": await command("test", **good),
        "wrong": await command("test", **{**good, "NEWSMON_SLACK_BOT_TOKEN": "PLANTED-other"}),
        "nowhere": await command("test", **{**good, "NEWSMON_SLACK_CHANNEL": "nowhere"}),
        "offline": await command("test", **{**good, "NEWSMON_SLACK_API_URL": "http://127.0.0.1:1"}),
        "unset": await command("test"),
    }
    await peer.stop()

    assert len(peer.messages) == 1
    assert len(peer.messages[0].versions) == 2
    assert results["sent"][0] == 0
    assert "found it again" in results["sent"][1]
    assert {name: code for name, (code, _) in results.items() if name != "sent"} == {
        "wrong": 1, "nowhere": 1, "offline": 1, "unset": 2,
    }  # fmt: skip
    assert "invalid_auth: the token is not valid" in results["wrong"][1]
    assert "channel_not_found: there is no such channel" in results["nowhere"][1]
    assert "not_connected: no connection" in results["offline"][1]
    assert "neither a bot token nor a webhook" in results["unset"][1]
    for _, text in results.values():
        assert "PLANTED" not in text
        assert "Traceback" not in text
