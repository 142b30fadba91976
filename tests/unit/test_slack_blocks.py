"""Alerts as Slack messages: within all limits, and never more than text."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.messages import Alert, AlertCounts, AlertEvidence, Label, Severity, Status
from monitor.slack.blocks import (
    REASONS,
    REPEAT_NOTE,
    digest_message,
    notice_message,
    reply_message,
    story_message,
)
from monitor.slack.limits import SAFE_BLOCKS, SAFE_TOTAL, refusal, total_text
from monitor.slack.markup import escape, link, web_address
from monitor.slack.samples import sample_alert
from tests.samples import NOW

HOSTILE = "<!channel> & <https://evil.example|click> \u202egpj.exe\x1b[2J"

texts = st.one_of(st.text(max_size=60), st.text("<>&|*", max_size=4000), st.just(HOSTILE))
codes = st.lists(texts, max_size=8).map(tuple)
evidence = st.builds(
    AlertEvidence,
    sentence=texts,
    outlet=texts,
    url=st.one_of(texts, texts.map(lambda text: f"https://gazette.example/{text}")),
    speaker=texts,
    published_at=st.one_of(st.none(), st.just(NOW)),
)
alerts = st.builds(
    Alert,
    id=st.text(string.hexdigits, min_size=1, max_size=20),
    revision=st.integers(1, 10**6),
    reason=st.sampled_from([*REASONS, "unheard of"]),
    label=st.sampled_from(Label),
    status=st.one_of(st.none(), st.sampled_from(Status)),
    severity=st.sampled_from(Severity),
    headline=texts,
    actors=codes,
    places=codes,
    evidence=st.lists(evidence, max_size=8).map(tuple),
    counts=st.just(AlertCounts(mentions=3, outlets=1, first_seen=NOW, last_seen=NOW)),
    denied_by=codes,
    denies=codes,
    watches=codes,
)


@settings(max_examples=60, deadline=None)
@given(alert=alerts, repeat=st.booleans())
def test_slack_takes_every_alert_that_there_can_be(alert: Alert, repeat: bool):
    """Any text in any field gives a message within all limits, as a story and as a reply."""
    for message in (
        story_message("d1", alert, "https://news.example/", repeat),
        reply_message("d1", alert, repeat),
    ):
        assert refusal(message.payload()) is None
        assert refusal(message.plainly().payload()) is None
        assert len(message.blocks) <= SAFE_BLOCKS
        assert total_text(list(message.blocks)) <= SAFE_TOTAL
        assert (REPEAT_NOTE in str(message.blocks)) == repeat


@settings(max_examples=30, deadline=None)
@given(st.lists(alerts, min_size=1, max_size=30), st.integers(1, 30))
def test_slack_takes_every_digest_and_it_counts_what_it_folds(folded: list[Alert], rows: int):
    """All revisions are told, and the title says how many they are."""
    message = digest_message("d1", folded, rows=rows)

    assert refusal(message.payload()) is None
    assert message.tells == tuple((alert.id, alert.revision) for alert in folded)
    assert message.text.startswith(f"{len(folded)} update")


def test_a_digest_shows_the_severest_and_counts_the_rest():
    """Twelve stories in ten rows leave two, which are counted."""
    many = [sample_alert(NOW, id=f"s{n}", headline=f"Story {n}") for n in range(11)]
    many.append(sample_alert(NOW, id="worst", headline="Worst", severity=Severity.CRITICAL))

    message = digest_message("d1", many)

    sections = [block for block in message.blocks if block["type"] == "section"]
    assert len(sections) == 10
    assert "Worst" in sections[0]["text"]["text"]
    assert "+2 more" in str(message.blocks[-1])


def test_a_headline_pings_nobody_and_links_nowhere():
    """What stands in angle brackets in a feed is text in Slack."""
    alert = sample_alert(NOW, headline=HOSTILE, evidence=())

    written = str(story_message("d1", alert).payload())

    assert "<!channel>" not in written
    assert "<https://evil" not in written
    assert "&lt;!channel&gt; &amp;" in written
    assert "\u202e" not in written
    assert "\x1b" not in written


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "ftp://a.example/", "https://", "", "https://a.example/\n", "//a", "http://[x"],
)  # fmt: skip
def test_only_web_addresses_become_links(url: str):
    """Anything else leaves the name of the outlet alone."""
    assert web_address(url) == ""
    assert link(url, "Gazette", 80) == "Gazette"


def test_an_address_cannot_leave_its_link():
    """Slack's own separators in an address are encoded."""
    assert link("https://a.example/?q=<a>|b&c", "Ga|z", 80) == (
        "<https://a.example/?q=%3Ca%3E%7Cb&amp;c|Ga/z>"
    )


@given(st.text("<>&ab ", max_size=300), st.integers(1, 120))
def test_escaped_text_is_never_too_long_and_never_cut_within_an_entity(text: str, longest: int):
    """The room holds for the entities too."""
    safe = escape(text, longest)

    assert len(safe) <= longest
    rest = safe.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
    assert not set("<>&") & set(rest)


def test_the_story_has_its_buttons():
    """One to the article, one to the story where there is a page."""
    alert = sample_alert(NOW)

    with_page = story_message("d1", alert, "https://news.example/").payload()
    without = story_message("d1", alert).payload()

    urls = [e["url"] for b in with_page["blocks"] if b["type"] == "actions" for e in b["elements"]]
    assert urls == [alert.evidence[0].url, f"https://news.example/story/{alert.id}"]
    assert "Open story" not in str(without)
    assert with_page["unfurl_links"] is False
    assert with_page["unfurl_media"] is False


def test_a_reply_says_what_changed_and_only_more_severity_goes_to_the_channel():
    """The reason is the first thing to read."""
    changed = reply_message("d1", sample_alert(NOW, reason="new_status", status=Status.ENDED))
    worse = reply_message("d1", sample_alert(NOW, reason="more_severe"))

    assert "*New status*: ended" in changed.blocks[0]["text"]["text"]
    assert not changed.broadcast
    assert worse.broadcast


def test_the_limits_refuse_what_slack_refuses():
    """The measure itself can fail: too many, too long, too much in all, empty."""
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}
    short = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}}
    long = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}
    header = {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}

    assert refusal({}) == "no_text"
    assert refusal({"text": "x" * 40_001}) == "msg_too_long"
    assert refusal({"text": "x", "blocks": [short] * 51}) == "invalid_blocks"
    assert refusal({"text": "x", "blocks": [long]}) == "invalid_blocks"
    assert refusal({"text": "x", "blocks": [header]}) == "invalid_blocks"
    assert refusal({"text": "x", "blocks": [section] * 5}) == "msg_blocks_too_long"
    assert refusal({"text": "x", "blocks": [{"type": "poem"}]}) == "invalid_blocks"
    assert refusal({"text": "x", "metadata": {"event_type": 1}}) == "invalid_metadata_format"
    assert refusal({"text": "x", "blocks": [short] * 50}) is None


def test_a_notice_is_one_escaped_section():
    """newsmon's own words go the same way."""
    assert refusal(notice_message("d1", "a < b").payload()) is None
    assert notice_message("d1", "a < b").text == "a &lt; b"
