"""The stand-in for Slack is as strict as Slack, and its page shows text as text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest

from monitor.slack.blocks import notice_message, story_message
from monitor.slack.client import Bot, Secret, Webhook, open_http
from monitor.slack.journal import Intent
from monitor.slack.page import render_page
from monitor.slack.peer import SlackPeer
from monitor.slack.samples import sample_alert
from monitor.slack.workspace import Meter, Posted, Workspace
from tests.samples import NOW

TOKEN = "xoxb-peer"
HOSTILE = '<script>alert(1)</script> <!channel> *bold* &lt; <https://a.example/"onload=1|x>'


@pytest.fixture
async def peer() -> AsyncIterator[SlackPeer]:
    made = SlackPeer(TOKEN, rate=1, burst=1, retry_after=7)
    await made.start()
    yield made
    await made.stop()


async def test_the_second_message_at_once_is_refused_and_told_how_long_to_wait(peer: SlackPeer):
    """One a second and channel; another channel has its own second."""
    async with open_http(2) as http:
        bot = Bot(http, peer.api_url, Secret(TOKEN))
        first = await bot.post("alerts", notice_message("1", "one"))
        second = await bot.post("alerts", notice_message("2", "two"))
        other = await bot.post("urgent", notice_message("3", "three"))

    assert [first.kind, second.kind, other.kind] == ["sent", "unsure", "sent"]
    assert (second.error, second.after_s) == ("ratelimited", 7)
    assert len(peer.messages) == 2


async def test_it_refuses_with_slacks_own_words(peer: SlackPeer):
    """Token, channel, method, content, webhook: each has its error."""
    headers = {"Authorization": f"Bearer {TOKEN}"}

    async def ask(method: str, body: object, **given: str) -> tuple[int, str]:
        async with http.post(peer.api_url + method, json=body, headers=given or headers) as answer:
            return answer.status, (await answer.json())["error"]

    async with aiohttp.ClientSession() as http:
        long = {"channel": "alerts", "text": "x", "blocks": [{"type": "divider"}] * 51}
        assert await ask("chat.postMessage", {}, Accept="*/*") == (200, "not_authed")
        assert await ask("chat.postMessage", {}, Authorization="Bearer x") == (200, "invalid_auth")
        assert await ask("chat.dance", {}) == (200, "unknown_method")
        assert await ask("chat.postMessage", {"channel": "x"}) == (200, "channel_not_found")
        assert await ask("chat.update", {"channel": "alerts"}) == (200, "channel_not_found")
        assert await ask("chat.postMessage", long) == (200, "invalid_blocks")
        async with http.post(peer.page_url + "services/T/B/other", json={"text": "x"}) as answer:
            assert (answer.status, await answer.text()) == (404, "no_service")
        async with http.post(peer.hook_url, data=b"no json") as answer:
            assert (answer.status, await answer.text()) == (400, "invalid_payload")
        peer.errors["C0WEBHOOK1"] = "channel_is_archived"
        async with http.post(peer.hook_url, json={"text": "x"}) as answer:
            assert (answer.status, await answer.text()) == (410, "channel_is_archived")
    assert peer.messages == []


async def test_history_goes_on_over_pages(peer: SlackPeer):
    """A message behind 450 newer ones is found; one that is not there is not."""
    for number in range(451):
        body = notice_message(f"d{number}", "x").payload()
        peer.workspace.post("C0ALERTS01", body)
    async with open_http(5) as http:
        bot = Bot(http, peer.api_url, Secret(TOKEN))
        found = await bot.find("C0ALERTS01", Intent(id="d0", revision=1, at=NOW))
        absent = await bot.find("C0ALERTS01", Intent(id="none", revision=1, at=NOW))

    assert (found.kind, found.ts) == ("sent", peer.messages[0].ts)
    assert absent.kind == "gone"


async def test_the_webhook_takes_what_the_bot_sends(peer: SlackPeer):
    """The same message, without metadata."""
    async with open_http(2) as http:
        hook = Webhook(http, Secret(peer.hook_url))
        sent = await hook.post("", story_message("d1", sample_alert(NOW)))

    assert (sent.kind, sent.ts) == ("sent", "")
    assert "metadata" not in peer.messages[0].payload


def test_the_bucket_fills_with_time():
    """Burst at once, then one for each second."""
    now = [0.0]
    meter = Meter(rate=1, burst=3, clock=lambda: now[0])

    assert [meter.grant("c") for _ in range(4)] == [True, True, True, False]
    now[0] = 2.0
    assert [meter.grant("c") for _ in range(3)] == [True, True, False]
    assert meter.refused == 2


def test_no_two_messages_have_one_name():
    """Names are times; a clock that stands still does not repeat them."""
    workspace = Workspace(clock=lambda: 1000.0)
    names = [workspace.post("C0ALERTS01", {"text": "x"})["ts"] for _ in range(50)]

    assert len(set(names)) == 50
    assert names == sorted(names)


def test_on_the_page_text_never_becomes_markup():
    """A hostile headline shows as it stands; only Slack's own links are links."""
    alert = sample_alert(NOW, headline=HOSTILE, watches=(HOSTILE,), actors=("<b>",))
    payload = story_message("d1", alert).payload()
    text = render_page([Posted("C1", "1.0", payload)], {"C1": HOSTILE})

    assert "<script" not in text
    assert "<b>&" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert text.count("href=") == text.count('href="https://example.org/')


def test_the_page_shows_replies_under_their_story():
    """The newest story first, its replies after it, edits are counted."""
    later = (NOW + timedelta(seconds=1)).isoformat()
    story = Posted("C1", "1.0", {"text": "the story"}, edits=[{"text": "before"}])
    text = render_page(
        [story, Posted("C1", "2.0", {"text": later}), Posted("C1", "3.0", {"text": "re"}, "1.0")],
        {},
    )

    assert text.index(later) < text.index("the story") < text.index('class="reply"')
    assert "edited 1" in text
