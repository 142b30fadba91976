"""No secret is ever shown: not by settings, not by errors, not by any command or role."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.secret import Secret
from monitor.settings import Settings, SlackSettings, load_settings
from monitor.slack.blocks import story_message
from monitor.slack.client import Bot, Webhook, open_http, secret_of, slack_of
from monitor.slack.journal import Intent
from monitor.slack.peer import SlackPeer
from monitor.slack.samples import sample_alert
from tests import ROOT
from tests.samples import NOW

PLANTED = "xoxb-1234-PLANTED-SECRET"
HOOK = "http://127.0.0.1:1/services/T000/B000/PLANTED-SECRET"

SECRETS = [
    (section, name)
    for section, found in Settings.model_fields.items()
    for name, field in getattr(found.annotation, "model_fields", {}).items()
    if not field.repr
]
"""Every setting that says of itself that it is a secret."""

EVERYWHERE = {
    **{f"NEWSMON_{section}_{name}".upper(): PLANTED for section, name in SECRETS},
    "NEWSMON_SLACK_WEBHOOK_URL": HOOK,
    "NEWSMON_SLACK_CHANNEL": "C0ALERTS01",
    "NEWSMON_SLACK_API_URL": "http://127.0.0.1:1/",
    "NEWSMON_WEB_HOST": "0.0.0.0",
    "NEWSMON_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "NEWSMON_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "NEWSMON_KAFKA_SASL_USERNAME": "newsmon",
    "NEWSMON_LOG_LEVEL": "debug",
}
"""An environment with a secret in every place that takes one, and nobody who answers."""


def test_the_settings_know_which_of_them_are_secrets():
    """Whatever is named like one is one; a new secret is found here before it is shown."""
    named = {
        (section, name)
        for section, found in Settings.model_fields.items()
        for name in getattr(found.annotation, "model_fields", {})
        if any(word in name for word in ("token", "password", "secret", "webhook_url"))
        and not name.endswith("_file")
    }

    assert named == set(SECRETS)
    assert {"bot_token", "webhook_url", "token", "sasl_password"} <= {name for _, name in named}


def test_all_settings_together_do_not_show_a_secret():
    """Neither whole nor section by section."""
    settings = load_settings(environ=EVERYWHERE)
    sections = [getattr(settings, name) for name in Settings.model_fields]

    assert "PLANTED" not in f"{settings!r} {settings} {sections!r} {sections}"
    for section, name in SECRETS:
        assert "PLANTED" in getattr(getattr(settings, section), name)


@pytest.mark.parametrize(("section", "name"), SECRETS)
def test_a_secret_of_the_wrong_kind_is_named_and_not_quoted(
    tmp_path: Path, section: str, name: str
):
    """As a list, as a table, and beside a key that nobody knows."""
    path = tmp_path / "newsmon.toml"
    for value in ('["PLANTED"]', '{x = "PLANTED"}', f'"{PLANTED}"\nnobody = 1'):
        path.write_text(f"[{section}]\n{name} = {value}\n", "utf-8")
        with pytest.raises(ConfigError, match=rf"{section}\.(\w+)") as caught:
            load_settings(path, environ={})
        assert "PLANTED" not in str(caught.value)


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
        sys.executable, "-m", "monitor.cli", *words,
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
        "sent": await command("slack", "test", **good),
        "wrong": await command(
            "slack", "test", **{**good, "NEWSMON_SLACK_BOT_TOKEN": "PLANTED-other"}
        ),
        "nowhere": await command("slack", "test", **{**good, "NEWSMON_SLACK_CHANNEL": "nowhere"}),
        "offline": await command(
            "slack", "test", **{**good, "NEWSMON_SLACK_API_URL": "http://127.0.0.1:1"}
        ),
        "unset": await command("slack", "test"),
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


ROLES = {
    "poll": ["poll"],
    "worker": ["worker"],
    "slack": ["slack"],
    "web": ["web", "--port", "0"],
    "up": ["up", "--headless"],
    "status": ["status", "--json"],
    "doctor": ["doctor", "--json"],
}

ONE_AFTER_ANOTHER = """
import json, sys
import agents.__main__, monitor.kafka.bootstrap
from monitor.cli import main
monitor.kafka.bootstrap._SECONDS = 0.2  # nobody will answer
for words in json.loads(sys.argv[1]):
    print("=====", words[0])
    sys.argv = words
    try:
        # `newsmon worker` would become another program.
        code = agents.__main__.main() if words[0] == "worker" else main(words)
    except SystemExit as exc:
        code = exc.code
    print("-----", code)
"""
"""All of them in one process: what they import is loaded once."""


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    """Run every role, and the commands that look at them, where no broker answers."""
    data_dir = str(tmp_path_factory.mktemp("secrets"))
    asked = json.dumps([[*words, "--data-dir", data_dir] for words in ROLES.values()])
    done = subprocess.run(
        [sys.executable, "-u", "-c", ONE_AFTER_ANOTHER, asked],
        env={**os.environ, **EVERYWHERE}, cwd=ROOT, timeout=120, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True,
    )  # fmt: skip
    found = re.findall(r"^===== (\w+)\n(.*?)^----- (\d+)$", done.stdout, re.DOTALL | re.MULTILINE)
    return {name: (int(code), text) for name, text, code in found}


@pytest.mark.parametrize("name", ROLES)
def test_no_role_shows_a_secret_when_nothing_works(spoken: dict[str, tuple[int, str]], name: str):
    """All logs on, every secret set, nobody answers: it says what is wrong and ends."""
    code, text = spoken[name]

    assert code == 1
    assert text
    assert "PLANTED" not in text
    assert "Traceback" not in text
    if name != "status":
        assert "127.0.0.1:1" in text
